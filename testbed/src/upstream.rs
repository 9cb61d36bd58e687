//! A scripted upstream at the level of TCP, so that it can misbehave in every way. It never answers what
//! no script says, and keeps every request for comparison.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Notify};

use crate::{
    http1::{self, BodyEnd, BodyReader, Headers, Incoming},
    server::Server,
};

/// A running upstream. It ends when this is dropped.
#[derive(Debug)]
pub struct Upstream {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    next: Mutex<VecDeque<Script>>,
    by_path: Mutex<HashMap<String, Script>>,
    received: Mutex<Vec<Received>>,
}

/// A request as the upstream received it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// Whether the body came to its end.
    pub complete: bool,
}

/// What the upstream does with one request, once its body has been read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Script {
    steps: Vec<Step>,
}

/// How a scripted body is framed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// Each write is one chunk.
    Chunked,
    /// With this length in the head; whether the writes keep it is up to the script.
    Length(usize),
    /// Until the connection closes.
    UntilClose,
}

/// What a script waits for instead of a time: that somebody opens it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Notify>);

impl Gate {
    /// Lets one script pass: the one that waits, else the next one that comes.
    pub fn open(&self) {
        self.0.notify_one();
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Gate) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Head(String, Framing),
    Write(Vec<u8>),
    Raw(Vec<u8>),
    Pause(Duration),
    Wait(Gate),
    Finish,
    Close,
    Reset,
}

impl Script {
    /// A script that closes the connection without an answer.
    pub fn new() -> Script {
        Script::default()
    }

    /// Answers with this body at once, with its length.
    pub fn answer(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Script {
        let body = body.as_ref();
        let head = Script::new().head(
            status,
            &[("content-type", content_type)],
            Framing::Length(body.len()),
        );
        head.write(body).finish()
    }

    /// Streams these events, each in a write and a chunk of its own, with a pause before each.
    pub fn events<E: AsRef<[u8]>>(events: impl IntoIterator<Item = E>, pause: Duration) -> Script {
        let mut script =
            Script::new().head(200, &[("content-type", "text/event-stream")], Framing::Chunked);
        for event in events {
            script = script.pause(pause).write(event);
        }
        script.finish()
    }

    /// Sends a head.
    #[must_use]
    pub fn head(self, status: u16, headers: &[(&str, &str)], framing: Framing) -> Script {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &match framing {
            Framing::Chunked => "transfer-encoding: chunked\r\n".to_owned(),
            Framing::Length(length) => format!("content-length: {length}\r\n"),
            Framing::UntilClose => "connection: close\r\n".to_owned(),
        };
        self.then(Step::Head(head + "\r\n", framing))
    }

    /// Sends bytes of the body in one write.
    #[must_use]
    pub fn write(self, bytes: impl AsRef<[u8]>) -> Script {
        self.then(Step::Write(bytes.as_ref().to_vec()))
    }

    /// Sends bytes as they are, outside of the framing.
    #[must_use]
    pub fn raw(self, bytes: impl AsRef<[u8]>) -> Script {
        self.then(Step::Raw(bytes.as_ref().to_vec()))
    }

    /// Does nothing for this long.
    #[must_use]
    pub fn pause(self, duration: Duration) -> Script {
        self.then(Step::Pause(duration))
    }

    /// Does nothing until the gate is opened.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Script {
        self.then(Step::Wait(gate.clone()))
    }

    /// Ends the body as its framing asks, and keeps the connection where that is possible.
    #[must_use]
    pub fn finish(self) -> Script {
        self.then(Step::Finish)
    }

    /// Closes the connection, whatever the framing has promised.
    #[must_use]
    pub fn close(self) -> Script {
        self.then(Step::Close)
    }

    /// Resets the connection.
    #[must_use]
    pub fn reset(self) -> Script {
        self.then(Step::Reset)
    }

    fn then(mut self, step: Step) -> Script {
        self.steps.push(step);
        self
    }
}

impl Upstream {
    /// Starts an upstream without scripts: it answers 404.
    pub async fn start() -> Result<Upstream> {
        let shared = Arc::new(Shared::default());
        let server = Server::start({
            let shared = Arc::clone(&shared);
            move |stream| {
                let shared = Arc::clone(&shared);
                async move {
                    // A peer that breaks off is a part of most stories, so nobody is told.
                    let _ = serve(stream, &shared).await;
                }
            }
        });
        Ok(Upstream { server: server.await?, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Does this for the next request that has not been promised another script. Goes before [`Upstream::on_path`].
    pub fn push(&self, script: Script) {
        lock(&self.shared.next).push_back(script);
    }

    /// Does this for every request of this path, whatever its query.
    pub fn on_path(&self, path: &str, script: Script) {
        lock(&self.shared.by_path).insert(path.to_owned(), script);
    }

    /// The requests so far, in the order in which their bodies ended.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// The requests since the last call.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut lock(&self.shared.received))
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    let mut incoming = Incoming::default();
    while let Some(request) = receive(&mut stream, &mut incoming).await? {
        let complete = request.complete;
        let script = shared.script(&request);
        lock(&shared.received).push(request);
        if !complete || !perform(&mut stream, &script).await? {
            break;
        }
    }
    Ok(())
}

async fn receive(stream: &mut TcpStream, incoming: &mut Incoming) -> Result<Option<Received>> {
    let Some(head) = incoming.read_head(stream).await? else {
        return Ok(None);
    };
    let mut words = head.first_line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        bail!("not a request line: `{}`", head.first_line);
    };
    let mut request = Received {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
        complete: true,
    };
    let mut reader = BodyReader::new(BodyEnd::of(&head.headers, BodyEnd::Length(0))?);
    request.headers = head.headers;
    loop {
        reader.take(incoming, &mut request.body)?;
        if reader.is_done() {
            break;
        }
        if !matches!(incoming.read(stream).await, Ok(1..)) {
            request.complete = false;
            break;
        }
    }
    Ok(Some(request))
}

/// Returns whether the connection can carry another request.
async fn perform(stream: &mut TcpStream, script: &Script) -> Result<bool> {
    let mut framing = Framing::UntilClose;
    for step in &script.steps {
        match step {
            Step::Head(head, of_body) => {
                framing = *of_body;
                stream.write_all(head.as_bytes()).await?;
            }
            Step::Write(bytes) if framing == Framing::Chunked => {
                stream.write_all(&http1::chunk(bytes)).await?;
            }
            Step::Write(bytes) | Step::Raw(bytes) => stream.write_all(bytes).await?,
            Step::Pause(duration) => tokio::time::sleep(*duration).await,
            Step::Wait(gate) => gate.0.notified().await,
            Step::Finish => match framing {
                Framing::Chunked => {
                    stream.write_all(http1::LAST_CHUNK).await?;
                    return Ok(true);
                }
                Framing::Length(_) => return Ok(true),
                Framing::UntilClose => return Ok(false),
            },
            Step::Close => return Ok(false),
            Step::Reset => {
                stream.set_zero_linger()?;
                return Ok(false);
            }
        }
    }
    Ok(false)
}

impl Shared {
    fn script(&self, request: &Received) -> Script {
        if let Some(script) = lock(&self.next).pop_front() {
            return script;
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let script = lock(&self.by_path).get(path).cloned();
        script
            .unwrap_or_else(|| Script::answer(404, "text/plain", format!("no script for {path}\n")))
    }
}

/// A panic elsewhere does not make these collections wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::{Connection, End, HangUp, Piece, Request, send_raw},
        machine,
    };

    const MS: Duration = Duration::from_millis(1);

    /// What a client sees of a script.
    async fn check(script: Script, end: End, body: &str) {
        let upstream = Upstream::start().await.unwrap();
        upstream.push(script.clone());
        let response = Request::get("/").send(upstream.address()).await.unwrap();
        assert_eq!((response.end, response.text().as_str()), (end, body), "{script:?}");
    }

    #[tokio::test]
    async fn every_end_is_told_from_the_others() {
        let chunked = || Script::new().head(200, &[], Framing::Chunked).write("ab").pause(20 * MS);
        let length = || Script::new().head(200, &[], Framing::Length(4)).write("ab").pause(20 * MS);
        let until_close =
            || Script::new().head(200, &[], Framing::UntilClose).write("ab").pause(20 * MS);
        check(chunked().finish(), End::Complete, "ab").await;
        check(chunked().close(), End::Truncated, "ab").await;
        check(chunked().reset(), End::Reset, "ab").await;
        check(length().write("cd").finish(), End::Complete, "abcd").await;
        check(length().close(), End::Truncated, "ab").await;
        check(length().reset(), End::Reset, "ab").await;
        check(until_close().write("cd").finish(), End::Complete, "abcd").await;
        check(until_close().reset(), End::Reset, "ab").await;
    }

    #[tokio::test]
    async fn what_was_sent_is_what_is_received() {
        let upstream = Upstream::start().await.unwrap();
        let body: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let pieces = || body.chunks(1000).map(|bytes| Piece::Bytes(bytes.to_vec()));
        let plain = Request::new("PUT", "/a?b=c").header("X-Name", "value").pieces(pieces());
        for request in [plain.clone(), plain.chunked()] {
            upstream.push(Script::answer(200, "text/plain", "ok"));
            request.send(upstream.address()).await.unwrap();
            let received = upstream.take_received().pop().unwrap();
            assert_eq!((received.method.as_str(), received.path.as_str()), ("PUT", "/a?b=c"));
            assert!(received.headers.contains(&("x-name".into(), "value".into())));
            assert!(received.body == body && received.complete);
        }
    }

    #[tokio::test]
    async fn chunks_arrive_when_they_are_sent() {
        let Some(machine) = machine::watch(5 * MS) else { return };
        let upstream = Upstream::start().await.unwrap();
        upstream.push(Script::events(["a", "b", "c"], 30 * MS));
        let response = Request::get("/").send(upstream.address()).await.unwrap();
        let texts: Vec<&[u8]> = response.chunks.iter().map(|chunk| &chunk.bytes[..]).collect();
        assert_eq!(texts, [b"a", b"b", b"c"]);
        let ats: Vec<Duration> = response.chunks.iter().map(|chunk| chunk.at).collect();
        assert!(30 * MS <= ats[0] && 60 * MS <= ats[1] && 90 * MS <= ats[2], "{ats:?}");
        if machine.kept_time() {
            assert!(response.head_at < 25 * MS, "{:?}", response.head_at);
            assert!(ats[0] < 55 * MS && ats[1] < 85 * MS, "{ats:?}");
        }
    }

    #[tokio::test]
    async fn what_is_held_back_is_not_sent_before_the_gate_opens() {
        let upstream = Upstream::start().await.unwrap();
        let held = |gate: &Gate| {
            let begun = Script::new().head(200, &[], Framing::Chunked).write("a");
            begun.wait(gate).write("b").finish()
        };
        upstream.push(held(&Gate::default()));
        let request = Request::get("/").hang_up(HangUp::AfterBytes(1));
        let response = request.send(upstream.address()).await.unwrap();
        assert_eq!((response.end, response.text().as_str()), (End::HungUp, "a"));

        let gate = Gate::default();
        upstream.push(held(&gate));
        // Before anyone waits: it is not forgotten.
        gate.open();
        let response = Request::get("/").send(upstream.address()).await.unwrap();
        assert_eq!((response.end, response.text().as_str()), (End::Complete, "ab"));
    }

    #[tokio::test]
    async fn a_client_hangs_up_when_it_is_told() {
        let upstream = Upstream::start().await.unwrap();
        let endless = Script::events(["token "; 100], 10 * MS);
        for (when, chunks) in [
            (HangUp::AfterBytes(0), 0),
            (HangUp::AfterBytes(7), 2),
            (HangUp::AfterTimes(3, "token".into()), 3),
        ] {
            upstream.push(endless.clone());
            let response = Request::get("/").hang_up(when).send(upstream.address()).await.unwrap();
            assert_eq!((response.end, response.chunks.len()), (End::HungUp, chunks));
        }
        upstream.push(endless);
        let request = Request::get("/").hang_up(HangUp::After(300 * MS));
        let response = request.send(upstream.address()).await.unwrap();
        assert_eq!((response.end, response.status), (End::HungUp, 200));
        assert!(!response.chunks.is_empty());
    }

    #[tokio::test]
    async fn a_request_that_breaks_off_is_kept_as_incomplete() {
        let upstream = Upstream::start().await.unwrap();
        let pieces = [
            Piece::Bytes(b"half".to_vec()),
            Piece::Pause(Duration::from_secs(60)),
            Piece::Bytes(b"!".to_vec()),
        ];
        let request = Request::new("POST", "/").pieces(pieces).hang_up(HangUp::After(300 * MS));
        let response = request.send(upstream.address()).await.unwrap();
        assert_eq!((response.end, response.status), (End::HungUp, 0));
        let mut received = Vec::new();
        for _ in 0..100 {
            received = upstream.received();
            if !received.is_empty() {
                break;
            }
            tokio::time::sleep(10 * MS).await;
        }
        assert_eq!((received[0].body.as_slice(), received[0].complete), (&b"half"[..], false));
    }

    #[tokio::test]
    async fn scripts_go_by_turn_then_by_path_then_not_found() {
        let upstream = Upstream::start().await.unwrap();
        upstream.on_path("/a", Script::answer(200, "text/plain", "path"));
        upstream.push(Script::answer(200, "text/plain", "turn"));
        let mut connection = Connection::open(upstream.address()).await.unwrap();
        for (path, status, body) in
            [("/a", 200, "turn"), ("/a?q", 200, "path"), ("/b", 404, "no script for /b\n")]
        {
            let response = connection.send(&Request::get(path)).await.unwrap();
            assert_eq!((response.status, response.text().as_str()), (status, body));
        }
    }

    #[tokio::test]
    async fn raw_bytes_are_not_framed() {
        let upstream = Upstream::start().await.unwrap();
        upstream.push(Script::new().raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").finish());
        let response = send_raw(upstream.address(), b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(response.text(), "ok");
    }
}
