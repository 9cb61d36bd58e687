//! Recordings played over the network: a client that asks as it was recorded, and an upstream that answers so.
//!
//! Any proxy may be between the two. The client marks each request with
//! [`HEADER`], by which the upstream finds the answer. HTTP/1.1 without TLS;
//! a connection per exchange. For simulated worlds see
//! [`World::play`](crate::World::play).

mod client;
mod upstream;

use std::{
    io::{self, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

pub use self::{
    client::{Summary, play_client},
    upstream::Upstream,
};
use crate::Step;

/// The request header that carries a recording's number, counted from 0.
pub const HEADER: &str = "x-host-sim-recording";

/// No read waits longer: a peer that is silent for this long is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sleeps until `at_us` after `start`, at this multiple of the recorded speed.
fn sleep_until(start: Instant, at_us: u64, times: f64) {
    thread::sleep(scaled(at_us, times).saturating_sub(start.elapsed()));
}

/// How long recorded microseconds last at this multiple of the recorded speed; a year at most, whatever the speed.
pub(crate) fn scaled(us: u64, times: f64) -> Duration {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 3_600);
    let seconds = Duration::from_micros(us).as_secs_f64() / times.max(f64::MIN_POSITIVE);
    Duration::try_from_secs_f64(seconds).map_or(YEAR, |scaled| scaled.min(YEAR))
}

/// How a body is delimited on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Framing {
    Length,
    Chunked,
}

impl Framing {
    fn of(headers: &[(String, String)]) -> Framing {
        let has_length =
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if has_length { Framing::Length } else { Framing::Chunked }
    }

    fn data(self, data: &[u8], socket: &mut TcpStream) -> io::Result<()> {
        if self == Framing::Length {
            return socket.write_all(data);
        }
        if data.is_empty() {
            return Ok(());
        }
        let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
        chunk.extend_from_slice(data);
        chunk.extend_from_slice(b"\r\n");
        socket.write_all(&chunk)
    }

    fn end(self, trailers: &[(String, String)], socket: &mut TcpStream) -> io::Result<()> {
        if self == Framing::Length {
            return Ok(());
        }
        socket.write_all(format!("0\r\n{}\r\n", lines(trailers)).as_bytes())
    }
}

/// Headers as lines; what concerns one connection is left out.
fn lines(headers: &[(String, String)]) -> String {
    const OWN: [&str; 4] = ["connection", "transfer-encoding", "expect", HEADER];
    let passed = headers.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    passed.map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// What a step sends in the direction that `is_mine` names, if anything.
fn is_request(step: &Step) -> bool {
    matches!(
        step,
        Step::RequestData { .. } | Step::RequestEnd { .. } | Step::RequestTrailers { .. }
    )
}
