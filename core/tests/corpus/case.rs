//! Reads a case of the corpus: an exchange as it stands on the wire, and what it must count; it judges nothing.
//!
//! How the files look is said in `tests/data/llm/README.md`. A file that does not look so is a mistake of its author:
//! reading it panics with the file and what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    str,
};

use serde::Deserialize;

use super::{
    events,
    message::{Message, bytes, entries},
};

/// An exchange and its expectation.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its dialect and its own name: `openai_chat/a_plain_stream`.
    pub(crate) name: String,
    /// The request's path, query included.
    pub(crate) path: String,
    pub(crate) request: Message,
    /// The response's status.
    pub(crate) status: u16,
    pub(crate) response: Message,
    /// Where the events of the response's body end.
    pub(crate) event_ends: Vec<events::End>,
    pub(crate) expected: Expectation,
}

/// What an exchange must count, and nothing beside it. Events are counted from 1; `None` and 0 stand for nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// What the case shows, in a sentence.
    pub(crate) about: String,
    /// Where the format comes from.
    pub(crate) source: String,
    /// The traps that it shows, by their number in `tests/data/llm/README.md`.
    #[serde(default)]
    pub(crate) traps: Vec<u32>,
    /// The model that is counted: a configured one, or `other`.
    #[serde(default = "m")]
    pub(crate) model: String,
    /// Whether the proxy saw the end of the response.
    #[serde(default = "yes")]
    pub(crate) response_ends: bool,
    /// The trailers of the response, after which nothing comes.
    #[serde(default)]
    pub(crate) trailers: BTreeMap<String, String>,
    /// Envoy's `response.flags` at the end.
    #[serde(default)]
    pub(crate) flags: u64,
    /// After how many bytes of the response's body each event is whole; only a body in a coding says so itself.
    pub(crate) event_ends: Option<Vec<usize>>,
    pub(crate) outcome: String,
    pub(crate) finish: Option<String>,
    pub(crate) first_token_event: Option<usize>,
    pub(crate) first_visible_token_event: Option<usize>,
    pub(crate) last_token_event: Option<usize>,
    #[serde(default)]
    pub(crate) input_tokens: u64,
    #[serde(default)]
    pub(crate) cached_input_tokens: u64,
    #[serde(default)]
    pub(crate) cache_write_tokens: u64,
    #[serde(default)]
    pub(crate) output_tokens: u64,
    #[serde(default)]
    pub(crate) reasoning_tokens: u64,
    /// Whether the reasoning tokens came as events. If nothing is said, they did if a token came before the first
    /// visible one.
    pub(crate) reasoning_is_streamed: Option<bool>,
    /// How many load reports there are.
    #[serde(default)]
    pub(crate) load_reports: u64,
    /// What the last load report leaves in the gauges of the model server, by name without `server_`.
    #[serde(default)]
    pub(crate) load: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) read_problems: BTreeMap<String, u64>,
    /// Why there is no time per output token when every event comes at a moment of its own.
    pub(crate) per_output_token_skipped: Option<String>,
}

fn m() -> String {
    "m".to_owned()
}

fn yes() -> bool {
    true
}

/// The folder of the corpus.
pub(crate) fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Both packages that share this file are one folder apart.
    let root = if here.join("tests/data").is_dir() { here } else { here.parent().unwrap_or(here) };
    root.join("tests/data/llm")
}

/// All cases, by name.
pub(crate) fn all() -> Vec<Case> {
    const PARTS: [&str; 3] = ["json", "request", "response"];
    let mut parts: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for dialect in entries(&folder()).iter().filter(|entry| entry.is_dir()) {
        for file in entries(dialect) {
            let part = file.extension().and_then(|part| part.to_str()).unwrap_or_default();
            // What a binary body was made from.
            if part == "messages" {
                continue;
            }
            assert!(
                PARTS.contains(&part),
                "{}: a case has files that end with .{}",
                file.display(),
                PARTS.join(", .")
            );
            parts.entry(file.with_extension("")).or_default().insert(part.to_owned());
        }
    }
    let lacking = parts.iter().flat_map(|(case, found)| {
        let missing = PARTS.iter().filter(|part| !found.contains(**part));
        missing.map(|part| format!("{}.{part} is missing", case.display()))
    });
    let lacking: Vec<String> = lacking.collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
    parts.keys().map(|case| Case::read(case)).collect()
}

impl Case {
    /// The configuration under which it is counted. Events beyond 4 KiB are large, so that no large file is needed.
    pub(crate) fn config(&self) -> String {
        let mut names = vec!["m"];
        if !["m", "other"].contains(&&*self.expected.model) {
            names.push(&self.expected.model);
        }
        let models: Vec<_> = names.iter().map(|name| format!("{{\"name\": {name:?}}}")).collect();
        let models = models.join(", ");
        format!(r#"{{"models": [{models}], "event_bytes_max": 4096, "tick_milliseconds": 60000}}"#)
    }

    fn read(case: &Path) -> Case {
        let folder = case.parent().and_then(Path::file_name).unwrap_or_default();
        let name = Path::new(folder).join(case.file_name().unwrap_or_default());
        let (path, request) = Message::request(&case.with_extension("request"));
        let (status, response) = Message::response(&case.with_extension("response"));
        let expected = Expectation::read(&case.with_extension("json"));
        let event_ends = match &expected.event_ends {
            Some(ends) => ends.iter().copied().map(Some).collect(),
            None => events::ends(&response.body),
        };
        let name = name.display().to_string();
        Case { name, path, request, status, response, event_ends, expected }
    }
}

impl Expectation {
    fn read(file: &Path) -> Expectation {
        let expected: Expectation = serde_json::from_slice(&bytes(file))
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_sentence = |text: &str| text.ends_with('.') && text.contains(' ');
        assert!(is_sentence(&expected.about), "{}: `about` is no sentence", file.display());
        assert!(!expected.source.is_empty(), "{}: `source` says nothing", file.display());
        let events = [
            expected.first_token_event,
            expected.first_visible_token_event,
            expected.last_token_event,
        ];
        assert!(!events.contains(&Some(0)), "{}: events are counted from 1", file.display());
        assert_eq!(
            expected.first_token_event.is_some(),
            expected.last_token_event.is_some(),
            "{}: a first token has a last one",
            file.display()
        );
        expected
    }
}
