//! The data types of the Open Inference Protocol, and what the bytes of an element are; it reads no stream.

use crate::predictive::{Cell, Unbinned};
use driftline_statistics::value::Precision;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Datatype {
    Bool,
    /// Unsigned, of this many bytes.
    Unsigned(u8),
    /// Signed, of this many bytes.
    Signed(u8),
    Half,
    Brain,
    Single,
    Double,
    /// Text, each with its own length.
    Bytes,
}

/// 2^24: up to here a single has every whole number.
const WHOLE_SINGLES_MAX: f64 = 16_777_216.0;

impl Datatype {
    /// The type of this name; `None` if the protocol has no such type.
    pub(super) fn of(name: &[u8]) -> Option<Datatype> {
        Some(match name {
            b"BOOL" => Datatype::Bool,
            b"UINT8" => Datatype::Unsigned(1),
            b"UINT16" => Datatype::Unsigned(2),
            b"UINT32" => Datatype::Unsigned(4),
            b"UINT64" => Datatype::Unsigned(8),
            b"INT8" => Datatype::Signed(1),
            b"INT16" => Datatype::Signed(2),
            b"INT32" => Datatype::Signed(4),
            b"INT64" => Datatype::Signed(8),
            b"FP16" => Datatype::Half,
            b"BF16" => Datatype::Brain,
            b"FP32" => Datatype::Single,
            b"FP64" => Datatype::Double,
            b"BYTES" => Datatype::Bytes,
            _ => return None,
        })
    }

    /// How many bytes an element has, from 1 to 8; `None` if each has its own length.
    pub(super) const fn size(self) -> Option<u8> {
        match self {
            Datatype::Bool => Some(1),
            Datatype::Unsigned(size) | Datatype::Signed(size) => Some(size),
            Datatype::Half | Datatype::Brain => Some(2),
            Datatype::Single => Some(4),
            Datatype::Double => Some(8),
            Datatype::Bytes => None,
        }
    }

    /// The element with these bits, the lowest [`Datatype::size`] bytes of them. Integers beyond 2^53 are rounded to
    /// the nearest double, all else is exact.
    #[inline]
    pub(super) fn cell(self, bits: u64) -> Cell<'static> {
        let value = match self {
            Datatype::Bool => return Cell::Boolean(bits != 0),
            Datatype::Unsigned(_) => bits as f64,
            Datatype::Signed(size) => {
                let unused = 64_u32.saturating_sub(u32::from(size).saturating_mul(8));
                // Shifted to the top and back, which extends the sign.
                (bits.wrapping_shl(unused).cast_signed().wrapping_shr(unused)) as f64
            }
            Datatype::Half => return self.rounded(Cell::Number(half(bits as u16))),
            Datatype::Brain => {
                // The upper half of a single.
                let value = f64::from(f32::from_bits((bits as u32) << 16));
                return self.rounded(Cell::Number(value));
            }
            Datatype::Single => {
                return self.rounded(Cell::Number(f64::from(f32::from_bits(bits as u32))));
            }
            Datatype::Double => f64::from_bits(bits),
            Datatype::Bytes => return Cell::Unbinned(Unbinned::WrongType),
        };
        Cell::Number(value)
    }

    /// An element of this type that came as text: a number has the digits that the type keeps.
    #[inline]
    pub(super) const fn rounded(self, cell: Cell<'_>) -> Cell<'_> {
        match (self, cell) {
            (Datatype::Half, Cell::Number(number)) => Cell::Rounded(number, Precision::Half),
            (Datatype::Brain, Cell::Number(number)) => Cell::Rounded(number, Precision::Brain),
            // Smaller ones have so many digits that it does not matter.
            (Datatype::Single, Cell::Number(number)) if WHOLE_SINGLES_MAX < number.abs() => {
                Cell::Rounded(number, Precision::Single)
            }
            (_, cell) => cell,
        }
    }
}

/// The half-precision number (IEEE 754 binary16) with these bits, exactly.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match bits >> 10 & 0x1f {
        0 => fraction * power_of_two(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1024.0 + fraction) * power_of_two(i64::from(exponent).saturating_sub(25)),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

/// Two to a power within the range of normal doubles.
fn power_of_two(power: i64) -> f64 {
    f64::from_bits((power.saturating_add(1023).cast_unsigned()) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, bytes: &[u8], expected: f64) {
        let datatype = Datatype::of(name.as_bytes()).unwrap();
        assert_eq!(datatype.size(), u8::try_from(bytes.len()).ok(), "{name}");
        let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
        let found = datatype.cell(bits);
        let (Cell::Number(number) | Cell::Rounded(number, _)) = found else { panic!("{found:?}") };
        assert!(number == expected || number.is_nan() && expected.is_nan(), "{name} {bytes:?}");
        let precision = match name {
            "FP16" => Precision::Half,
            "BF16" => Precision::Brain,
            _ => Precision::Single,
        };
        assert_eq!(found.precision(), precision, "{name}");
    }

    #[test]
    fn whatever_is_not_zero_is_true() {
        for (bits, expected) in [(0, false), (1, true), (255, true)] {
            assert_eq!(Datatype::Bool.cell(bits), Cell::Boolean(expected), "{bits}");
        }
    }

    #[test]
    fn integers_have_their_signs() {
        check("UINT8", &[255], 255.0);
        check("INT8", &[0x80], -128.0);
        check("UINT16", &[1, 0xff], 65281.0);
        check("INT16", &[1, 0xff], -255.0);
        check("UINT32", &[0xff; 4], f64::from(u32::MAX));
        check("INT32", &[0, 0, 0, 0x80], f64::from(i32::MIN));
        check("UINT64", &[0xff; 8], 18_446_744_073_709_551_615.0);
        check("INT64", &[0xff; 8], -1.0);
        check("INT64", &i64::MIN.to_le_bytes(), -9_223_372_036_854_775_808.0);
    }

    #[test]
    fn floating_point_numbers_are_exact() {
        check("FP32", &0.1_f32.to_le_bytes(), f64::from(0.1_f32));
        check("FP64", &0.1_f64.to_le_bytes(), 0.1);
        check("BF16", &[0x80, 0x3f], 1.0);
        check("BF16", &[0x49, 0xc0], -3.140_625);
        check("BF16", &[0x80, 0x7f], f64::INFINITY);
        check("FP16", &[0x00, 0x3c], 1.0);
        check("FP16", &[0x00, 0xc0], -2.0);
        check("FP16", &[0x66, 0x2e], 0.099_975_585_937_5);
        check("FP16", &[0xff, 0x7b], 65_504.0);
        // The least normal number, the largest and the least below it.
        check("FP16", &[0x00, 0x04], 6.103_515_625e-5);
        check("FP16", &[0xff, 0x03], 6.097_555_160_522_461e-5);
        check("FP16", &[0x01, 0x00], 5.960_464_477_539_063e-8);
        check("FP16", &[0x00, 0x80], 0.0);
        check("FP16", &[0x00, 0x7c], f64::INFINITY);
        check("FP16", &[0x01, 0xfe], f64::NAN);
        check("FP64", &f64::NAN.to_le_bytes(), f64::NAN);
    }

    #[test]
    fn names_are_those_of_the_protocol() {
        assert_eq!(Datatype::of(b"BYTES"), Some(Datatype::Bytes));
        assert_eq!(Datatype::Bytes.size(), None);
        assert_eq!([&b"fp32"[..], b"FP8", b"STRING", b""].map(Datatype::of), [None; 4]);
    }
}
