//! What the inputs of each check begin with: the bodies that `tests/data` holds, in the form that the check reads.

use std::{
    fs,
    path::{Path, PathBuf},
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

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data")
}

/// Files of a folder that end so, by name.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let entries = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|file| file.extension().is_some_and(|it| it == extension)).collect();
    files.sort();
    files
}

/// The head and the body of a message as a corpus keeps it.
fn message(file: &Path) -> (String, Vec<u8>) {
    let message = fs::read(file).unwrap();
    let head = message.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
    let mut body = message[head + 2..].to_vec();
    body.truncate(BODY_BYTES_MAX);
    (String::from_utf8(message[..head].to_vec()).unwrap(), body)
}

fn body(file: &Path) -> Vec<u8> {
    message(file).1
}

fn bodies(dialect: &str, extension: &str) -> Vec<Vec<u8>> {
    files(&data().join("llm").join(dialect), extension).iter().map(|file| body(file)).collect()
}

fn with_cuts(body: &[u8]) -> Vec<u8> {
    [&CUTS[..], body].concat()
}

fn responses_of(dialects: &[&str]) -> Vec<Vec<u8>> {
    dialects
        .iter()
        .flat_map(|dialect| bodies(dialect, "response"))
        .map(|body| with_cuts(&body))
        .collect()
}

fn responses(is_one: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let all = DIALECTS.iter().flat_map(|(dialect, _)| bodies(dialect.name, "response"));
    all.filter(|body| is_one(body)).map(|body| with_cuts(&body)).collect()
}

fn requests() -> impl Iterator<Item = Vec<u8>> {
    DIALECTS
        .iter()
        .flat_map(|(dialect, _)| bodies(dialect.name, "request").into_iter().take(4))
        .map(|body| with_cuts(&body))
}

fn requests_by_dialect() -> Vec<Vec<u8>> {
    let all = (0..).zip(&*DIALECTS).flat_map(|(number, (dialect, _))| {
        let bodies = bodies(dialect.name, "request").into_iter();
        bodies.map(move |body| [&CUTS[..], &[number], &body].concat())
    });
    all.collect()
}

fn exchanges() -> Vec<Vec<u8>> {
    let all = (0..).zip(&*DIALECTS).flat_map(|(number, (dialect, _))| {
        let pairs =
            bodies(dialect.name, "request").into_iter().zip(bodies(dialect.name, "response"));
        pairs.map(move |(request, response)| {
            // Their content type is that of the first byte.
            let form = u8::from(response.starts_with(b"{"));
            [&CUTS[..], &[number, form], &request, b"\0", &response].concat()
        })
    });
    all.collect()
}

fn predictions() -> Vec<Vec<u8>> {
    let all = (0..).zip(&*PREDICTING).flat_map(|(number, (dialect, _))| {
        let folder = data().join("predict").join(dialect.name);
        let pairs = files(&folder, "request").into_iter().zip(files(&folder, "response"));
        pairs.map(move |(request, response)| {
            prediction(number, message(&request), message(&response))
        })
    });
    all.collect()
}

fn prediction(
    dialect: u8,
    (request_head, request): (String, Vec<u8>),
    (response_head, response): (String, Vec<u8>),
) -> Vec<u8> {
    let header = |head: &str, name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned)
    };
    let content_type = |head: &str| {
        let said = header(head, "content-type");
        // Others mean the same as none.
        let place = CONTENT_TYPES.iter().position(|it| *it == said.as_deref());
        place.unwrap_or(CONTENT_TYPES.len() - 1)
    };
    let document_bytes = |head: &str| {
        let said = header(head, "inference-header-content-length");
        let length = said.and_then(|length| length.parse().ok());
        // Over gRPC, how messages are compressed.
        let coding = header(head, "grpc-encoding");
        let coding = MESSAGE_ENCODINGS.iter().position(|it| *it == coding.as_deref());
        length.or(coding.and_then(|place| u16::try_from(place).ok())).unwrap_or(0).to_be_bytes()
    };
    let types = content_type(&request_head) + CONTENT_TYPES.len() * content_type(&response_head);
    let request_bytes = u16::try_from(request.len()).expect("it is cut").to_be_bytes();
    let lengths =
        [request_bytes, document_bytes(&request_head), document_bytes(&response_head)].concat();
    [&CUTS[..], &[dialect, types as u8], &lengths, &request, &response].concat()
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
    let seed = |(file, coding): (&str, &str)| {
        let number = CODINGS.iter().position(|it| *it == coding).expect("it is one of them") as u8;
        let mut body = fs::read(data().join("encoded").join(file)).unwrap();
        body.truncate(BODY_BYTES_MAX);
        [0, 1].map(|side| [&CUTS[..], &[number, side], &body].concat())
    };
    FILES.into_iter().flat_map(seed).collect()
}
