//! The corpus of exchanges behind an address: each case under a path of its own, at a set pace. It makes up nothing.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use driftline_support::corpus::{self, Case};
use driftline_testbed::upstream::{Framing, Script, Upstream};
use serde_json::{Map, Value, json};

use super::python::Question;

/// A dialect that a vendor's client speaks.
pub(super) struct Spoken {
    pub(super) dialect: &'static str,
    /// What the client adds to the address that it is given.
    endpoint: &'static str,
    /// Fewer exchanges would mean that the corpus is not found, or not understood.
    pub(super) exchanges_min: usize,
    pub(super) streams_text: bool,
}

/// All of them. `tests/clients/ask.py` says which client speaks which.
pub(super) const SPOKEN: [Spoken; 5] = [
    spoken("openai_chat", "/chat/completions", 80, true),
    spoken("openai_completions", "/completions", 5, true),
    spoken("openai_embeddings", "/embeddings", 5, false),
    spoken("openai_responses", "/responses", 30, true),
    spoken("anthropic_messages", "/v1/messages", 40, true),
];

const fn spoken(
    dialect: &'static str,
    endpoint: &'static str,
    exchanges_min: usize,
    streams_text: bool,
) -> Spoken {
    Spoken { dialect, endpoint, exchanges_min, streams_text }
}

/// Envoy's flags for what the upstream does to its own answer; all others are the client's or the proxy's doing.
const UPSTREAM_BREAKS_OFF: [u64; 4] = [0, 1 << 4, 1 << 6, 1 << 23];

/// A case that a vendor's client can ask for.
pub(super) struct Exchange {
    pub(super) case: Case,
    dialect: &'static str,
    /// What stands before the client's own part of the path.
    base_path: String,
    query: Map<String, Value>,
    body: Value,
}

/// How long the server waits before it sends an event.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Before the event with the first token.
    pub(super) first_token: Duration,
    /// Before every other one.
    pub(super) other: Duration,
}

/// All cases of the corpus that a vendor's client can ask for.
pub(super) fn exchanges() -> Vec<Exchange> {
    corpus::LLM.cases().into_iter().filter_map(Exchange::of).collect()
}

/// The configuration that names every model of these exchanges.
pub(super) fn config(exchanges: &[Exchange]) -> String {
    let names = exchanges.iter().map(|exchange| &*exchange.case.expected.model);
    let names: BTreeSet<&str> = names.filter(|name| *name != "other").collect();
    let models: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
    json!({"models": models, "event_bytes_max": 4096, "tick_milliseconds": 60000}).to_string()
}

/// Serves these exchanges.
pub(super) async fn serve(exchanges: &[Exchange], pace: Option<Pace>) -> Result<Upstream> {
    let upstream = Upstream::start().await?;
    for exchange in exchanges {
        let (path, _) = split_query(&exchange.case.path);
        upstream.on_path(&format!("/{}{path}", exchange.case.name), exchange.script(pace));
    }
    Ok(upstream)
}

impl Exchange {
    fn of(case: Case) -> Option<Exchange> {
        let dialect = case.name.split('/').next()?;
        let &Spoken { dialect, endpoint, .. } = SPOKEN.iter().find(|it| it.dialect == dialect)?;
        let (path, query) = split_query(&case.path);
        let base_path = path.strip_suffix(endpoint)?.to_owned();
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(key, value)| (key.to_owned(), value.into())).collect();
        // A client asks with a whole document that names a model, else it refuses to ask.
        let body: Value = serde_json::from_slice(&case.request.body).ok()?;
        body["model"].as_str()?;
        if !UPSTREAM_BREAKS_OFF.contains(&case.expected.flags) {
            return None;
        }
        Some(Exchange { dialect, base_path, query, body, case })
    }

    pub(super) fn dialect(&self) -> &'static str {
        self.dialect
    }

    /// What a client is to ask of whoever listens there.
    pub(super) fn question(&self, address: std::net::SocketAddr) -> Question {
        Question {
            dialect: self.dialect.to_owned(),
            base_url: format!("http://{address}/{}{}", self.case.name, self.base_path),
            query: Value::Object(self.query.clone()),
            body: self.body.clone(),
        }
    }

    /// What the server does: every event in a write of its own.
    fn script(&self, pace: Option<Pace>) -> Script {
        let Case { response, event_ends, expected, status, .. } = &self.case;
        let is_framing = |name: &str| ["content-length", "transfer-encoding"].contains(&name);
        let headers = response.headers.iter().filter(|(name, _)| !is_framing(name));
        let headers: Vec<(&str, &str)> =
            headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let is_streamed = 1 < event_ends.len() || !expected.response_ends;
        let framing = match is_streamed {
            true => Framing::Chunked,
            false => Framing::Length(response.body.len()),
        };
        let mut script = Script::new().head(*status, &headers, framing);
        let mut sent = 0;
        for (index, end) in event_ends.iter().enumerate() {
            let end = end.unwrap_or(response.body.len());
            if let Some(pace) = pace {
                let is_first_token = expected.first_token_event == Some(index + 1);
                script = script.pause(if is_first_token { pace.first_token } else { pace.other });
            }
            script = script.write(&response.body[sent..end]);
            sent = end;
        }
        if sent < response.body.len() {
            script = script.write(&response.body[sent..]);
        }
        if expected.response_ends { script.finish() } else { script.close() }
    }
}

fn split_query(path: &str) -> (&str, &str) {
    path.split_once('?').unwrap_or((path, ""))
}
