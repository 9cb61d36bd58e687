//! What an exchange must count, as its case says; it compares nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Values by bin, or by the reason why they have none.
pub type Values = BTreeMap<String, u64>;

/// What an exchange must count, and nothing else. Events are counted from 1; `None` and 0 mean nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What the case shows, in a sentence.
    pub about: String,
    /// Where the format comes from.
    pub source: String,
    /// The traps that it shows, by their number in the README of its corpus.
    #[serde(default)]
    pub traps: Vec<u32>,
    /// The kinds of bad input that it shows, by their name there.
    #[serde(default)]
    pub bad: Vec<String>,

    /// The dialect that is declared for the path, with the model `m`; undeclared by default.
    pub declared: Option<String>,
    /// The features of the profile by name, each with its type; by default those of the corpus.
    pub columns: Option<BTreeMap<String, String>>,
    /// The type of the prediction, `none` for a profile without one; by default that of the corpus.
    pub prediction_type: Option<String>,
    /// What the profile says of answers: `name`, `classes`, and whether there is a column of scores, by its name.
    #[serde(default)]
    pub answer: Map<String, Value>,
    /// Further fields of the declaration: `rows`, `answers`.
    #[serde(default)]
    pub endpoint: Map<String, Value>,
    /// Further fields of the model in the configuration: `features`, `prediction`, `sampling`.
    #[serde(default)]
    pub settings: Map<String, Value>,

    /// Whether the proxy saw the end of the response.
    #[serde(default = "yes")]
    pub response_ends: bool,
    /// The trailers of the response.
    #[serde(default)]
    pub trailers: BTreeMap<String, String>,
    /// Envoy's `response.flags` at the end.
    #[serde(default)]
    pub flags: u64,
    /// After how many bytes of the response's body each event is whole; given for encoded bodies only.
    pub event_ends: Option<Vec<usize>>,

    /// The model that is counted: a configured one, or `other`.
    #[serde(default = "m")]
    pub model: String,
    /// The outcome.
    pub outcome: String,
    /// Why the exchange counts as not measured, and as nothing else.
    pub unmeasured: Option<String>,
    /// Why the model stopped.
    pub finish: Option<String>,
    /// The event with the first token.
    pub first_token_event: Option<usize>,
    /// The event with the first token that a user sees.
    pub first_visible_token_event: Option<usize>,
    /// The event with the last token.
    pub last_token_event: Option<usize>,
    /// Tokens of the request.
    #[serde(default)]
    pub input_tokens: u64,
    /// Those of them that were read from a cache.
    #[serde(default)]
    pub cached_input_tokens: u64,
    /// Those of them that were written to a cache.
    #[serde(default)]
    pub cache_write_tokens: u64,
    /// Tokens of the response.
    #[serde(default)]
    pub output_tokens: u64,
    /// Those of them that were reasoning.
    #[serde(default)]
    pub reasoning_tokens: u64,
    /// Whether the reasoning tokens came as events; by default, if a token came before the first visible one.
    pub reasoning_is_streamed: Option<bool>,
    /// Why there is no time per output token when every event comes at its own moment.
    pub per_output_token_skipped: Option<String>,
    /// How many load reports there are.
    #[serde(default)]
    pub load_reports: u64,
    /// What the last load report leaves in the gauges of the model server, by name without `server_`.
    #[serde(default)]
    pub load: BTreeMap<String, u64>,
    /// Rows of the request.
    #[serde(default)]
    pub rows: u64,
    /// Rows of the response.
    #[serde(default)]
    pub predictions: u64,
    /// The values of each feature.
    #[serde(default)]
    pub features: BTreeMap<String, Values>,
    /// The values of the prediction.
    #[serde(default)]
    pub prediction: Values,
    /// The values of the score.
    #[serde(default)]
    pub score: Values,
    /// Schema violations beyond single values: `extra_column`, `wrong_shape`.
    #[serde(default)]
    pub faults: BTreeMap<String, u64>,
    /// What could not be read, by reason.
    #[serde(default)]
    pub read_problems: BTreeMap<String, u64>,
}

fn m() -> String {
    "m".to_owned()
}

fn yes() -> bool {
    true
}

impl Expectation {
    /// # Errors
    ///
    /// What no exchange can count.
    pub(crate) fn from_json(json: &str) -> Result<Expectation, String> {
        let expected: Expectation =
            serde_json::from_str(json).map_err(|error| format!("what it must count: {error}"))?;
        let is_sentence = |text: &str| text.ends_with('.') && text.contains(' ');
        let events = [
            expected.first_token_event,
            expected.first_visible_token_event,
            expected.last_token_event,
        ];
        let [first, _, last] = events.map(|event| event.is_some());
        if !is_sentence(&expected.about) {
            Err("`about` is no sentence".to_owned())
        } else if expected.source.is_empty() {
            Err("`source` says nothing".to_owned())
        } else if events.contains(&Some(0)) {
            Err("events are counted from 1".to_owned())
        } else if first != last {
            Err("a first token has a last one".to_owned())
        } else {
            Ok(expected)
        }
    }
}
