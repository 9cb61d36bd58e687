//! What an exchange holds from its headers to its end, whatever it says, against what it took of the account.

use std::cell::Cell;

use driftline_monitor::{
    memory::{VM_BYTES, VmMemory},
    native::{Header, NativeHost, header},
    session::{Session, Stream},
};
use driftline_statistics::time::rfc3339::UnixTime;
use driftline_support::{
    corpus::{Case, LLM, PREDICT},
    message::Message,
    uniform_profile,
};

use crate::{
    counting::{held, most_held, uncounted},
    quiet_host::QuietHost,
    random::Random,
};

/// In how many pieces a body comes at most, so that a large one takes no minutes.
const PIECES_MAX: usize = 200;
/// How many inputs are made of each exchange.
const MUTANTS: usize = 8;

/// A session in a VM of its own.
struct Vm {
    host: NativeHost,
    memory: VmMemory,
    session: Session,
}

impl Vm {
    fn new(config: &str) -> Vm {
        let (host, memory) = (NativeHost::default(), VmMemory::default());
        *host.configuration.borrow_mut() = config.as_bytes().to_vec();
        let session = Session::configure(&QuietHost(&host), &memory, config.len());
        let session = session.unwrap_or_else(|error| panic!("{error}"));
        Vm { host, memory, session }
    }

    /// Carries an exchange out: what it took of the account at its beginning, and the most that it held after a callback
    /// beside what decoders and readers took later.
    fn most_beside(&self, case: &Case) -> (usize, usize) {
        let Vm { host, memory, session } = self;
        let quiet = QuietHost(host);
        let (before, free_before) = (held(), memory.bytes_left());
        let mut stream = Stream::default();
        let first = [header(":method", "POST"), header(":path", &case.path)];
        uncounted(|| *host.request.borrow_mut() = headers(first, &case.request));
        let _ = session.request_headers(&quiet, &mut stream, false);
        let free = memory.bytes_left();
        let most = Cell::new(0);
        let note = || {
            let taken = free.saturating_sub(memory.bytes_left());
            most.set(most.get().max((held() - before).saturating_sub(taken)));
        };
        note();
        for piece in pieces(&case.request.body) {
            uncounted(|| *host.body.borrow_mut() = piece.to_vec());
            let _ = session.request_body(&quiet, &mut stream, piece.len(), false);
            note();
        }
        let _ = session.request_body(&quiet, &mut stream, 0, true);
        let first = [header(":status", &case.status.to_string())];
        uncounted(|| *host.response.borrow_mut() = headers(first, &case.response));
        uncounted(|| host.set_property("response\0code_details", b"via_upstream"));
        session.response_headers(&quiet, &mut stream, false);
        note();
        for piece in pieces(&case.response.body) {
            uncounted(|| *host.body.borrow_mut() = piece.to_vec());
            session.response_body(&quiet, &mut stream, piece.len(), false);
            note();
        }
        session.end_unobserved(&quiet, &mut stream);
        uncounted(|| host.end_stream());
        (free_before - free, most.get())
    }
}

fn headers<const N: usize>(first: [Header; N], message: &Message) -> Vec<Header> {
    let others = message.headers.iter().map(|(name, value)| header(name, value));
    first.into_iter().chain(others).collect()
}

fn pieces(body: &[u8]) -> std::slice::Chunks<'_, u8> {
    body.chunks(body.len().div_ceil(PIECES_MAX).max(1))
}

/// Checks exchanges, and what a few random changes make of each of them.
#[track_caller]
fn check(cases: impl IntoIterator<Item = Case>) {
    let mut random = Random::new(0);
    // What it took, what it held at most, and which one.
    let mut fullest = (0, 0, String::new());
    for mut case in cases {
        let vm = Vm::new(&case.config);
        // What is allocated once for the session, and kept, is its own.
        vm.most_beside(&case);
        for _ in 0..=MUTANTS {
            let (taken, most) = vm.most_beside(&case);
            assert!(most <= taken, "{}: {most} bytes were held, and {taken} taken", case.name);
            if fullest.0 * most >= fullest.1 * taken {
                fullest = (taken, most, case.name.clone());
            }
            random.mutate(&mut case.request.body);
            random.mutate(&mut case.response.body);
        }
        drop(vm.session);
        assert_eq!(vm.memory.bytes_left(), VM_BYTES, "what was taken is given back");
    }
    println!("{} bytes of {} were held, in {}", fullest.1, fullest.0, fullest.2);
    assert!(fullest.0 * 3 / 4 <= fullest.1, "far more is taken than is needed: {fullest:?}");
}

#[test]
fn no_exchange_with_a_language_model_holds_more_than_it_took() {
    check(LLM.cases());
}

#[test]
fn no_exchange_with_a_model_that_predicts_holds_more_than_it_took() {
    check(PREDICT.cases());
}

/// A request with one column, `a`, of this kind and many values, all in one callback: what is held meanwhile beside the
/// stream itself, and how many values were counted.
fn most_within_a_callback(kind: &str, value: &str, values: usize) -> (usize, u64) {
    let bins = match kind {
        "timestamp" => r#""edges": [3600], "counts": [5, 5], "means": [1800, 7200]"#,
        _ => r#""edges": [1], "counts": [5, 5], "means": [0.5, 1.5]"#,
    };
    let config = format!(
        r#"{{"models": [{{"name": "m", "profile": {{
            "format": "driftline-profile", "format_version": 1, "version": null, "created_at": "2026-11-25T12:00:00Z",
            "model": "m", "rows": 10,
            "features": [{{"name": "a", "type": "{kind}", "schema": {{"required": true, "minimum": 0, "maximum": 9000}},
                "nulls": 0, "mean": 1, "standard_deviation": 0.1, "minimum": 0, "maximum": 9000,
                "bins": {{"kind": "quantile", {bins}}}, "tail_excess": {{"low": 0.1, "high": 0.1}},
                "chi_square": {{"five_percent": 3.8, "one_percent": 6.6, "family": 7.8}}}}],
            "prediction": null}}}}]}}"#
    );
    let vm = Vm::new(&config);
    let Vm { host, session, .. } = &vm;
    host.wall_clock.set(Some(UnixTime { seconds: 1_790_000_000, nanoseconds: 0 }));
    let quiet = QuietHost(host);
    let mut stream = Stream::default();
    let first = [header(":method", "POST"), header(":path", "/v1/models/m:predict")];
    uncounted(|| *host.request.borrow_mut() = first.to_vec());
    let _ = session.request_headers(&quiet, &mut stream, false);
    let body = format!(r#"{{"instances": [{}]}}"#, vec![value; values].join(","));
    uncounted(|| *host.body.borrow_mut() = body.clone().into_bytes());
    let before = held();
    most_held();
    let _ = session.request_body(&quiet, &mut stream, body.len(), true);
    let most = most_held() - before;
    session.end_unobserved(&quiet, &mut stream);
    let counted = uncounted(|| host.metrics()).iter().fold(0, |sum, metric| {
        let is_of_bins = metric.stat_name.starts_with("driftline_feature_bin_total");
        sum + if is_of_bins { metric.value } else { 0 }
    });
    (most, counted)
}

#[test]
fn a_callback_with_many_values_takes_no_more_for_each() {
    const VALUES: usize = 200_000;
    // A sample of a histogram each, a tail that overflows 32 bits every few thousand values, and neither.
    let values = [("timestamp", r#""2026-09-21T00:00:00Z""#), ("number", "9e9"), ("number", "0.5")];
    for (kind, value) in values {
        let (most, counted) = most_within_a_callback(kind, value, VALUES);
        println!("{kind} {value}: {most} bytes held while {counted} values were counted");
        assert_eq!(counted, VALUES as u64, "{kind} {value}");
        assert!(most < 128 << 10, "{kind} {value}: {most} bytes");
    }
}

#[test]
fn features_and_headers_take_more() {
    const FEATURES: usize = 200;
    const HEADERS: usize = 10;
    let mut profile = uniform_profile::profile(FEATURES, 2).to_string();
    let mut features = Vec::new();
    for number in 0..HEADERS {
        profile = profile.replace(&format!("feature number {number:03}"), &format!("h{number}"));
        features.push(format!(r#"{{"name": "h{number}", "header": "x-{number}"}}"#));
    }
    let mut cases = PREDICT.cases();
    // Without its declaration an exchange of this dialect is measured as none.
    cases.retain(|case| case.dialect() != "json");
    for case in &mut cases {
        case.config = format!(
            r#"{{"models": [{{"name": "m", "profile": {profile}, "features": [{}]}}]}}"#,
            features.join(",")
        );
        let long = |number| (format!("x-{number}"), "9".repeat(60_000));
        case.request.headers.extend((0..HEADERS).map(long));
    }
    check(cases);
}
