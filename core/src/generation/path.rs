//! Patterns for the end of a request's path, some with the model's name in them; nothing is decoded here.

/// The end of a path: segments that begin with `/`, such as `/models/{model}:predict` or `/versions/*/generate`.
///
/// `{model}` stands for at least one byte within a segment, `*` for any whole segment; all else stands for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern(&'static str);

const MODEL: &str = "{model}";
const ANY: &str = "*";

impl Pattern {
    pub(crate) const fn new(pattern: &'static str) -> Pattern {
        Pattern(pattern)
    }

    /// The pattern as it is written.
    pub(crate) const fn text(self) -> &'static str {
        self.0
    }

    /// How particular the pattern is: its segments.
    pub(crate) fn weight(self) -> usize {
        self.0.split('/').count()
    }

    /// Whether `path`, without its query, ends so; then the name of the model, if the pattern has it.
    pub(crate) fn matches(self, path: &[u8]) -> Option<Option<&[u8]>> {
        let mut segments = path.rsplit(|&byte| byte == b'/');
        let mut model = None;
        // What stands before the first slash is no segment.
        let pattern = self.0.strip_prefix('/').unwrap_or(self.0);
        for expected in pattern.rsplit('/') {
            let segment = segments.next()?;
            if let Some((before, after)) = expected.split_once(MODEL) {
                let name =
                    segment.strip_prefix(before.as_bytes())?.strip_suffix(after.as_bytes())?;
                model = Some(name).filter(|name| !name.is_empty());
                model?;
            } else if expected != ANY && expected.as_bytes() != segment {
                return None;
            }
        }
        // The slash before the pattern's first segment.
        segments.next()?;
        Some(model)
    }
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
    fn a_star_is_any_segment() {
        check("/m/{model}/v/*/generate", "/m/x/v/17/generate", Some(Some("x")));
        check("/m/{model}/v/*/generate", "/m/x/v/generate", None);
    }
}
