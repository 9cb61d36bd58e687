//! Which texts may become the value of a metric's label; it refuses and never rewrites.

/// The label under which models and routes that are not admitted are counted; no listed one may be called so.
pub const OTHER_NAME: &str = "other";
/// The longest name of a model or feature, in bytes of UTF-8.
pub const LABEL_BYTES_MAX: usize = 128;

/// Says what a name must not be if it is to travel inside Envoy's stat names, or `None` for a good one.
///
/// A stat is called `..._total.model=.=rain;.;outcome=.=complete;.;`, and Envoy cuts the labels out
/// with a regular expression each, applied to the whole name. So a value must not hold what begins
/// or ends a value, or the labels of one model would show up under another. `;.` is refused
/// whole, because a value that ends in it runs into its own end.
#[must_use]
pub fn label_fault(name: &str) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_use_pass() {
        for name in ["rain", "dew point", "meta-llama/Llama-3.1-8B", "größe", "a.b;c=d", "x"] {
            assert_eq!(label_fault(name), None, "{name}");
        }
        assert_eq!(label_fault(&"x".repeat(LABEL_BYTES_MAX)), None);
    }

    #[test]
    fn names_that_would_break_a_stat_do_not() {
        for name in ["", "a\nb", "a\u{7f}", "a;.;b", "ends in;.", "outcome=.=x"] {
            assert!(label_fault(name).is_some(), "{name:?}");
        }
        assert!(label_fault(&"x".repeat(LABEL_BYTES_MAX + 1)).is_some());
    }
}
