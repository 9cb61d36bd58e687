//! The upstream's side of recordings: a server that answers each marked request as it was recorded.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use super::{Framing, HEADER, PATIENCE, lines, sleep_until};
use crate::{Recording, Step};

/// A running server. Dropping it stops it from taking connections.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Listens on `address` and answers by `recordings`, `times` as fast as recorded.
    ///
    /// A request without a mark, or with one of no recording, is answered with 404.
    ///
    /// # Errors
    /// Those of listening.
    pub fn start(
        address: SocketAddr,
        recordings: &[Recording],
        times: f64,
    ) -> io::Result<Upstream> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let recordings: Arc<[Recording]> = recordings.into();
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = thread::spawn(move || {
            for socket in listener.incoming() {
                if stop.load(Relaxed) {
                    return;
                }
                let Ok(socket) = socket else { continue };
                let recordings = Arc::clone(&recordings);
                // A peer that breaks off is part of many recordings.
                thread::spawn(move || drop(serve(socket, &recordings, times)));
            }
        });
        Ok(Upstream { address, stopping, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stopping.store(true, Relaxed);
        // The listener wakes up for a connection only.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            // A panic in it was printed already.
            let _ = thread.join();
        }
    }
}

fn serve(mut socket: TcpStream, recordings: &[Recording], times: f64) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let head = read_head(&mut socket)?;
    let start = Instant::now();
    let mark = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(HEADER).then(|| value.trim().parse::<usize>().ok())?
    });
    let Some(recording) = mark.and_then(|index| recordings.get(index)) else {
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return socket.write_all(answer.as_bytes());
    };
    // The request's body is of no interest, but it must not fill the connection.
    let mut rest = socket.try_clone()?;
    thread::spawn(move || io::copy(&mut rest, &mut io::sink()));
    let mut framing = Framing::Chunked;
    for step in &recording.steps {
        let mine = !matches!(
            step,
            Step::RequestData { .. }
                | Step::RequestEnd { .. }
                | Step::RequestTrailers { .. }
                | Step::ClientAborts { .. }
                | Step::TimesOut { .. }
        );
        if mine {
            sleep_until(start, step.at_us(), times);
        }
        match step {
            Step::Response { status, headers, ended, .. } => {
                framing = Framing::of(headers);
                let chunked = !ended && framing == Framing::Chunked;
                let coding = if chunked { "transfer-encoding: chunked\r\n" } else { "" };
                let headers = lines(headers);
                let head = format!(
                    "HTTP/1.1 {status} Recorded\r\n{headers}connection: close\r\n{coding}\r\n"
                );
                socket.write_all(head.as_bytes())?;
            }
            Step::ResponseData { .. } => framing.data(&step.data(), &mut socket)?,
            Step::ResponseEnd { .. } => framing.end(&[], &mut socket)?,
            Step::ResponseTrailers { trailers, .. } => framing.end(trailers, &mut socket)?,
            Step::ClientAborts { .. } | Step::TimesOut { .. } => {
                // Silent until the proxy lets go.
                wait_for_close(&mut socket);
            }
            _ => {}
        }
    }
    socket.shutdown(std::net::Shutdown::Both)
}

fn read_head(socket: &mut TcpStream) -> io::Result<String> {
    const HEAD_BYTES_MAX: usize = 64 * 1024;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if HEAD_BYTES_MAX < head.len() || socket.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The other thread reads; when the proxy closes, writing nothing fails or `peek` says so.
fn wait_for_close(socket: &mut TcpStream) {
    let start = Instant::now();
    let mut byte = [0];
    while start.elapsed() < PATIENCE {
        match socket.peek(&mut byte) {
            Ok(0) | Err(_) => return,
            Ok(_) => thread::sleep(std::time::Duration::from_millis(5)),
        }
    }
}
