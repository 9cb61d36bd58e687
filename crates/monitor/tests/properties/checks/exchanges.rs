//! Whole exchanges with models that generate, in every dialect and coding. Which results are right is a matter of the corpora.

use std::{cell::RefCell, sync::LazyLock};

use driftline_inference::known::{self, KnownDialect};

use super::{
    exchange::{Host, Message, Wire},
    frames::mended,
    input::{Cuts, take_number},
};

/// What `content-encoding` may say.
pub(crate) const CODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd,gzip"];

/// What `content-type` may say; `None` for nothing.
const CONTENT_TYPES: [Option<&[u8]>; 4] =
    [Some(b"text/event-stream"), Some(b"application/json"), Some(b"application/x-ndjson"), None];

/// What is spoken where the dialect does not matter.
const CHAT: &str = "/v1/chat/completions";

/// Each dialect with a path that speaks it. An input names one by its place here.
pub(crate) static DIALECTS: LazyLock<Vec<(KnownDialect, String)>> = LazyLock::new(|| {
    let path = |dialect: KnownDialect| {
        // Those of streams come last.
        let pattern = dialect.paths().last().expect("a dialect has paths");
        pattern.replace("{model}", "m").replace('*', "1")
    };
    known::generating().map(|dialect| (dialect, path(dialect))).collect()
});

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new(r#"{"models": [{"name": "m"}], "event_bytes_max": 1024}"#));
}

/// `[cuts, cuts, dialect, form, request..., 0, response...]`
pub(crate) fn dialects(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (dialect, rest) = take_number(rest);
    let (form, rest) = take_number(rest);
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let (request, response) = rest.split_at(end);
    let response = response.get(1..).unwrap_or_default();
    let (dialect, path) = &DIALECTS[dialect % DIALECTS.len()];
    let mended = if dialect.name.starts_with("bedrock") { mended(response) } else { Vec::new() };
    for response in [response, &mended] {
        let content_type = CONTENT_TYPES[form % CONTENT_TYPES.len()];
        check(
            cuts,
            &Wire {
                path,
                request: Message { body: request, ..Message::default() },
                response: Message { body: response, content_type, ..Message::default() },
                ends: form & 4 == 0,
            },
        );
    }
}

/// `[cuts, cuts, dialect, request...]`
pub(crate) fn requests(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (dialect, request) = take_number(rest);
    let (_, path) = &DIALECTS[dialect % DIALECTS.len()];
    let request = Message { body: request, ..Message::default() };
    check(cuts, &Wire { path, request, response: Message::default(), ends: true });
}

/// `[cuts, cuts, coding, side, body...]`
pub(crate) fn encodings(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (coding, rest) = take_number(rest);
    let (side, body) = take_number(rest);
    let encoding = Some(CODINGS[coding % CODINGS.len()].as_bytes());
    let encoded = Message { body, encoding, ..Message::default() };
    let (request, response) =
        if side & 1 == 0 { (Message::default(), encoded) } else { (encoded, Message::default()) };
    check(cuts, &Wire { path: CHAT, request, response, ends: true });
}

fn check(cuts: Cuts, wire: &Wire<'_>) {
    HOST.with_borrow_mut(|host| host.check(cuts, wire));
}
