//! The streams: what a scripted server sends, and when. It sends nothing by itself.

use std::fmt::Write;

use serde_json::{Value, json};

/// When the server has its first token, counted from the request.
const FIRST_TOKEN_MS: u64 = 600;
/// From one token to the next.
const TOKEN_MS: u64 = 20;
/// How long after its last token the server says how many there were.
const USAGE_AFTER_MS: u64 = 200;
const TOKENS: u64 = 40;
const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

/// One stream.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) path: &'static str,
    pub(crate) output_tokens: u64,
    pub(crate) has_usage: bool,
    /// Whether the role is sent at once, long before the first token.
    role_at_once: bool,
    /// What goes out for the token of this number.
    token: fn(u64) -> Value,
}

pub(crate) const STREAMS: [Stream; 6] = [
    Stream {
        name: "role-with-token",
        about: "the role comes with the first token, after 600 ms, as vLLM sends it",
        path: CHAT,
        output_tokens: TOKENS,
        has_usage: true,
        role_at_once: false,
        token: |_| json!({"content": "word "}),
    },
    Stream {
        name: "role-first",
        about: "the role comes at once, then two keep-alive comments, then the first token after 600 ms",
        role_at_once: true,
        ..STREAM
    },
    Stream {
        name: "reasoning-first",
        about: "as role-first, but the first 20 tokens are reasoning",
        token: |index| match index {
            0..20 => json!({"reasoning_content": "word "}),
            _ => json!({"content": "word "}),
        },
        ..STREAM
    },
    Stream {
        name: "tool-call",
        about: "as role-first, but the tokens are those of a tool call",
        token: |index| match index {
            0 => json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                        "function": {"name": "weather", "arguments": ""}}]}),
            _ => json!({"tool_calls": [{"index": 0, "function": {"arguments": "1"}}]}),
        },
        ..STREAM
    },
    Stream {
        name: "no-usage",
        about: "as role-first, but the server does not say how many tokens there were",
        has_usage: false,
        ..STREAM
    },
    Stream {
        name: "anthropic",
        about: "Anthropic's messages: message_start and a ping at once, the first delta after 600 ms",
        path: MESSAGES,
        token: |_| json!({"type": "text_delta", "text": "word "}),
        ..STREAM
    },
];

/// What most streams share.
const STREAM: Stream = Stream {
    name: "",
    about: "",
    path: CHAT,
    output_tokens: TOKENS,
    has_usage: true,
    role_at_once: true,
    token: |_| json!({"content": "word "}),
};

impl Stream {
    pub(crate) fn is_messages(&self) -> bool {
        self.path == MESSAGES
    }

    /// The body of the request.
    pub(crate) fn request(&self) -> String {
        json!({
            "model": self.name,
            "messages": [{"role": "user", "content": "hello"}],
            "max_tokens": 100,
            "stream": true,
        })
        .to_string()
    }

    /// The pieces of the response body, each with its time in milliseconds.
    pub(crate) fn pieces(&self) -> Vec<(u64, String)> {
        if self.is_messages() { self.messages() } else { self.chat() }
    }

    fn chat(&self) -> Vec<(u64, String)> {
        let chunk = |delta: Value, finish: Option<&str>| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
            event(None, &self.chunk(json!([choice]), None))
        };
        let role = chunk(json!({"role": "assistant", "content": ""}), None);
        let mut pieces = if self.role_at_once {
            let comment = || ": keep-alive\n\n".to_owned();
            vec![(0, role), (200, comment()), (400, comment())]
        } else {
            vec![(FIRST_TOKEN_MS, role)]
        };
        for (index, at) in self.times() {
            pieces.push((at, chunk((self.token)(index), None)));
        }
        let mut end = chunk(json!({}), Some("stop"));
        if self.has_usage {
            let usage = json!({
                "prompt_tokens": 12,
                "completion_tokens": self.output_tokens,
                "total_tokens": 12 + self.output_tokens,
                "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens()},
            });
            end += &event(None, &self.chunk(json!([]), Some(usage)));
        }
        end += "data: [DONE]\n\n";
        pieces.push((self.ends_at(), end));
        pieces
    }

    fn messages(&self) -> Vec<(u64, String)> {
        let named = |data: Value| event(data["type"].as_str(), &data);
        let start = named(json!({
            "type": "message_start",
            "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": self.name, "content": [],
                        "stop_reason": null, "usage": {"input_tokens": 12, "output_tokens": 1}},
        }));
        let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
        let mut pieces = vec![(0, start), (0, named(block)), (200, named(json!({"type": "ping"})))];
        for (index, at) in self.times() {
            let delta =
                json!({"type": "content_block_delta", "index": 0, "delta": (self.token)(index)});
            pieces.push((at, named(delta)));
        }
        let end = [
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
                   "usage": {"output_tokens": self.output_tokens}}),
            json!({"type": "message_stop"}),
        ];
        pieces.push((self.ends_at(), end.map(named).concat()));
        pieces
    }

    fn times(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..self.output_tokens).map(|index| (index, FIRST_TOKEN_MS + TOKEN_MS * index))
    }

    fn ends_at(&self) -> u64 {
        FIRST_TOKEN_MS + TOKEN_MS * (self.output_tokens - 1) + USAGE_AFTER_MS
    }

    fn reasoning_tokens(&self) -> usize {
        let deltas = (0..self.output_tokens).map(self.token);
        deltas.filter(|delta| delta.get("reasoning_content").is_some()).count()
    }

    fn chunk(&self, choices: Value, usage: Option<Value>) -> Value {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.name,
               "choices": choices, "usage": usage})
    }
}

fn event(name: Option<&str>, data: &Value) -> String {
    let mut text = String::new();
    if let Some(name) = name {
        // Writing to a string does not fail.
        let _ = writeln!(text, "event: {name}");
    }
    text + &format!("data: {data}\n\n")
}
