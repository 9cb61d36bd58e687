//! Whether a text may begin with another one, by eight bytes at once. It leaves out most of many patterns, and never says
//! that one matches.

/// How many bytes are looked at.
const BYTES_MAX: usize = size_of::<u64>();

/// What a text begins with: its first eight bytes, or all that it has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FirstBytes {
    word: u64,
    /// All bits of the bytes that there are.
    mask: u64,
}

impl FirstBytes {
    pub(super) fn new(text: &[u8]) -> FirstBytes {
        let ones = [u8::MAX; BYTES_MAX];
        FirstBytes { word: word(text), mask: word(ones.get(..text.len()).unwrap_or(&ones)) }
    }

    /// Whether a text of this [`word`] may begin with them; a text that does always may.
    #[inline]
    pub(super) fn may_begin(self, word: u64) -> bool {
        word & self.mask == self.word
    }
}

/// The first bytes of a text in one number, zeros for those that it lacks.
pub(super) fn word(text: &[u8]) -> u64 {
    let mut bytes = [0; BYTES_MAX];
    for (to, from) in bytes.iter_mut().zip(text) {
        *to = *from;
    }
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, fitting: &[&str], others: &[&str]) {
        let may_begin =
            |text: &&str| FirstBytes::new(prefix.as_bytes()).may_begin(word(text.as_bytes()));
        assert_eq!(fitting.iter().find(|text| !may_begin(text)), None, "{prefix}");
        assert_eq!(others.iter().find(|text| may_begin(text)), None, "{prefix}");
    }

    #[test]
    fn only_the_first_eight_bytes_tell() {
        check("", &["", "a", "a long text"], &[]);
        check("/a/", &["/a/", "/a/b", "/a/and so on"], &["", "/", "/a", "/b/", "/aa/"]);
        check("/team-1/", &["/team-1/", "/team-1/x"], &["/team-1", "/team-2/"]);
        check("/team-1/a", &["/team-1/a", "/team-1/", "/team-1/b"], &["/team-1", "/team-2/a"]);
        check("\0", &["\0", ""], &["a"]);
    }
}
