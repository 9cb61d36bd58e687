//! A raw HTTP/1.1 client with a stopwatch: it sends what it is told, badly if told so, and notes when each
//! piece of the answer arrived. It never retries, and never follows or decodes anything but the framing.

use std::{fmt, net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    time::Instant,
};

use crate::http1::{self, BodyEnd, BodyReader, Head, Headers, Incoming};

/// No exchange of ours takes longer; a longer one is a test that hangs.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(120);

/// A request as it will be sent.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: Headers,
    pieces: Vec<Piece>,
    chunked: bool,
    hang_up: HangUp,
}

/// A step of sending a body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Bytes, in one write.
    Bytes(Vec<u8>),
    /// Nothing, for this long.
    Pause(Duration),
}

/// When the client closes the connection without waiting for the end of the answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum HangUp {
    /// Not before the end.
    #[default]
    Never,
    /// Once this many bytes of the body have come; 0 means at the head.
    AfterBytes(usize),
    /// Once the body contains this text so many times.
    AfterTimes(usize, String),
    /// This long after the request was begun.
    After(Duration),
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// Each piece of the body as one read of the socket gave it.
    pub chunks: Vec<Chunk>,
    /// When the head was there, since the first byte of the request was sent.
    pub head_at: Duration,
    /// When the end was there, since the first byte of the request was sent.
    pub ended_at: Duration,
    /// How it ended.
    pub end: End,
}

/// A piece of a body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chunk {
    /// When it was there, since the first byte of the request was sent. Monotonic.
    pub at: Duration,
    /// The bytes, without framing; never empty.
    pub bytes: Vec<u8>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// As its framing promised.
    Complete,
    /// The peer closed before the end that the framing promised.
    Truncated,
    /// The connection was reset.
    Reset,
    /// The client hung up, as it was told.
    HungUp,
}

impl Request {
    /// A `GET` without a body.
    pub fn get(path: &str) -> Request {
        Request::new("GET", path)
    }

    /// A `POST` of this JSON text, with its length.
    pub fn post_json(path: &str, body: impl Into<Vec<u8>>) -> Request {
        Request::new("POST", path).header("content-type", "application/json").body(body)
    }

    /// A request without headers and body; `host` is added when it is sent.
    pub fn new(method: &str, path: &str) -> Request {
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Headers::new(),
            pieces: Vec::new(),
            chunked: false,
            hang_up: HangUp::Never,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body, sent in one piece.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Request {
        self.pieces([Piece::Bytes(body.into())])
    }

    /// Sets the body, sent step by step.
    #[must_use]
    pub fn pieces(mut self, pieces: impl IntoIterator<Item = Piece>) -> Request {
        self.pieces = pieces.into_iter().collect();
        self
    }

    /// Sends the body in the chunked framing instead of with its length.
    #[must_use]
    pub fn chunked(mut self) -> Request {
        self.chunked = true;
        self
    }

    /// Tells the client when to hang up.
    #[must_use]
    pub fn hang_up(mut self, when: HangUp) -> Request {
        self.hang_up = when;
        self
    }

    /// Sends the request over a connection of its own.
    ///
    /// # Errors
    ///
    /// If there is no answer, or one that is not HTTP. An answer that breaks off is a [`Response`].
    pub async fn send(&self, address: SocketAddr) -> Result<Response> {
        Connection::open(address).await?.send(self).await
    }

    fn head(&self, address: SocketAddr) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let mut add =
            |name: &str, value: &dyn fmt::Display| head += &format!("{name}: {value}\r\n");
        if http1::header(&self.headers, "host").is_none() {
            add("host", &address);
        }
        for (name, value) in &self.headers {
            add(name, value);
        }
        if self.chunked {
            add("transfer-encoding", &"chunked");
        } else if !self.pieces.is_empty() {
            let length: usize = self.pieces.iter().map(Piece::len).sum();
            add("content-length", &length);
        }
        head + "\r\n"
    }

    async fn write(&self, to: &mut WriteHalf<'_>, address: SocketAddr) -> std::io::Result<()> {
        let mut bytes = self.head(address).into_bytes();
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(data) if self.chunked => bytes.extend(http1::chunk(data)),
                Piece::Bytes(data) => bytes.extend_from_slice(data),
                Piece::Pause(_) => {}
            }
            // The head travels with the first bytes of the body, as most clients do it.
            to.write_all(&std::mem::take(&mut bytes)).await?;
            if let Piece::Pause(duration) = piece {
                tokio::time::sleep(*duration).await;
            }
        }
        if self.chunked {
            bytes.extend_from_slice(http1::LAST_CHUNK);
        }
        to.write_all(&bytes).await
    }
}

/// Sends bytes as they are, and reads what may come back as an answer.
///
/// # Errors
///
/// If there is no answer, or one that is not HTTP.
pub async fn send_raw(address: SocketAddr, bytes: &[u8]) -> Result<Response> {
    let mut connection = Connection::open(address).await?;
    let started = Instant::now();
    connection.stream.write_all(bytes).await.context("cannot send")?;
    let (mut from, _to) = connection.stream.split();
    let answer = read_response(&mut from, &mut connection.incoming, started, "GET", &HangUp::Never);
    tokio::time::timeout(EXCHANGE_LIMIT, answer).await.context("no end of the answer")?
}

/// A connection that carries one exchange after another.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    incoming: Incoming,
}

impl Connection {
    /// Connects, without waiting for small packets to grow.
    pub async fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection { address, stream, incoming: Incoming::default() })
    }

    /// Sends a request and reads the answer. Afterwards only a complete answer leaves the connection usable.
    ///
    /// # Errors
    ///
    /// If there is no answer, or one that is not HTTP. An answer that breaks off is a [`Response`].
    pub async fn send(&mut self, request: &Request) -> Result<Response> {
        let Connection { address, stream, incoming } = self;
        let (mut from, mut to) = stream.split();
        let started = Instant::now();
        let write = request.write(&mut to, *address);
        let read = read_response(&mut from, incoming, started, &request.method, &request.hang_up);
        let exchange = async {
            tokio::pin!(write, read);
            tokio::select! {
                // An answer may come before the whole body is sent; then the rest of it is of no use.
                response = &mut read => response,
                // A peer that refuses the rest may still have answered, so an error is not the end.
                _ = &mut write => read.await,
            }
        };
        let exchange = tokio::time::timeout(EXCHANGE_LIMIT, exchange).await;
        let response = exchange.context("no end of the answer").flatten();
        response.with_context(|| format!("{} {} to {address}", request.method, request.path))
    }
}

async fn read_response(
    from: &mut ReadHalf<'_>,
    incoming: &mut Incoming,
    started: Instant,
    method: &str,
    hang_up: &HangUp,
) -> Result<Response> {
    let HangUp::After(limit) = hang_up else {
        return read_whole(from, incoming, started, method, hang_up, &mut None).await;
    };
    let mut partial = None;
    let read = read_whole(from, incoming, started, method, hang_up, &mut partial);
    if let Ok(response) = tokio::time::timeout_at(started + *limit, read).await {
        return response;
    }
    let mut response =
        partial.unwrap_or_else(|| Response::new(0, Headers::new(), started.elapsed()));
    response.end = End::HungUp;
    response.ended_at = started.elapsed();
    Ok(response)
}

/// Reads an answer; what is there so far stands in `partial`, for a caller who gives up.
async fn read_whole(
    from: &mut ReadHalf<'_>,
    incoming: &mut Incoming,
    started: Instant,
    method: &str,
    hang_up: &HangUp,
    partial: &mut Option<Response>,
) -> Result<Response> {
    let (head, status) = loop {
        let head = incoming.read_head(from).await?.context("the peer closed without an answer")?;
        let status = status(&head)?;
        // Interim answers announce the real one.
        if !(100..200).contains(&status) || status == 101 {
            break (head, status);
        }
    };
    let end = match status {
        204 | 304 => BodyEnd::Length(0),
        _ if method == "HEAD" => BodyEnd::Length(0),
        _ => BodyEnd::of(&head.headers, BodyEnd::Close)?,
    };
    let response = partial.insert(Response::new(status, head.headers, started.elapsed()));
    let mut reader = BodyReader::new(end);
    response.end = loop {
        let before = response.body.len();
        reader.take(incoming, &mut response.body)?;
        let bytes = response.body[before..].to_vec();
        if !bytes.is_empty() {
            response.chunks.push(Chunk { at: started.elapsed(), bytes });
        }
        if hang_up.is_due(&response.body) {
            break End::HungUp;
        }
        if reader.is_done() {
            break End::Complete;
        }
        match incoming.read(from).await {
            Ok(0) if reader.may_close() => break End::Complete,
            Ok(0) => break End::Truncated,
            Ok(_) => {}
            Err(_) => break End::Reset,
        }
    };
    response.ended_at = started.elapsed();
    partial.take().context("an answer was read")
}

fn status(head: &Head) -> Result<u16> {
    let mut words = head.first_line.split(' ');
    let version = words.next().unwrap_or_default();
    ensure!(
        version.starts_with("HTTP/1."),
        "expected an HTTP/1 status line, got `{}`",
        head.first_line
    );
    let status = words.next().unwrap_or_default();
    status.parse().with_context(|| format!("status in `{}`", head.first_line))
}

impl Response {
    fn new(status: u16, headers: Headers, head_at: Duration) -> Response {
        Response {
            status,
            headers,
            body: Vec::new(),
            chunks: Vec::new(),
            head_at,
            ended_at: head_at,
            end: End::Truncated,
        }
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        http1::header(&self.headers, name)
    }

    /// The body as text, with a mark for what is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl HangUp {
    fn is_due(&self, body: &[u8]) -> bool {
        match self {
            HangUp::Never | HangUp::After(_) => false,
            HangUp::AfterBytes(count) => *count <= body.len(),
            HangUp::AfterTimes(times, text) => {
                *times <= String::from_utf8_lossy(body).matches(text).count()
            }
        }
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Pause(_) => 0,
        }
    }
}
