//! The media type of a body, as its `content-type` has it; it knows none in particular.

/// A content type without its parameters.
pub(crate) fn media_type(content_type: &[u8]) -> &[u8] {
    let end = memchr::memchr(b';', content_type);
    end.and_then(|end| content_type.get(..end)).unwrap_or(content_type).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_blanks_are_no_part_of_it() {
        for (content_type, expected) in [
            ("text/csv", "text/csv"),
            (" text/csv ; header=absent; charset=utf-8", "text/csv"),
            ("text/csv;", "text/csv"),
            (";header=absent", ""),
            ("", ""),
        ] {
            assert_eq!(media_type(content_type.as_bytes()), expected.as_bytes(), "{content_type}");
        }
    }
}
