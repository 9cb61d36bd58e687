//! One end of an exchange over HTTP/2, which may share its connection with others. It never sends a frame that it was not told to, but for
//! those of the protocol itself.

use std::{future::poll_fn, net::Shutdown, sync::Arc, task::Poll};

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, client, server};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use tokio::{
    net::TcpStream,
    task::{AbortHandle, JoinSet},
};

use super::Headers;

/// Streams that either side may reset without being taken for an attacker.
const RESETS_MAX: usize = 100_000;
/// Of a connection: enough for everything that is on its way in many streams at once.
const WINDOW_BYTES: u32 = 64 << 20;

#[derive(Debug)]
pub(super) struct Framed {
    role: Role,
    out: Option<SendStream<Bytes>>,
    incoming: Option<RecvStream>,
    received: Vec<u8>,
    /// Of the request that a server has.
    headers: HeaderMap,
    /// The connection itself, to close it without a word.
    line: Arc<std::net::TcpStream>,
}

#[derive(Debug)]
enum Role {
    Client {
        connection: client::SendRequest<Bytes>,
        /// Reads and writes; the connection is closed when it is aborted.
        task: AbortHandle,
        answer: Option<client::ResponseFuture>,
    },
    Server {
        answer: server::SendResponse<Bytes>,
        /// As a client's.
        task: AbortHandle,
    },
}

impl Framed {
    pub(super) async fn client(stream: TcpStream) -> Result<Framed> {
        let (stream, line) = twins(stream)?;
        let mut builder = client::Builder::new();
        builder.max_concurrent_reset_streams(RESETS_MAX).max_local_error_reset_streams(None);
        builder.initial_connection_window_size(WINDOW_BYTES);
        let (sender, connection) = builder.handshake(stream).await?;
        // It ends with its last stream, and what ends a connection shows at its streams.
        let task = tokio::spawn(async { drop(connection.await) }).abort_handle();
        let role = Role::Client { connection: sender, task, answer: None };
        Ok(Framed::new(role, None, &Arc::new(line)))
    }

    fn new(role: Role, incoming: Option<RecvStream>, line: &Arc<std::net::TcpStream>) -> Framed {
        let (headers, line) = (HeaderMap::new(), Arc::clone(line));
        Framed { role, out: None, incoming, received: Vec::new(), headers, line }
    }

    pub(super) fn beside(&self) -> Result<Framed> {
        let Role::Client { connection, task, .. } = &self.role else {
            anyhow::bail!("a server does not ask");
        };
        let (connection, task) = (connection.clone(), task.clone());
        Ok(Framed::new(Role::Client { connection, task, answer: None }, None, &self.line))
    }

    pub(super) async fn server(stream: TcpStream) -> Result<Framed> {
        let (stream, line) = twins(stream)?;
        let mut connection = server::handshake(stream).await?;
        let first = connection.accept().await.context("no request")??;
        let task = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        Ok(Framed::serving(first, &task.abort_handle(), &Arc::new(line)))
    }

    fn serving(
        (request, answer): (Request<RecvStream>, server::SendResponse<Bytes>),
        task: &AbortHandle,
        line: &Arc<std::net::TcpStream>,
    ) -> Framed {
        let (head, body) = request.into_parts();
        let role = Role::Server { answer, task: task.clone() };
        Framed { headers: head.headers, ..Framed::new(role, Some(body), line) }
    }

    /// Calls `each` for every request of a connection, in a task of its own, until the connection ends.
    pub(super) async fn serve<S>(stream: TcpStream, each: impl Fn(Framed) -> S) -> Result<()>
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let (stream, line) = twins(stream)?;
        let mut builder = server::Builder::new();
        builder.max_pending_accept_reset_streams(RESETS_MAX);
        builder.max_concurrent_reset_streams(RESETS_MAX).max_local_error_reset_streams(None);
        builder.initial_connection_window_size(WINDOW_BYTES);
        let (mut connection, line) = (builder.handshake(stream).await?, Arc::new(line));
        // Of all exchanges: they end with their connection.
        let mut exchanges = JoinSet::new();
        let nobody = tokio::spawn(async {}).abort_handle();
        while let Some(request) = connection.accept().await {
            exchanges.spawn(each(Framed::serving(request?, &nobody, &line)));
            while exchanges.try_join_next().is_some() {}
        }
        Ok(())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Waits until the other side gives the stream up.
    pub(super) async fn gone(&mut self) {
        let _ = poll_fn(|context| match (&mut self.role, &mut self.out) {
            (_, Some(out)) => out.poll_reset(context),
            (Role::Server { answer, .. }, None) => answer.poll_reset(context),
            (Role::Client { .. }, None) => Poll::Pending,
        })
        .await;
    }

    pub(super) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        ended: bool,
    ) -> Result<()> {
        let Role::Client { connection, answer, .. } = &mut self.role else {
            anyhow::bail!("a server does not ask");
        };
        let host = headers.iter().find(|(name, _)| *name == "host").map_or("x", |(_, host)| host);
        let mut request = Request::new(());
        *request.method_mut() = method.parse()?;
        *request.uri_mut() = format!("http://{host}{path}").parse()?;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = header_map(headers)?;
        request.headers_mut().remove("host");
        poll_fn(|context| connection.poll_ready(context)).await?;
        let (response, out) = connection.send_request(request, ended)?;
        *answer = Some(response);
        self.out = Some(out);
        Ok(())
    }

    pub(super) async fn read_status(&mut self) -> Result<u16> {
        let Role::Client { answer, .. } = &mut self.role else {
            anyhow::bail!("a server is not answered");
        };
        let response = answer.take().context("nothing was asked")?.await?;
        let status = response.status().as_u16();
        self.incoming = Some(response.into_body());
        Ok(status)
    }

    pub(super) fn respond(&mut self, status: u16, headers: Headers<'_>, ended: bool) -> Result<()> {
        let Role::Server { answer, .. } = &mut self.role else {
            anyhow::bail!("a client does not answer");
        };
        let mut response = Response::new(());
        *response.status_mut() = status.try_into()?;
        *response.headers_mut() = header_map(headers)?;
        self.out = Some(answer.send_response(response, ended)?);
        Ok(())
    }

    pub(super) fn send(&mut self, data: &[u8], ended: bool) -> Result<()> {
        let out = self.out.as_mut().context("no head was sent")?;
        Ok(out.send_data(Bytes::copy_from_slice(data), ended)?)
    }

    pub(super) fn send_trailers(&mut self, trailers: Headers<'_>) -> Result<()> {
        let out = self.out.as_mut().context("no head was sent")?;
        Ok(out.send_trailers(header_map(trailers)?)?)
    }

    pub(super) async fn receive(&mut self, bytes: usize) -> Result<()> {
        while self.received.len() < bytes {
            let received = self.received.len();
            let ended = || format!("the body ended after {received} bytes");
            self.read().await.with_context(ended)??;
        }
        Ok(())
    }

    pub(super) fn received(&self) -> &[u8] {
        &self.received
    }

    /// Whether it was whole.
    pub(super) async fn receive_end(&mut self) -> bool {
        while let Some(read) = self.read().await {
            if read.is_err() {
                return false;
            }
        }
        match &mut self.incoming {
            Some(incoming) => incoming.trailers().await.is_ok(),
            None => false,
        }
    }

    async fn read(&mut self) -> Option<Result<()>> {
        let incoming = self.incoming.as_mut()?;
        let data = match incoming.data().await? {
            Ok(data) => data,
            Err(error) => return Some(Err(error.into())),
        };
        self.received.extend_from_slice(&data);
        Some(incoming.flow_control().release_capacity(data.len()).map_err(Into::into))
    }

    /// Closes the connection without a word: first of all, for whoever reads and writes it may be at work, and would say
    /// on its way out that the stream is cancelled.
    pub(super) fn hang_up(self) -> Result<()> {
        self.line.shutdown(Shutdown::Both)?;
        let (Role::Client { task, .. } | Role::Server { task, .. }) = &self.role;
        task.abort();
        Ok(())
    }

    /// A client says that it cancels, a server that it has failed.
    pub(super) fn break_off(self) {
        match (self.role, self.out) {
            (Role::Client { .. }, Some(mut out)) => out.send_reset(Reason::CANCEL),
            (Role::Server { .. }, Some(mut out)) => out.send_reset(Reason::INTERNAL_ERROR),
            (Role::Server { mut answer, .. }, None) => answer.send_reset(Reason::INTERNAL_ERROR),
            (Role::Client { .. }, None) => {}
        }
    }
}

/// Two handles of one connection.
fn twins(stream: TcpStream) -> Result<(TcpStream, std::net::TcpStream)> {
    let stream = stream.into_std()?;
    let line = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, line))
}

fn header_map(headers: Headers<'_>) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    Ok(map)
}
