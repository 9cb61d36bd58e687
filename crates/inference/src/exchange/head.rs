//! What an exchange needs to know of the headers of either side; it reads no header map itself.

use crate::media_type::media_type;

/// The header that says how long the JSON document is which stands in front of raw tensors.
pub const DOCUMENT_LENGTH: &str = "inference-header-content-length";
/// The header of a call over gRPC that says how those of its messages are coded that are compressed.
pub const MESSAGE_ENCODING: &str = "grpc-encoding";

/// What headers say about the body that follows them.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyHead<'a> {
    /// The `content-type`, if there is one.
    pub content_type: Option<&'a [u8]>,
    /// The `content-encoding`, if there is one.
    pub content_encoding: Option<&'a [u8]>,
    /// The [`DOCUMENT_LENGTH`] header, if there is one.
    pub document_length: Option<&'a [u8]>,
    /// The [`MESSAGE_ENCODING`] header, if there is one.
    pub message_encoding: Option<&'a [u8]>,
}

/// What is known of a request before its body, once it is recognised.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHead<'a> {
    /// The name of the proxy's route; `None` if it has none, or if nothing depends on it.
    pub route: Option<&'a [u8]>,
    /// What it says about the body.
    pub body: BodyHead<'a>,
}

/// What is known of a response before its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResponseHead<'a> {
    /// The `:status`; `None` if it is no number.
    pub status: Option<u16>,
    /// What it says about the body.
    pub body: BodyHead<'a>,
    /// The `grpc-status`, if the head is all there is of an answer over gRPC.
    pub grpc_status: Option<u32>,
    /// The proxy itself made the response, in the model server's place.
    pub is_local_reply: bool,
}

impl ResponseHead<'_> {
    /// Whether the response is a model's answer that claims to have worked. The body of any other
    /// one is not read: its head says what counts.
    pub(super) fn is_answer(&self) -> bool {
        !self.is_local_reply && self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl BodyHead<'_> {
    /// Whether the content type is that of one JSON document per line.
    pub(super) fn is_lines(&self) -> bool {
        self.content_type.is_some_and(|value| is_any(media_type(value), LINES))
    }

    /// Whether the content type is that of messages of AWS.
    pub(super) fn is_aws_event_stream(&self) -> bool {
        self.content_type.is_some_and(|value| is_any(media_type(value), &[AWS_EVENT_STREAM]))
    }

    /// Whether the content type is one that carries JSON or events. None at all may be either.
    pub(super) fn is_text(&self) -> bool {
        let Some(content_type) = self.content_type else {
            return true;
        };
        let media_type = media_type(content_type);
        // Those of nearly all answers, as nearly all servers write them.
        if media_type == b"text/event-stream" || media_type == b"application/json" {
            return true;
        }
        const OTHERS: &[&[u8]] = &[
            b"application/json",
            b"text/event-stream",
            b"application/octet-stream",
            AWS_EVENT_STREAM,
            b"text/plain",
        ];
        is_any(media_type, OTHERS)
            || is_any(media_type, LINES)
            || media_type.to_ascii_lowercase().ends_with(b"+json")
    }
}

const AWS_EVENT_STREAM: &[u8] = b"application/vnd.amazon.eventstream";
const LINES: &[&[u8]] = &[
    b"application/x-ndjson",
    b"application/ndjson",
    b"application/jsonl",
    b"application/stream+json",
];

fn is_any(media_type: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|known| media_type.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, is_text: bool) {
        let head = BodyHead { content_type: Some(content_type.as_bytes()), ..BodyHead::default() };
        assert_eq!(head.is_text(), is_text, "{content_type}");
    }

    #[test]
    fn parameters_and_case_do_not_matter() {
        check("text/event-stream", true);
        check("Text/Event-Stream; charset=utf-8", true);
        check("application/json;charset=utf-8", true);
        check("application/problem+json", true);
        check("application/vnd.amazon.eventstream", true);
        check("text/html", false);
        check("image/png", false);
        check("", false);
    }

    #[test]
    fn lines_have_several_names() {
        let is_lines = |content_type: &str| {
            let content_type = Some(content_type.as_bytes());
            BodyHead { content_type, ..BodyHead::default() }.is_lines()
        };
        assert!(is_lines("application/x-ndjson"));
        assert!(is_lines("Application/JSONL; charset=utf-8"));
        assert!(!is_lines("application/json"));
        assert!(!BodyHead::default().is_lines());
    }
}
