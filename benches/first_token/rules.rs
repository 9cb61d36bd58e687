//! The rules of other monitors, each as its source states it. What runs here is this reading of the sources, and none of
//! their code; docs/comparison.md names repository, file and version.

use std::time::Duration;

use crate::{recording::Recording, streams::Stream};

/// What one monitor would say of a stream; none if it says nothing.
pub(crate) type Apply = fn(&Stream, &Recording) -> Option<Duration>;

/// One monitor.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) first: Apply,
    pub(crate) per_token: Apply,
}

pub(crate) const RULES: [Rule; 4] = [
    // In the engine: from the request to the first token that it made, and (last - first) / (tokens - 1). Neither what
    // else is on the wire nor the usage matters. The scripted server makes a token when it sends it.
    Rule {
        name: "vLLM",
        first: |_, recording| recording.first_output(),
        per_token: |stream, recording| {
            let gaps = u32::try_from(stream.output_tokens).ok()?.checked_sub(1)?;
            recording.last_output()?.checked_sub(recording.first_output()?)?.checked_div(gaps)
        },
    },
    // The first piece of the body, whatever it has; (end - first) / (tokens - 1) if there is a usage.
    Rule {
        name: "Envoy AI Gateway",
        first: |_, recording| recording.pieces.first().copied(),
        per_token: |_, recording| {
            let first = recording.pieces.first()?;
            let gaps = recording.output_tokens()?.checked_sub(1)?;
            recording.ended.checked_sub(*first)?.checked_div(gaps)
        },
    },
    // The first event with data, in chat completions; the first delta of content, in messages; (end - first) / tokens.
    Rule {
        name: "agentgateway",
        first: |stream, recording| agentgateway_first(stream, recording),
        per_token: |stream, recording| {
            let first = agentgateway_first(stream, recording)?;
            recording.ended.checked_sub(first)?.checked_div(recording.output_tokens()?)
        },
    },
    // The first piece of the body, in whole milliseconds; a stream without usage has no sample. There is no TPOT.
    Rule {
        name: "Higress",
        first: |_, recording| {
            recording.output_tokens()?;
            let first = recording.pieces.first()?;
            Some(Duration::from_millis(u64::try_from(first.as_millis()).ok()?))
        },
        per_token: |_, _| None,
    },
];

fn agentgateway_first(stream: &Stream, recording: &Recording) -> Option<Duration> {
    let counts = |data: &serde_json::Value| {
        !stream.is_messages() || data["type"].as_str() == Some("content_block_delta")
    };
    recording.events.iter().find(|event| counts(&event.data)).map(|event| event.at)
}
