//! What a client behind the proxy noted of one stream: pieces, events and when they arrived. It judges no event but for
//! the first output, by which the filter is checked.

use std::time::Duration;

use anyhow::{Context, Result};
use driftline_testbed::client::Response;
use serde_json::Value;

/// One stream as it arrived.
pub(crate) struct Recording {
    /// When each piece of the body was there.
    pub(crate) pieces: Vec<Duration>,
    /// Events with data, but for the end mark. Comments are none.
    pub(crate) events: Vec<Event>,
    /// When the body had ended.
    pub(crate) ended: Duration,
}

/// An event, when it was there.
pub(crate) struct Event {
    pub(crate) at: Duration,
    pub(crate) data: Value,
}

impl Recording {
    pub(crate) fn new(response: &Response) -> Result<Recording> {
        let (mut events, mut pending) = (Vec::new(), Vec::new());
        for piece in &response.chunks {
            pending.extend_from_slice(&piece.bytes);
            while let Some(end) = pending.windows(2).position(|window| window == b"\n\n") {
                let event: Vec<u8> = pending.drain(..end + 2).collect();
                let text = String::from_utf8(event)?;
                let data = text.lines().find_map(|line| line.strip_prefix("data: "));
                if let Some(data) = data.filter(|data| *data != "[DONE]") {
                    let data = serde_json::from_str(data).with_context(|| data.to_owned())?;
                    events.push(Event { at: piece.at, data });
                }
            }
        }
        let pieces = response.chunks.iter().map(|piece| piece.at).collect();
        Ok(Recording { pieces, events, ended: response.ended_at })
    }

    /// When the first text, reasoning or tool call was there.
    pub(crate) fn first_output(&self) -> Option<Duration> {
        self.events.iter().find(|event| event.has_output()).map(|event| event.at)
    }

    /// When the last of these was there.
    pub(crate) fn last_output(&self) -> Option<Duration> {
        self.events.iter().rfind(|event| event.has_output()).map(|event| event.at)
    }

    /// Output tokens by the last usage.
    pub(crate) fn output_tokens(&self) -> Option<u32> {
        let usages = self.events.iter().rev().filter_map(|event| event.data.get("usage"));
        let mut counts = usages.filter_map(|usage| {
            usage.get("completion_tokens").or_else(|| usage.get("output_tokens"))?.as_u64()
        });
        counts.next().and_then(|count| u32::try_from(count).ok())
    }
}

impl Event {
    fn has_output(&self) -> bool {
        let deltas = ["/choices/0/delta", "/delta"].map(|path| self.data.pointer(path));
        let filled = |value: &Value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(calls) => !calls.is_empty(),
            _ => false,
        };
        let members = ["content", "reasoning_content", "tool_calls", "text", "thinking"];
        deltas
            .into_iter()
            .flatten()
            .any(|delta| members.iter().filter_map(|member| delta.get(member)).any(filled))
    }
}
