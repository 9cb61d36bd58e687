//! Patterns for the end of a request's path, some with the model's name in them; nothing is decoded here.

/// The end of a path: segments that begin with `/`, such as `/models/{model}:predict` or `/versions/*/generate`.
///
/// `{model}` and `{version}` stand for at least one byte within a segment, `*` for any whole segment; all else stands
/// for itself.
#[derive(Clone, Copy, Debug)]
pub struct Pattern(&'static str);

/// What a path says at the places that a pattern names.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Found<'p> {
    pub model: Option<&'p [u8]>,
    pub version: Option<&'p [u8]>,
}

const MODEL: &str = "{model}";
const VERSION: &str = "{version}";
const ANY: &str = "*";

impl Pattern {
    pub const fn new(pattern: &'static str) -> Pattern {
        Pattern(pattern)
    }

    /// The pattern as it is written.
    pub const fn text(self) -> &'static str {
        self.0
    }

    /// How particular the pattern is: its segments.
    pub fn weight(self) -> usize {
        self.0.split('/').count()
    }

    /// Whether `path`, without its query, ends so; then the name of the model, if the pattern has it.
    pub fn matches(self, path: &[u8]) -> Option<Option<&[u8]>> {
        self.find(path).map(|found| found.model)
    }

    /// What `path`, without its query, says at the places that the pattern names; `None` if it does not end so.
    pub fn find(self, path: &[u8]) -> Option<Found<'_>> {
        let mut segments = path.rsplit(|&byte| byte == b'/');
        let mut found = Found::default();
        // What stands before the first slash is no segment.
        let pattern = self.0.strip_prefix('/').unwrap_or(self.0);
        for expected in pattern.rsplit('/') {
            let segment = segments.next()?;
            if let Some(parts) = expected.split_once(MODEL) {
                found.model = Some(between(segment, parts)?);
            } else if let Some(parts) = expected.split_once(VERSION) {
                found.version = Some(between(segment, parts)?);
            } else if expected != ANY && expected.as_bytes() != segment {
                return None;
            }
        }
        // The slash before the pattern's first segment.
        segments.next()?;
        Some(found)
    }
}

/// What stands between both, if it is anything.
fn between<'p>(segment: &'p [u8], (before, after): (&str, &str)) -> Option<&'p [u8]> {
    let name = segment.strip_prefix(before.as_bytes())?.strip_suffix(after.as_bytes())?;
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &'static str, path: &str, expected: Option<Option<&str>>) {
        let expected = expected.map(|model| model.map(str::as_bytes));
        assert_eq!(Pattern::new(pattern).matches(path.as_bytes()), expected, "{pattern} on {path}");
    }

    #[test]
    fn a_path_may_begin_with_anything() {
        check("/chat/completions", "/v1/chat/completions", Some(None));
        check("/chat/completions", "/a/b/c/chat/completions", Some(None));
        check("/chat/completions", "/chat/completions", Some(None));
        check("/chat/completions", "/v1/xchat/completions", None);
        check("/chat/completions", "/completions", None);
        check("/chat/completions", "chat/completions", None);
        check("/chat/completions", "/chat/completions/1", None);
        check("/chat/completions", "", None);
    }

    #[test]
    fn a_model_is_part_of_a_segment_and_has_a_name() {
        check("/model/{model}/converse", "/model/a.b%3A0/converse", Some(Some("a.b%3A0")));
        check("/model/{model}/converse", "/model//converse", None);
        check(
            "/models/{model}:generateContent",
            "/v1/models/g-2:generateContent",
            Some(Some("g-2")),
        );
        check("/models/{model}:generateContent", "/v1/models/:generateContent", None);
        check("/models/{model}:generateContent", "/v1/models/a/b:generateContent", None);
    }

    #[test]
    fn a_version_is_found_beside_the_model() {
        let pattern = Pattern::new("/models/{model}/versions/{version}:predict");
        let found = Found { model: Some(b"m"), version: Some(b"3") };
        assert_eq!(pattern.find(b"/v1/models/m/versions/3:predict"), Some(found));
        assert_eq!(pattern.find(b"/v1/models/m/versions/:predict"), None);
    }

    #[test]
    fn a_star_is_any_segment() {
        check("/m/{model}/v/*/generate", "/m/x/v/17/generate", Some(Some("x")));
        check("/m/{model}/v/*/generate", "/m/x/v/generate", None);
    }
}
