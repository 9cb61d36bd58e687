//! From the wires to the filter: what client and upstream have sent, in HTTP/1's framing; nothing is written here.

use bytes::{Bytes, BytesMut};

use super::{
    super::{
        body::{Framing, Piece},
        head::{Kind, Response},
        wire::{INPUT_BYTES_MAX, Read, Wire},
    },
    Exchange, Upstream,
};
use crate::{
    EndInfo,
    direction::Direction,
    flow::{Frame, Reply},
    local_reply::LocalReply,
};

/// Envoy reads this much at most before it serves the next connection.
const UPSTREAM_READ_BYTES_MAX: usize = 1024 * 1024;

impl Exchange {
    pub(super) fn client_readable(&mut self, client: &mut Wire) {
        let read = client.read_now(INPUT_BYTES_MAX);
        if !client.input.is_empty() {
            self.client_data(client);
        }
        // In HTTP/1, Envoy takes a half-closed connection for a client that went away.
        if read == Read::Closed {
            self.pass_on(client);
            self.client_gone();
        }
    }

    /// Gives the filter what has come of the request's body.
    pub(super) fn client_data(&mut self, client: &mut Wire) {
        let upgrade = matches!(self.request.kind, Kind::Upgrade(_));
        // Envoy announces a request for another protocol with a chunk, even without a byte.
        if self.request.framing.is_ended() || (client.input.is_empty() && !upgrade) {
            return;
        }
        let Ok(piece) = self.request.framing.take(&mut client.input) else {
            self.keep_alive = false;
            if self.response.framing.is_none() {
                return self.reply(LocalReply::bad_request());
            }
            return self.filtered.end(EndInfo::rejected());
        };
        if let Some(tape) = &mut self.tape {
            tape.request_data(&piece.data);
            if piece.ended {
                tape.request_end(piece.trailers.as_ref());
            }
        }
        self.give(Direction::Request, piece, upgrade);
        self.start_timer();
    }

    /// Gives the filter one piece, with HTTP/1's form of the end: an empty last chunk, or trailers.
    fn give(&self, direction: Direction, piece: Piece, even_empty: bool) {
        if !piece.data.is_empty() || (even_empty && !piece.ended) {
            self.filtered.give(direction, Frame::Data(piece.data, false));
        }
        if piece.ended {
            let end = match piece.trailers {
                Some(trailers) => Frame::Trailers(trailers),
                None => Frame::Data(Bytes::new(), true),
            };
            self.filtered.give(direction, end);
        }
    }

    pub(super) fn upstream_readable(&mut self) {
        let Upstream::Connected(wire) = &mut self.upstream else { return };
        let read = wire.read_now(UPSTREAM_READ_BYTES_MAX);
        let mut input = std::mem::take(&mut wire.input);
        self.upstream_data(&mut input, read);
        if let Upstream::Connected(wire) = &mut self.upstream {
            wire.input = input;
        }
    }

    /// Gives the filter what has come of the response.
    fn upstream_data(&mut self, input: &mut BytesMut, read: Read) {
        while self.response.framing.is_none() && !input.is_empty() {
            match Response::take(input, self.request.head_only, &self.request.kind) {
                // Interim answers are not for filters, and Envoy does not pass them on.
                Ok(Some(response)) if response.is_interim() => {}
                Ok(Some(response)) => self.response_head(response),
                Ok(None) => break,
                Err(_) => return self.reply(LocalReply::protocol_error()),
            }
        }
        let Some(mut framing) = self.response.framing else {
            if read == Read::Closed {
                self.reply(match input.is_empty() {
                    true => LocalReply::connection_termination(),
                    false => LocalReply::protocol_error(),
                });
            }
            return;
        };
        if self.response.received {
            return;
        }
        let Ok(mut piece) = framing.take(input) else {
            return self.filtered.end(EndInfo::upstream_reset());
        };
        self.response.framing = Some(framing);
        let (switched, closed) = (self.response.switched, read == Read::Closed);
        piece.ended |= framing == Framing::UntilClose && closed && !switched;
        let ended = piece.ended;
        if let Some(tape) = &mut self.tape {
            tape.response_data(&piece.data);
            if ended {
                tape.response_end(piece.trailers.as_ref());
            }
        }
        self.response.received = ended;
        let has_data = !piece.data.is_empty();
        self.give(Direction::Response, piece, switched);
        if closed && switched {
            if has_data {
                // Envoy reads the end of the other protocol, and only then takes it for a break.
                self.filtered.give(Direction::Response, Frame::Data(Bytes::new(), false));
            }
            self.filtered.end(EndInfo::upstream_disconnect());
        } else if closed && !ended {
            self.filtered.end(EndInfo::upstream_reset());
        }
    }

    fn response_head(&mut self, response: Response) {
        let mut headers = response.headers;
        if let Some(ended) = self.request.ended {
            // Envoy tells how long the upstream took only if it had the whole request.
            let waited = ended.elapsed().as_millis();
            headers.replace("x-envoy-upstream-service-time", waited.to_string());
        }
        let ended = response.framing.is_ended();
        if let Some(tape) = &mut self.tape {
            tape.response(&headers, ended);
        }
        self.response.framing = Some(response.framing);
        self.response.upstream_keeps_alive = response.keep_alive;
        self.response.switched = response.switches;
        self.response.received = ended;
        if self.request.kind.is_websocket() && (200..400).contains(&response.status) {
            self.response.received = true;
            return self.filtered.reply(Reply::failed_handshake(response.status, headers));
        }
        self.filtered.update(|info| info.code_details = Some("via_upstream".into()));
        self.filtered.give(Direction::Response, Frame::Headers(headers, ended));
    }
}
