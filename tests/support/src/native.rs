//! Runs cases against the core, called in the order in which a proxy calls a filter.

use driftline_core::{
    config::Config,
    exchange::{DOCUMENT_LENGTH, Exchange, MESSAGE_ENCODING, RequestHead, ResponseHead},
    ledger::{Change, Ledger},
    load::{BINARY_REPORT_HEADER, REPORT_HEADER, ReportHeaders},
    monitor::Monitor,
    time::Timestamp,
};

use crate::{
    corpus::Case,
    counts::{self, Counts},
    delivery::Delivery,
};

/// The core under one configuration.
#[derive(Debug)]
pub struct Native {
    monitor: Monitor,
    ledger: Ledger,
    names: Vec<String>,
}

impl Native {
    /// Panics over a configuration that is refused.
    pub fn new(config: &str) -> Native {
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let monitor = Monitor::new(&config);
        let ledger = Ledger::new(monitor.series().len());
        let names = monitor.series().iter().map(counts::name).collect();
        Native { monitor, ledger, names }
    }

    /// The changes of an exchange in this delivery.
    ///
    /// # Errors
    ///
    /// If no dialect is recognised.
    pub fn run(&mut self, case: &Case, delivery: &Delivery<'_>) -> Result<Counts, String> {
        let Native { monitor, ledger, .. } = self;
        let content_encoding = case.request.header("content-encoding").map(str::as_bytes);
        let path = case.path.as_bytes();
        let content_type = case.request.header("content-type").map(str::as_bytes);
        let head = RequestHead {
            method: b"POST",
            path,
            content_type,
            content_encoding,
            document_length: case.request.header(DOCUMENT_LENGTH).map(str::as_bytes),
            message_encoding: case.request.header(MESSAGE_ENCODING).map(str::as_bytes),
            ..RequestHead::default()
        };
        let Some(mut exchange) = Exchange::start(monitor, ledger, at_ms(0), &head) else {
            ledger.drain(|_, _| ());
            return Err(format!("no dialect is spoken at {}", case.path));
        };
        for piece in &delivery.request {
            exchange.request_body(monitor, ledger, piece);
        }
        exchange.request_end();
        let head = ResponseHead {
            status: Some(case.status),
            content_type: case.response.header("content-type").map(str::as_bytes),
            content_encoding: case.response.header("content-encoding").map(str::as_bytes),
            document_length: case.response.header(DOCUMENT_LENGTH).map(str::as_bytes),
            message_encoding: case.response.header(MESSAGE_ENCODING).map(str::as_bytes),
            grpc_status: case.response.header("grpc-status").and_then(|status| status.parse().ok()),
            ..ResponseHead::default()
        };
        exchange.response_head(monitor, ledger, &head);
        exchange.load_report(monitor, ledger, &report(|name| case.response.header(name)));
        for (piece, ms) in delivery.response.iter().zip(1..) {
            exchange.response_body(monitor, ledger, at_ms(ms), piece);
        }
        let trailers = &case.expected.trailers;
        exchange.load_report(
            monitor,
            ledger,
            &report(|name| trailers.get(name).map(String::as_str)),
        );
        if case.expected.response_ends {
            exchange.response_end();
        }
        exchange.finish(monitor, ledger, at_ms(delivery.end_ms()), case.expected.flags);
        Ok(self.drain())
    }

    fn drain(&mut self) -> Counts {
        let mut counts = Counts::new();
        let names = &self.names;
        self.ledger.drain(|id, change| {
            let count = counts.entry(names[id.index()].clone()).or_default();
            *count += match change {
                Change::Add(amount) => i64::try_from(amount).expect("a count of a test is small"),
                Change::Shift(by) => by,
                Change::Sample(_) => 1,
                // A set value does not add up.
                Change::Set(value) => i64::try_from(value).expect("it is small") - *count,
            };
        });
        counts.retain(|_, count| *count != 0);
        counts
    }
}

/// The headers with a load report, of a head or of trailers.
fn report<'h>(value: impl Fn(&str) -> Option<&'h str>) -> ReportHeaders<'h> {
    let value = |name| value(name).map(str::as_bytes);
    ReportHeaders { report: value(REPORT_HEADER), binary: value(BINARY_REPORT_HEADER) }
}

fn at_ms(ms: u64) -> Timestamp {
    Timestamp(ms * 1_000_000)
}
