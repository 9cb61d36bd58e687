//! The client's side of recordings, over real connections to a proxy.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{Framing, HEADER, PATIENCE, is_request, lines, scaled, sleep_until};
use crate::{Recording, Step};

/// What the client saw of all exchanges.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Exchanges by status code; 0 for those without any answer.
    pub by_status: BTreeMap<u16, u64>,
    /// Bytes of answers, heads included.
    pub bytes: u64,
    /// Exchanges in which the client hung up, as it was recorded.
    pub aborted: u64,
    /// Exchanges that could not be played, with the reasons.
    pub failed: Vec<String>,
}

/// Sends every recorded request to `proxy` at its time, `times` as fast as recorded, and reads the answers.
///
/// Exchanges that overlap in the recording overlap here; each has a thread
/// while it runs.
#[must_use]
pub fn play_client(recordings: &[Recording], proxy: SocketAddr, times: f64) -> Summary {
    let start = Instant::now();
    let (done, results) = mpsc::channel();
    let mut order: Vec<usize> = (0..recordings.len()).collect();
    order.sort_by_key(|&index| recordings[index].start_us);
    let first_us = order.first().map_or(0, |&index| recordings[index].start_us);
    thread::scope(|scope| {
        for index in order {
            let recording = &recordings[index];
            sleep_until(start, recording.start_us - first_us, times);
            let done = done.clone();
            scope.spawn(move || {
                // The receiver outlives the scope.
                let _ = done.send((index, play_one(recording, index, proxy, times)));
            });
        }
    });
    drop(done);
    let mut summary = Summary::default();
    for (index, result) in results {
        match result {
            Ok((status, bytes, aborted)) => {
                *summary.by_status.entry(status).or_default() += 1;
                summary.bytes += bytes;
                summary.aborted += u64::from(aborted);
            }
            Err(error) => summary.failed.push(format!("recording {index}: {error}")),
        }
    }
    summary.failed.sort();
    summary
}

fn play_one(
    recording: &Recording,
    index: usize,
    proxy: SocketAddr,
    times: f64,
) -> io::Result<(u16, u64, bool)> {
    let mut socket = TcpStream::connect(proxy)?;
    socket.set_nodelay(true)?;
    let start = Instant::now();
    let has_body = recording.steps.iter().any(is_request);
    let framing = Framing::of(&recording.headers);
    let coding =
        if has_body && framing == Framing::Chunked { "transfer-encoding: chunked\r\n" } else { "" };
    let headers = lines(&recording.headers);
    let host = if headers.starts_with("host: ") { "" } else { "host: replay\r\n" };
    let head = format!(
        "{} {} HTTP/1.1\r\n{host}{headers}{HEADER}: {index}\r\nconnection: close\r\n{coding}\r\n",
        recording.method, recording.path
    );
    socket.write_all(head.as_bytes())?;
    let mut abort_at = None;
    for step in &recording.steps {
        let sent = match step {
            Step::RequestData { at_us, .. } => {
                sleep_until(start, *at_us, times);
                framing.data(&step.data(), &mut socket)
            }
            Step::RequestEnd { at_us } => {
                sleep_until(start, *at_us, times);
                framing.end(&[], &mut socket)
            }
            Step::RequestTrailers { at_us, trailers } => {
                sleep_until(start, *at_us, times);
                framing.end(trailers, &mut socket)
            }
            Step::ClientAborts { at_us } => {
                abort_at = Some(*at_us);
                Ok(())
            }
            _ => Ok(()),
        };
        // Who answers early may close early, too; the answer is there all the same.
        if sent.is_err() {
            break;
        }
    }
    let patience = abort_at.map(|at_us| {
        let due = scaled(at_us, times);
        due.saturating_sub(start.elapsed()).max(Duration::from_millis(1))
    });
    let recorded_us = recording.steps.last().map_or(0, Step::at_us);
    let silence_max = PATIENCE.saturating_add(scaled(recorded_us, times));
    let (head, bytes) = read_answer(&mut socket, patience, silence_max)?;
    // Nothing is left to say; the other side may have closed before us.
    let _ = socket.shutdown(Shutdown::Both);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.unwrap_or(0), bytes, abort_at.is_some()))
}

/// The beginning of the answer, and its size: until it ends, breaks off, `patience` is over, or nothing came for longer
/// than `silence_max`.
fn read_answer(
    socket: &mut TcpStream,
    patience: Option<Duration>,
    silence_max: Duration,
) -> io::Result<(String, u64)> {
    let deadline = patience.map(|patience| Instant::now() + patience);
    let mut head = Vec::new();
    let mut bytes = 0;
    let mut buffer = [0; 16 * 1024];
    loop {
        let left = deadline
            .map_or(silence_max, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            break;
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                bytes += read as u64;
                let room = 64_usize.saturating_sub(head.len()).min(read);
                head.extend_from_slice(&buffer[..room]);
            }
        }
    }
    Ok((String::from_utf8_lossy(&head).into_owned(), bytes))
}
