//! That the simulation is the product: a day of requests through a session gives the same verdicts, tick by tick, as the
//! model that is simulated. It says nothing of whether they are right.

use std::fmt::Write;

use driftline_detection::{
    law::{Change, Draw, Law, Value, category_name},
    service::{DAY_TICKS, HOUR_TICKS, Service},
    settings::traffic,
    traffic::{Arrivals, Seasons, Traffic},
    training::{self, feature_name},
};
use driftline_labels::{DriftReason, Verdict, Window};
use driftline_metrics::series::Series;
use driftline_monitor::{
    config::Config,
    native::{NativeHost, NativeStream, header},
    session::Session,
};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};

/// One VM evaluates, and another one has the streams: their counters are the proxy's.
struct Proxy {
    host: NativeHost,
    evaluating: Session,
    serving: Session,
    /// By feature and window, then by verdict: the stat name of its gauge.
    verdicts: Vec<Vec<String>>,
    /// By feature, then by reason; none for those that its column cannot have.
    reasons: Vec<Vec<Option<String>>>,
}

/// How far the clock of a proxy is ahead of the time of day: it counts from anywhere.
const AHEAD_NS: u64 = 5 * 3600 * 1_000_000_000;

/// What both clocks of the host say.
fn set_clocks(host: &NativeHost, now: Timestamp) {
    host.now.set(Timestamp(now.0 + AHEAD_NS));
    host.wall_clock.set(Some(UnixTime::from_nanoseconds(now.0)));
}

impl Proxy {
    fn new(config: &str, service: &Service<'_>) -> Proxy {
        let host = NativeHost::default();
        set_clocks(&host, service.now());
        let session = || Session::new(&host, Config::from_json(config.as_bytes()).unwrap());
        let (evaluating, serving) = (session(), session());
        let all = host.series();
        let find = |name: &str, values: &[&str]| {
            let is_it = |it: &&Series| {
                it.name == name
                    && values.iter().all(|value| it.labels.iter().any(|(_, other)| other == value))
            };
            all.iter().find(is_it).map(Series::stat_name)
        };
        let features: Vec<String> = (0..service.model.columns.len()).map(feature_name).collect();
        let windows = features.iter().flat_map(|it| Window::ALL.map(|window| (it, window.name())));
        let verdicts = windows.map(|(feature, window)| {
            let gauge = |it: Verdict| {
                find("driftline_feature_verdict", &[feature, window, it.name()]).unwrap()
            };
            Verdict::ALL.map(gauge).to_vec()
        });
        let reasons = features.iter().map(|feature| {
            let gauge =
                |it: DriftReason| find("driftline_feature_drift_reason", &[feature, it.name()]);
            DriftReason::ALL.map(gauge).to_vec()
        });
        let (verdicts, reasons) = (verdicts.collect(), reasons.collect());
        Proxy { host, evaluating, serving, verdicts, reasons }
    }

    /// Serves a request with these rows, as JSON.
    fn serve(&self, rows: &str) {
        let headers = [(":method", "POST"), (":path", "/v1/models/simulated:predict")];
        let headers = headers.map(|(name, value)| header(name, value)).to_vec();
        let mut stream = NativeStream::begin(&self.serving, &self.host, headers, false);
        assert!(stream.is_measured());
        stream.request_body(format!("{{\"instances\": [{rows}]}}").as_bytes(), true);
        stream.response_headers(vec![header(":status", "200")], true);
        stream.end(0);
    }

    /// The verdicts and reasons that the gauges show, as the model has them.
    fn shown(&self) -> Vec<Shown> {
        let is_set = |name: &String| self.host.value(name) == Some(1);
        let verdicts = self
            .verdicts
            .iter()
            .map(|gauges| gauges.iter().position(is_set).map(|number| Verdict::ALL[number]));
        let verdicts: Vec<Option<Verdict>> = verdicts.collect();
        let reasons = self.reasons.iter().map(|gauges| {
            let number = gauges.iter().position(|it| it.as_ref().is_some_and(is_set));
            number.map(|number| DriftReason::ALL[number])
        });
        let windows = verdicts.chunks(Window::ALL.len());
        windows.map(<[_]>::to_vec).zip(reasons).collect()
    }
}

/// The verdict of each window, and the reason.
type Shown = (Vec<Option<Verdict>>, Option<DriftReason>);

fn expected(service: &Service<'_>) -> Vec<Shown> {
    let columns = service.model.columns.iter();
    columns.map(|it| (it.verdicts.values().copied().collect(), it.reason)).collect()
}

fn add_row(row: &[Value], rows: &mut String) {
    rows.push_str(if rows.is_empty() { "{" } else { ", {" });
    for (number, value) in row.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        let value = match *value {
            Value::Number(x) => format!("{x:?}"),
            Value::Category(number) => format!("\"{}\"", category_name(number)),
            Value::Null => "null".to_owned(),
            Value::Wrong => "\"three\"".to_owned(),
        };
        let _ = write!(rows, "{comma}\"{}\": {value}", feature_name(number));
    }
    rows.push('}');
}

/// Days of this traffic, with changes that begin and end in them: by hour.
#[track_caller]
fn check(days: u64, traffic: &Traffic, changes: &[(u64, Vec<Change>)]) {
    let profile = training::profile(traffic, 5000, &mut Draw::new(1)).unwrap();
    let text = driftline_profiler::to_text(&profile);
    let compare_with = if traffic.seasons.days == 0 { "training" } else { "both" };
    let config = format!(
        r#"{{"compare_with": "{compare_with}", "models": [{{"name": "simulated", "profile": {text}}}]}}"#
    );
    let mut service = Service::new(traffic, &profile, 2);
    let proxy = Proxy::new(&config, &service);
    let mut drifted = 0;
    let mut rows = String::new();
    for tick in 0..days * DAY_TICKS {
        if let Some((_, changes)) = changes.iter().find(|(hour, _)| hour * HOUR_TICKS == tick) {
            service.changes.clone_from(changes);
        }
        rows.clear();
        service.tick_with(|row| add_row(row, &mut rows));
        set_clocks(&proxy.host, service.now());
        if !rows.is_empty() {
            proxy.serve(&rows);
        }
        proxy.evaluating.tick(&proxy.host);
        let expected = expected(&service);
        assert_eq!(proxy.shown(), expected, "tick {tick}");
        drifted += expected.iter().filter(|(_, reason)| reason.is_some()).count();
    }
    assert!(1000 < drifted, "{drifted}");
    assert!(drifted < expected(&service).len() * (days * DAY_TICKS) as usize / 2, "{drifted}");
}

#[test]
fn a_day_of_requests_gives_the_verdicts_of_the_simulation() {
    let laws = vec![
        Law::Normal,
        Law::NormalWithNulls(0.02),
        Law::Flag(0.05),
        Law::Categories(40),
        Law::Coins(5),
    ];
    let none = vec![Change::None; 5];
    let with = |feature: usize, change| {
        let mut changes = none.clone();
        changes[feature] = change;
        changes
    };
    let changes = [
        (3, with(0, Change::Shift(0.6))),
        (5, none.clone()),
        (8, with(1, Change::Nulls(0.2))),
        (9, with(2, Change::Law(Law::Flag(0.2)))),
        (11, with(3, Change::Novel(0.1))),
        (13, with(4, Change::Wrong(0.5))),
        (14, none.clone()),
        (20, with(0, Change::TopShifted(1.6, 50.0))),
    ];
    check(1, &Traffic { rows_per_hour: 1500.0, ..traffic(laws) }, &changes);
}

#[test]
fn so_it_does_if_few_rows_come_and_only_by_day() {
    let traffic = Traffic {
        rows_per_hour: 400.0,
        cluster: 3,
        arrivals: Arrivals::ByDay,
        ..traffic(vec![Law::LogNormal, Law::ZeroInflated(0.8)])
    };
    check(1, &traffic, &[(10, vec![Change::Times(3.0)]), (21, Vec::new())]);
}

#[test]
fn so_it_does_with_a_season() {
    let traffic = Traffic {
        rows_per_hour: 600.0,
        cycle: 0.4,
        seasons: Seasons { by_hour: true, days: 1 },
        ..traffic(vec![Law::Normal, Law::Flag(0.1)])
    };
    let changes = [(20, Change::Shift(1.0)), (22, Change::None), (40, Change::Shift(-1.0))];
    check(2, &traffic, &changes.map(|(hour, change)| (hour, vec![change])));
}
