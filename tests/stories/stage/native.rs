//! The stage without a filter: the core's session under a native host, and the totals that a proxy would keep.

use std::{
    collections::BTreeSet,
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use driftline_inference::exchange::{Observation, ObservationKind};
use driftline_labels::ReadProblem;
use driftline_metrics::catalogue::Kind;
use driftline_monitor::{
    config::Config,
    native::{Header, NativeHost, header},
    session::{Flow, Session, Stream},
};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};
use driftline_testbed::scrape::Scrape;

use super::simulated::{self, Told};
use crate::{expectation::Seen, script::Script};

/// Plays these exchanges one after another.
pub(super) fn play(config: &str, scripts: [&Script; 2]) -> [Seen; 2] {
    let mut native = Native::new(config);
    let play = |script| {
        let before = native.scrape();
        simulated::play(&mut native, script);
        let changed = native.scrape().difference(&before);
        compare(native.observation.as_ref(), &changed);
        Seen::exact("native", changed)
    };
    scripts.map(play)
}

/// The observation of an exchange says what its counters do, metric names aside.
#[track_caller]
fn compare(observation: Option<&Observation>, changed: &Scrape) {
    let total = |name: &str, labels: &[(&str, &str)]| {
        changed.value(&format!("driftline_{name}_total"), labels).unwrap_or(0.0)
    };
    let Some(observation) = observation else {
        assert_eq!(total("requests", &[]), 0.0, "requests without an observation");
        return;
    };
    assert_eq!(total("requests", &[]), 1.0, "requests of {observation:?}");
    let outcome = ("outcome", observation.outcome.name());
    assert_eq!(total("requests", &[outcome]), 1.0, "requests by outcome of {observation:?}");
    for (problem, &times) in &observation.read_problems {
        let found = total("read_problems", &[("reason", problem.name())]);
        // A load report that cannot be read is counted when it comes.
        if problem != ReadProblem::LoadReportMalformed {
            assert_eq!(found, times as f64, "{} of {observation:?}", problem.name());
        }
    }
    match &observation.kind {
        ObservationKind::Generation(generated) => {
            for (name, tokens) in [
                ("input_tokens", generated.usage.input),
                ("output_tokens", generated.usage.output),
                ("reasoning_tokens", generated.usage.reasoning),
            ] {
                assert_eq!(
                    total(name, &[]),
                    tokens.unwrap_or(0) as f64,
                    "{name} of {observation:?}"
                );
            }
        }
        ObservationKind::Prediction(predicted) => {
            let rows = [predicted.instances, predicted.predictions].map(|rows| rows as f64);
            assert_eq!(
                [total("instances", &[]), total("predictions", &[])],
                rows,
                "{observation:?}"
            );
        }
    }
}

/// The session without a filter, and a host that keeps its metrics.
pub(crate) struct Native {
    host: NativeHost,
    session: Session,
    stream: Stream,
    /// What was known of the last exchange, if it was measured.
    pub(crate) observation: Option<Observation>,
}

impl Native {
    pub(crate) fn new(config: &str) -> Native {
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let host = NativeHost::default();
        host.now.set(Timestamp(1_000_000_000));
        let session = Session::new(&host, config);
        Native { host, session, stream: Stream::default(), observation: None }
    }

    /// Plays one exchange.
    pub(crate) fn run(&mut self, script: &Script) {
        simulated::play(self, script);
    }

    /// Lets this much time pass, and ticks at its end.
    pub(crate) fn tick_after(&mut self, time: Duration) {
        self.advance(time);
        self.session.tick(&self.host);
    }

    /// The totals as a proxy prints them.
    pub(crate) fn scrape(&self) -> Scrape {
        let mut text = String::new();
        let mut families = BTreeSet::new();
        for (series, metric) in self.host.series().iter().zip(self.host.metrics()) {
            let (kind, suffix) = match series.kind {
                Kind::Counter => ("counter", ""),
                Kind::Gauge => ("gauge", ""),
                Kind::Histogram => ("histogram", "_count"),
            };
            if families.insert(series.name.clone()) {
                let _ = writeln!(text, "# TYPE {} {kind}", series.name);
            }
            let labels =
                series.labels.iter().map(|(label, value)| format!("{}={value:?}", label.name()));
            let labels: Vec<String> = labels.collect();
            let value = metric.value;
            let _ = writeln!(text, "{}{suffix}{{{}}} {value}", series.name, labels.join(","));
        }
        Scrape::parse(&text).expect("what we print can be read")
    }

    fn set_body(&self, bytes: &[u8]) {
        *self.host.body.borrow_mut() = bytes.to_vec();
    }
}

fn all(first: Vec<Header>, headers: &[(String, String)]) -> Vec<Header> {
    let others = headers.iter().map(|(name, value)| header(name, value));
    first.into_iter().chain(others).collect()
}

impl Told for Native {
    fn advance(&mut self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).expect("a story takes less than 500 years");
        self.host.now.set(Timestamp(self.host.now.get().0 + by));
    }

    fn request_headers(
        &mut self,
        route: &str,
        path: &str,
        headers: &[(String, String)],
        ended: bool,
    ) {
        self.stream = Stream::default();
        let first = vec![header(":method", "POST"), header(":path", path)];
        *self.host.request.borrow_mut() = all(first, headers);
        self.host.set_property("xds\0route_name", route.as_bytes());
        self.host.wall_clock.set(Some(wall_clock()));
        let flow = self.session.request_headers(&self.host, &mut self.stream, ended);
        assert_eq!(flow, Flow::Continue);
    }

    fn request_body(&mut self, bytes: &[u8], ended: bool) {
        self.set_body(bytes);
        let flow = self.session.request_body(&self.host, &mut self.stream, bytes.len(), ended);
        assert_eq!(flow, Flow::Continue);
    }

    fn response_headers(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        details: &str,
        ended: bool,
    ) {
        *self.host.response.borrow_mut() =
            all(vec![header(":status", &status.to_string())], headers);
        self.host.set_property("response\0code_details", details.as_bytes());
        self.session.response_headers(&self.host, &mut self.stream, ended);
    }

    fn response_body(&mut self, bytes: &[u8], ended: bool) {
        self.set_body(bytes);
        self.session.response_body(&self.host, &mut self.stream, bytes.len(), ended);
    }

    fn response_trailers(&mut self, trailers: &[(String, String)]) {
        *self.host.trailers.borrow_mut() = all(Vec::new(), trailers);
        self.session.response_trailers(&self.host, &mut self.stream);
    }

    fn end(&mut self, flags: u64) {
        self.host.set_property("response\0flags", &flags.to_le_bytes());
        self.observation = self.session.end(&self.host, &mut self.stream);
        self.host.end_stream();
    }

    fn refused(&mut self) {
        self.stream = Stream::default();
        self.end(0);
    }
}

/// The real time, as a proxy would say it.
fn wall_clock() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
    UnixTime::from_nanoseconds(u64::try_from(since.as_nanos()).expect("a year before 2554"))
}
