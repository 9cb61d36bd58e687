//! FNV-1a, 64 bits: tells configurations and layouts apart, and no more; it keeps no secret and withstands no attack.
//!
//! Reference: G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, "The FNV Non-Cryptographic Hash Algorithm", IETF draft.

/// A hash that grows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The hash of nothing.
    #[must_use]
    pub const fn new() -> Fingerprint {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }

    /// The hash of all so far, and these bytes after it.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Fingerprint {
        Fingerprint(bytes.iter().fold(self.0, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    /// The same with a text, whose end counts too: `a`, `bc` is not `ab`, `c`.
    #[must_use]
    #[inline(never)] // Filters are small: see `with_number`.
    pub fn with_text(self, text: &str) -> Fingerprint {
        self.with(text.as_bytes()).with(&[0xff])
    }

    /// The same with a number.
    #[must_use]
    #[inline(never)] // Eight multiplications wherever it is called make a filter some kilobytes larger.
    pub fn with_number(self, number: u64) -> Fingerprint {
        self.with(&number.to_le_bytes())
    }

    /// The number that it has come to.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_draft() {
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325_u64),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(Fingerprint::new().with(text.as_bytes()).value(), hash, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_text_counts() {
        let of = |texts: [&str; 2]| Fingerprint::new().with_text(texts[0]).with_text(texts[1]);
        assert_ne!(of(["a", "bc"]), of(["ab", "c"]));
    }
}
