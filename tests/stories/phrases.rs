//! What clients and model servers say in the stories, as it stands on the wire; nothing here is read back.

use crate::script::Script;

/// The configuration that all stories share; only the embedded hosts and Envoy tick, and rarely.
///
/// Bins are closed on the right: `temperature` has (-inf, 0], (0, 10], (10, inf).
pub(crate) const CONFIG: &str = r#"{
    "models": [
        {"name": "demo-llm"},
        {"name": "rain", "profile": {
            "format": "driftline-profile", "format_version": 1, "version": null, "created_at": "2026-11-25T12:00:00Z",
            "model": "rain", "rows": 100,
            "features": [
                {"name": "temperature", "type": "number", "schema": {"required": true, "minimum": -10, "maximum": 30}, "nulls": 0, "mean": 5,
                 "standard_deviation": 8, "minimum": -10, "maximum": 30,
                 "bins": {"kind": "quantile", "edges": [0, 10], "counts": [20, 50, 30], "means": [-4, 5, 16]},
                 "tail_excess": {"low": 4, "high": 6},
                 "chi_square": {"five_percent": 5.991464547107979, "one_percent": 9.21034037197618, "family": 11.407564948661895}},
                {"name": "dew point", "type": "number", "schema": {"required": true, "minimum": -2, "maximum": 4}, "nulls": 0, "mean": 1,
                 "standard_deviation": 1, "minimum": -2, "maximum": 4,
                 "bins": {"kind": "quantile", "edges": [1], "counts": [50, 50], "means": [0, 2]},
                 "tail_excess": {"low": 1, "high": 1},
                 "chi_square": {"five_percent": 3.841458820694124, "one_percent": 6.634896601021213, "family": 8.615449216021265}}
            ],
            "prediction": {"type": "integer", "schema": {"required": true, "minimum": 0, "maximum": 1}, "nulls": 0, "mean": 0.4,
                 "standard_deviation": 0.5, "minimum": 0, "maximum": 1,
                 "bins": {"kind": "values", "values": [0, 1], "counts": [60, 40, 0], "means": [0, 1, null]},
                 "tail_excess": {"low": 0, "high": 0},
                 "chi_square": {"five_percent": 5.991464547107979, "one_percent": 9.21034037197618, "family": 11.407564948661895}}
        }}
    ],
    "window_seconds": 3600,
    "tick_milliseconds": 60000,
    "event_bytes_max": 1024
}"#;

/// The path that chat completions are asked under.
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// The event that announces who speaks. It carries no token.
pub(crate) const ROLE: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
/// A comment that keeps a connection open.
pub(crate) const KEEP_ALIVE: &str = ": keep-alive\n\n";
/// The event that says why the model stopped.
pub(crate) const STOP: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
/// The mark after the last event.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// A client asks a model for a stream.
pub(crate) fn chat(model: &str) -> Script {
    let body = format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"Will it rain?"}}],"stream":true,"stream_options":{{"include_usage":true}}}}"#
    );
    Script::post(CHAT, body)
}

/// An event with a piece of the answer that a user sees.
pub(crate) fn token(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

/// An event with a piece of what the model thinks.
pub(crate) fn thought(text: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"reasoning_content\":\"{text}\"}}}}]}}\n\n"
    )
}

/// The event with the usage, no token.
pub(crate) fn usage(input: u64, output: u64) -> String {
    format!(
        "data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output}}}}}\n\n"
    )
}

/// An answer in one document.
pub(crate) fn completion(text: &str, input: u64, output: u64) -> String {
    format!(
        r#"{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":{output}}}}}"#
    )
}

/// A healthy short stream: two tokens, 60 ms apart.
pub(crate) fn healthy() -> Script {
    chat("demo-llm")
        .starts_streaming()
        .at_ms(60)
        .sends(token("Ye"))
        .at_ms(120)
        .sends(token("s"))
        .sends(STOP)
        .sends(usage(4, 2))
        .sends(DONE)
        .finishes()
}

/// A client asks for predictions of the model `rain`.
pub(crate) fn predict(body: &str) -> Script {
    Script::post("/v1/models/rain:predict", body)
}
