//! Header fields of HTTP/1.1 as heads and trailers have them; which of them a message may have is not decided here.

use bytes::{Bytes, BytesMut};

use crate::HeaderMap;

/// The most in one head or in one set of trailers: Envoy's default.
pub(super) const FIELDS_MAX: usize = 100;

/// `name: value` and the line end.
pub(super) fn write_field(name: &[u8], value: &[u8], output: &mut BytesMut) {
    for part in [name, b": ", value, b"\r\n"] {
        output.extend_from_slice(part);
    }
}

/// All that are not the proxy's own: pseudo headers, and how the body is delimited.
pub(super) fn write_fields(headers: &HeaderMap, output: &mut BytesMut) {
    for (name, value) in headers.iter() {
        if !name.starts_with(b":") && &name[..] != b"transfer-encoding" {
            write_field(name, value, output);
        }
    }
}

/// All values of `name`, which is in lower case.
pub(super) fn values<'a>(fields: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
    fields.iter().filter(move |(known, _)| &known[..] == name.as_bytes()).map(|(_, value)| value)
}

/// Whether a value of `name` is a list with `token` in it.
pub(super) fn has_token(fields: &HeaderMap, name: &str, token: &str) -> bool {
    values(fields, name).any(|value| {
        let mut tokens = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        tokens.any(|found| found.eq_ignore_ascii_case(token.as_bytes()))
    })
}

/// Whether a field is about one connection, and is therefore not passed on.
pub(super) fn is_hop_by_hop(name: &[u8]) -> bool {
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
