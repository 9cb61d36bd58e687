//! Strings of a document: as slices of the input or decoded in a fixed scratch; never longer than the scratch.

/// Of a longer string, only this many decoded bytes are handed out; its length is always that of the whole.
pub const TEXT_BYTES_MAX: usize = 256;

/// A decoded string, whole or its beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Text<'a> {
    /// The first bytes, at most [`TEXT_BYTES_MAX`], escapes decoded. The cut may fall within a character, and nobody
    /// has checked that these bytes are UTF-8.
    pub bytes: &'a [u8],
    /// Decoded length of the whole string, in bytes.
    pub length: u64,
    /// Characters that begin beyond `bytes`.
    beyond: u64,
}

impl<'a> Text<'a> {
    /// A string as it lies in the input.
    #[inline]
    pub(super) fn of(whole: &'a [u8]) -> Text<'a> {
        let length = whole.len() as u64;
        match whole.split_at_checked(TEXT_BYTES_MAX) {
            None => Text { bytes: whole, length, beyond: 0 },
            Some((bytes, beyond)) => Text { bytes, length, beyond: characters(beyond) },
        }
    }

    /// How many characters the whole string has: Unicode scalar values, if it is UTF-8.
    ///
    /// Costs a look at each of `bytes`; what was cut off is counted already.
    #[must_use]
    pub fn characters(&self) -> u64 {
        characters(self.bytes).saturating_add(self.beyond)
    }

    /// Nothing was cut off.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.length
    }

    /// No byte at all, as in `""`.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

/// The highest bit of each byte.
const CONTINUES: u64 = 0x8080_8080_8080_8080;

/// How many characters begin in these bytes: those that do not continue one.
pub fn characters(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    // Bit 7 is set and bit 6 is not in bytes that continue one.
    let continuing = |word: u64| (word & !(word << 1) & CONTINUES).count_ones();
    let words: u32 = words.iter().map(|word| continuing(u64::from_le_bytes(*word))).sum();
    let rest = rest.iter().filter(|&&byte| byte & 0xc0 == 0x80).count() as u64;
    (bytes.len() as u64).saturating_sub(u64::from(words)).saturating_sub(rest)
}

/// Moves what is kept of a text to the front of the ASCII blanks before it. Returns how many these were.
///
/// A reader that has no room for more of a text calls it, so that blanks before a value do not use up what is kept of it.
#[cold]
pub fn drop_blanks(kept: &mut [u8]) -> usize {
    let blanks = kept.len().saturating_sub(kept.trim_ascii_start().len());
    kept.copy_within(blanks.., 0);
    blanks
}

/// The scratch in which a string is put together that was cut or has escapes.
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    bytes: [u8; TEXT_BYTES_MAX],
    /// Decoded length so far, kept or not.
    length: u64,
    /// Characters so far that begin in what is not kept.
    beyond: u64,
    /// Value of the `\u` escape being read.
    unit: u16,
    /// The first half of a pair, waiting for the second; 0 if none.
    high: u16,
}

impl Buffer {
    pub(super) const fn new() -> Buffer {
        Buffer { bytes: [0; TEXT_BYTES_MAX], length: 0, beyond: 0, unit: 0, high: 0 }
    }

    /// Starts a new string with `run`.
    pub(super) fn begin(&mut self, run: &[u8]) {
        self.restart();
        self.high = 0;
        self.push(run);
    }

    /// Goes on in the same string, after what was handed out of it.
    pub(super) const fn restart(&mut self) {
        self.length = 0;
        self.beyond = 0;
    }

    /// A first half waits for its second.
    pub(super) const fn has_half(&self) -> bool {
        self.high != 0
    }

    /// Appends bytes that stand for themselves.
    #[inline]
    pub(super) fn push(&mut self, run: &[u8]) {
        if run.is_empty() {
            return;
        }
        self.end();
        self.append(run);
    }

    /// Appends what `\` and `byte` stand for; false if they stand for nothing.
    #[inline]
    pub(super) fn push_escaped(&mut self, byte: u8) -> bool {
        let decoded = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => return false,
        };
        self.push(&[decoded]);
        true
    }

    /// Takes a digit of a `\u` escape after `digits` others: true if that was the last one, `None` if it is none.
    pub(super) fn push_digit(&mut self, byte: u8, digits: u8) -> Option<bool> {
        let digit = char::from(byte).to_digit(16)?;
        if digits == 0 {
            self.unit = 0;
        }
        self.unit = self.unit << 4 | digit as u16;
        let last = digits == 3;
        if last {
            self.push_unit(self.unit);
        }
        Some(last)
    }

    /// Ends the string, or a run in it: a first half that waits for its second has waited in vain.
    #[inline]
    pub(super) fn end(&mut self) {
        if self.high != 0 {
            self.high = 0;
            self.push_char(char::REPLACEMENT_CHARACTER);
        }
    }

    pub(super) fn text(&self) -> Text<'_> {
        let kept = usize::try_from(self.length).unwrap_or(TEXT_BYTES_MAX).min(TEXT_BYTES_MAX);
        let bytes = self.bytes.get(..kept).unwrap_or_default();
        Text { bytes, length: self.length, beyond: self.beyond }
    }

    fn push_unit(&mut self, unit: u16) {
        match unit {
            0xd800..=0xdbff => {
                self.end();
                self.high = unit;
            }
            0xdc00..=0xdfff if self.high != 0 => {
                let high = u32::from(core::mem::take(&mut self.high) & 0x3ff);
                let offset = high << 10 | u32::from(unit & 0x3ff);
                let point = char::from_u32(offset.wrapping_add(0x1_0000));
                self.push_char(point.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => {
                self.end();
                self.push_char(
                    char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER),
                );
            }
        }
    }

    fn push_char(&mut self, character: char) {
        self.append(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn append(&mut self, run: &[u8]) {
        let at = usize::try_from(self.length).unwrap_or(TEXT_BYTES_MAX);
        self.length = self.length.saturating_add(run.len() as u64);
        let room = self.bytes.get_mut(at..).unwrap_or_default();
        let (kept, beyond) = run.split_at_checked(room.len()).unwrap_or((run, &[]));
        if let Some(room) = room.get_mut(..kept.len()) {
            room.copy_from_slice(kept);
        }
        self.beyond = self.beyond.saturating_add(characters(beyond));
    }
}
