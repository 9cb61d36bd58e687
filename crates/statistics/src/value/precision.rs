//! How a number changes on a wire that keeps fewer digits, and when two numbers are one all the same. It decides nothing
//! about columns.

use crate::float::power_of_two;

/// What the form of a number keeps of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Precision {
    /// The digits of a single (IEEE 754 binary32) at least. Texts and doubles may have come through a single, too.
    #[default]
    Single,
    /// Those of half a number (binary16).
    Half,
    /// Those of bfloat16: the upper half of a single.
    Brain,
    /// It is the norm of a vector of singles at least.
    Norm,
    /// It is the norm of a vector of halves.
    HalfNorm,
    /// It is the norm of a vector of bfloat16.
    BrainNorm,
}

impl Precision {
    /// All that a number is rounded to.
    pub const ALL: [Precision; 3] = [Precision::Single, Precision::Half, Precision::Brain];

    /// That of the norm of a vector whose elements come in this precision.
    #[must_use]
    pub const fn of_norm(self) -> Precision {
        match self {
            Precision::Single | Precision::Norm => Precision::Norm,
            Precision::Half | Precision::HalfNorm => Precision::HalfNorm,
            Precision::Brain | Precision::BrainNorm => Precision::BrainNorm,
        }
    }

    /// How much two norms may differ, as a share of them: 16 times what rounding the elements changes at most for singles,
    /// because vectors that were normalised in single precision differ by some of that, and twice for the others.
    #[must_use]
    pub const fn tolerance(self) -> f64 {
        /// 2^-20, 2^-10 and 2^-7.
        const SINGLES: f64 = 1.0 / 1_048_576.0;
        const HALVES: f64 = 1.0 / 1024.0;
        const BRAINS: f64 = 1.0 / 128.0;
        match self {
            Precision::Single | Precision::Half | Precision::Brain => 0.0,
            Precision::Norm => SINGLES,
            Precision::HalfNorm => HALVES,
            Precision::BrainNorm => BRAINS,
        }
    }

    /// The nearest number that this precision has, of two the even one; infinite beyond its range. A norm is itself: it
    /// is its elements that are rounded.
    #[must_use]
    pub fn round(self, x: f64) -> f64 {
        match self {
            Precision::Single => f64::from(x as f32),
            Precision::Half => half(x),
            Precision::Brain => brain(x),
            Precision::Norm | Precision::HalfNorm | Precision::BrainNorm => x,
        }
    }

    /// Half of the last place that a number has in this precision: what is rounded to it lies no farther from it. 0 for
    /// norms.
    #[must_use]
    pub fn half_place(self, x: f64) -> f64 {
        let (places, smallest) = match self {
            Precision::Single => (-24, f64::from(f32::MIN_POSITIVE)),
            Precision::Half => (-11, HALF_MIN),
            Precision::Brain => (-8, f64::from(f32::MIN_POSITIVE)),
            Precision::Norm | Precision::HalfNorm | Precision::BrainNorm => return 0.0,
        };
        libm::ldexp(power_of_two(x).max(smallest), places)
    }

    /// Whether two numbers are equal, or one of them is the other one after it came over a wire of this precision. Two
    /// norms are if they differ by the [tolerance](Precision::tolerance) at most.
    #[inline(never)]
    #[must_use]
    pub fn same(self, a: f64, b: f64) -> bool {
        // Of a bound that is infinite no share is.
        let most = self.tolerance() * libm::fabs(a).min(libm::fabs(b));
        a == b || self.round(a) == b || self.round(b) == a || libm::fabs(a - b) <= most
    }
}

/// Converters go by way of a single, so this does, too.
fn brain(x: f64) -> f64 {
    let bits = (x as f32).to_bits();
    if !f32::from_bits(bits).is_finite() {
        return f64::from(f32::from_bits(bits));
    }
    let is_odd = bits >> 16 & 1;
    // Half of the last place, less if it is even: a carry goes on into the exponent, as it should.
    let rounded = bits.wrapping_add(0x7fff).wrapping_add(is_odd) & 0xffff_0000;
    f64::from(f32::from_bits(rounded))
}

/// The smallest normal number of half precision.
const HALF_MIN: f64 = 6.103_515_625e-5;

fn half(x: f64) -> f64 {
    /// From here on a number rounds to what the format has no exponent for.
    const OVERFLOW: f64 = 65_520.0;
    /// A double of this size has a last place of 2^-24, as all numbers below [`HALF_MIN`] have here.
    const SUBNORMAL: f64 = 402_653_184.0;
    let magnitude = libm::fabs(x);
    let rounded = if magnitude.is_nan() {
        magnitude
    } else if OVERFLOW <= magnitude {
        f64::INFINITY
    } else if magnitude < HALF_MIN {
        (magnitude + SUBNORMAL) - SUBNORMAL
    } else {
        // A double has 42 bits more.
        let bits = magnitude.to_bits();
        let is_odd = bits >> 42 & 1;
        let all_but_last = (1_u64 << 41).wrapping_sub(1).wrapping_add(is_odd);
        f64::from_bits(bits.wrapping_add(all_but_last) & !((1_u64 << 42).wrapping_sub(1)))
    };
    libm::copysign(rounded, x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(precision: Precision, x: f64, expected: f64) {
        assert_eq!(precision.round(x), expected, "{x}");
        assert_eq!(precision.round(-x), -expected, "-{x}");
        assert!(precision.same(x, expected) && precision.same(expected, x), "{x}");
    }

    /// numpy.float16(x)
    #[test]
    fn halves_are_those_of_numpy() {
        for (x, expected) in [
            (0.0, 0.0),
            (0.1, 0.099_975_585_937_5),
            (6.1, 6.101_562_5),
            (2049.0, 2048.0),
            (2051.0, 2052.0),
            (65_504.0, 65_504.0),
            (65_519.0, 65_504.0),
            (65_520.0, f64::INFINITY),
            (6.103_515_625e-5, 6.103_515_625e-5),
            (6.1e-5, 6.097_555_160_522_461e-5),
            (1e-8, 0.0),
            (3.0e-8, 5.960_464_477_539_063e-8),
        ] {
            check(Precision::Half, x, expected);
        }
    }

    /// ml_dtypes.bfloat16(x)
    #[test]
    fn brain_floats_are_those_of_ml_dtypes() {
        for (x, expected) in [
            (0.1, 0.100_097_656_25),
            (6.1, 6.093_75),
            (257.0, 256.0),
            (259.0, 260.0),
            (1.0, 1.0),
            (3.4e38, f64::INFINITY),
            (1e39, f64::INFINITY),
        ] {
            check(Precision::Brain, x, expected);
        }
        assert!(
            Precision::Brain.round(f64::NAN).is_nan() && Precision::Half.round(f64::NAN).is_nan()
        );
    }

    #[test]
    fn what_is_rounded_lies_within_half_a_place() {
        for (precision, x, expected) in [
            (Precision::Half, 300.0, 0.125),
            (Precision::Half, -1e-7, 2_f64.powi(-25)),
            (Precision::Brain, 2000.0, 4.0),
            (Precision::Single, 1.5, 2_f64.powi(-24)),
        ] {
            assert_eq!(precision.half_place(x), expected, "{precision:?} {x}");
            let x = precision.round(x);
            assert_eq!(precision.round(x + expected * 0.99), x);
            assert_ne!(precision.round(x + expected * 1.01), x);
        }
        assert_eq!(Precision::HalfNorm.half_place(1.0), 0.0);
    }

    #[test]
    fn norms_are_the_same_within_what_their_elements_lose() {
        let same = |precision: Precision, a, b| precision.same(a, b) && precision.same(b, a);
        assert!(same(Precision::Norm, 1.0, 1.000_000_5) && !same(Precision::Norm, 1.0, 1.000_002));
        assert!(same(Precision::HalfNorm, 1.0, 0.9995) && !same(Precision::HalfNorm, 1.0, 0.998));
        assert!(same(Precision::BrainNorm, 5.0, 5.02) && !same(Precision::BrainNorm, 5.0, 5.05));
        assert!(!same(Precision::BrainNorm, f64::INFINITY, 1.0));
        assert!(!same(Precision::Norm, 0.0, 1e-30) && same(Precision::Norm, 0.0, 0.0));
    }

    #[test]
    fn numbers_are_the_same_only_in_the_precision_that_merges_them() {
        let single = Precision::Single;
        assert!(single.same(0.1, f64::from(0.1_f32)) && single.same(f64::from(0.1_f32), 0.1));
        assert!(!single.same(0.1, 0.099_975_585_937_5));
        assert!(!single.same(16_777_215.0, 16_777_216.0));
        assert!(single.same(16_777_217.0, 16_777_216.0));
        assert!(!Precision::Half.same(0.1, 0.2));
    }
}
