//! Sends one body after another over one connection that is kept, and says how far each came; it reads no record.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request,
    client::conn::http1::{self, SendRequest},
    header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, runtime::Runtime, time::timeout};

use super::target::Target;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A server that takes longer has not answered.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// A connection that was idle for longer may be closed just when the next request is on its way.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// Answers beyond this are none of a filter.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// How often a body may be sent again.
pub(super) const RETRIES_MAX: u32 = 3;
/// Before the first retry; twice as long before each further one.
const BACKOFF: Duration = Duration::from_millis(250);

/// A whole answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where a redirection points.
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NoAnswer {
    /// The request was not sent.
    NotSent(String),
    /// It may have been taken, or not.
    Broken(String),
}

/// One server, and the connection to it if there is one.
pub(super) struct Client {
    runtime: Runtime,
    target: Target,
    headers: Vec<(HeaderName, HeaderValue)>,
    connection: Option<Connection>,
    /// The server was there, so it is worth to wait for it.
    has_connected: bool,
    retries: u64,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    used_at: Instant,
}

impl Client {
    pub(super) fn new(
        target: Target,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> std::io::Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (connection, has_connected) = (None, false);
        Ok(Client { runtime, target, headers, connection, has_connected, retries: 0 })
    }

    /// How often something was sent again so far.
    pub(super) fn retries(&self) -> u64 {
        self.retries
    }

    /// Sends JSON lines, and waits for the answer. If the connection breaks before that, they are sent again only if
    /// `may_repeat`; what was certainly not sent always is, unless the server has never been there.
    pub(super) fn send(&mut self, body: &Bytes, may_repeat: bool) -> Result<Answer, NoAnswer> {
        let mut left = RETRIES_MAX;
        loop {
            let why = match self.attempt(body) {
                Ok(answer) => return Ok(answer),
                Err(why) => why,
            };
            let is_safe = match why {
                NoAnswer::NotSent(_) => self.has_connected,
                NoAnswer::Broken(_) => may_repeat,
            };
            if !is_safe || left == 0 {
                return Err(why);
            }
            std::thread::sleep(BACKOFF * 2_u32.pow(RETRIES_MAX - left));
            left -= 1;
            self.retries += 1;
        }
    }

    fn attempt(&mut self, body: &Bytes) -> Result<Answer, NoAnswer> {
        let kept = self.connection.take().filter(|it| it.used_at.elapsed() < IDLE_MAX);
        let (target, headers) = (&self.target, &self.headers);
        let exchange = async {
            let mut sender = match ready(kept).await {
                Some(sender) => sender,
                None => connect(target).await.map_err(NoAnswer::NotSent)?,
            };
            let answer = exchange(&mut sender, request(target, headers, body)?).await?;
            Ok((sender, answer))
        };
        let result = self.runtime.block_on(exchange);
        // Whoever was connected to got something to answer, or did not.
        self.has_connected |= !matches!(result, Err(NoAnswer::NotSent(_)));
        let (sender, answer) = result?;
        self.connection = Some(Connection { sender, used_at: Instant::now() });
        Ok(answer)
    }
}

/// A connection that was kept, unless it was closed meanwhile.
async fn ready(kept: Option<Connection>) -> Option<SendRequest<Full<Bytes>>> {
    let mut sender = kept?.sender;
    sender.ready().await.ok()?;
    Some(sender)
}

async fn connect(target: &Target) -> Result<SendRequest<Full<Bytes>>, String> {
    let Target { host, port, authority, .. } = target;
    let stream = timeout(CONNECT_LIMIT, TcpStream::connect((host.as_str(), *port)));
    let stream = stream
        .await
        .map_err(|_| format!("cannot connect to {authority} within {} s", CONNECT_LIMIT.as_secs()))?
        .map_err(|error| format!("cannot connect to {authority}: {error}"))?;
    let _ = stream.set_nodelay(true);
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| format!("cannot speak to {authority}: {}", chain(&error)))?;
    // What it ends with is what the sender reports.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn request(
    target: &Target,
    headers: &[(HeaderName, HeaderValue)],
    body: &Bytes,
) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let mut builder = Request::builder()
        .method(Method::POST)
        .uri(target.path.as_str())
        .header(CONTENT_TYPE, "application/x-ndjson")
        .header(ACCEPT, "application/json");
    if !headers.iter().any(|(name, _)| name == HOST) {
        builder = builder.header(HOST, &target.authority);
    }
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(Full::new(body.clone()));
    request.map_err(|error| NoAnswer::NotSent(error.to_string()))
}

async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Answer, NoAnswer> {
    let no_answer = || {
        let limit = ANSWER_LIMIT.as_secs();
        NoAnswer::Broken(format!("there was no answer within {limit} s"))
    };
    let response = timeout(ANSWER_LIMIT, sender.try_send_request(request));
    let response = response.await.map_err(|_| no_answer())?.map_err(|mut error| {
        let is_unsent = error.take_message().is_some();
        let why = format!("the connection broke before the answer: {}", chain(error.error()));
        if is_unsent { NoAnswer::NotSent(why) } else { NoAnswer::Broken(why) }
    })?;
    let (head, body) = response.into_parts();
    let body = timeout(ANSWER_LIMIT, Limited::new(body, ANSWER_BYTES_MAX).collect());
    let body = body.await.map_err(|_| no_answer())?;
    let location = head.headers.get(LOCATION).map(|it| String::from_utf8_lossy(it.as_bytes()));
    let location = location.map(|it| it.into_owned());
    let body = read(body)?;
    Ok(Answer { status: head.status.as_u16(), location, body })
}

fn read(
    body: Result<http_body_util::Collected<Bytes>, Box<dyn Error + Send + Sync>>,
) -> Result<Vec<u8>, NoAnswer> {
    body.map(|body| body.to_bytes().to_vec()).map_err(|error| {
        NoAnswer::Broken(format!("the answer broke off: {}", chain(error.as_ref())))
    })
}

/// An error with what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}
