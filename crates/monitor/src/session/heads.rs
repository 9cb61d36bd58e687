//! The headers of either side that an exchange is measured by, as a host holds them; nothing here is decided.

use alloc::vec::Vec;

use driftline_labels::Direction;

use crate::{
    host::{HeaderMap, Host},
    layout::Monitor,
    memory::HEADER_BYTES_MAX,
};
use driftline_inference::{
    exchange::{BodyHead, DOCUMENT_LENGTH, MESSAGE_ENCODING},
    load::{BINARY_REPORT_HEADER, REPORT_HEADER},
};

/// How the content type of gRPC begins; what follows says how messages are written.
const GRPC: &[u8] = b"application/grpc";

/// What headers say about a body.
pub(super) struct Heads {
    content_type: Option<Vec<u8>>,
    content_encoding: Option<Vec<u8>>,
    document_length: Option<Vec<u8>>,
    message_encoding: Option<Vec<u8>>,
}

impl Heads {
    /// Asks for what matters: headers of rows only where rows are expected, those of messages only of gRPC.
    pub(super) fn read(host: &impl Host, map: HeaderMap, predicts: bool) -> Heads {
        let mut heads = Heads {
            content_type: host.header(map, "content-type"),
            content_encoding: host.header(map, "content-encoding"),
            document_length: None,
            message_encoding: None,
        };
        if predicts {
            heads.document_length = host.header(map, DOCUMENT_LENGTH);
            if heads.is_grpc() {
                heads.message_encoding = host.header(map, MESSAGE_ENCODING);
            }
        }
        heads
    }

    /// Whether the content type is that of gRPC.
    pub(super) fn is_grpc(&self) -> bool {
        self.content_type.as_ref().is_some_and(|value| value.starts_with(GRPC))
    }

    pub(super) fn body(&self) -> BodyHead<'_> {
        BodyHead {
            content_type: self.content_type.as_deref(),
            content_encoding: self.content_encoding.as_deref(),
            document_length: self.document_length.as_deref(),
            message_encoding: self.message_encoding.as_deref(),
        }
    }
}

/// The values of the headers in which features are looked for, each cut at [`HEADER_BYTES_MAX`]. No call, and no memory, if there are none.
pub(super) fn header_values(
    host: &impl Host,
    map: HeaderMap,
    layout: &Monitor,
    direction: Direction,
) -> Vec<Option<Vec<u8>>> {
    let value = |name: &str| {
        let mut value = host.header(map, name)?;
        if HEADER_BYTES_MAX < value.len() {
            value.truncate(HEADER_BYTES_MAX);
            value.shrink_to_fit();
        }
        Some(value)
    };
    layout.headers(direction).iter().map(|name| value(name)).collect()
}

/// The status of an answer over gRPC, if these headers have it.
pub(super) fn grpc_status(host: &impl Host, map: HeaderMap) -> Option<u32> {
    number(&host.header(map, "grpc-status")?)
}

/// The number that a header says in digits; `None` for anything else, also for one that is too large.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, byte| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit < 10 { number.checked_mul(10)?.checked_add(digit) } else { None }
    })
}

/// What the model server says about its load, as text and in binary.
pub(super) fn report(host: &impl Host, map: HeaderMap) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    (host.header(map, REPORT_HEADER), host.header(map, BINARY_REPORT_HEADER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_and_nothing_else() {
        for (text, expected) in [
            ("200", Some(200)),
            ("0", Some(0)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("", None),
            ("2OO", None),
            ("-1", None),
            (" 1", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text:?}");
        }
    }
}
