//! The HTTP side that the model servers share, over hyper. It knows no dialect.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::server::Server;

/// A request with its whole body.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// In which format it wants to know the server's load, if it does.
    pub(crate) load_format: Option<String>,
    pub(crate) body: Bytes,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// What the server says about its load.
    pub(crate) load: Option<String>,
    pub(crate) body: ReplyBody,
    /// Whether the connection is closed in place of the answer.
    pub(crate) hangs_up: bool,
}

/// A body that is known, or one that comes piece by piece; each piece is sent at once.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl Reply {
    pub(crate) fn json(status: u16, value: &Value) -> Reply {
        let body = ReplyBody::Whole(Some(value.to_string().into()));
        Reply { status, content_type: "application/json", load: None, body, hangs_up: false }
    }

    pub(crate) fn hang_up() -> Reply {
        Reply { hangs_up: true, ..Reply::json(503, &Value::Null) }
    }
}

/// Answers every request with what `answer` returns for it.
pub(crate) async fn start<F, A>(answer: F) -> Result<Server>
where
    F: Fn(Asked) -> A + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    let answer = Arc::new(answer);
    Server::start(move |stream| {
        let answer = Arc::clone(&answer);
        async move {
            let service = service_fn(move |request| respond(request, Arc::clone(&answer)));
            // A client that hangs up is a part of most stories, so nobody is told.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await
}

async fn respond<F, A>(request: Request<Incoming>, answer: Arc<F>) -> Result<Response<ReplyBody>>
where
    F: Fn(Asked) -> A,
    A: Future<Output = Reply>,
{
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = head.uri.path().to_owned();
    let load_format = head.headers.get("endpoint-load-metrics-format");
    let load_format = load_format.and_then(|format| Some(format.to_str().ok()?.to_owned()));
    let reply = answer(Asked { method: head.method, path, load_format, body }).await;
    // An error of the service closes the connection.
    ensure!(!reply.hangs_up, "the server hangs up");
    let mut response = Response::new(reply.body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, reply.content_type.parse().expect("our content types are valid"));
    if let Some(Ok(load)) = reply.load.map(|load| load.parse()) {
        response.headers_mut().insert("endpoint-load-metrics", load);
    }
    Ok(response)
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.get_mut() {
            ReplyBody::Whole(bytes) => Poll::Ready(bytes.take()),
            ReplyBody::Pieces(pieces) => pieces.poll_recv(context),
        };
        piece.map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ReplyBody::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            ReplyBody::Pieces(_) => SizeHint::default(),
        }
    }
}
