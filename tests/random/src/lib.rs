//! For tests: random numbers that are the same everywhere for the same seed. They never come from the system, and are no
//! secrets.

#![no_std]

/// SplitMix64 (G. Steele, D. Lea and C. Flood, Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A sequence; every seed has another one.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.word() % end as u64) as usize
    }

    /// A number from 0 to 1, which it never is, in steps of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Twelve uniforms less six (Irwin-Hall): nearly normal, and the same bits everywhere.
    pub fn irwin_hall(&mut self) -> f64 {
        (0..12).fold(0.0, |sum, _| sum + self.uniform()) - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first words of the authors' own program (prng.di.unimi.it/splitmix64.c) for this seed.
    #[test]
    fn words_are_those_of_the_reference() {
        let mut random = Random::new(1_234_567);
        let words = [(); 3].map(|()| random.word());
        let known =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(words, known);
    }

    #[test]
    fn numbers_are_within_their_bounds() {
        let mut random = Random::new(1);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.uniform())));
        assert!((0..1000).all(|_| random.irwin_hall().abs() <= 6.0));
    }
}
