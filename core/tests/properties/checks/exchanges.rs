//! Whole exchanges in every dialect and coding: whole or cut, they count the same; what they should count is a matter of
//! the corpus.

use std::cell::RefCell;

use driftline_core::{
    config::Config,
    exchange::{Exchange, RequestHead, ResponseHead},
    ledger::{Change, Ledger},
    load::ReportHeaders,
    monitor::Monitor,
    outcome::Outcome,
    series::Series,
    time::Timestamp,
};

use super::{frames::mended, input::Cuts};

/// Every dialect of models that generate, with a path that speaks it. An input names one by its place here, so new ones
/// come last: else what fuzzing has kept would mean something else.
pub(crate) const DIALECTS: [(&str, &str); 13] = [
    ("openai_chat", "/v1/chat/completions"),
    ("openai_responses", "/v1/responses"),
    ("openai_completions", "/v1/completions"),
    ("openai_embeddings", "/v1/embeddings"),
    ("anthropic_messages", "/v1/messages"),
    ("gemini", "/v1beta/models/m:streamGenerateContent"),
    ("cohere_chat", "/v2/chat"),
    ("ollama_chat", "/api/chat"),
    ("ollama_generate", "/api/generate"),
    ("triton_generate", "/v2/models/m/generate_stream"),
    ("tgi", "/generate_stream"),
    ("bedrock_converse", "/model/m/converse-stream"),
    ("bedrock_invoke", "/model/m/invoke-with-response-stream"),
];

/// What `content-encoding` may say.
pub(crate) const CODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd,gzip"];

/// What `content-type` may say; `None` for nothing.
const CONTENT_TYPES: [Option<&[u8]>; 4] =
    [Some(b"text/event-stream"), Some(b"application/json"), Some(b"application/x-ndjson"), None];

/// A model that predicts, for checks and seeds.
pub(crate) const PROFILE: &str = include_str!("../profile.json");

/// One exchange as it stands on the wire.
#[derive(Clone, Copy, Debug, Default)]
struct Wire<'w> {
    path: &'w str,
    request: &'w [u8],
    request_encoding: Option<&'w [u8]>,
    response: &'w [u8],
    response_encoding: Option<&'w [u8]>,
    /// What either head says of messages over gRPC.
    message_encoding: Option<&'w [u8]>,
    content_type: Option<&'w [u8]>,
    ends: bool,
}

/// What an exchange changed.
#[derive(Debug, PartialEq)]
struct Counts {
    outcome: Outcome,
    /// By number of the series, without those that are 0.
    changed: Vec<(usize, i64)>,
}

/// The core, called as a proxy's filter calls it.
struct Host {
    monitor: Monitor,
    ledger: Ledger,
    /// By number of the series; all 0 between exchanges.
    counts: Vec<i64>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new());
}

/// `[cuts, cuts, dialect, form, request..., 0, response...]`
pub(crate) fn dialects(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (dialect, rest) = take_number(rest);
    let (form, rest) = take_number(rest);
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let (request, response) = rest.split_at(end);
    let response = response.get(1..).unwrap_or_default();
    let (name, path) = DIALECTS[dialect % DIALECTS.len()];
    let mended = if name.starts_with("bedrock") { mended(response) } else { Vec::new() };
    for response in [response, &mended] {
        check(
            cuts,
            &Wire {
                path,
                request,
                response,
                content_type: CONTENT_TYPES[form % CONTENT_TYPES.len()],
                ends: form & 4 == 0,
                ..Wire::default()
            },
        );
    }
}

/// `[cuts, cuts, dialect, request...]`
pub(crate) fn requests(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (dialect, request) = take_number(rest);
    let (_, path) = DIALECTS[dialect % DIALECTS.len()];
    check(cuts, &Wire { path, request, ends: true, ..Wire::default() });
}

/// `[cuts, cuts, request..., 0, response...]`
pub(crate) fn prediction(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
    let (request, response) = rest.split_at(end);
    let response = response.get(1..).unwrap_or_default();
    let path = "/v1/models/rain:predict";
    check(cuts, &Wire { path, request, response, ends: true, ..Wire::default() });
}

/// `[cuts, cuts, coding, side, body...]`; with 2 in the side, the body is one of messages over gRPC.
pub(crate) fn encodings(input: &[u8]) {
    let (cuts, rest) = Cuts::take(input);
    let (coding, rest) = take_number(rest);
    let (side, body) = take_number(rest);
    let encoding = Some(CODINGS[coding % CODINGS.len()].as_bytes());
    if side & 2 != 0 {
        // Of a request, the body names the model, or the configuration does.
        let path =
            if side & 4 == 0 { "/rain" } else { "/inference.GRPCInferenceService/ModelInfer" };
        let wire = Wire { path, message_encoding: encoding, ends: true, ..Wire::default() };
        let wire = if side & 1 == 0 {
            Wire { response: body, path: "/rain", ..wire }
        } else {
            Wire { request: body, ..wire }
        };
        return check(cuts, &wire);
    }
    let path = "/v1/chat/completions";
    let wire = if side & 1 == 0 {
        Wire { path, response: body, response_encoding: encoding, ends: true, ..Wire::default() }
    } else {
        Wire { path, request: body, request_encoding: encoding, ends: true, ..Wire::default() }
    };
    check(cuts, &wire);
}

/// `[header, report...]`: what a model server says about its load sets gauges or is malformed, never both.
pub(crate) fn load(input: &[u8]) {
    let (header, report) = take_number(input);
    let headers = if header & 1 == 0 {
        ReportHeaders { report: Some(report), binary: None }
    } else {
        ReportHeaders { report: None, binary: Some(report) }
    };
    HOST.with_borrow_mut(|host| {
        let Host { monitor, ledger, .. } = host;
        let head = RequestHead { method: b"POST", path: b"/v1/messages", ..RequestHead::default() };
        let mut exchange = Exchange::start(monitor, ledger, Timestamp(0), &head).expect("known");
        exchange.end_naming(monitor, ledger);
        ledger.drain(|_, _| ());
        exchange.load_report(monitor, ledger, &headers);
        let (mut read, mut gauges, mut malformed) = (0, 0, 0);
        ledger.drain(|id, change| match (change, &*monitor.series()[id.index()].name) {
            (Change::Set(_), name) if name.starts_with("driftline_server_") => gauges += 1,
            (Change::Add(1), "driftline_load_reports_total") => read += 1,
            (Change::Add(1), "driftline_read_problems_total") => malformed += 1,
            other => panic!("{other:?}"),
        });
        assert_eq!(read + malformed, 1);
        assert!(gauges == 0 || read == 1);
    });
}

fn take_number(input: &[u8]) -> (usize, &[u8]) {
    input.split_first().map_or((0, input), |(&first, rest)| (first.into(), rest))
}

fn check(cuts: Cuts, wire: &Wire<'_>) {
    HOST.with_borrow_mut(|host| {
        let whole = host.run(wire, [wire.request].into_iter(), [wire.response].into_iter());
        let cut = host.run(wire, cuts.of(wire.request), cuts.of(wire.response));
        let [whole_is_given_up, cut_is_given_up] =
            [&whole, &cut].map(|counts| host.names(counts).any(is_given_up));
        if whole_is_given_up || cut_is_given_up {
            // How far a body was read before it was given up depends on how it came; that it was is all that is said.
            // What is a bomb by then, too.
            let [whole_is_broken, cut_is_broken] =
                [&whole, &cut].map(|counts| host.names(counts).any(is_broken));
            assert!(!whole_is_broken || cut_is_given_up, "only broken if whole");
            assert!(!cut_is_broken || whole_is_given_up, "only broken if cut");
            return;
        }
        assert!(
            whole == cut,
            "{}:\nwhole {:?}\ncut   {:?}",
            wire.path,
            host.names(&whole).zip(&whole.changed).collect::<Vec<_>>(),
            host.names(&cut).zip(&cut.changed).collect::<Vec<_>>(),
        );
    });
}

/// The series counts a body in a coding that was not read to its end.
fn is_given_up(series: &Series) -> bool {
    let reasons = ["decoded_too_dense", "decoder_too_large", "no_room_to_decode"];
    is_broken(series) || series.labels.iter().any(|(_, value)| reasons.contains(&value.as_str()))
}

/// The series counts a body that is not what its coding promises.
fn is_broken(series: &Series) -> bool {
    series.labels.iter().any(|(_, value)| value == "encoding_malformed")
}

impl Host {
    fn new() -> Host {
        let config = format!(
            r#"{{"models": [{{"name": "m"}}, {{"name": "rain", "profile": {PROFILE}}}],
                "endpoints": [{{"path": "/rain", "dialect": "v2_grpc", "model": "rain"}}], "event_bytes_max": 1024}}"#
        );
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let monitor = Monitor::new(&config);
        let (ledger, counts) = (Ledger::new(monitor.series_max()), vec![0; monitor.series_max()]);
        Host { monitor, ledger, counts }
    }

    /// What an exchange counts. All pieces of the response come at one moment, so that no time depends on the cuts.
    fn run<'b>(
        &mut self,
        wire: &Wire<'_>,
        request: impl Iterator<Item = &'b [u8]>,
        response: impl Iterator<Item = &'b [u8]>,
    ) -> Counts {
        let Host { monitor, ledger, counts } = self;
        let mut drain = |ledger: &mut Ledger| {
            ledger.drain(|id, change| {
                let count = &mut counts[id.index()];
                *count = count.wrapping_add(match change {
                    Change::Add(amount) => amount.cast_signed(),
                    Change::Shift(by) => by,
                    Change::Sample(value) => value.cast_signed().wrapping_mul(31).wrapping_add(1),
                    Change::Set(value) => value.cast_signed(),
                });
            });
        };
        let head = RequestHead {
            method: b"POST",
            path: wire.path.as_bytes(),
            content_encoding: wire.request_encoding,
            message_encoding: wire.message_encoding,
            ..RequestHead::default()
        };
        let mut exchange = Exchange::start(monitor, ledger, Timestamp(0), &head)
            .unwrap_or_else(|| panic!("{} speaks nothing", wire.path));
        drain(ledger);
        for piece in request.filter(|piece| !piece.is_empty()) {
            exchange.request_body(monitor, ledger, piece);
            drain(ledger);
        }
        exchange.request_end();
        let head = ResponseHead {
            status: Some(200),
            content_type: wire.content_type,
            content_encoding: wire.response_encoding,
            message_encoding: wire.message_encoding,
            ..ResponseHead::default()
        };
        exchange.response_head(monitor, ledger, &head);
        drain(ledger);
        for piece in response.filter(|piece| !piece.is_empty()) {
            exchange.response_body(monitor, ledger, Timestamp(5_000_000), piece);
            drain(ledger);
        }
        if wire.ends {
            exchange.response_end();
        }
        let outcome = exchange.finish(monitor, ledger, Timestamp(9_000_000), 0);
        drain(ledger);
        let changed = counts.iter_mut().enumerate().filter(|(_, count)| **count != 0);
        let changed = changed.map(|(number, count)| (number, std::mem::take(count))).collect();
        Counts { outcome, changed }
    }

    /// The series that an exchange changed.
    fn names<'h>(&'h self, counts: &'h Counts) -> impl Iterator<Item = &'h Series> {
        counts.changed.iter().filter_map(|(number, _)| self.monitor.series().get(*number))
    }
}
