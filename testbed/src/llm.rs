//! A language model server that speaks OpenAI's chat completions at a set pace. It has no model: its tokens are
//! numbered words, and it never claims one that it did not send. Asked for its load, it answers as vLLM does.

mod trouble;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

pub use self::trouble::Trouble;
use crate::{
    model_server::{self, Asked, Reply, ReplyBody},
    server::Server,
};

/// How answers are paced.
///
/// tokio's timer counts whole milliseconds and rounds up, so a token leaves up to about 2 ms after its
/// time. Times are counted from the request, so that this does not add up over an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// From the whole request to the first token.
    pub first_token: Duration,
    /// From one token to the next, on average.
    pub gap: Duration,
    /// How far a gap may stray from the average, as a share of it: between 0 and 1.
    pub jitter: f64,
    /// How far whole answers are apart: both times of an answer are log-normal, and this is the deviation of their
    /// logarithms. `first_token` and `gap` are then the medians.
    pub spread: f64,
    /// Tokens of an answer, unless the request asks for fewer.
    pub tokens: u32,
    /// Whether streamed usage is sent when the request asks for it.
    pub usage: bool,
    /// Whether a comment goes before the first token, as servers do to keep a connection open.
    pub keep_alive_comment: bool,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            first_token: Duration::from_millis(60),
            gap: Duration::from_millis(10),
            jitter: 0.2,
            spread: 0.0,
            tokens: 40,
            usage: true,
            keep_alive_comment: false,
        }
    }
}

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct LlmServer {
    server: Server,
    shared: Arc<Shared>,
}

/// What answers share: the pace of the next one, and how many there were.
#[derive(Debug)]
pub(crate) struct Shared {
    pace: Mutex<Pace>,
    trouble: Mutex<Trouble>,
    requests: AtomicU64,
    /// Answers under way.
    running: AtomicU64,
}

/// How many answers fill the server's cache for keys and values. It has none, and says how full one would be.
const CACHE_ANSWERS: f64 = 20.0;

/// An answer under way, until it is dropped.
struct Running(Arc<Shared>);

impl Running {
    fn begin(shared: &Arc<Shared>) -> Running {
        shared.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(shared))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    pub(crate) fn new(pace: Pace) -> Arc<Shared> {
        Arc::new(Shared {
            pace: Mutex::new(pace),
            trouble: Mutex::default(),
            requests: AtomicU64::new(0),
            running: AtomicU64::new(0),
        })
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    pub(crate) fn set_trouble(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// What vLLM answers that is asked for its load in this format, and with such numbers.
    fn load(&self, format: &str) -> Option<String> {
        let usage = (self.running.load(Ordering::Relaxed) as f64 / CACHE_ANSWERS).min(1.0);
        let named = json!({"kv_cache_usage_perc": usage, "num_requests_waiting": 0.0});
        match format.to_ascii_lowercase().as_str() {
            "text" => Some(format!(
                "TEXT named_metrics.kv_cache_usage_perc={usage}, named_metrics.num_requests_waiting=0.0"
            )),
            "json" => Some(format!("JSON {}", json!({"named_metrics": named}))),
            _ => None,
        }
    }
}

impl LlmServer {
    /// Starts a server that answers `POST .../chat/completions` for any model.
    pub async fn start(pace: Pace) -> Result<LlmServer> {
        let shared = Shared::new(pace);
        let server = model_server::start({
            let shared = Arc::clone(&shared);
            move |asked| answer(asked, Arc::clone(&shared))
        });
        Ok(LlmServer { server: server.await?, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Paces the answers to requests from now on.
    pub fn set_pace(&self, pace: Pace) {
        self.shared.set_pace(pace);
    }

    /// How many requests were answered with a completion, or with the beginning of one.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

/// Answers one request, as the server does.
pub(crate) async fn answer(asked: Asked, shared: Arc<Shared>) -> Reply {
    let started = Instant::now();
    if asked.method != Method::POST || !asked.path.ends_with("/chat/completions") {
        return refuse(404, "expected POST /v1/chat/completions");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&asked.body) else {
        return refuse(400, "the body is not JSON");
    };
    let (Some(model), Some(messages)) = (request["model"].as_str(), request["messages"].as_array())
    else {
        return refuse(400, "expected a `model` and `messages`");
    };
    let pace = *shared.pace.lock().unwrap_or_else(PoisonError::into_inner);
    let limit =
        ["max_completion_tokens", "max_tokens"].iter().find_map(|key| request[*key].as_u64());
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(u32::MAX);
    let number = shared.requests.fetch_add(1, Ordering::Relaxed);
    let trouble = *shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
    if trouble.refuses(number) {
        return refuse(503, "the server is overloaded");
    }
    if trouble.hangs_up(number) {
        return Reply::hang_up();
    }
    let running = Running::begin(&shared);
    let load = asked.load_format.and_then(|format| shared.load(&format));
    let completion = Completion {
        pace,
        started,
        number,
        model: model.to_owned(),
        tokens: pace.tokens.min(limit),
        breaks_off: trouble.breaks_off(number),
        garbles: trouble.garbles(number),
        finish_reason: if limit < pace.tokens { "length" } else { "stop" },
        prompt_tokens: messages.iter().map(words).sum(),
    };
    if request["stream"] != true {
        return Reply { load, ..completion.whole().await };
    }
    let include_usage = request["stream_options"]["include_usage"] == true && pace.usage;
    let (sender, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        // The channel closes when the client hangs up; then there is nobody to write for.
        let _ = completion.stream(&sender, include_usage).await;
        drop(running);
    });
    Reply {
        status: 200,
        content_type: "text/event-stream",
        load,
        body: ReplyBody::Pieces(pieces),
        hangs_up: false,
    }
}

/// The prompt's length, for this server has words for tokens.
fn words(message: &Value) -> u64 {
    message["content"].as_str().map_or(0, |text| text.split_whitespace().count() as u64)
}

fn refuse(status: u16, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error": {"message": message, "type": "invalid_request_error", "code": null}}),
    )
}

struct Completion {
    pace: Pace,
    started: Instant,
    number: u64,
    model: String,
    tokens: u32,
    breaks_off: bool,
    garbles: bool,
    finish_reason: &'static str,
    prompt_tokens: u64,
}

impl Completion {
    /// Waits for the time of each token, then answers in one piece.
    async fn whole(&self) -> Reply {
        let mut times = self.times();
        let content: String = (0..self.tokens).map(word).collect();
        sleep_until(times.next_back().unwrap_or(self.started)).await;
        Reply::json(
            200,
            &json!({
                "id": self.id(),
                "object": "chat.completion",
                "created": 0,
                "model": self.model,
                "choices": [{
                    "index": 0,
                    "message": {"role": "assistant", "content": content},
                    "finish_reason": self.finish_reason,
                }],
                "usage": self.usage(),
            }),
        )
    }

    async fn stream(
        &self,
        to: &mpsc::Sender<Bytes>,
        include_usage: bool,
    ) -> Result<(), mpsc::error::SendError<Bytes>> {
        let delta = |delta: Value, finish_reason: Option<&str>| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish_reason});
            self.event(json!([choice]), None)
        };
        // The role goes out at once, long before the first token: who takes it for one is wrong.
        to.send(delta(json!({"role": "assistant", "content": ""}), None)).await?;
        if self.pace.keep_alive_comment {
            to.send(Bytes::from_static(b": keep-alive\n\n")).await?;
        }
        if self.garbles {
            to.send(Bytes::from_static(b"data: {\"choices\": [{\n\n")).await?;
        }
        for (index, time) in (0..).zip(self.times()) {
            if self.breaks_off && self.tokens / 2 <= index {
                return Ok(());
            }
            sleep_until(time).await;
            to.send(delta(json!({"content": word(index)}), None)).await?;
        }
        to.send(delta(json!({}), Some(self.finish_reason))).await?;
        if include_usage {
            to.send(self.event(json!([]), Some(self.usage()))).await?;
        }
        to.send(Bytes::from_static(b"data: [DONE]\n\n")).await
    }

    /// When each token is due.
    fn times(&self) -> impl DoubleEndedIterator<Item = Instant> {
        let [until_first, between] =
            [0, 1].map(|draw| (self.pace.spread * normal(self.number, draw)).exp());
        let mut at = self.started + self.pace.first_token.mul_f64(until_first);
        let times: Vec<Instant> = (0..self.tokens)
            .map(|index| {
                let time = at;
                let stray = 1.0 + self.pace.jitter * noise(self.number, index);
                at += self.pace.gap.mul_f64(between * stray.max(0.0));
                time
            })
            .collect();
        times.into_iter()
    }

    fn event(&self, choices: Value, usage: Option<Value>) -> Bytes {
        let mut chunk = json!({
            "id": self.id(),
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        format!("data: {chunk}\n\n").into()
    }

    fn id(&self) -> String {
        format!("chatcmpl-{}", self.number)
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.tokens,
            "total_tokens": self.prompt_tokens + u64::from(self.tokens),
        })
    }
}

fn word(index: u32) -> String {
    format!("word{index} ")
}

/// A number that looks as if it were drawn from a normal distribution, by Box and Muller's method.
fn normal(number: u64, draw: u32) -> f64 {
    // Words of an answer are far fewer, so no two of its draws are the same.
    let uniform = |of: u32| (noise(number, u32::MAX - 2 * draw - of) + 1.0) / 2.0;
    (-2.0 * uniform(0).max(f64::MIN_POSITIVE).ln()).sqrt()
        * (std::f64::consts::TAU * uniform(1)).cos()
}

/// A number from -1 to 1 that looks random and is the same in every run: splitmix64 of the request and the token.
fn noise(number: u64, index: u32) -> f64 {
    let mut bits =
        (number << 32 | u64::from(index)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[cfg(test)]
mod tests;
