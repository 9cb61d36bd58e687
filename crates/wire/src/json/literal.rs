//! The words of JSON, and those that Python adds; never a prefix of one of them.

use super::Found;

/// A word that is a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Literal {
    True,
    False,
    Null,
    NaN,
    Infinity,
    MinusInfinity,
}

/// What one more byte makes of a word.
pub(super) enum LiteralStep {
    More,
    Whole,
    Wrong,
}

impl Literal {
    /// The word that begins with `byte`.
    #[inline]
    pub(super) const fn of(byte: u8) -> Option<Literal> {
        Some(match byte {
            b't' => Literal::True,
            b'f' => Literal::False,
            b'n' => Literal::Null,
            b'N' => Literal::NaN,
            b'I' => Literal::Infinity,
            _ => return None,
        })
    }

    /// The word after its first byte.
    #[inline]
    pub(super) const fn tail(self) -> &'static [u8] {
        match self {
            Literal::True => b"rue",
            Literal::False => b"alse",
            Literal::Null => b"ull",
            Literal::NaN => b"aN",
            Literal::Infinity => b"nfinity",
            Literal::MinusInfinity => b"Infinity",
        }
    }

    /// Compares one more byte after `matched` bytes, at least one.
    pub(super) fn step(self, matched: u8, byte: u8) -> LiteralStep {
        let at = usize::from(matched).saturating_sub(1);
        match self.tail().get(at..) {
            Some([last]) if *last == byte => LiteralStep::Whole,
            Some([next, ..]) if *next == byte => LiteralStep::More,
            _ => LiteralStep::Wrong,
        }
    }

    #[inline]
    pub(super) const fn found(self) -> Found {
        match self {
            Literal::True => Found::True,
            Literal::False => Found::False,
            Literal::Null => Found::Null,
            Literal::NaN => Found::Nan,
            Literal::Infinity | Literal::MinusInfinity => Found::NotFinite,
        }
    }
}
