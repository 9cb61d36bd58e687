//! What one provider's wire format means, as data; a dialect holds tables and no code.

use crate::{
    generation::{facts::Fact, openai_chat, request::Wish},
    wire::fields::Field,
};

/// A dialect: how its requests are recognised, and which paths of its bodies mean what.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Ends of request paths, query left out, that speak this dialect.
    pub(crate) path_endings: &'static [&'static str],
    /// What is read from the request's body.
    pub(crate) request: &'static [Field<Wish>],
    /// What is read from each event of a streamed answer.
    pub(crate) event: &'static [Field<Fact>],
    /// What is read from an answer that is one document.
    pub(crate) document: &'static [Field<Fact>],
    /// The data of the event that closes a stream and is no JSON.
    pub(crate) end_mark: &'static [u8],
}

/// All dialects; the first one whose path ending fits is taken.
const DIALECTS: &[&Dialect] = &[&openai_chat::DIALECT];

/// The dialect that requests to `path` speak; `None` if it is none of ours.
pub(crate) fn recognise(path: &[u8]) -> Option<&'static Dialect> {
    let path = path.split(|&byte| byte == b'?').next().unwrap_or(path);
    DIALECTS
        .iter()
        .copied()
        .find(|dialect| dialect.path_endings.iter().any(|ending| path.ends_with(ending.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: bool) {
        assert_eq!(recognise(path.as_bytes()).is_some(), expected, "{path}");
    }

    #[test]
    fn paths_are_recognised_by_their_end() {
        check("/v1/chat/completions", true);
        check("/openai/deployments/gpt/chat/completions?api-version=2024-10-21", true);
        check("/v1/chat/completions/123", false);
        check("/search?q=/v1/chat/completions", false);
        check("/", false);
        check("", false);
    }
}
