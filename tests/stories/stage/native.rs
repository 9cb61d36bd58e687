//! The stage without a filter: the core, called as the filter calls it, and the totals that a proxy would keep.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use driftline_core::{
    inference::{
        exchange::{DOCUMENT_LENGTH, Exchange, MESSAGE_ENCODING, RequestHead, ResponseHead},
        load::{BINARY_REPORT_HEADER, REPORT_HEADER, ReportHeaders},
    },
    metrics::{
        buffer::{Change, MetricBuffer},
        catalogue::Kind,
        series::{Series, SeriesId},
    },
    monitor::{
        config::Config,
        label_table::{LabelTable, with_series_key},
        layout::{Monitor, Unmeasured},
        tick::{HostSeries, Tick},
    },
};
use driftline_statistics::time::{Timestamp, rfc3339::UnixTime};
use driftline_support::host::MemoryHost;
use driftline_testbed::scrape::Scrape;

use super::simulated::{self, Told};
use crate::{expectation::Seen, script::Script};

/// Tells these exchanges one after another.
pub(super) fn play(config: &str, scripts: [&Script; 2]) -> [Seen; 2] {
    let mut native = Native::new(config);
    let play = |script| {
        let before = native.scrape();
        simulated::play(&mut native, script);
        Seen::exact("native", native.scrape().difference(&before))
    };
    scripts.map(play)
}

/// The core without a filter, and the totals that a proxy would keep.
pub(crate) struct Native {
    monitor: Monitor,
    host: MemoryHost,
    /// `None` if there is nothing to evaluate.
    tick: Option<Tick>,
    buffer: MetricBuffer,
    label_table: LabelTable,
    /// Those who were admitted, as hosts keep them.
    table: Vec<u8>,
    series: Vec<Option<Series>>,
    totals: Totals,
    exchange: Option<Exchange>,
    now: Timestamp,
}

/// By series: what a counter or gauge stands at, how many samples a histogram has.
struct Totals(RefCell<Vec<u64>>);

impl HostSeries for Totals {
    fn total(&self, series: SeriesId) -> Option<u64> {
        self.0.borrow().get(series.index()).copied()
    }

    fn flush(&self, buffer: &mut MetricBuffer) {
        buffer.flush(|id, change| {
            let total = &mut self.0.borrow_mut()[id.index()];
            *total = match change {
                Change::Add(amount) => *total + amount,
                Change::Shift(by) => total.checked_add_signed(by).expect("a gauge below zero"),
                Change::Set(value) => value,
                Change::Sample(_) => *total + 1,
            };
        });
    }
}

impl Native {
    pub(crate) fn new(config: &str) -> Native {
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let mut monitor = Monitor::new(&config);
        let mut series: Vec<_> = monitor.series().iter().cloned().map(Some).collect();
        series.resize(monitor.series_max(), None);
        let now = Timestamp(1_000_000_000);
        let totals = Totals(RefCell::new(vec![0; series.len()]));
        let (host, instruments) = (MemoryHost::starting_at(now), monitor.take_instruments());
        let mut native = Native {
            tick: Tick::begin(&host, &totals, &monitor, instruments),
            host,
            buffer: MetricBuffer::new(series.len()),
            label_table: LabelTable::new(&monitor),
            table: Vec::new(),
            totals,
            series,
            monitor,
            exchange: None,
            now,
        };
        native.monitor.describe(&mut native.buffer, |_| ());
        native.settle();
        native
    }

    /// Tells one exchange.
    pub(crate) fn run(&mut self, script: &Script) {
        simulated::play(self, script);
    }

    /// Lets so much time pass, and evaluates at its end.
    pub(crate) fn tick_after(&mut self, time: Duration) {
        self.advance(time);
        self.host.set_now(self.now);
        if let Some(tick) = &mut self.tick {
            tick.tick(&self.host, &self.totals, &self.monitor, &mut self.buffer, true);
        }
    }

    /// Answers a admission_request as the filter does, but that there is nobody to share the table with.
    fn answer_admission(&mut self) {
        let Some(exchange) = &mut self.exchange else { return };
        let Some(subject) = exchange.admission_request() else { return };
        let monitor = &self.monitor;
        if self.label_table.find(monitor, subject).is_none() && !self.label_table.is_full() {
            self.table = with_series_key(&self.table, subject);
            let series = &mut self.series;
            self.label_table
                .read(monitor, &self.table, |id, new| series[id.index()] = Some(new.clone()));
        }
        let granted = self.label_table.find(monitor, subject);
        exchange.answer_admission(monitor, &mut self.buffer, granted);
    }

    /// Hands on what headers or trailers say about the model server's load.
    fn load_report(&mut self, headers: &[(String, String)]) {
        let headers = ReportHeaders {
            report: header(headers, REPORT_HEADER),
            binary: header(headers, BINARY_REPORT_HEADER),
        };
        if let Some(exchange) = &self.exchange {
            exchange.load_report(&self.monitor, &mut self.buffer, &headers);
        }
        self.settle();
    }

    /// Adds what is pending to the totals, as a proxy does with metric calls.
    fn settle(&mut self) {
        self.answer_admission();
        self.totals.flush(&mut self.buffer);
    }

    /// The totals as a proxy prints them.
    pub(crate) fn scrape(&self) -> Scrape {
        let mut text = String::new();
        let mut families = BTreeSet::new();
        for (series, total) in self.series.iter().zip(&*self.totals.0.borrow()) {
            let Some(series) = series else { continue };
            let (kind, suffix) = match series.kind {
                Kind::Counter => ("counter", ""),
                Kind::Gauge => ("gauge", ""),
                Kind::Histogram => ("histogram", "_count"),
            };
            if families.insert(&series.name) {
                let _ = writeln!(text, "# TYPE {} {kind}", series.name);
            }
            let labels =
                series.labels.iter().map(|(label, value)| format!("{}={value:?}", label.name()));
            let labels: Vec<String> = labels.collect();
            let _ = writeln!(text, "{}{suffix}{{{}}} {total}", series.name, labels.join(","));
        }
        Scrape::parse(&text).expect("what we print can be read")
    }
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_bytes())
}

impl Told for Native {
    fn advance(&mut self, by: Duration) {
        self.now.0 += u64::try_from(by.as_nanos()).expect("a story takes less than 500 years");
    }

    fn request_headers(
        &mut self,
        route: &str,
        path: &str,
        headers: &[(String, String)],
        _ended: bool,
    ) {
        let head = RequestHead {
            method: b"POST",
            path: path.as_bytes(),
            route: Some(route.as_bytes()),
            content_type: header(headers, "content-type"),
            content_encoding: header(headers, "content-encoding"),
            document_length: header(headers, DOCUMENT_LENGTH),
            message_encoding: header(headers, MESSAGE_ENCODING),
            values: &values(headers, self.monitor.request_headers()),
            asked_at: self.monitor.asks_for_time().then(asked_at),
        };
        self.exchange = Exchange::start(&self.monitor, &mut self.buffer, self.now, &head);
        self.settle();
    }

    fn request_body(&mut self, bytes: &[u8], ended: bool) {
        if let Some(exchange) = &mut self.exchange {
            exchange.request_body(&self.monitor, &mut self.buffer, bytes);
            if ended {
                exchange.request_end();
            }
        }
        self.settle();
    }

    fn response_headers(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        details: &str,
        ended: bool,
    ) {
        if let Some(exchange) = &mut self.exchange {
            let head = ResponseHead {
                status: Some(status),
                content_type: header(headers, "content-type"),
                content_encoding: header(headers, "content-encoding"),
                document_length: header(headers, DOCUMENT_LENGTH),
                message_encoding: header(headers, MESSAGE_ENCODING),
                values: &values(headers, self.monitor.response_headers()),
                grpc_status: None,
                is_local_reply: details != "via_upstream",
            };
            exchange.response_head(&self.monitor, &mut self.buffer, &head);
        }
        self.settle();
        self.load_report(headers);
        if let Some(exchange) = self.exchange.as_mut().filter(|_| ended) {
            exchange.response_end();
        }
    }

    fn response_body(&mut self, bytes: &[u8], ended: bool) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response_body(&self.monitor, &mut self.buffer, self.now, bytes);
            if ended {
                exchange.response_end();
            }
        }
        self.settle();
    }

    fn response_trailers(&mut self, trailers: &[(String, String)]) {
        self.load_report(trailers);
        if let Some(exchange) = &mut self.exchange {
            exchange.response_end();
        }
        self.settle();
    }

    fn end(&mut self, flags: u64) {
        if let Some(exchange) = &mut self.exchange {
            exchange.end_naming(&self.monitor, &mut self.buffer);
        }
        self.answer_admission();
        if let Some(exchange) = self.exchange.take() {
            exchange.finish(&self.monitor, &mut self.buffer, self.now, flags);
        }
        self.settle();
    }

    fn refused(&mut self) {
        self.monitor.count_unmeasured(&mut self.buffer, Unmeasured::NoRequestHeaders);
        self.settle();
    }
}

fn values(headers: &[(String, String)], names: &[Box<str>]) -> Vec<Option<Vec<u8>>> {
    names.iter().map(|name| header(headers, name).map(<[u8]>::to_vec)).collect()
}

/// The real time, as a proxy would say it.
fn asked_at() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
    UnixTime::from_nanoseconds(u64::try_from(since.as_nanos()).expect("a year before 2554"))
}
