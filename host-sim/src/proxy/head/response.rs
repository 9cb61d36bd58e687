//! A response's head, as the upstream gave it; nothing of its body is read here.

use bytes::{Buf, BytesMut};

use super::{
    super::{
        body::Framing,
        fields::{FIELDS_MAX, has_token, is_hop_by_hop},
    },
    Kind, NotHttp, RESPONSE_HEAD_BYTES_MAX, framing,
};
use crate::HeaderMap;

/// A response as the upstream gave it.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::proxy) struct Response {
    pub(in crate::proxy) status: u16,
    pub(in crate::proxy) headers: HeaderMap,
    pub(in crate::proxy) framing: Framing,
    pub(in crate::proxy) keep_alive: bool,
    /// From here on, both sides speak the protocol that the request asked for.
    pub(in crate::proxy) switches: bool,
}

impl Response {
    /// Takes a head out of `input`; `None` if it is not complete.
    ///
    /// `head_only` says that the request was HEAD, `kind` what else it asked for.
    pub(in crate::proxy) fn take(
        input: &mut BytesMut,
        head_only: bool,
        kind: &Kind,
    ) -> Result<Option<Response>, NotHttp> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let mut parsed = httparse::Response::new(&mut fields);
        let size = match parsed.parse(input) {
            Ok(httparse::Status::Complete(size)) if size <= RESPONSE_HEAD_BYTES_MAX => size,
            Ok(httparse::Status::Partial) if input.len() <= RESPONSE_HEAD_BYTES_MAX => {
                return Ok(None);
            }
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
    pub(in crate::proxy) fn is_interim(&self) -> bool {
        self.status < 200 && !self.switches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(RESPONSE_HEAD_BYTES_MAX));
        let taken = Response::take(&mut BytesMut::from(&long[..]), false, &Kind::Plain);
        assert_eq!(taken, Err(NotHttp), "as Envoy, however much of it one read brings");
        let taken = Response::take(&mut BytesMut::from("nonsense\r\n\r\n"), false, &Kind::Plain);
        assert_eq!(taken, Err(NotHttp));
    }
}
