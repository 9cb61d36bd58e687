//! Request and response heads: from the wire to the header map a filter sees, and back; bodies are elsewhere.

mod request;
mod response;

use bytes::BytesMut;

pub(super) use self::{
    request::{Kind, Refusal, Request},
    response::Response,
};
use super::{
    body::{Framing, Writing},
    fields::{values, write_fields},
};
use crate::HeaderMap;

/// Envoy's default limits.
const HEAD_BYTES_MAX: usize = 60 * 1024;
const RESPONSE_HEAD_BYTES_MAX: usize = 80 * 1024;

/// What follows a response's head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Follows {
    Nothing,
    /// Nothing, though the head may describe a body: it answers a HEAD.
    NothingToHead,
    Body,
    /// Bytes of a protocol that is not HTTP.
    OtherProtocol,
}

/// The upstream's answer is not HTTP/1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotHttp;

/// Writes a request to the upstream; returns how its body must follow.
pub(super) fn write_request(
    headers: &HeaderMap,
    framing: Framing,
    output: &mut BytesMut,
) -> Writing {
    let get = |name| headers.get(name).map_or(&b""[..], |value| &value[..]);
    for part in
        [get(":method"), b" ", get(":path"), b" HTTP/1.1\r\nhost: ", get(":authority"), b"\r\n"]
    {
        output.extend_from_slice(part);
    }
    write_fields(headers, output);
    let has_end = !framing.is_ended() && framing != Framing::UntilClose;
    let chunked = has_end && headers.get("content-length").is_none();
    end_head(chunked, output)
}

/// Writes a response head to the client; returns how its body must follow.
pub(super) fn write_response(
    headers: &HeaderMap,
    follows: Follows,
    keep_alive: bool,
    output: &mut BytesMut,
) -> Writing {
    let status = headers.get_str(":status").and_then(|code| code.parse().ok()).unwrap_or(503);
    let line = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    output.extend_from_slice(line.as_bytes());
    write_fields(headers, output);
    if follows == Follows::OtherProtocol {
        return end_head(false, output);
    }
    if !keep_alive {
        output.extend_from_slice(b"connection: close\r\n");
    }
    let has_length = headers.get("content-length").is_some();
    if follows == Follows::Nothing && !has_length && 200 <= status && ![204, 304].contains(&status)
    {
        output.extend_from_slice(b"content-length: 0\r\n");
    }
    end_head(follows == Follows::Body && !has_length, output)
}

/// Adds what the proxy says of itself. Filters see it in `on_log` only, as in Envoy.
pub(super) fn complete_head(headers: &mut HeaderMap) {
    if headers.get("date").is_none() {
        headers.add("date", httpdate::fmt_http_date(std::time::SystemTime::now()));
    }
    headers.replace("server", "host-sim");
    headers.remove("transfer-encoding");
}

/// The reason phrase of a status code.
pub(super) fn reason(status: u16) -> &'static str {
    let known = hyper::StatusCode::from_u16(status).ok();
    known.and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}

fn end_head(chunked: bool, output: &mut BytesMut) -> Writing {
    if chunked {
        output.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    output.extend_from_slice(b"\r\n");
    if chunked { Writing::Chunked } else { Writing::Plain }
}

/// A message that announces both a length and chunks is refused: that is how requests are smuggled.
fn framing(fields: &HeaderMap, otherwise: Framing) -> Result<Framing, NotHttp> {
    let mut lengths = values(fields, "content-length");
    let length = lengths.next();
    let mut codings = values(fields, "transfer-encoding");
    let chunked = match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(coding), None) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => true,
        // Other encodings, or one twice: where such a body ends must not be guessed.
        (Some(_), _) => return Err(NotHttp),
    };
    match (length, chunked) {
        (Some(_), true) => Err(NotHttp),
        (None, true) => Ok(Framing::chunked()),
        (None, false) => Ok(otherwise),
        (Some(length), false) => {
            let digits = length.iter().all(u8::is_ascii_digit);
            let text = std::str::from_utf8(length).ok().filter(|_| digits).ok_or(NotHttp)?;
            if lengths.any(|other| other != length) {
                return Err(NotHttp);
            }
            Ok(Framing::length(text.parse().map_err(|_| NotHttp)?))
        }
    }
}
