//! Paths into a document, compiled to steps at compile time; they never hold more than their text and its cuts.

use crate::json::Text;

/// Steps of one path: keys and `[]`.
pub const STEPS_MAX: usize = 16;

/// A path, cut into its steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    text: &'static [u8],
    steps: [Step; STEPS_MAX],
    count: u8,
}

/// The first bytes of a key beside where all of it lies in the path. An empty one is `[]`.
#[derive(Clone, Copy, Debug)]
struct Step {
    head: u64,
    start: u8,
    end: u8,
}

/// A key of a document, ready to be compared with many steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    head: u64,
    text: Text<'a>,
}

/// Bytes in a head. A shorter key is its head.
const HEAD_BYTES: usize = 8;

impl<'a> Key<'a> {
    #[inline]
    pub(super) fn of(text: Text<'a>) -> Key<'a> {
        let head = match text.bytes.first_chunk::<HEAD_BYTES>() {
            Some(head) => u64::from_le_bytes(*head),
            None => text.bytes.iter().rev().fold(0, |head, &byte| head << 8 | u64::from(byte)),
        };
        Key { head, text }
    }
}

impl Path {
    /// Cuts a path.
    ///
    /// # Panics
    ///
    /// While compiling, if `path` is empty, too long or not a path.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "tables are constants, so this runs in the compiler, where a panic is an error message"
    )]
    pub(super) const fn parse(path: &'static str) -> Path {
        let text = path.as_bytes();
        assert!(text.len() <= u8::MAX as usize, "a path has 255 bytes at most");
        let mut steps = [Step { head: 0, start: 0, end: 0 }; STEPS_MAX];
        let mut count = 0;
        let mut at = 0;
        loop {
            assert!(count < STEPS_MAX, "a path has 16 steps at most");
            let start = at;
            if at < text.len() && text[at] == b'[' {
                assert!(at + 1 < text.len() && text[at + 1] == b']', "`[` is followed by `]`");
                at += 2;
                steps[count] = Step { head: 0, start: start as u8, end: start as u8 };
            } else {
                let mut head = 0;
                while at < text.len() && text[at] != b'.' && text[at] != b'[' {
                    assert!(text[at] != b']', "`]` follows `[`");
                    if at - start < HEAD_BYTES {
                        head |= (text[at] as u64) << (8 * (at - start));
                    }
                    at += 1;
                }
                assert!(start < at, "a key is not empty");
                steps[count] = Step { head, start: start as u8, end: at as u8 };
            }
            count += 1;
            if at == text.len() {
                break;
            }
            if text[at] == b'.' {
                at += 1;
                assert!(at < text.len() && text[at] != b'[', "`.` is followed by a key");
            } else {
                assert!(text[at] == b'[', "a key follows `.`");
            }
        }
        Path { text, steps, count: count as u8 }
    }

    #[inline]
    pub(super) const fn steps(&self) -> usize {
        self.count as usize
    }

    /// Step `at` is this key.
    #[inline]
    pub(super) fn key_is(&self, at: usize, key: Key<'_>) -> bool {
        let Some(step) = self.steps.get(at) else { return false };
        step.head == key.head
            && step.length() as u64 == key.text.length
            && !step.is_element()
            && (step.length() <= HEAD_BYTES || self.bytes(*step) == key.text.bytes)
    }

    /// Step `at` is `[]`.
    pub(super) fn is_element(&self, at: usize) -> bool {
        at < self.steps() && self.steps.get(at).is_some_and(|step| step.is_element())
    }

    /// How many steps this path and another one have in common from the root on.
    pub(super) fn common_steps(&self, other: &Path) -> usize {
        let steps = self.steps().min(other.steps());
        let pairs = self.steps.iter().zip(&other.steps).take(steps);
        pairs
            .take_while(|(own, others)| {
                own.head == others.head
                    && own.length() == others.length()
                    && (own.length() <= HEAD_BYTES || self.bytes(**own) == other.bytes(**others))
            })
            .count()
    }

    fn bytes(&self, step: Step) -> &'static [u8] {
        self.text.get(usize::from(step.start)..usize::from(step.end)).unwrap_or_default()
    }
}

impl Step {
    #[inline]
    const fn length(self) -> usize {
        self.end.wrapping_sub(self.start) as usize
    }

    #[inline]
    const fn is_element(self) -> bool {
        self.start == self.end
    }
}
