//! What the inputs of each check begin with: the bodies that `tests/data` holds, in the form that the check reads.

use std::{fs, path::Path, sync::LazyLock};

use driftline_support::{
    corpus::{self, Corpus, Exchange},
    message::Message,
};

use super::checks::{CODINGS, CONTENT_TYPES, DIALECTS, MESSAGE_ENCODINGS, PREDICTING, PROFILE};

/// Longer bodies are cut: what is special about them comes before.
const BODY_BYTES_MAX: usize = 20_000;

/// Byte by byte; the checks and mutations draw others.
const CUTS: [u8; 2] = [0, 0];

/// The seeds of a check. Panics if it is unknown.
pub(crate) fn of(check: &str) -> Vec<Vec<u8>> {
    match check {
        "sse" => responses(|body| body.starts_with(b"data") || body.starts_with(b"event")),
        "lines" => responses_of(&["ollama_chat", "ollama_generate"]),
        "elements" => responses(|body| body.starts_with(b"[")),
        "eventstream" => responses_of(&["bedrock_converse", "bedrock_invoke"]),
        "wrapped" => responses_of(&["bedrock_invoke"]),
        "grpc" => vec![
            [&CUTS[..], b"\0\0\0\0\x03abc\x01\0\0\0\x02de"].concat(),
            [&CUTS[..], b"\0\0\0\0\0\0\0\0\0\x01a\x02"].concat(),
        ],
        "json" | "fields" => {
            responses(|body| body.starts_with(b"{")).into_iter().chain(requests()).collect()
        }
        "encodings" => encoded(),
        "dialects" => exchanges(),
        "requests" => requests_by_dialect(),
        "prediction" => predictions(),
        "load" => LOAD.iter().map(|report| report.to_vec()).collect(),
        "config" => configs(),
        "profile" => vec![PROFILE.into()],
        _ => panic!("no seeds for {check}"),
    }
}

/// Behind a byte for the header.
const LOAD: [&[u8]; 5] = [
    b"\0TEXT cpu_utilization=0.3, named_metrics.kv_cache_usage_perc=0.4, eps=1e-3",
    b"\0JSON {\"cpu_utilization\": 0.3, \"named_metrics\": {\"num_requests_waiting\": 3, \"x\": null}}",
    b"\0BIN CWZmZmZmZuY/EQAAAAAAAOA/GAw=",
    b"\x01CWZmZmZmZuY/GAwiDAoBYREAAAAAAADwP0IeChNrdl9jYWNoZV91c2FnZV9wZXJjEZqZmZmZmdk/",
    b"\0named_metrics.num_requests_running:2",
];

fn configs() -> Vec<Vec<u8>> {
    [
        r#"{"models": [{"name": "a"}]}"#.to_owned(),
        r#"{"models": [{"name": "gpt-*"}], "names_max": 3, "routes": ["r", "s-*"], "endpoints":
            [{"path": "/a/*", "dialect": "openai_chat"}, {"route": "r", "dialect": "none"}],
            "window_seconds": 60, "tick_milliseconds": 1000, "event_bytes_max": 2048,
            "decode": ["gzip", "br"], "remove_accept_encoding": true}"#
            .to_owned(),
        format!(r#"{{"models": [{{"name": "rain", "profile": {PROFILE}}}]}}"#),
    ]
    .map(String::into_bytes)
    .into()
}

/// Exchanges with language models, their bodies cut.
static LLM: LazyLock<Vec<Exchange>> = LazyLock::new(|| cut(&corpus::LLM));
/// Exchanges with models that predict, their bodies cut.
static PREDICT: LazyLock<Vec<Exchange>> = LazyLock::new(|| cut(&corpus::PREDICT));

fn cut(corpus: &Corpus) -> Vec<Exchange> {
    let mut exchanges = corpus.exchanges();
    for exchange in &mut exchanges {
        exchange.request.body.truncate(BODY_BYTES_MAX);
        exchange.response.body.truncate(BODY_BYTES_MAX);
    }
    exchanges
}

/// Those of a dialect.
fn of_dialect(exchanges: &'static [Exchange], dialect: &str) -> Vec<&'static Exchange> {
    let found: Vec<_> = exchanges.iter().filter(|it| it.dialect() == dialect).collect();
    assert!(!found.is_empty(), "the corpus has no exchange in {dialect}");
    found
}

fn with_cuts(body: &[u8]) -> Vec<u8> {
    [&CUTS[..], body].concat()
}

fn responses_of(dialects: &[&str]) -> Vec<Vec<u8>> {
    let all = dialects.iter().flat_map(|dialect| of_dialect(&LLM, dialect));
    all.map(|exchange| with_cuts(&exchange.response.body)).collect()
}

fn responses(is_one: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let all = DIALECTS.iter().flat_map(|(dialect, _)| of_dialect(&LLM, dialect.name));
    let bodies = all.map(|exchange| &*exchange.response.body);
    bodies.filter(|body| is_one(body)).map(with_cuts).collect()
}

fn requests() -> impl Iterator<Item = Vec<u8>> {
    let some = DIALECTS.iter().flat_map(|(dialect, _)| {
        let exchanges = of_dialect(&LLM, dialect.name);
        exchanges.into_iter().take(4)
    });
    some.map(|exchange| with_cuts(&exchange.request.body))
}

fn requests_by_dialect() -> Vec<Vec<u8>> {
    let all = (0..).zip(&*DIALECTS).flat_map(|(number, (dialect, _))| {
        let exchanges = of_dialect(&LLM, dialect.name).into_iter();
        exchanges.map(move |exchange| [&CUTS[..], &[number], &exchange.request.body].concat())
    });
    all.collect()
}

fn exchanges() -> Vec<Vec<u8>> {
    let all = (0..).zip(&*DIALECTS).flat_map(|(number, (dialect, _))| {
        let exchanges = of_dialect(&LLM, dialect.name).into_iter();
        exchanges.map(move |exchange| {
            let (request, response) = (&exchange.request.body, &exchange.response.body);
            // Their content type is that of the first byte.
            let form = u8::from(response.starts_with(b"{"));
            [&CUTS[..], &[number, form], request, b"\0", response].concat()
        })
    });
    all.collect()
}

fn predictions() -> Vec<Vec<u8>> {
    let all = (0..).zip(&*PREDICTING).flat_map(|(number, (dialect, _))| {
        let exchanges = of_dialect(&PREDICT, dialect.name).into_iter();
        exchanges.map(move |exchange| prediction(number, &exchange.request, &exchange.response))
    });
    all.collect()
}

fn prediction(dialect: u8, request: &Message, response: &Message) -> Vec<u8> {
    let content_type = |message: &Message| {
        let said = message.header("content-type");
        // Others mean the same as none.
        let place = CONTENT_TYPES.iter().position(|it| *it == said);
        place.unwrap_or(CONTENT_TYPES.len() - 1)
    };
    let document_bytes = |message: &Message| {
        let said = message.header("inference-header-content-length");
        let length = said.and_then(|length| length.parse().ok());
        // Over gRPC, how messages are compressed.
        let coding = message.header("grpc-encoding");
        let coding = MESSAGE_ENCODINGS.iter().position(|it| *it == coding);
        length.or(coding.and_then(|place| u16::try_from(place).ok())).unwrap_or(0).to_be_bytes()
    };
    let types = content_type(request) + CONTENT_TYPES.len() * content_type(response);
    let request_bytes = u16::try_from(request.body.len()).expect("it is cut").to_be_bytes();
    let lengths = [request_bytes, document_bytes(request), document_bytes(response)].concat();
    [&CUTS[..], &[dialect, types as u8], &lengths, &request.body, &response.body].concat()
}

fn encoded() -> Vec<Vec<u8>> {
    const FILES: [(&str, &str); 9] = [
        ("stream.gzip", "gzip"),
        ("members.gzip", "gzip"),
        ("stream.zlib", "deflate"),
        ("stream.raw", "deflate"),
        ("stream.br", "br"),
        ("stream.zstd", "zstd"),
        ("frames.zstd", "zstd"),
        ("dense.gzip", "gzip"),
        ("bomb.gzip.br", "gzip, br"),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/encoded");
    let seed = |(file, coding): (&str, &str)| {
        let number = CODINGS.iter().position(|it| *it == coding).expect("it is one of them") as u8;
        let mut body = fs::read(folder.join(file)).unwrap();
        body.truncate(BODY_BYTES_MAX);
        [0, 1].map(|side| [&CUTS[..], &[number, side], &body].concat())
    };
    FILES.into_iter().flat_map(seed).collect()
}
