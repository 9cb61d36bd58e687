//! A client of language models that times what a user sees. It shares no code with the filter, which it checks.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::{Connection, End, HangUp, Request, Response};

/// What one streamed answer looked like from outside.
#[derive(Clone, Debug)]
pub struct Timing {
    /// When each piece of content was there, since the request was sent; several may come at once.
    pub content_at: Vec<Duration>,
    /// Completion tokens as the usage says, if there was one.
    pub usage_tokens: Option<u64>,
    /// The whole answer.
    pub text: String,
    /// From the request to the last byte.
    pub end_to_end: Duration,
    /// The status code.
    pub status: u16,
    /// How it ended.
    pub end: End,
}

impl Timing {
    /// Time to first token: the first piece that carries content.
    pub fn ttft(&self) -> Option<Duration> {
        self.content_at.first().copied()
    }

    /// Output tokens: what the usage says, else one for each piece of content.
    pub fn tokens(&self) -> u64 {
        self.usage_tokens.unwrap_or(self.content_at.len() as u64)
    }

    /// Time per output token: (last - first) / (tokens - 1); `None` below two tokens.
    pub fn tpot(&self) -> Option<Duration> {
        let (first, last) = (self.content_at.first()?, self.content_at.last()?);
        let gaps = u32::try_from(self.tokens()).ok()?.checked_sub(1)?;
        (*last - *first).checked_div(gaps)
    }
}

/// Asks for a streamed completion, over a connection of its own. Usage is asked for too.
///
/// # Errors
///
/// If there is no answer, or an event that is not JSON.
pub async fn ask(address: SocketAddr, model: &str, prompt: &str) -> Result<Timing> {
    ask_over(&mut Connection::open(address).await?, model, prompt, HangUp::Never).await
}

/// Asks for a streamed completion, over a connection that may have carried others.
///
/// # Errors
///
/// If there is no answer, or an event that is not JSON.
pub async fn ask_over(
    connection: &mut Connection,
    model: &str,
    prompt: &str,
    hang_up: HangUp,
) -> Result<Timing> {
    let body = json!({
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    let request = Request::post_json("/v1/chat/completions", body.to_string()).hang_up(hang_up);
    read(&connection.send(&request).await?)
}

/// Times the events of an answer that was received.
///
/// # Errors
///
/// If an event is not JSON.
pub fn read(response: &Response) -> Result<Timing> {
    let mut timing = Timing {
        content_at: Vec::new(),
        usage_tokens: None,
        text: String::new(),
        end_to_end: response.ended_at,
        status: response.status,
        end: response.end,
    };
    let mut pending = Vec::new();
    for chunk in &response.chunks {
        pending.extend_from_slice(&chunk.bytes);
        while let Some(end) = pending.windows(2).position(|window| window == b"\n\n") {
            let event: Vec<u8> = pending.drain(..end + 2).collect();
            timing.event(chunk.at, &String::from_utf8_lossy(&event))?;
        }
    }
    Ok(timing)
}

impl Timing {
    fn event(&mut self, at: Duration, event: &str) -> Result<()> {
        let Some(data) = event.trim().strip_prefix("data: ") else {
            return Ok(());
        };
        if data == "[DONE]" {
            return Ok(());
        }
        let chunk: Result<Value, _> = serde_json::from_str(data);
        ensure!(chunk.is_ok(), "an event that is not JSON: {data}");
        let chunk = chunk?;
        if let Some(content) = chunk["choices"][0]["delta"]["content"].as_str()
            && !content.is_empty()
        {
            self.content_at.push(at);
            self.text += content;
        }
        if let Some(tokens) = chunk["usage"]["completion_tokens"].as_u64() {
            self.usage_tokens = Some(tokens);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::{LlmServer, Pace},
        machine,
    };

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn the_pace_of_a_server_is_what_is_measured() {
        let Some(machine) = machine::watch(5 * MS) else { return };
        let pace = Pace {
            first_token: 80 * MS,
            gap: 20 * MS,
            jitter: 0.0,
            spread: 0.0,
            tokens: 6,
            usage: true,
            keep_alive_comment: true,
        };
        let server = LlmServer::start(pace).await.unwrap();
        let timing = ask(server.address(), "m", "hello").await.unwrap();
        assert_eq!((timing.status, timing.end, timing.tokens()), (200, End::Complete, 6));
        assert_eq!((timing.content_at.len(), timing.usage_tokens), (6, Some(6)));
        assert_eq!(timing.text, "word0 word1 word2 word3 word4 word5 ");
        assert!(180 * MS <= timing.end_to_end, "{:?}", timing.end_to_end);
        let ttft = timing.ttft().unwrap();
        assert!(80 * MS <= ttft, "{ttft:?}");
        if !machine.kept_time() {
            return;
        }
        assert!(ttft < 130 * MS, "{ttft:?}");
        let tpot = timing.tpot().unwrap();
        assert!(15 * MS < tpot && tpot < 30 * MS, "{tpot:?}");
    }

    #[tokio::test]
    async fn a_pace_can_change_while_the_server_runs() {
        let Some(machine) = machine::watch(20 * MS) else { return };
        let pace = Pace { first_token: 5 * MS, gap: MS, tokens: 2, ..Pace::default() };
        let server = LlmServer::start(pace).await.unwrap();
        let mut connection = Connection::open(server.address()).await.unwrap();
        let before = ask_over(&mut connection, "m", "", HangUp::Never).await.unwrap();
        server.set_pace(Pace { first_token: 120 * MS, ..pace });
        let after = ask_over(&mut connection, "m", "", HangUp::Never).await.unwrap();
        assert!(120 * MS <= after.ttft().unwrap());
        if machine.kept_time() {
            assert!(before.ttft().unwrap() < 100 * MS);
        }
    }

    #[tokio::test]
    async fn tokens_before_a_hang_up_are_timed() {
        let server = LlmServer::start(Pace::default()).await.unwrap();
        let mut connection = Connection::open(server.address()).await.unwrap();
        let when = HangUp::AfterTimes(2, "word".to_owned());
        let timing = ask_over(&mut connection, "m", "", when).await.unwrap();
        assert_eq!((timing.end, timing.content_at.len()), (End::HungUp, 2));
    }
}
