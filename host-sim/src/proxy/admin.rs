//! The admin page: stats in Envoy's forms, and whether the proxy is ready; it changes nothing.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::context::Life;
use crate::stats::Stats;

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, stats: Arc<Stats>, life: watch::Receiver<Life>) {
    loop {
        if let Ok((tcp, _)) = listener.accept().await {
            tokio::task::spawn_local(connection(tcp, Arc::clone(&stats), life.clone()));
        }
    }
}

async fn connection(tcp: TcpStream, stats: Arc<Stats>, life: watch::Receiver<Life>) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), &stats, *life.borrow());
        async move { Ok::<_, Infallible>(response) }
    });
    // A scraper may hang up in the middle.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
}

const HELP: &str = "/ready\n/stats\n/stats/prometheus\n";

fn answer(method: &Method, path: &str, stats: &Stats, life: Life) -> Response<Full<Bytes>> {
    let (status, text) = match path {
        _ if !matches!(*method, Method::GET | Method::HEAD) => {
            (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n".into())
        }
        "/ready" if life != Life::Serving => (StatusCode::SERVICE_UNAVAILABLE, "DRAINING\n".into()),
        "/ready" => (StatusCode::OK, "LIVE\n".into()),
        "/stats" => (StatusCode::OK, stats.text()),
        "/stats/prometheus" => (StatusCode::OK, stats.prometheus()),
        "/" => (StatusCode::OK, HELP.into()),
        _ => (StatusCode::NOT_FOUND, format!("invalid path. admin commands are:\n{HELP}")),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    for (name, value) in [
        ("content-type", "text/plain; charset=UTF-8"),
        ("cache-control", "no-cache, max-age=0"),
        ("x-content-type-options", "nosniff"),
    ] {
        response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    }
    response
}
