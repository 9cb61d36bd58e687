//! Content encodings: which ones a body has, or each message in it, and reading it through them piece by piece; what passes
//! is never changed.
//!
//! A body that cannot be decoded costs nothing but its own numbers: it is given up for a [`Fault`], counted, and passes.
//! A decoder is made with a body's first byte and gone with its last one.
//!
//! | coding | memory of a small stream | of a long one |
//! | --- | ---: | ---: |
//! | `gzip`, `deflate` | 43 KiB | the same |
//! | `br` | 16 to 26 KiB | 4 MiB at most, with the window that it asks for and fills |
//! | `zstd` | 27 to 33 KiB | 4 MiB at most, with 1 MiB of what it said |
//!
//! A body beyond [`BODY_BYTES_MAX`], and one that finds [`DECODERS_BYTES_MAX`] taken, is given up. How much of a body was read
//! before it is given up depends on the pieces in which it came, as decoders hand out what they have at a piece's end.

mod brotli;
mod decoder;
mod deflate;
mod gzip;
mod inflate;
mod memory;
mod messages;
#[cfg(test)]
mod tests;
mod zstd;

pub use self::memory::{BODY_BYTES_MAX, DECODERS_BYTES_MAX};
pub use self::{
    decoder::Decoder,
    memory::{MemoryBudget, Reservation},
    messages::Messages,
};

/// The most that a body may say per byte that it has. Text, and events that resemble each other, stay well below;
/// what a few bytes inflate to megabytes does not.
pub const DECODED_PER_ENCODED_BYTE_MAX: u64 = 100;
/// A body that says no more than this is no bomb, whatever its ratio.
pub const DECODED_BYTES_FREE: u64 = 256 << 10;
/// The most codings that may lie on top of each other.
const CODINGS_MAX: usize = 2;

/// A coding that can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 1950, and RFC 1951 without a frame, which some servers send under this name.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878, without dictionaries; checksums are not checked.
    Zstd,
}

impl Coding {
    /// All codings.
    pub const ALL: [Coding; 4] = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

    /// The name in `content-encoding`, and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    fn named(name: &[u8]) -> Option<Coding> {
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Coding::Gzip);
        }
        Coding::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name().as_bytes()))
    }
}

/// Which codings are read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Codings([bool; Coding::ALL.len()]);

impl Codings {
    /// Every coding that can be read.
    pub const ALL: Codings = Codings([true; Coding::ALL.len()]);

    /// Whether this one is read.
    #[must_use]
    pub fn contains(self, coding: Coding) -> bool {
        self.0.get(coding as usize).is_some_and(|&is_read| is_read)
    }
}

impl FromIterator<Coding> for Codings {
    fn from_iter<I: IntoIterator<Item = Coding>>(codings: I) -> Codings {
        let mut all = Codings::default();
        for coding in codings {
            if let Some(is_read) = all.0.get_mut(coding as usize) {
                *is_read = true;
            }
        }
        all
    }
}

/// What a header says of a body, or of the messages in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// The body is what its dialect says.
    None,
    /// The body is to be decoded.
    Readable(Layers),
    /// A coding is unknown or switched off, or there are too many.
    Unreadable,
}

/// The codings of a body, in the order in which they were put on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Layers([Option<Coding>; CODINGS_MAX]);

impl Layers {
    /// The codings in the order in which they come off.
    fn outermost_first(self) -> impl Iterator<Item = Coding> {
        self.0.into_iter().rev().flatten()
    }
}

impl Encoding {
    /// What a `content-encoding` or a `grpc-encoding` says, if only `codings` are read.
    pub fn of(header: Option<&[u8]>, codings: Codings) -> Encoding {
        let Some(header) = header else { return Encoding::None };
        let names = header.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        let names =
            names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
        let mut layers = Layers::default();
        let mut free = layers.0.iter_mut();
        for name in names {
            match (Coding::named(name).filter(|&coding| codings.contains(coding)), free.next()) {
                (Some(coding), Some(layer)) => *layer = Some(coding),
                _ => return Encoding::Unreadable,
            }
        }
        if layers == Layers::default() { Encoding::None } else { Encoding::Readable(layers) }
    }

    /// What the headers `grpc-encoding` and `content-encoding` say of the messages in a body.
    ///
    /// In a body that is decoded itself, which nobody sends, none are: what either may say would multiply.
    pub fn of_messages(messages: Option<&[u8]>, body: Option<&[u8]>, codings: Codings) -> Encoding {
        if messages.is_none() {
            return Encoding::None;
        }
        match (Encoding::of(messages, codings), Encoding::of(body, codings)) {
            (Encoding::Readable(_), Encoding::Readable(_)) => Encoding::Unreadable,
            (messages, _) => messages,
        }
    }
}

/// Why a body is not, or no longer, decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// It was not begun: its coding is unknown or switched off.
    Unreadable,
    /// The bytes are not what the coding promises: broken, cut off, or with something after their end.
    Malformed,
    /// It says more than [`DECODED_PER_ENCODED_BYTE_MAX`] allows.
    TooDense,
    /// It needs more memory than [`BODY_BYTES_MAX`], because its window is large and it fills it.
    TooLarge,
    /// Other bodies have taken all of [`DECODERS_BYTES_MAX`].
    NoRoom,
}

impl Fault {
    /// All faults; a fault's position here is its discriminant.
    const ALL: [Fault; 5] =
        [Fault::Unreadable, Fault::Malformed, Fault::TooDense, Fault::TooLarge, Fault::NoRoom];
}

/// Which faults there were, each once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Faults(u8);

impl Faults {
    /// Those that there were.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        // Most exchanges have none, and then nothing is looked at.
        let mut left = self.0;
        core::iter::from_fn(move || {
            let fault = Fault::ALL.get(left.trailing_zeros() as usize)?;
            left &= left.wrapping_sub(1);
            Some(*fault)
        })
    }

    /// Those that there were here or there.
    #[must_use]
    pub fn or(self, other: Faults) -> Faults {
        Faults(self.0 | other.0)
    }

    fn bit(fault: Fault) -> u8 {
        1 << fault as u8
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Faults {
        Faults(Faults::bit(fault))
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        *self = faults.into_iter().fold(*self, |all, fault| all.or(fault.into()));
    }
}

/// Takes what was decoded; a fault of its own ends the decoding.
type Take<'t> = dyn FnMut(&[u8]) -> Result<(), Fault> + 't;
