//! A request's head, as the filter will see it, or the reason why no filter will.

use bytes::{Buf, BytesMut};

use super::{
    super::{
        body::Framing,
        fields::{FIELDS_MAX, has_token, is_hop_by_hop},
    },
    HEAD_BYTES_MAX, NotHttp, framing, reason,
};
use crate::{HeaderMap, local_reply::CODEC_ERROR};

/// A request as the filter will see it.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::proxy) struct Request {
    pub(in crate::proxy) headers: HeaderMap,
    pub(in crate::proxy) framing: Framing,
    pub(in crate::proxy) keep_alive: bool,
    pub(in crate::proxy) expects_continue: bool,
    pub(in crate::proxy) head_only: bool,
    pub(in crate::proxy) kind: Kind,
}

/// What a request asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::proxy) enum Kind {
    /// An answer.
    Plain,
    /// Another protocol over the same connection, by its name in lower case.
    Upgrade(String),
    /// A connection to somewhere else.
    Connect,
}

impl Kind {
    pub(in crate::proxy) fn is_websocket(&self) -> bool {
        matches!(self, Kind::Upgrade(protocol) if protocol == "websocket")
    }
}

/// A request that the proxy answers itself, before any filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::proxy) struct Refusal {
    pub(in crate::proxy) status: u16,
    /// What had been understood of the request; the filter can read it in `on_log`.
    pub(in crate::proxy) headers: Option<HeaderMap>,
    /// What the client reads, unless the request was understood.
    pub(in crate::proxy) body: &'static str,
    /// Envoy's `response.code_details`.
    pub(in crate::proxy) details: &'static str,
    /// The bytes broke the protocol, rather than asking for too much.
    pub(in crate::proxy) protocol_error: bool,
    /// The request is whole, and another may follow on this connection.
    pub(in crate::proxy) keep_alive: bool,
}

impl Request {
    /// Takes a head out of `input`; `None` if it is not complete.
    pub(in crate::proxy) fn take(input: &mut BytesMut) -> Result<Option<Request>, Refusal> {
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
        let method = parsed.method.unwrap_or_default();
        let fields: HeaderMap = parsed.headers.iter().map(|it| (it.name, it.value)).collect();
        let kind = kind(method, &fields);
        let target = Target::of(parsed, &kind, &fields)?;
        let expects_continue = has_token(&fields, "expect", "100-continue");
        let headers = target.headers(method, &kind, &fields, expects_continue);
        let mut framing = framing(&fields, Framing::Ended)
            .map_err(|NotHttp| Refusal::protocol_error_of_framing(&fields))?;
        if kind != Kind::Plain {
            // What follows has no end that HTTP could tell.
            framing = Framing::UntilClose;
        }
        let keep_alive = !has_token(&fields, "connection", "close");
        if target.whole_server {
            return Err(Refusal {
                status: 404,
                headers: Some(headers),
                body: "",
                details: "absolute_path_rejected",
                protocol_error: false,
                keep_alive: keep_alive && framing.is_ended(),
            });
        }
        let head_only = method == "HEAD";
        Ok(Request { headers, framing, keep_alive, expects_continue, head_only, kind })
    }
}

/// What a request is for.
#[derive(Clone, Copy)]
struct Target<'r> {
    authority: &'r str,
    path: &'r str,
    /// `OPTIONS *`.
    whole_server: bool,
}

impl<'r> Target<'r> {
    fn of(
        parsed: &'r httparse::Request<'_, '_>,
        kind: &Kind,
        fields: &'r HeaderMap,
    ) -> Result<Target<'r>, Refusal> {
        let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
        // A target with a host of its own wins over the header.
        let absolute = ["http://", "https://"].iter().find_map(|begin| target.strip_prefix(begin));
        let (authority, path) = match absolute {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None if *kind == Kind::Connect => (target, ""),
            None => (fields.get_str("host").unwrap_or_default(), target),
        };
        let whole_server = method == "OPTIONS" && path == "*";
        if !whole_server && *kind != Kind::Connect && !path.is_empty() && !path.starts_with('/') {
            let details = if path == "*" { "http1.invalid_url" } else { CODEC_ERROR };
            return Err(Refusal::protocol_error(400, details));
        }
        if authority.is_empty() {
            let known = [(":path", target), (":method", method)].into_iter().collect();
            return Err(Refusal {
                status: 400,
                headers: Some(known),
                body: "",
                details: "missing_host_header",
                protocol_error: false,
                keep_alive: false,
            });
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Target { authority, path, whole_server })
    }

    /// The header map that Envoy's filters see.
    fn headers(
        self,
        method: &str,
        kind: &Kind,
        fields: &HeaderMap,
        expects_continue: bool,
    ) -> HeaderMap {
        let mut headers: HeaderMap = [(":authority", self.authority)].into_iter().collect();
        if *kind != Kind::Connect {
            headers.add(":path", self.path.to_string());
        }
        headers.add(":method", method.to_string());
        headers.add(":scheme", "http");
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
        headers
    }
}

impl Refusal {
    fn protocol_error(status: u16, details: &'static str) -> Refusal {
        let body = reason(status);
        Refusal { status, headers: None, body, details, protocol_error: true, keep_alive: false }
    }

    /// The head has not come in time.
    pub(in crate::proxy) fn too_slow() -> Refusal {
        Refusal {
            status: 408,
            headers: None,
            body: "request header timeout",
            details: "request_header_timeout",
            protocol_error: false,
            keep_alive: false,
        }
    }

    fn protocol_error_of_framing(fields: &HeaderMap) -> Refusal {
        let both =
            fields.get("content-length").is_some() && fields.get("transfer-encoding").is_some();
        let encoded = fields.get("transfer-encoding").is_some();
        let (status, details) = match (both, encoded) {
            (true, _) => (400, "http1.content_length_and_chunked_not_allowed"),
            (false, true) => (501, "http1.invalid_transfer_encoding"),
            (false, false) => (400, CODEC_ERROR),
        };
        Refusal::protocol_error(status, details)
    }

    /// The request asks for a protocol that is not spoken here. What follows may be anything.
    pub(in crate::proxy) fn upgrade(headers: HeaderMap) -> Refusal {
        Refusal {
            status: 403,
            headers: Some(headers),
            body: "",
            details: "upgrade_failed",
            protocol_error: false,
            keep_alive: false,
        }
    }
}

fn kind(method: &str, fields: &HeaderMap) -> Kind {
    if method == "CONNECT" {
        return Kind::Connect;
    }
    let upgrade = fields.get_str("upgrade").unwrap_or_default().trim().to_ascii_lowercase();
    // Envoy ignores a request for HTTP/2.
    if upgrade.is_empty() || upgrade == "h2c" || !has_token(fields, "connection", "upgrade") {
        return Kind::Plain;
    }
    Kind::Upgrade(upgrade)
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
            (
                "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
                501,
                "http1.invalid_transfer_encoding",
            ),
            (
                "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
                501,
                "http1.invalid_transfer_encoding",
            ),
            ("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n", 404, "absolute_path_rejected"),
            ("GET * HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.invalid_url"),
            ("GET x HTTP/1.1\r\nhost: h\r\n\r\n", 400, "http1.codec_error"),
        ] {
            let refusal = request(wire).unwrap_err();
            assert_eq!((refusal.status, refusal.details), (status, details), "{wire:?}");
        }
        let huge = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "y".repeat(70_000));
        assert_eq!(request(&huge).unwrap_err().status, 431);
    }

    #[test]
    fn only_a_request_that_says_so_twice_asks_for_another_protocol() {
        let kind = |fields: &str| {
            let wire = format!("GET / HTTP/1.1\r\nhost: h\r\n{fields}\r\n");
            let request = request(&wire).unwrap().unwrap();
            (request.kind, request.headers.get("upgrade").is_some())
        };
        let websocket = (Kind::Upgrade("websocket".into()), true);
        assert_eq!(kind("upgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n"), websocket);
        assert_eq!(kind("upgrade: websocket\r\n"), (Kind::Plain, false));
        assert_eq!(kind("connection: upgrade\r\n"), (Kind::Plain, false));
        assert_eq!(kind("upgrade: h2c\r\nconnection: Upgrade\r\n"), (Kind::Plain, false));
    }

    #[test]
    fn a_head_in_parts_waits_for_its_end() {
        let wire = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
        for end in 0..wire.len() {
            assert_eq!(request(&wire[..end]), Ok(None), "cut at {end}");
        }
    }
}
