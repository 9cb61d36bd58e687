//! A proxy in memory with one VM, which takes feedback and ticks.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write, time::Duration};

use driftline_metrics::{catalogue::Kind, series::Series};
use driftline_monitor::{
    config::Config,
    native::{NativeHost, NativeStream, header},
    session::Session,
};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};
use driftline_support::labelled_profile;
use serde_json::{Value, json};

/// What a tick takes, and the rows of it at ten a second.
pub(crate) const TICK: Duration = Duration::from_secs(5);
pub(crate) const TICK_ROWS: u64 = 50;
/// A window, of which an eighth is a step.
pub(crate) const WINDOW: Duration = Duration::from_secs(400);
/// How many windows the slow one has.
pub(crate) const SLOW_WINDOWS: u32 = 3;
/// When the proxy starts, by the wall clock, in seconds.
pub(crate) const NOW: u64 = 1_790_000_000;
/// The same by its own clock: a step of the windows begins.
const START: Timestamp = Timestamp(1_000_000 * SECOND_NS);
const SECOND_NS: u64 = 1_000_000_000;

pub(crate) struct Proxy {
    pub(crate) host: NativeHost,
    session: RefCell<Session>,
}

/// All models of [`labelled_profile`], and one of which nothing is known.
pub(crate) fn config() -> Value {
    json!({
        "window_seconds": WINDOW.as_secs(), "slow_windows": SLOW_WINDOWS, "rows_min": 200,
        "tick_milliseconds": TICK.as_millis() as u64, "recovery_seconds": 100, "feedback": {},
        "models": [
            {"name": "rain", "profile": labelled_profile::binary(), "segments": [{"feature": "dew"}]},
            {"name": "species", "profile": labelled_profile::three_classes()},
            {"name": "price", "profile": labelled_profile::regression()},
            {"name": "chat", "kpis": [{"name": "revenue", "minimum": -10, "maximum": 100, "unit": 0.01}]},
            {"name": "shop", "type": "language", "profile": labelled_profile::kpis(),
             "kpis": [{"name": "clicked"}, {"name": "revenue", "maximum": 500, "unit": 0.01}]},
        ],
    })
}

fn session(host: &NativeHost, config: &Value) -> Session {
    let config = Config::from_json(config.to_string().as_bytes());
    Session::new(host, config.unwrap_or_else(|error| panic!("{error}")))
}

impl Proxy {
    pub(crate) fn new() -> Proxy {
        let host = NativeHost::starting_at(START);
        host.wall_clock.set(Some(UnixTime::from_nanoseconds(NOW * SECOND_NS)));
        let session = RefCell::new(session(&host, &config()));
        Proxy { host, session }
    }

    /// Lets time pass, and ticks.
    pub(crate) fn tick_after(&self, time: Duration) {
        self.host.advance(time);
        let wall = NOW * SECOND_NS + self.host.now.get().nanoseconds_since(START);
        self.host.wall_clock.set(Some(UnixTime::from_nanoseconds(wall)));
        self.session.borrow_mut().tick(&self.host);
    }

    /// The VM is gone, and another one begins once its lease has ended.
    pub(crate) fn begin_another_vm(&self) {
        self.update(&config());
    }

    /// The same under another configuration.
    pub(crate) fn update(&self, config: &Value) {
        *self.session.borrow_mut() = session(&self.host, config);
    }

    /// Sends records of feedback, all of which must count.
    pub(crate) fn send(&self, records: &[Value]) {
        let body = Value::from(records.to_vec()).to_string();
        let answer = self.post("/driftline/v1/feedback", "", &body, None);
        assert_eq!(answer["accepted"], records.len(), "{answer}");
    }

    /// Asks `rain` for predictions with these scores, under this id.
    pub(crate) fn predict(&self, id: &str, scores: &[f64]) {
        let instances = vec!["[0.5]"; scores.len()].join(",");
        let predictions = Value::from(scores).to_string();
        let body = format!(r#"{{"instances":[{instances}]}}"#);
        let answer = format!(r#"{{"predictions":{predictions}}}"#);
        self.post("/v1/models/rain:predict", id, &body, Some(&answer));
    }

    /// What the filter answers itself, or nothing where a model server does.
    fn post(&self, path: &str, id: &str, body: &str, answer: Option<&str>) -> Value {
        let session = self.session.borrow();
        let json = || header("content-type", "application/json");
        let head = [header(":method", "POST"), header(":path", path), header("x-request-id", id)];
        let head = head.into_iter().chain([json()]).collect();
        let mut stream = NativeStream::begin(&session, &self.host, head, false);
        stream.request_body(body.as_bytes(), true);
        let Some(answer) = answer else {
            let reply = self.host.reply().expect("an answer of the filter");
            stream.end(0);
            return serde_json::from_slice(&reply.body).unwrap();
        };
        stream.response_headers(vec![header(":status", "200"), json()], false);
        stream.response_body(answer.as_bytes(), true);
        stream.end(0);
        Value::Null
    }

    /// All gauges and counters as `name{label=value,label=value}`, without the prefix of the project.
    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        let metrics = self.host.metrics().into_iter().filter(|it| it.kind != Kind::Histogram);
        let named = metrics.map(|metric| {
            let series = Series::of_stat_name(metric.kind, &metric.stat_name).unwrap();
            let mut name = series.name.strip_prefix("driftline_").unwrap().to_string() + "{";
            for (label, value) in &series.labels {
                let comma = if name.ends_with('{') { "" } else { "," };
                write!(name, "{comma}{}={value}", label.name()).unwrap();
            }
            (name + "}", metric.value)
        });
        named.collect()
    }

    /// One of them.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> u64 {
        let all = self.all();
        let begin = name.split('{').next().unwrap_or_default();
        *all.get(name).unwrap_or_else(|| {
            let alike = all.keys().filter(|it| it.starts_with(begin)).take(20);
            panic!("no {name}, but {:#?}", alike.collect::<Vec<_>>())
        })
    }

    /// Which of the series of this name is 1, by the value of its last label. The name has its other labels: `name{model=m`.
    #[track_caller]
    pub(crate) fn one(&self, begin: &str) -> String {
        let all = self.all();
        let of = all.iter().filter(|(name, _)| name.starts_with(begin));
        let ones: Vec<_> = of.filter(|(_, value)| **value == 1).map(|(name, _)| name).collect();
        let [one] = ones[..] else { panic!("{begin}: {ones:?}") };
        let (_, value) = one.rsplit_once('=').unwrap();
        value.trim_end_matches('}').to_string()
    }
}

/// A record of feedback for `rain`, whose row is right or wrong.
pub(crate) fn rain(is_error: bool) -> Value {
    json!({"model": "rain", "label": 1, "score": if is_error { 0.3 } else { 0.9 }, "dew": 0.5})
}
