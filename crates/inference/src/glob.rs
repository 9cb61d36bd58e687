//! Patterns by which a configuration admits names and paths: `*` matches any bytes, all else matches itself.
//! It decodes nothing and allocates nothing to match.

use alloc::string::String;

use memchr::memmem;

const ANY: char = '*';

/// A pattern such as `gpt-*` or `/team-a/*/chat`. A `*` also matches nothing, and slashes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Glob {
    text: String,
    /// Where the first `*` is, and the last one; `None` if there is none.
    stars: Option<(usize, usize)>,
}

impl Glob {
    /// The pattern as it is written.
    #[must_use]
    pub fn new(pattern: &str) -> Glob {
        Glob { text: pattern.into(), stars: pattern.find(ANY).zip(pattern.rfind(ANY)) }
    }

    /// Whether this text is a pattern that may match more than itself.
    #[must_use]
    pub fn is_pattern(text: &str) -> bool {
        text.contains(ANY)
    }

    /// Whether only the text itself matches.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.stars.is_none()
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What each text that matches begins with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        let end = self.stars.map_or(self.text.len(), |(first, _)| first);
        self.text.get(..end).unwrap_or_default()
    }

    /// Whether all of `text` matches. Runs in time linear in it, but usually looks only at both ends.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        let pattern = self.text.as_bytes();
        let Some((first, last)) = self.stars else {
            return pattern == text;
        };
        let Some(rest) = text.strip_prefix(self.prefix().as_bytes()) else {
            return false;
        };
        let after = pattern.get(last.saturating_add(1)..).unwrap_or_default();
        let Some(middle) = rest.strip_suffix(after) else {
            return false;
        };
        // There is nothing between one star and itself.
        let between = self.text.get(first.saturating_add(1)..last).unwrap_or_default();
        contains_in_order(middle, between)
    }
}

/// Whether the parts of a pattern, between its stars, come in `text` one after the other.
fn contains_in_order(text: &[u8], parts: &str) -> bool {
    // The earliest place for a part leaves the most room for those after it.
    let rest = parts.split(ANY).filter(|part| !part.is_empty()).try_fold(text, |rest, part| {
        let start = memmem::find(rest, part.as_bytes())?;
        rest.get(start.saturating_add(part.len())..)
    });
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, fitting: &[&str], others: &[&str]) {
        let glob = Glob::new(pattern);
        for text in fitting {
            assert!(glob.matches(text.as_bytes()), "{pattern} does not match {text}");
        }
        for text in others {
            assert!(!glob.matches(text.as_bytes()), "{pattern} matches {text}");
        }
    }

    #[test]
    fn without_a_star_only_the_text_itself_matches() {
        check("gpt", &["gpt"], &["", "gp", "gpt-4", "a gpt", "GPT"]);
        check("a.b?[c]", &["a.b?[c]"], &["axb?[c]"]);
    }

    #[test]
    fn a_star_is_anything_and_nothing() {
        check("*", &["", "a", "a/b"], &[]);
        check("gpt-*", &["gpt-", "gpt-4", "gpt-4/mini"], &["gpt", "my-gpt-4"]);
        check("*-chat", &["-chat", "a-chat"], &["a-chat-b"]);
        check("**", &["", "a"], &[]);
        check("a**c", &["ac", "abc"], &["a", "c", "acb"]);
        check("a*b*c", &["abc", "a--b--c", "abbc", "abcbc"], &["ac", "acb", "bc"]);
    }

    #[test]
    fn what_comes_before_and_after_a_star_does_not_overlap() {
        check("ab*ba", &["abba", "ab-ba"], &["aba", "ab"]);
        check("a*a*a", &["aaa", "a-a-a"], &["aa"]);
    }
}
