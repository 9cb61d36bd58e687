//! gRPC over HTTP/2: messages with their five-byte prefix, and a status in trailers.

use bytes::{BufMut, Bytes, BytesMut};

use super::Exchange;

impl Exchange {
    /// The head of a call to `path` (`/package.Service/Method`); HTTP/2 on both sides.
    pub fn grpc(self, path: &str, headers: &[(&str, &str)]) -> Exchange {
        let own = [("te", "trailers"), ("content-type", "application/grpc")];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        self.http2().upstream_http2().request("POST", path, &headers)
    }

    /// The client's next message.
    pub fn message(self, message: &[u8]) -> Exchange {
        self.request_chunk(framed(message))
    }

    /// The client's last message, and its end.
    pub fn last_message(self, message: &[u8]) -> Exchange {
        self.request_last_chunk(framed(message))
    }

    /// The head of the server's answer.
    pub fn grpc_response(self, headers: &[(&str, &str)]) -> Exchange {
        let own = [("content-type", "application/grpc")];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        self.response(200, &headers)
    }

    /// The server's next message.
    pub fn reply(self, message: &[u8]) -> Exchange {
        self.response_chunk(framed(message))
    }

    /// The end of an answer.
    pub fn grpc_status(self, status: u32, message: &str) -> Exchange {
        self.response_trailers(&[("grpc-status", &status.to_string()), ("grpc-message", message)])
    }

    /// An answer that is its status alone: headers that are trailers, too.
    pub fn grpc_error(self, status: u32, message: &str) -> Exchange {
        let status = status.to_string();
        let headers = [
            ("content-type", "application/grpc"),
            ("grpc-status", &status),
            ("grpc-message", message),
        ];
        self.response_without_body(200, &headers)
    }
}

/// A message after its prefix: not compressed, length in four bytes.
fn framed(message: &[u8]) -> Bytes {
    let mut data = BytesMut::with_capacity(message.len() + 5);
    data.put_u8(0);
    data.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    data.put_slice(message);
    data.freeze()
}
