//! Reads a case of the corpus: an exchange as it stands on the wire, and what it must count; it judges nothing.
//!
//! How the files look is said in `tests/data/predict/README.md`. A file that does not look so is a mistake of its author:
//! reading it panics with the file and what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    events,
    message::{Message, bytes, entries},
};

/// An exchange and its expectation.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its dialect and its own name: `kserve_v1/rows_by_position`.
    pub(crate) name: String,
    /// The request's path, query included.
    pub(crate) path: String,
    pub(crate) request: Message,
    /// The response's status.
    pub(crate) status: u16,
    pub(crate) response: Message,
    /// There are none.
    pub(crate) event_ends: Vec<events::End>,
    pub(crate) expected: Expectation,
}

/// Values by bin, or by the reason why they are in none.
pub(crate) type Values = BTreeMap<String, u64>;

/// What an exchange must count, and nothing beside it. What is left out stands for nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// What the case shows, in a sentence.
    pub(crate) about: String,
    /// Where the format comes from.
    pub(crate) source: String,
    /// The traps that it shows, by their number in the README.
    #[serde(default)]
    pub(crate) traps: Vec<u32>,
    /// The kinds of bad input that it shows, by their name in the README.
    #[serde(default)]
    pub(crate) bad: Vec<String>,
    /// The dialect that is declared for the path, and that it asks the model `m`; undeclared by default.
    pub(crate) declared: Option<String>,
    /// The features of the profile by name, each with its type; by default `a` and `b` are numbers, and `c` is a category.
    #[serde(default = "features")]
    pub(crate) columns: BTreeMap<String, String>,
    /// The type of the prediction; `none` for a profile without one.
    #[serde(default = "number")]
    pub(crate) prediction_type: String,
    /// Further fields of the model in the configuration: `features`, `prediction`, `sampling`.
    #[serde(default)]
    pub(crate) settings: Map<String, Value>,
    /// The model that is counted: `m` or `other`.
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
    pub(crate) outcome: String,
    /// Rows of the request.
    #[serde(default)]
    pub(crate) rows: u64,
    /// Rows of the answer.
    #[serde(default)]
    pub(crate) predictions: u64,
    /// The values of each feature.
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Values>,
    /// The values of the prediction.
    #[serde(default)]
    pub(crate) prediction: Values,
    /// What differs from the profile beside single values: `extra_column`, `wrong_shape`.
    #[serde(default)]
    pub(crate) faults: BTreeMap<String, u64>,
    /// What could not be read, by reason.
    #[serde(default)]
    pub(crate) read_problems: BTreeMap<String, u64>,
}

fn features() -> BTreeMap<String, String> {
    [("a", "number"), ("b", "number"), ("c", "category")]
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .into()
}

fn number() -> String {
    "number".to_owned()
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
    root.join("tests/data/predict")
}

/// All cases, by name.
pub(crate) fn all() -> Vec<Case> {
    const PARTS: [&str; 3] = ["json", "request", "response"];
    let mut parts: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for dialect in entries(&folder()).iter().filter(|entry| entry.is_dir()) {
        for file in entries(dialect) {
            let part = file.extension().and_then(|part| part.to_str()).unwrap_or_default();
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
    /// The configuration under which it is counted: the model `m` with its profile.
    pub(crate) fn config(&self) -> String {
        let expected = &self.expected;
        let columns = expected.columns.iter().map(|(name, kind)| {
            let mut feature = column(kind);
            feature["name"] = json!(name);
            feature
        });
        let prediction = match &*expected.prediction_type {
            "none" => Value::Null,
            kind => column(kind),
        };
        let mut model = expected.settings.clone();
        model.insert("name".into(), json!("m"));
        model.insert(
            "profile".into(),
            json!({
                "format": "driftline-profile", "format_version": 1, "model": "m", "version": null,
                "created_at": "2026-11-25T12:00:00Z", "rows": 10,
                "features": columns.collect::<Vec<_>>(), "prediction": prediction,
            }),
        );
        let mut config = json!({"models": [model], "tick_milliseconds": 60000});
        if let Some(dialect) = &expected.declared {
            config["endpoints"] = json!([{"path": "/*", "dialect": dialect, "model": "m"}]);
        }
        config.to_string()
    }

    fn read(case: &Path) -> Case {
        let folder = case.parent().and_then(Path::file_name).unwrap_or_default();
        let name = Path::new(folder).join(case.file_name().unwrap_or_default());
        let (path, request) = Message::request(&case.with_extension("request"));
        let (status, response) = Message::response(&case.with_extension("response"));
        let expected = Expectation::read(&case.with_extension("json"));
        let (name, event_ends) = (name.display().to_string(), Vec::new());
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
        expected
    }
}

/// A column of the profile, in which every value that a case may count has a bin of its own, and nothing is required.
///
/// Numbers fall into the bins 00 to 09, one for each of the numbers from 0 to 9, and all others into `other`; categories
/// into `x`, `y` and `z`, and all others into `other`.
fn column(kind: &str) -> Value {
    let chi_square = json!({"five_percent": 1, "one_percent": 2, "family": 3});
    if kind == "category" {
        return json!({
            "type": kind, "schema": {"required": false, "categories": null}, "nulls": 0,
            "bins": {"kind": "categories", "categories": ["x", "y", "z"], "counts": [4, 3, 2, 1]},
            "chi_square": chi_square,
        });
    }
    let (mut counts, mut means) =
        (vec![json!(1); 10], (0..10).map(Value::from).collect::<Vec<_>>());
    counts.push(json!(0));
    means.push(Value::Null);
    json!({
        "type": kind, "schema": {"required": false, "minimum": -1e300, "maximum": 1e300}, "nulls": 0,
        "mean": 4.5, "standard_deviation": 3, "minimum": 0, "maximum": 9,
        "bins": {
            "kind": "values", "values": (0..10).collect::<Vec<_>>(), "counts": counts, "means": means,
        },
        "tail_excess": {"low": 0, "high": 0}, "chi_square": chi_square,
    })
}
