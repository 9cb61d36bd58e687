//! Patterns by which a configuration admits names and paths: `*` stands for any bytes, all else for itself.
//! Nothing is decoded, and a match takes no memory.

use alloc::string::String;

use memchr::memmem;

const ANY: char = '*';

/// A pattern such as `gpt-*` or `/team-a/*/chat`. A `*` may stand for nothing, and for slashes, too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Glob(String);

impl Glob {
    /// The pattern as it is written.
    #[must_use]
    pub fn new(pattern: &str) -> Glob {
        Glob(pattern.into())
    }

    /// Whether this text, where a pattern is allowed, stands for more than itself.
    #[must_use]
    pub fn is_pattern(text: &str) -> bool {
        text.contains(ANY)
    }

    /// Whether nothing but the text itself fits.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !Glob::is_pattern(&self.0)
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether all of `text` fits.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        let mut parts = self.0.split(ANY).map(str::as_bytes);
        let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        let Some(middle) = rest.strip_suffix(last) else {
            return false;
        };
        // The earliest place for a part leaves the most room for those behind it.
        parts
            .try_fold(middle, |rest, part| {
                let start = memmem::find(rest, part)?;
                rest.get(start.saturating_add(part.len())..)
            })
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, fitting: &[&str], others: &[&str]) {
        let glob = Glob::new(pattern);
        for text in fitting {
            assert!(glob.matches(text.as_bytes()), "{pattern} does not fit {text}");
        }
        for text in others {
            assert!(!glob.matches(text.as_bytes()), "{pattern} fits {text}");
        }
    }

    #[test]
    fn without_a_star_only_the_text_itself_fits() {
        check("gpt", &["gpt"], &["", "gp", "gpt-4", "a gpt", "GPT"]);
        check("a.b?[c]", &["a.b?[c]"], &["axb?[c]"]);
    }

    #[test]
    fn a_star_is_anything_and_nothing() {
        check("*", &["", "a", "a/b"], &[]);
        check("gpt-*", &["gpt-", "gpt-4", "gpt-4/mini"], &["gpt", "my-gpt-4"]);
        check("*-chat", &["-chat", "a-chat"], &["a-chat-b"]);
        check("a*b*c", &["abc", "a--b--c", "abbc", "abcbc"], &["ac", "acb", "bc"]);
    }

    #[test]
    fn what_stands_before_and_behind_a_star_does_not_overlap() {
        check("ab*ba", &["abba", "ab-ba"], &["aba", "ab"]);
        check("a*a*a", &["aaa", "a-a-a"], &["aa"]);
    }
}
