//! Request and response heads: from the wire to the header map a filter sees, and back; bodies are elsewhere.

use bytes::{Buf, Bytes, BytesMut};

use super::body::{Framing, Writing};
use crate::{HeaderMap, local_reply::CODEC_ERROR};

/// Envoy's default limits.
pub(super) const FIELDS_MAX: usize = 100;
const HEAD_BYTES_MAX: usize = 60 * 1024;

/// A request as the filter will see it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) framing: Framing,
    pub(super) keep_alive: bool,
    pub(super) expects_continue: bool,
    pub(super) head_only: bool,
    pub(super) kind: Kind,
}

/// What a request asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// An answer.
    Plain,
    /// Another protocol over the same connection, by its name in lower case.
    Upgrade(String),
    /// A connection to somewhere else.
    Connect,
}

impl Kind {
    pub(super) fn is_websocket(&self) -> bool {
        matches!(self, Kind::Upgrade(protocol) if protocol == "websocket")
    }
}

/// A response as the upstream gave it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) framing: Framing,
    pub(super) keep_alive: bool,
    /// From here on, both sides speak the protocol that the request asked for.
    pub(super) switches: bool,
}

/// What comes behind a response's head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Follows {
    Nothing,
    /// Nothing, though the head may describe a body: it answers a HEAD.
    NothingToHead,
    Body,
    /// Bytes of a protocol that is not HTTP.
    OtherProtocol,
}

/// A request that the proxy answers itself, before any filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// What had been understood of the request; the filter can read it in `on_log`.
    pub(super) headers: Option<HeaderMap>,
    /// Envoy's `response.code_details`.
    pub(super) details: &'static str,
    /// The bytes broke the protocol, rather than asking for too much.
    pub(super) protocol_error: bool,
    /// The request is whole, and another may follow on this connection.
    pub(super) keep_alive: bool,
}

/// The upstream's answer is not HTTP/1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotHttp;

impl Request {
    /// Takes a head out of `input`; `None` if it is not complete.
    pub(super) fn take(input: &mut BytesMut) -> Result<Option<Request>, Refusal> {
        // Empty lines before a request are allowed.
        while input.starts_with(b"\r\n") {
            input.advance(2);
        }
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut parsed = httparse::Request::new(&mut fields);
        let size = match parsed.parse(input) {
            Ok(httparse::Status::Complete(size)) if size <= HEAD_BYTES_MAX => size,
            Ok(httparse::Status::Partial) if input.len() <= HEAD_BYTES_MAX => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => {
                return Err(Refusal::protocol_error(431, "http1.headers_too_large"));
            }
            Err(_) => return Err(Refusal::protocol_error(400, CODEC_ERROR)),
        };
        let request = Request::of(&parsed);
        input.advance(size);
        request.map(Some)
    }

    fn of(parsed: &httparse::Request<'_, '_>) -> Result<Request, Refusal> {
        if parsed.version != Some(1) {
            return Err(Refusal::protocol_error(426, "low_version"));
        }
        let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
        let fields: HeaderMap = parsed.headers.iter().map(|it| (it.name, it.value)).collect();
        let kind = kind(method, &fields);
        // A target with a host of its own wins over the header.
        let absolute = ["http://", "https://"].iter().find_map(|begin| target.strip_prefix(begin));
        let (authority, path) = match absolute {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None if kind == Kind::Connect => (target, ""),
            None => (fields.get_str("host").unwrap_or_default(), target),
        };
        let whole_server = method == "OPTIONS" && path == "*";
        if !whole_server && kind != Kind::Connect && !path.is_empty() && !path.starts_with('/') {
            let details = if path == "*" { "http1.invalid_url" } else { CODEC_ERROR };
            return Err(Refusal::protocol_error(400, details));
        }
        if authority.is_empty() {
            let known = [(":path", target), (":method", method)].into_iter().collect();
            return Err(Refusal {
                status: 400,
                headers: Some(known),
                details: "missing_host_header",
                protocol_error: false,
                keep_alive: false,
            });
        }
        let path = if path.is_empty() { "/" } else { path };
        let mut headers: HeaderMap = [(":authority", authority)].into_iter().collect();
        if kind != Kind::Connect {
            headers.add(":path", path.to_string());
        }
        headers.add(":method", method.to_string());
        headers.add(":scheme", "http");
        let expects_continue = has_token(&fields, "expect", "100-continue");
        for (name, value) in fields.iter() {
            let wanted = match &name[..] {
                b"host" => false,
                b"expect" => !expects_continue,
                b"te" => &value[..] == b"trailers",
                b"connection" | b"upgrade" => matches!(kind, Kind::Upgrade(_)),
                name => !is_hop_by_hop(name),
            };
            if wanted {
                headers.add(name, value.clone());
            }
        }
        if headers.get("x-forwarded-proto").is_none() {
            headers.add("x-forwarded-proto", "http");
        }
        let mut framing = framing(&fields, Framing::Ended).map_err(|NotHttp| {
            let both =
                fields.get("content-length").is_some() && fields.get("transfer-encoding").is_some();
            let details =
                if both { "http1.content_length_and_chunked_not_allowed" } else { CODEC_ERROR };
            Refusal::protocol_error(400, details)
        })?;
        if kind != Kind::Plain {
            // What follows has no end that HTTP could tell.
            framing = Framing::UntilClose;
        }
        let keep_alive = !has_token(&fields, "connection", "close");
        if whole_server {
            return Err(Refusal {
                status: 404,
                headers: Some(headers),
                details: "absolute_path_rejected",
                protocol_error: false,
                keep_alive: keep_alive && framing.is_ended(),
            });
        }
        let head_only = method == "HEAD";
        Ok(Request { headers, framing, keep_alive, expects_continue, head_only, kind })
    }
}

impl Refusal {
    fn protocol_error(status: u16, details: &'static str) -> Refusal {
        Refusal { status, headers: None, details, protocol_error: true, keep_alive: false }
    }

    /// The request asks for a protocol that is not spoken here. What follows may be anything.
    pub(super) fn upgrade(headers: HeaderMap) -> Refusal {
        Refusal {
            status: 403,
            headers: Some(headers),
            details: "upgrade_failed",
            protocol_error: false,
            keep_alive: false,
        }
    }
}

impl Response {
    /// Takes a head out of `input`; `None` if it is not complete.
    ///
    /// `head_only` says that the request was HEAD, `kind` what else it asked for.
    pub(super) fn take(
        input: &mut BytesMut,
        head_only: bool,
        kind: &Kind,
    ) -> Result<Option<Response>, NotHttp> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut parsed = httparse::Response::new(&mut fields);
        let size = match parsed.parse(input) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) if input.len() <= HEAD_BYTES_MAX => return Ok(None),
            _ => return Err(NotHttp),
        };
        let status = parsed.code.unwrap_or(0);
        let fields: HeaderMap = parsed.headers.iter().map(|it| (it.name, it.value)).collect();
        let switches = status == 101 && matches!(kind, Kind::Upgrade(_));
        let bodiless = head_only || status < 200 || status == 204 || status == 304;
        let framing = if switches {
            Framing::UntilClose
        } else if bodiless {
            Framing::Ended
        } else {
            framing(&fields, Framing::UntilClose)?
        };
        let keep_alive = parsed.version == Some(1)
            && framing != Framing::UntilClose
            && !has_token(&fields, "connection", "close");
        let mut headers: HeaderMap = [(":status", status.to_string())].into_iter().collect();
        for (name, value) in fields.iter() {
            // A filter of Envoy's sees how the upstream delimited its answer.
            let wanted = match &name[..] {
                b"transfer-encoding" => true,
                b"connection" | b"upgrade" => switches,
                name => !is_hop_by_hop(name),
            };
            if wanted {
                headers.add(name, value.clone());
            }
        }
        input.advance(size);
        Ok(Some(Response { status, headers, framing, keep_alive, switches }))
    }

    /// Another answer follows this one.
    pub(super) fn is_interim(&self) -> bool {
        self.status < 200 && !self.switches
    }
}

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
    headers.replace("server", "driftline");
    headers.remove("transfer-encoding");
}

/// The words of a status code.
pub(super) fn reason(status: u16) -> &'static str {
    let known = hyper::StatusCode::from_u16(status).ok();
    known.and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}

/// `name: value` and the line end.
pub(super) fn write_field(name: &[u8], value: &[u8], output: &mut BytesMut) {
    for part in [name, b": ", value, b"\r\n"] {
        output.extend_from_slice(part);
    }
}

fn write_fields(headers: &HeaderMap, output: &mut BytesMut) {
    for (name, value) in headers.iter() {
        if !name.starts_with(b":") && &name[..] != b"transfer-encoding" {
            write_field(name, value, output);
        }
    }
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
    let chunked = match fields.get_str("transfer-encoding") {
        None => false,
        Some(coding) if coding.trim().eq_ignore_ascii_case("chunked") => true,
        Some(_) => return Err(NotHttp),
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

fn values<'a>(fields: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
    fields.iter().filter(move |(known, _)| &known[..] == name.as_bytes()).map(|(_, value)| value)
}

fn has_token(fields: &HeaderMap, name: &str, token: &str) -> bool {
    values(fields, name).any(|value| {
        let mut tokens = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        tokens.any(|found| found.eq_ignore_ascii_case(token.as_bytes()))
    })
}

fn kind(method: &str, fields: &HeaderMap) -> Kind {
    if method == "CONNECT" {
        return Kind::Connect;
    }
    let upgrade = fields.get_str("upgrade").unwrap_or_default().trim().to_ascii_lowercase();
    // Envoy reads over a wish for HTTP/2.
    if upgrade.is_empty() || upgrade == "h2c" || !has_token(fields, "connection", "upgrade") {
        return Kind::Plain;
    }
    Kind::Upgrade(upgrade)
}

fn is_hop_by_hop(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    ];
    NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(wire: &str) -> Result<Option<Request>, Refusal> {
        Request::take(&mut BytesMut::from(wire))
    }

    #[test]
    fn a_request_becomes_what_envoys_filters_see() {
        let request = request(
            "POST /x?y HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\n",
        );
        let request = request.unwrap().unwrap();
        let expected: HeaderMap = [
            (":authority", "h"),
            (":path", "/x?y"),
            (":method", "POST"),
            (":scheme", "http"),
            ("content-length", "3"),
            ("x-forwarded-proto", "http"),
        ]
        .into_iter()
        .collect();
        assert_eq!(request.headers, expected);
        assert_eq!(request.framing, Framing::Length(3));
        assert!(!request.keep_alive);
    }

    #[test]
    fn what_envoy_refuses_is_refused_with_its_details() {
        for (wire, status, details) in [
            ("GET / HTTP/1.1\r\n\r\n", 400, "missing_host_header"),
            ("GARBAGE\r\n\r\n", 400, "http1.codec_error"),
            ("GET / HTTP/1.0\r\nhost: h\r\n\r\n", 426, "low_version"),
            (
                "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
                400,
                "http1.content_length_and_chunked_not_allowed",
            ),
            ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: +1\r\n\r\n", 400, "http1.codec_error"),
        ] {
            let refusal = request(wire).unwrap_err();
            assert_eq!((refusal.status, refusal.details), (status, details), "{wire:?}");
        }
        let huge = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "y".repeat(70_000));
        assert_eq!(request(&huge).unwrap_err().status, 431);
    }

    #[test]
    fn a_head_in_parts_waits_for_its_end() {
        let wire = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
        for end in 0..wire.len() {
            assert_eq!(request(&wire[..end]), Ok(None), "cut at {end}");
        }
    }

    #[test]
    fn a_response_without_length_ends_with_the_connection_unless_it_has_no_body() {
        for (wire, head_only, framing) in [
            ("HTTP/1.1 200 OK\r\n\r\n", false, Framing::UntilClose),
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", false, Framing::Length(5)),
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true, Framing::Ended),
            ("HTTP/1.1 204 No Content\r\n\r\n", false, Framing::Ended),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", false, Framing::chunked()),
        ] {
            let taken = Response::take(&mut BytesMut::from(wire), head_only, &Kind::Plain);
            let response = taken.unwrap().unwrap();
            assert_eq!(response.framing, framing, "{wire:?}");
        }
        let taken = Response::take(&mut BytesMut::from("nonsense\r\n\r\n"), false, &Kind::Plain);
        assert_eq!(taken, Err(NotHttp));
    }
}
