//! Whole exchanges with models that predict, in every dialect and by every way to find a value. Which results are right
//! is a matter of the corpus.

use std::{cell::RefCell, sync::LazyLock};

use driftline_inference::known::{self, KnownDialect};
use serde_json::{Value, json};

use super::{
    PROFILE,
    exchange::{Host, Message, Wire},
    input::{Cuts, take_number},
};

/// What `content-type` may say; `None` for nothing. An input names one by its place here.
pub(crate) const CONTENT_TYPES: [Option<&str>; 7] = [
    Some("application/json"),
    Some("text/csv"),
    Some("text/csv; header=present"),
    Some("application/jsonlines"),
    Some("application/octet-stream"),
    Some("application/grpc"),
    None,
];

/// What `grpc-encoding` may say; `None` for nothing. An input of such a dialect names one by its place here, in place of the
/// length of a document.
pub(crate) const MESSAGE_ENCODINGS: [Option<&str>; 5] =
    [None, Some("gzip"), Some("deflate"), Some("zstd"), Some("snappy")];

/// Each dialect with a path that speaks it. An input names one by its place here.
pub(crate) static PREDICTING: LazyLock<Vec<(KnownDialect, String)>> = LazyLock::new(|| {
    let path = |dialect: KnownDialect| {
        // Where neither the path nor a message names the model, the configuration does.
        let named = |pattern: &&str| pattern.contains("{model}") || dialect.name.contains("grpc");
        match dialect.paths().find(named) {
            Some(pattern) => pattern.replace("{model}", "m").replace('*', "1"),
            None => format!("/declared/{}", dialect.name),
        }
    };
    known::predicting().map(|dialect| (dialect, path(dialect))).collect()
});

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new(&config().to_string()));
}

/// A model that looks for its features in all the ways that need no header.
fn config() -> Value {
    let mut profile: Value = serde_json::from_str(PROFILE).expect("it is JSON");
    profile["model"] = json!("m");
    let features = profile["features"].as_array_mut().expect("a list");
    for (name, kind) in [
        ("c", "category"),
        ("inside", "number"),
        ("element", "number"),
        ("when", "timestamp"),
        ("text", "text_length"),
        ("vector", "vector_norm"),
    ] {
        let mut feature = features[usize::from(kind == "category")].clone();
        feature["name"] = json!(name);
        feature["type"] = json!(kind);
        feature["schema"]["required"] = json!(false);
        if kind != "category" {
            // No length is below 0.
            feature["minimum"] = json!(0);
            feature["schema"]["minimum"] = json!(0);
        }
        features.push(feature);
    }
    let declared = PREDICTING.iter().filter(|(_, path)| path.starts_with("/declared/"));
    let declared = declared
        .map(|(dialect, path)| json!({"path": path, "dialect": dialect.name, "model": "m"}));
    json!({
        "models": [{
            "name": "m",
            "profile": profile,
            "features": [
                {"name": "inside", "path": "user.age"},
                {"name": "element", "tensor": "b", "index": 1},
            ],
            "sampling": {"rows": 8, "every": 3},
        }],
        "endpoints": declared.collect::<Vec<_>>(),
    })
}

/// `[cuts, cuts, dialect, types, request bytes (2), document bytes (2), document bytes (2), request..., response...]`:
/// how long a request is, and how long the documents that raw tensors follow, 0 for a header that is not there. Over gRPC
/// these say how messages are compressed.
pub(crate) fn prediction(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (dialect, rest) = take_number(rest);
    let (types, rest) = take_number(rest);
    let (request_bytes, rest) = take_length(rest);
    let (request_document, rest) = take_length(rest);
    let (response_document, rest) = take_length(rest);
    let (request, response) = rest.split_at(rest.len().min(request_bytes));
    let (dialect, path) = &PREDICTING[dialect % PREDICTING.len()];
    let is_grpc = dialect.name.contains("grpc");
    let lengths = [request_document, response_document].map(|length| length.to_string());
    let codings = [request_document, response_document]
        .map(|place| MESSAGE_ENCODINGS[place % MESSAGE_ENCODINGS.len()]);
    let message = |body, types: usize, way: usize| Message {
        body,
        content_type: CONTENT_TYPES[types % CONTENT_TYPES.len()].map(str::as_bytes),
        document_length: Some(lengths[way].as_bytes()).filter(|length| *length != b"0"),
        message_encoding: codings[way].map(str::as_bytes).filter(|_| is_grpc),
        encoding: None,
    };
    let request = message(request, types, 0);
    let response = message(response, types / CONTENT_TYPES.len(), 1);
    let wire = Wire { path, request, response, ends: true };
    HOST.with_borrow_mut(|host| host.check(cuts, &wire));
}

fn take_length(input: &[u8]) -> (usize, &[u8]) {
    let (high, rest) = take_number(input);
    let (low, rest) = take_number(rest);
    (high << 8 | low, rest)
}
