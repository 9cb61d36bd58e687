//! Names that requests bring, made fit for a label and looked up among those that the configuration lists.
//! A label is never longer than the name that it is made of, nor than a label may be.

use alloc::{string::String, vec::Vec};

use crate::config::OTHER_NAME;
use driftline_inference::glob::Glob;
use driftline_statistics::document::LABEL_BYTES_MAX;

/// Replaces bytes that a label cannot have.
const REPLACEMENT: char = '_';

/// What a name is to the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Named {
    /// One of those that are known at configuration, by number. The first stands for all that are not admitted.
    Listed(usize),
    /// Not listed, but it matches a pattern: the name, made fit for a label.
    Fitting(String),
}

impl Named {
    /// The one that stands for all that the configuration does not admit.
    pub(crate) const OTHER: Named = Named::Listed(0);
}

/// The names of one kind that a configuration admits.
#[derive(Debug, Default)]
pub(crate) struct Names {
    listed: Vec<(String, usize)>,
    patterns: Vec<Glob>,
}

impl Names {
    /// Admits this name. A listed name gets this number, a pattern gets none.
    pub(crate) fn admit(&mut self, name: &str, number: usize) {
        if Glob::is_pattern(name) {
            self.patterns.push(Glob::new(name));
        } else {
            self.listed.push((name.into(), number));
        }
    }

    /// What a name is, as a request brings it. Compares with each, which for 64 names is faster than a map.
    pub(crate) fn find(&self, raw: &[u8]) -> Named {
        if let Some(number) = self.listed(raw) {
            return Named::Listed(number);
        }
        let name = clean(raw);
        if let Some(number) = self.listed(name.as_bytes()) {
            Named::Listed(number)
        } else if !name.is_empty()
            && name != OTHER_NAME
            && self.patterns.iter().any(|pattern| pattern.matches(name.as_bytes()))
        {
            Named::Fitting(name)
        } else {
            Named::OTHER
        }
    }

    fn listed(&self, name: &[u8]) -> Option<usize> {
        self.listed.iter().find(|(listed, _)| listed.as_bytes() == name).map(|&(_, number)| number)
    }
}

/// Makes a label of a name: at most [`LABEL_BYTES_MAX`] bytes of it, and a `_` in place of what is not UTF-8, of control
/// characters, of what delimits labels in stat names and of a dot at the end. Empty if there is no name.
///
/// Names that become the same label are the same name from here on.
pub(crate) fn clean(raw: &[u8]) -> String {
    let mut name = String::new();
    'name: for chunk in raw.utf8_chunks() {
        let invalid = (!chunk.invalid().is_empty()).then_some(REPLACEMENT);
        for character in chunk.valid().chars().chain(invalid) {
            let character = if character.is_control() { REPLACEMENT } else { character };
            if LABEL_BYTES_MAX < name.len().saturating_add(character.len_utf8()) {
                break 'name;
            }
            name.push(character);
        }
    }
    // The byte that each replacement keeps cannot begin what is replaced, so nothing is left over or made.
    if name.contains(";.") {
        name = name.replace(";.", ";_");
    }
    if name.contains("=.=") {
        name = name.replace("=.=", "=._");
    }
    // Envoy would drop this dot, and the name would become another one, perhaps a listed one.
    if name.ends_with('.') {
        name.pop();
        name.push(REPLACEMENT);
    }
    name
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use driftline_statistics::document::label_fault;

    #[test]
    fn a_name_that_is_fit_for_a_label_stays_as_it_is() {
        for name in ["gpt-4", "meta-llama/Llama-3.1-8B", "größe", "a.b;c=d", "a b", "\"{}\\"] {
            assert_eq!(clean(name.as_bytes()), name);
        }
    }

    #[test]
    fn what_a_label_cannot_have_is_replaced() {
        for (raw, cleaned) in [
            (&b"a\nb\0c\x7f"[..], "a_b_c_"),
            ("a\u{85}b".as_bytes(), "a_b"),
            (b"\xff\xfea\xe2\x82", "__a_"),
            (b"x;.;outcome=.=y", "x;_;outcome=._y"),
            (b"=.=.=.=;..", "=._.=._;__"),
            (b"gpt-4.", "gpt-4_"),
            (b"a..", "a._"),
            (b"", ""),
        ] {
            assert_eq!(clean(raw), cleaned, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let long = "é".repeat(1000);
        assert_eq!(clean(long.as_bytes()), "é".repeat(LABEL_BYTES_MAX / 2));
        assert_eq!(clean(format!("x{long}").as_bytes()).len(), LABEL_BYTES_MAX - 1);
        let cut_at_a_dot = [&"x".repeat(LABEL_BYTES_MAX - 1), ".5"].concat();
        assert_eq!(clean(cut_at_a_dot.as_bytes()), "x".repeat(LABEL_BYTES_MAX - 1) + "_");
    }

    #[test]
    fn whatever_comes_becomes_a_label_and_stays_it() {
        // Every word of up to five of these bytes.
        let letters = b";.=\n\xff\xc3\xa9";
        for number in 0..letters.len().pow(5) {
            let raw: Vec<u8> = (0..5)
                .map(|position| letters[number / letters.len().pow(position) % letters.len()])
                .collect();
            let cleaned = clean(&raw);
            assert_eq!(label_fault(&cleaned), None, "{}", raw.escape_ascii());
            assert_eq!(clean(cleaned.as_bytes()), cleaned, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn listed_names_come_before_patterns_and_others_are_one() {
        let mut names = Names::default();
        for (number, name) in ["gpt-4", "gpt-*", "a_b"].into_iter().enumerate() {
            names.admit(name, number + 1);
        }
        for (raw, found) in [
            (&b"gpt-4"[..], Named::Listed(1)),
            (b"a_b", Named::Listed(3)),
            (b"a\nb", Named::Listed(3)),
            (b"gpt-5", Named::Fitting("gpt-5".into())),
            (b"gpt-\n", Named::Fitting("gpt-_".into())),
            (b"gpt-4.", Named::Fitting("gpt-4_".into())),
            (b"a.b.", Named::OTHER),
            (b"claude", Named::OTHER),
            (b"", Named::OTHER),
        ] {
            assert_eq!(names.find(raw), found, "{}", raw.escape_ascii());
        }
        names.admit("*", 0);
        assert_eq!(names.find(b"other"), Named::OTHER);
        assert_eq!(names.find(b""), Named::OTHER);
    }
}
