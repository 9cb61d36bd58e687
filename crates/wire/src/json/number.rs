//! Numbers, folded digit by digit into a mantissa and a power of ten; their text is never kept.
//!
//! The exact quotient or product of a mantissa below 2^53 and a power of ten up to 10^22 is rounded once, hence
//! correctly (Clinger, "How to read floating point numbers accurately", 1990). All others go through the parser of
//! `core`, from the text in the input or, when that was cut, from the mantissa and exponent written out again.

use core::fmt::{self, Write};

/// A number being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    phase: Phase,
    negative: bool,
    /// Digits were dropped: the mantissa had no room for them.
    dropped: bool,
    exponent_negative: bool,
    /// The first significant digits, 18 at least.
    mantissa: u64,
    /// The power of ten that the point and dropped digits amount to.
    scale: i32,
    /// The exponent as written, without its sign.
    exponent: i32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Start,
    /// After `-`.
    Sign,
    /// After a leading zero.
    Zero,
    Integer,
    /// After the point.
    Point,
    Fraction,
    /// After `e`.
    ExponentMark,
    /// After the sign of the exponent.
    ExponentSign,
    Exponent,
}

/// Above this, ten times the mantissa plus nine may not fit.
const MANTISSA_ROOM: u64 = 1_844_674_407_370_955_160;
/// Up to here, eight more digits fit.
const MANTISSA_ROOM_8: u64 = u64::MAX / 100_000_000 - 1;
/// Up to here every integer is a double.
const MANTISSA_EXACT: u64 = 1 << 53;

impl Number {
    pub(super) const fn new() -> Number {
        Number {
            phase: Phase::Start,
            negative: false,
            dropped: false,
            exponent_negative: false,
            mantissa: 0,
            scale: 0,
            exponent: 0,
        }
    }

    /// Takes the bytes that belong to the number; returns how many.
    #[inline]
    pub(super) fn read(&mut self, input: &[u8]) -> usize {
        let mut rest = input;
        loop {
            match self.phase {
                Phase::Integer => rest = self.digits(rest, 0),
                Phase::Fraction => rest = self.digits(rest, 1),
                _ => {}
            }
            let Some((&byte, after)) = rest.split_first() else { break };
            self.phase = match (self.phase, byte) {
                (Phase::Start, b'-') => {
                    self.negative = true;
                    Phase::Sign
                }
                (Phase::Start | Phase::Sign, b'0') => Phase::Zero,
                (Phase::Start | Phase::Sign, b'1'..=b'9') => {
                    self.mantissa = u64::from(byte & 0x0f);
                    Phase::Integer
                }
                (Phase::Zero | Phase::Integer, b'.') => Phase::Point,
                (Phase::Point, b'0'..=b'9') => {
                    // The first digit is left to the run of them.
                    self.phase = Phase::Fraction;
                    continue;
                }
                (Phase::Zero | Phase::Integer | Phase::Fraction, b'e' | b'E') => {
                    Phase::ExponentMark
                }
                (Phase::ExponentMark, b'+' | b'-') => {
                    self.exponent_negative = byte == b'-';
                    Phase::ExponentSign
                }
                (Phase::ExponentMark | Phase::ExponentSign | Phase::Exponent, b'0'..=b'9') => {
                    let digit = i32::from(byte & 0x0f);
                    self.exponent = self.exponent.saturating_mul(10).saturating_add(digit);
                    Phase::Exponent
                }
                _ => break,
            };
            rest = after;
        }
        input.len().saturating_sub(rest.len())
    }

    /// The number could end here.
    #[inline]
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self.phase, Phase::Zero | Phase::Integer | Phase::Fraction | Phase::Exponent)
    }

    /// Nothing but a sign so far.
    pub(super) const fn is_sign(&self) -> bool {
        matches!(self.phase, Phase::Sign)
    }

    /// The nearest double, infinite beyond the range. `text` is the whole number, if at hand.
    #[inline]
    pub(super) fn value(&self, text: Option<&[u8]>) -> f64 {
        let power = self.power();
        if self.mantissa <= MANTISSA_EXACT
            && let Some(&ten) = POWERS.get(power.unsigned_abs() as usize)
        {
            let exact = self.mantissa as f64;
            let magnitude = if power < 0 { exact / ten } else { exact * ten };
            return if self.negative { -magnitude } else { magnitude };
        }
        match text {
            // With dropped digits, only the one way will do that does not depend on where the input was cut.
            Some(text) if !self.dropped => parsed(text),
            _ => self.written(),
        }
    }

    /// The power of ten that scales the mantissa.
    #[inline]
    const fn power(&self) -> i32 {
        let exponent =
            if self.exponent_negative { self.exponent.saturating_neg() } else { self.exponent };
        exponent.saturating_add(self.scale)
    }

    /// Folds a run of digits, `places` after the point each.
    #[inline]
    fn digits<'i>(&mut self, input: &'i [u8], places: i32) -> &'i [u8] {
        let mut rest = input;
        // Eight bytes at a time: the ends of digit runs are hard to predict, one branch per byte costs more.
        while let Some((word, after)) = rest.split_first_chunk::<8>()
            && self.mantissa <= MANTISSA_ROOM_8
        {
            let word = u64::from_le_bytes(*word);
            let count = leading_digits(word);
            let Some(&ten) = TENS.get(count as usize) else { break };
            self.mantissa = self.mantissa.wrapping_mul(ten).wrapping_add(folded(word, count));
            self.scale = self.scale.saturating_sub(places.wrapping_mul(count.cast_signed()));
            if count < 8 {
                return rest.get(count as usize..).unwrap_or_default();
            }
            rest = after;
        }
        while let Some((byte @ b'0'..=b'9', after)) = rest.split_first() {
            rest = after;
            if self.mantissa <= MANTISSA_ROOM {
                self.mantissa = self.mantissa.wrapping_mul(10).wrapping_add(u64::from(byte & 0x0f));
                self.scale = self.scale.saturating_sub(places);
            } else {
                self.dropped = true;
                self.scale = self.scale.saturating_add(1 ^ places);
            }
        }
        rest
    }

    /// The value by way of its text, written out again.
    #[cold]
    fn written(&self) -> f64 {
        let mut text = Written { bytes: [0; WRITTEN_BYTES_MAX], length: 0 };
        let sign = if self.negative { "-" } else { "" };
        if write!(text, "{sign}{}e{}", self.mantissa, self.power()).is_err() {
            return f64::NAN;
        }
        parsed(text.bytes.get(..text.length).unwrap_or_default())
    }
}

/// How many of the first bytes of a word are digits.
#[inline]
fn leading_digits(word: u64) -> u32 {
    // A digit has the high half 3, and still has it after adding 6. No byte carries into the next one before the
    // first byte that is no digit.
    let high = word & 0xf0f0_f0f0_f0f0_f0f0;
    let sum = word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    let strange = (high ^ 0x3030_3030_3030_3030) | (sum ^ 0x3030_3030_3030_3030);
    strange.trailing_zeros() >> 3
}

/// The number that the first `count` bytes of a word spell, all of them digits: pairs, then fours, then eights.
#[inline]
fn folded(word: u64, count: u32) -> u64 {
    // Zeros in front: what is shifted in must read as the digit 0, and a shift by 64 as no digit at all.
    let shift = 64_u32.wrapping_sub(count.wrapping_mul(8));
    let digits = (word & 0x0f0f_0f0f_0f0f_0f0f).checked_shl(shift).unwrap_or(0);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

/// The value of a whole number by the parser of `core`.
fn parsed(text: &[u8]) -> f64 {
    core::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// `-`, `u64::MAX`, `e`, `i32::MIN`.
const WRITTEN_BYTES_MAX: usize = 1 + 20 + 1 + 11;

/// A number written out.
struct Written {
    bytes: [u8; WRITTEN_BYTES_MAX],
    length: usize,
}

impl Write for Written {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.saturating_add(text.len());
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What a mantissa is multiplied with before as many digits are added.
const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The powers of ten that are doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn eight_bytes_are_folded_like_one_after_the_other() {
        for number in (0..100_000_000_u64).step_by(9_973).chain([0, 9, 99_999_999]) {
            let digits = format!("{number:08}");
            for count in 0..=8_usize {
                for end in [b'.', b',', b'/', b':', b'e', b' ', b'\0', 0xff, 0xb0, 0xfa] {
                    let mut bytes = [end; 8];
                    bytes[..count].copy_from_slice(&digits.as_bytes()[..count]);
                    // What stands after the first strange byte must not matter.
                    if let Some(last) = bytes.get_mut(count + 1..).and_then(<[u8]>::last_mut) {
                        *last = b'7';
                    }
                    let word = u64::from_le_bytes(bytes);
                    assert_eq!(leading_digits(word) as usize, count, "{bytes:?}");
                    let expected = digits[..count].parse().unwrap_or(0);
                    assert_eq!(folded(word, count as u32), expected, "{bytes:?}");
                }
            }
        }
    }
}
