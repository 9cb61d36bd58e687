//! A filter that stops at headers and takes bodies in, on a real Envoy and in the simulator: both must make the same
//! calls in the same order. The filter is a few lines of its own, so nothing here is about what Driftline does.

use std::{fs, path::PathBuf};

use host_sim::{Clock, Filter, Trace, World, WorldOptions};
use tokio::runtime::Runtime;

use super::{
    Found, compare,
    real::Real,
    scenario::{Scenario, Step},
    simulated::Simulated,
};
use crate::stage::among_others;

const FILTER: &str = include_str!("stopping.wat");
/// So that one read may bring more than may be held back.
const BUFFER_BYTES_MAX: u32 = 20_000;
const HOST: (&str, &str) = ("host", "x");
const CHUNKED: [(&str, &str); 2] = [HOST, ("transfer-encoding", "chunked")];

#[test]
fn a_filter_that_stops_at_headers_sees_the_body_and_answers() {
    check(true, &allowed());
}

#[test]
fn a_filter_that_stops_at_headers_sees_no_body_unless_that_is_allowed() {
    check(false, &not_allowed());
}

fn allowed() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (path, names) in [
        ("/d", ["d: none", "d: one", "d: many", "d: trailers", "d: only trailers", "d: leaves"]),
        ("/b", ["b: none", "b: one", "b: many", "b: trailers", "b: only trailers", "b: leaves"]),
        ("/n", ["n: none", "n: one", "n: many", "n: trailers", "n: only trailers", "n: leaves"]),
    ] {
        let [none, one, many, trailers, only_trailers, leaves] = names;
        let trailer = || Step::ClientSendsTrailers(vec![("x-t", "v".to_owned())]);
        scenarios.extend([
            taken_in(none).asks_only("POST", path, &[HOST]).then(Step::FilterAnswers(202)),
            sized(one, path, 3).client_ends("abc").then(Step::FilterAnswers(202)),
            sized(many, path, 9)
                .client_sends("abc")
                .client_sends("def")
                .client_ends("ghi")
                .then(Step::FilterAnswers(202)),
            taken_in(trailers)
                .asks("POST", path, &CHUNKED)
                .client_sends("abc")
                .then(trailer())
                .then(Step::FilterAnswers(202)),
            taken_in(only_trailers)
                .asks("POST", path, &CHUNKED)
                .then(trailer())
                .then(Step::FilterAnswers(202)),
            sized(leaves, path, 9).client_sends("abc").client_leaves(),
        ]);
    }
    let large = vec![b'x'; 2 << 20];
    scenarios.extend([
        sized("d: large", "/d", large.len())
            .reads_coalesce()
            .client_ends(&large)
            .then(Step::FilterAnswers(202)),
        sized("n: large", "/n", large.len())
            .reads_coalesce()
            .client_ends(&large)
            .then(Step::FilterAnswers(202)),
        // What comes is added to what is held before the filter is asked, so draining is too late.
        sized("b: a piece beyond the limit", "/b", 100_000)
            .client_sends("abc")
            .client_sends(vec![b'x'; 30_000])
            .then(Step::FilterAnswers(413)),
        sized("b: a first piece beyond the limit", "/b", 30_000)
            .client_ends(vec![b'x'; 30_000])
            .then(Step::FilterAnswers(202)),
        taken_in("d: over HTTP/2")
            .http2()
            .asks("POST", "/d", &[HOST])
            .client_sends("abc")
            .client_ends("def")
            .then(Step::FilterAnswers(202)),
        taken_in("d: leaves over HTTP/2")
            .http2()
            .asks("POST", "/d", &[HOST])
            .client_sends("abc")
            .client_leaves(),
        sized("answers at once", "/a", 3).then(Step::FilterAnswers(202)),
        sized("answers at the first piece", "/f", 9)
            .client_sends("abc")
            .then(Step::FilterAnswers(202)),
        sized("leaves before the body", "/d", 9).client_leaves(),
        sized("lets go at the first piece", "/g", 6)
            .client_sends("abc")
            .then(Step::FilterLetsGo)
            .client_ends("def")
            .then(Step::AnswersWhole(200, "ok")),
        sized("keeps the body", "/k", 6)
            .client_sends("abc")
            .client_ends("def")
            .then(Step::FilterLetsGo)
            .then(Step::AnswersWhole(200, "ok")),
        taken_in("keeps the body up to its trailers")
            .asks("POST", "/k", &CHUNKED)
            .client_sends("abc")
            .then(Step::ClientSendsTrailers(vec![("x-t", "v".to_owned())]))
            .then(Step::FilterLetsGo)
            .then(Step::AnswersWhole(200, "ok")),
        stops_the_response(),
    ]);
    scenarios
}

fn not_allowed() -> Vec<Scenario> {
    vec![
        taken_in("none").asks_only("POST", "/d", &[HOST]).then(Step::FilterAnswers(202)),
        sized("leaves before the body", "/d", 9).client_leaves(),
        sized("answers at once", "/a", 3).then(Step::FilterAnswers(202)),
    ]
}

fn stops_the_response() -> Scenario {
    let asked = Scenario::new("stops at the response's headers").asks_only("POST", "/s", &[HOST]);
    asked.then(Step::AnswersWhole(200, "ok"))
}

fn taken_in(name: &'static str) -> Scenario {
    Scenario::new(name).taken_in()
}

fn sized(name: &'static str, path: &'static str, size: usize) -> Scenario {
    taken_in(name).asks("POST", path, &[HOST, ("content-length", &size.to_string())])
}

#[track_caller]
fn check(allow: bool, scenarios: &[Scenario]) {
    let _among_others = among_others();
    let module = wat::parse_str(FILTER).unwrap();
    let file = file(allow);
    fs::write(&file, &module).unwrap();
    let mut options = WorldOptions::default();
    options.clock = Clock::virtual_from(std::time::Duration::from_secs(1_790_000_000));
    options.trace = Trace::on();
    options.allow_on_headers_stop_iteration = allow;
    options.buffer_bytes_max = BUFFER_BYTES_MAX as usize;
    let world = World::new(&Filter::from_bytes(&module).unwrap(), options).unwrap();
    let simulated = Simulated::of(world);
    let (mut found, mut endings) = (Found::new(), Vec::new());
    Runtime::new().unwrap().block_on(async {
        let real = Real::start_with(&file, "", |options| {
            options.allow_on_headers_stop_iteration = allow;
            options.buffer_bytes_max = Some(BUFFER_BYTES_MAX);
        });
        let mut real = real.await.unwrap_or_else(|error| panic!("{error:#}"));
        let _ = (real.take_calls(), simulated.take_calls());
        for scenario in scenarios {
            endings.extend(compare(&mut found, scenario, &mut real, &simulated).await);
        }
        let stopped = real.stop().await.unwrap_or_else(|error| panic!("shutdown: {error:#}"));
        assert_eq!(stopped.access_log, endings);
    });
    fs::remove_file(&file).unwrap();
    let found: Vec<String> = found
        .iter()
        .map(|((name, aspect), text)| format!("{name} deviates in {aspect:?}:\n{text}"))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n\n"));
}

fn file(allow: bool) -> PathBuf {
    let name = format!("stopping-{}-{allow}.wasm", std::process::id());
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}
