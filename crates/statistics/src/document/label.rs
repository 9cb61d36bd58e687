//! Which texts may become the value of a metric's label, and how those of training data are written there.
//!
//! A stat is called `..._total.model=.=rain;.;outcome=.=complete;.;`, and Envoy cuts the labels out with a regular
//! expression each, applied to the whole name. So a value must not hold what begins or ends a value, or the labels of
//! one model would show up under another. `;.` is refused whole, because a value that ends in it runs into its own
//! end. Envoy also drops the dots at the end of a value, so `a.` and `a` would be one series in Prometheus, twice.

use alloc::{borrow::Cow, format};

/// The label under which models and routes that are not admitted are counted; no listed one may be called so.
pub const OTHER_NAME: &str = "other";
/// The longest name of a model, feature or category, in bytes of UTF-8.
pub const LABEL_BYTES_MAX: usize = 128;

/// A dot at the end of a value.
const ESCAPED_DOT: &str = "%2E";

/// Says what is wrong with a name that is configured and becomes a label as it is, or `None` for a good one.
#[must_use]
pub fn label_fault(name: &str) -> Option<&'static str> {
    name_fault(name)
        .or_else(|| name.ends_with('.').then_some("must not end in a dot, which Envoy would drop"))
}

/// Says what is wrong with a name that comes from training data, or `None` for one that [`label_value`] can write.
#[must_use]
pub fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("must not be empty")
    } else if LABEL_BYTES_MAX < name.len() {
        Some("must not be longer than 128 bytes")
    } else if name.chars().any(char::is_control) {
        Some("must not contain control characters")
    } else if name.contains(";.") || name.contains("=.=") {
        Some("must not contain `;.` or `=.=`, which delimit labels in Envoy's stat names")
    } else {
        None
    }
}

/// The value of a label that stands for this name: the name itself, but for a dot at its end, which is written `%2E`.
///
/// Different names have different values: a name that ends in `%2E` itself is written `%252E`, and so on. At most two
/// bytes longer than the name.
#[must_use]
pub fn label_value(name: &str) -> Cow<'_, str> {
    if let Some(before) = name.strip_suffix('.') {
        return format!("{before}{ESCAPED_DOT}").into();
    }
    match split_escape(name) {
        Some((before, digits)) => format!("{before}%25{digits}").into(),
        None => name.into(),
    }
}

/// What comes before an escaped dot at the end of a name, and the digits after its `%`: `2E`, `252E`, ...
fn split_escape(name: &str) -> Option<(&str, &str)> {
    let mut before = name.strip_suffix("2E")?;
    while !before.ends_with('%') {
        before = before.strip_suffix("25")?;
    }
    let (before, digits) = name.split_at_checked(before.len())?;
    Some((before.strip_suffix('%')?, digits))
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use super::*;

    #[test]
    fn names_that_people_use_pass() {
        for name in ["rain", "dew point", "meta-llama/Llama-3.1-8B", "größe", ".a.b;c=d", "x"] {
            assert_eq!(label_fault(name), None, "{name}");
            assert_eq!(label_value(name), name);
        }
        assert_eq!(label_fault(&"x".repeat(LABEL_BYTES_MAX)), None);
    }

    #[test]
    fn names_that_would_break_a_stat_do_not() {
        for name in ["", "a\nb", "a\u{7f}", "a;.;b", "ends in;.", "outcome=.=x"] {
            assert!(label_fault(name).is_some(), "{name:?}");
            assert_eq!(label_fault(name), name_fault(name), "{name:?}");
        }
        assert!(label_fault(&"x".repeat(LABEL_BYTES_MAX + 1)).is_some());
    }

    #[test]
    fn a_dot_at_the_end_is_refused_or_escaped() {
        for (name, value) in [
            ("gpt-4.", "gpt-4%2E"),
            ("..", ".%2E"),
            ("%2E", "%252E"),
            ("a%2E.", "a%2E%2E"),
            ("a%252E", "a%25252E"),
            ("2E", "2E"),
            ("%25", "%25"),
            ("100%", "100%"),
            ("%2e", "%2e"),
        ] {
            assert_eq!(name_fault(name), None, "{name}");
            assert_eq!(label_fault(name).is_some(), name.ends_with('.'), "{name}");
            assert_eq!(label_value(name), value);
        }
    }

    /// The name that a value stands for.
    fn name(value: &str) -> String {
        match (split_escape(value), value.strip_suffix(ESCAPED_DOT)) {
            (_, Some(before)) => format!("{before}."),
            (Some((before, digits)), None) => format!("{before}%{}", &digits[2..]),
            (None, None) => value.into(),
        }
    }

    #[test]
    fn every_value_stands_for_one_name_and_keeps_its_end() {
        // Every word of up to six of these parts.
        let parts = ["", ".", "%", "25", "2E", "a"];
        for number in 0..parts.len().pow(6) {
            let word: String = (0..6)
                .map(|position| parts[number / parts.len().pow(position) % parts.len()])
                .collect::<Vec<_>>()
                .concat();
            let value = label_value(&word);
            assert_eq!(name(&value), word, "{value}");
            assert!(!value.ends_with('.') && value.len() <= word.len() + 2, "{value}");
        }
    }
}
