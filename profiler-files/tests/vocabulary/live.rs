//! A filter in memory with the profile of one model, and what it says of the rows that it sees. It knows no format.

use driftline_metrics::series::Series;
use driftline_monitor::{
    memory::VmMemory,
    native::{NativeHost, NativeStream, header},
    session::Session,
};
use driftline_profiler::to_text;
use driftline_statistics::{
    bins::{ABOVE, BELOW},
    profile::{Column, Profile},
    time::{Timestamp, rfc3339::UnixTime},
};
use serde_json::{Value, json};

use crate::table::NOW;

/// A message of an exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn new(path: &'static str, content_type: &str, body: impl Into<Vec<u8>>) -> Message {
        let headers = vec![("content-type", content_type.into())];
        Message { path, headers, body: body.into() }
    }

    pub(crate) fn json(path: &'static str, body: impl Into<Vec<u8>>) -> Message {
        Message::new(path, "application/json", body)
    }
}

/// A filter with one model, `m`.
pub(crate) struct Live {
    host: NativeHost,
    session: Session,
}

/// What is said of one column.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) psi: f64,
    pub(crate) verdict: &'static str,
    /// Rows in each bin; in those that no profile has, if there are any.
    pub(crate) bins: Vec<u64>,
    /// Rows without a value, by reason; none that is 0.
    pub(crate) unbinned: Vec<(String, u64)>,
    /// Breaches of the schema, by kind; none that is 0.
    pub(crate) violations: Vec<(String, u64)>,
}

impl Live {
    /// `dialect` is declared for `/invocations`, or that which fits whatever comes there.
    pub(crate) fn new(profile: &Profile, dialect: Option<&str>) -> Live {
        Live::looking_at(profile, dialect, &json!([]))
    }

    /// The same, with where features are.
    pub(crate) fn looking_at(profile: &Profile, dialect: Option<&str>, features: &Value) -> Live {
        let profile: Value = serde_json::from_str(&to_text(profile)).unwrap();
        let dialect = dialect.unwrap_or("invocations");
        let config = json!({
            "models": [{"name": "m", "profile": profile, "features": features}],
            "endpoints": [{"path": "/invocations", "dialect": dialect, "model": "m"}],
            "rows_min": 100,
        });
        let host = NativeHost::default();
        host.now.set(Timestamp(1_000_000_000));
        host.wall_clock.set(Some(UnixTime { seconds: NOW, nanoseconds: 0 }));
        *host.configuration.borrow_mut() = config.to_string().into_bytes();
        let text_bytes = host.configuration.borrow().len();
        let session = Session::configure(&host, &VmMemory::default(), text_bytes);
        let session = session.unwrap_or_else(|error| panic!("{error}"));
        Live { host, session }
    }

    /// Plays an exchange, its bodies in pieces that no boundary respects.
    pub(crate) fn play(&self, request: &Message, response: &Message) {
        let head = |first: &[(&str, &str)], message: &Message| {
            let others = message.headers.iter().map(|(name, value)| (*name, value.as_str()));
            first.iter().copied().chain(others).map(|(name, value)| header(name, value)).collect()
        };
        let asks = head(&[(":method", "POST"), (":path", request.path)], request);
        let mut stream = NativeStream::begin(&self.session, &self.host, asks, false);
        assert!(stream.is_measured(), "{}", request.path);
        for piece in request.body.chunks(997) {
            stream.request_body(piece, false);
        }
        stream.request_body(&[], true);
        stream.response_headers(head(&[(":status", "200")], response), false);
        stream.response_body(&response.body, true);
        stream.end(0);
    }

    /// Lets the filter evaluate.
    pub(crate) fn tick(&self) {
        let now = self.host.now.get();
        self.host.now.set(Timestamp(now.0 + 5_000_000_000));
        self.session.tick(&self.host);
    }

    /// What is said of a feature, or of the prediction.
    pub(crate) fn said(&self, feature: &str) -> Said {
        let all: Vec<(Series, u64)> = {
            let values = self.host.metrics().into_iter().map(|metric| metric.value);
            self.host.series().into_iter().zip(values).collect()
        };
        let label = |series: &Series, name: &str| {
            let mut labels = series.labels.iter();
            labels.find(|(label, _)| label.name() == name).map(|(_, value)| value.clone())
        };
        let of = |metric: &str, by: &str| -> Vec<(String, u64)> {
            let is_it = |series: &Series| {
                series.name == format!("driftline_{metric}")
                    && label(series, "feature").as_deref() == Some(feature)
                    && label(series, "window").is_none_or(|window| window == "fast")
            };
            let found = all.iter().filter(|(series, _)| is_it(series));
            found.map(|(series, value)| (label(series, by).unwrap_or_default(), *value)).collect()
        };
        let not_zero =
            |found: Vec<(String, u64)>| found.into_iter().filter(|it| it.1 != 0).collect();
        let verdict = of("feature_verdict", "verdict").into_iter().find(|(_, holds)| *holds == 1);
        let verdict = verdict.unwrap_or_else(|| panic!("no verdict of {feature}")).0;
        Said {
            psi: of("feature_psi_ppm", "window")[0].1 as f64 / 1e6,
            verdict: ["ok", "drift", "insufficient"].into_iter().find(|it| *it == verdict).unwrap(),
            bins: of("feature_bin_total", "bin")
                .into_iter()
                .filter(|(bin, rows)| *rows != 0 || ![BELOW, ABOVE].contains(&&**bin))
                .map(|it| it.1)
                .collect(),
            unbinned: not_zero(of("feature_unbinned_total", "reason")),
            violations: not_zero(of("schema_violations_total", "reason")),
        }
    }

    /// Breaches of the schema that are no single column's.
    pub(crate) fn faults(&self) -> u64 {
        let all = self.host.series().into_iter().zip(self.host.metrics());
        let is_of_rows = |series: &Series| {
            series.name == "driftline_schema_violations_total"
                && series
                    .labels
                    .iter()
                    .any(|(_, value)| matches!(value.as_str(), "extra_column" | "wrong_shape"))
        };
        all.filter(|(series, _)| is_of_rows(series)).map(|(_, metric)| metric.value).sum()
    }
}

/// Live rows that are those of the profile: every bin has the rows that it had, nothing is odd, and as many are null.
#[track_caller]
pub(crate) fn is_the_same(live: &Live, name: &str, column: &Column, what: &str) {
    let Said { psi, verdict, bins, unbinned, violations } = live.said(name);
    let nulls = if column.nulls == 0 { vec![] } else { vec![("null".to_owned(), column.nulls)] };
    assert_eq!(bins, column.counts, "{what}: {name}: {unbinned:?} {violations:?}");
    assert_eq!(unbinned, nulls, "{what}: {name}");
    assert_eq!((psi, verdict, violations), (0.0, "ok", vec![]), "{what}: {name}");
}
