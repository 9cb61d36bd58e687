//! Carries cases out against the core, driven as a proxy drives the filter.

use driftline_inference::exchange::Observation;
use driftline_monitor::{
    config::Config,
    native::{Header, NativeHost, NativeStream, header},
    session::Session,
};
use driftline_statistics::time::Timestamp;

use crate::{
    corpus::Case,
    counts::{self, Counts},
    delivery::Delivery,
    message::Message,
};

/// The core under one configuration.
pub struct Native {
    host: NativeHost,
    session: Session,
    names: Vec<String>,
}

impl Native {
    /// Panics over a configuration that is refused.
    pub fn new(config: &str) -> Native {
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let host = NativeHost::default();
        let session = Session::new(&host, config);
        let names = host.series().iter().map(counts::name).collect();
        host.changes();
        Native { host, session, names }
    }

    /// What an exchange changes that is delivered so, and what is known of it.
    ///
    /// # Errors
    ///
    /// If no dialect is recognised.
    pub fn run(
        &self,
        case: &Case,
        delivery: &Delivery<'_>,
    ) -> Result<(Counts, Observation), String> {
        self.set_ms(0);
        let first = [header(":method", "POST"), header(":path", &case.path)];
        let headers = headers(first, &case.request);
        let mut stream = NativeStream::begin(&self.session, &self.host, headers, false);
        if !stream.is_measured() {
            self.host.changes();
            return Err(format!("no dialect is spoken at {}", case.path));
        }
        for piece in &delivery.request {
            stream.request_body(piece, false);
        }
        stream.request_body(b"", true);
        let first = [header(":status", &case.status.to_string())];
        stream.response_headers(headers_of_response(first, case), false);
        for (piece, ms) in delivery.response.iter().zip(1..) {
            self.set_ms(ms);
            stream.response_body(piece, false);
        }
        let trailers = case.expected.trailers.iter();
        let trailers: Vec<Header> = trailers.map(|(name, value)| header(name, value)).collect();
        if case.expected.response_ends && trailers.is_empty() {
            stream.response_body(b"", true);
        } else if case.expected.response_ends {
            stream.response_trailers(trailers);
        }
        self.set_ms(delivery.end_ms());
        let observation = stream.end(case.expected.flags).expect("it is measured");
        Ok((self.changes(), observation))
    }

    fn changes(&self) -> Counts {
        let mut counts = Counts::new();
        for change in self.host.changes() {
            *counts.entry(self.names[change.number].clone()).or_default() += change.by;
        }
        counts.retain(|_, count| *count != 0);
        counts
    }

    fn set_ms(&self, ms: u64) {
        self.host.now.set(Timestamp(ms * 1_000_000));
    }
}

fn headers<const N: usize>(first: [Header; N], message: &Message) -> Vec<Header> {
    let others = message.headers.iter().map(|(name, value)| header(name, value));
    first.into_iter().chain(others).collect()
}

fn headers_of_response<const N: usize>(first: [Header; N], case: &Case) -> Vec<Header> {
    headers(first, &case.response)
}
