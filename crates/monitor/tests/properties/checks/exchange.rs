//! One exchange, told to the core as a proxy's filter tells it: whole or cut, it counts the same, and no more rows than its
//! bodies have bytes. Which counts are right is a matter of the corpora.

use driftline_inference::exchange::Observation;
use driftline_metrics::{
    catalogue::{Kind, Metric},
    series::Series,
};
use driftline_monitor::{
    config::Config,
    native::{Header, NativeHost, NativeStream, header},
    session::Session,
};
use driftline_statistics::time::Timestamp;
use driftline_wire::encoding::{DECODED_BYTES_FREE, DECODED_PER_ENCODED_BYTE_MAX};

use super::input::Cuts;

/// One exchange as it stands on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wire<'w> {
    pub(super) path: &'w str,
    pub(super) request: Message<'w>,
    pub(super) response: Message<'w>,
    /// The proxy sees the response's end.
    pub(super) ends: bool,
}

/// A body and what the headers say of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Message<'w> {
    pub(super) body: &'w [u8],
    pub(super) content_type: Option<&'w [u8]>,
    pub(super) encoding: Option<&'w [u8]>,
    /// The header `inference-header-content-length`.
    pub(super) document_length: Option<&'w [u8]>,
    /// The header `grpc-encoding`.
    pub(super) message_encoding: Option<&'w [u8]>,
}

impl Message<'_> {
    /// Its headers, after these.
    fn headers<const N: usize>(&self, first: [Header; N]) -> Vec<Header> {
        let named = [
            ("content-type", self.content_type),
            ("content-encoding", self.encoding),
            ("inference-header-content-length", self.document_length),
            ("grpc-encoding", self.message_encoding),
        ];
        let given =
            named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_vec())));
        first.into_iter().chain(given).collect()
    }

    /// As many rows as the body can hold, be it that some of it is compressed and some is not. A row is a byte at least, but
    /// for the last one: a comma alone stands between two predictions that are empty.
    fn rows_max(&self) -> u64 {
        let bytes = self.body.len() as u64;
        if self.encoding.is_none() && self.message_encoding.is_none() {
            return bytes + 1;
        }
        bytes + (bytes * DECODED_PER_ENCODED_BYTE_MAX).max(DECODED_BYTES_FREE) + 1
    }
}

/// What is known of an exchange, and what it changed.
#[derive(Debug, PartialEq)]
struct Counts {
    observation: Observation,
    /// By number of the series, without those that are as before: by how much, and the sum of samples.
    changed: Vec<(usize, i64, u64)>,
}

/// The core, driven as a proxy drives the filter.
pub(super) struct Host {
    host: NativeHost,
    pub(super) session: Session,
    /// By number.
    series: Vec<Series>,
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
    pub(super) fn new(config: &str) -> Host {
        let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let host = NativeHost::default();
        let session = Session::new(&host, config);
        let series = host.series();
        host.changes();
        Host { host, session, series }
    }

    /// What the head of a response changes that has this header, and the in-flight gauge apart.
    pub(super) fn response_head<'h>(
        &'h self,
        path: &str,
        name: &str,
        value: &[u8],
    ) -> Vec<(&'h Series, i64)> {
        let first = vec![header(":method", "POST"), header(":path", path)];
        let mut stream = NativeStream::begin(&self.session, &self.host, first, true);
        // Without a name it counts as one of the others now, as it would with the response's head.
        self.host.changes();
        let head = vec![header(":status", "200"), (name.to_owned(), value.to_vec())];
        stream.response_headers(head, false);
        let changes = self.host.changes().into_iter();
        let changes = changes.map(|change| (&self.series[change.number], change.by));
        let changes = changes.filter(|(series, _)| !series.name.ends_with("_in_flight")).collect();
        stream.end(0);
        self.host.changes();
        changes
    }

    /// Whole or cut, an exchange counts the same, and each row has bytes.
    pub(super) fn check(&mut self, cuts: Cuts, wire: &Wire<'_>) {
        let (request, response) = (wire.request.body, wire.response.body);
        let whole = self.run(wire, [request].into_iter(), [response].into_iter());
        let cut = self.run(wire, cuts.of(request), cuts.of(response));
        for counts in [&whole, &cut] {
            self.check_rows(counts, Metric::Instances, &wire.request);
            self.check_rows(counts, Metric::Predictions, &wire.response);
        }
        let [whole_is_given_up, cut_is_given_up] =
            [&whole, &cut].map(|counts| self.names(counts).any(is_given_up));
        if whole_is_given_up || cut_is_given_up {
            // How far a body was read before it was given up depends on how it came; that it was is all that is said.
            // What is a bomb by then, too.
            let [whole_is_broken, cut_is_broken] =
                [&whole, &cut].map(|counts| self.names(counts).any(is_broken));
            assert!(!whole_is_broken || cut_is_given_up, "only broken if whole");
            assert!(!cut_is_broken || whole_is_given_up, "only broken if cut");
            return;
        }
        assert!(
            whole == cut,
            "{}:\nwhole {:?}\ncut   {:?}",
            wire.path,
            self.names(&whole).zip(&whole.changed).collect::<Vec<_>>(),
            self.names(&cut).zip(&cut.changed).collect::<Vec<_>>(),
        );
    }

    /// No promise makes rows.
    fn check_rows(&self, counts: &Counts, metric: Metric, message: &Message<'_>) {
        let name = metric.definition().name;
        let changed = self.names(counts).zip(&counts.changed);
        let rows = changed.filter(|(series, _)| series.name == name);
        // What wrapped around counts for what it was.
        let rows: u128 = rows.map(|(_, (_, count, _))| u128::from(count.cast_unsigned())).sum();
        let rows_max = message.rows_max();
        assert!(rows <= u128::from(rows_max), "{name}: {rows} rows in a body for {rows_max}");
    }

    /// What an exchange counts. All pieces of the response come at one moment, so that no time depends on the cuts.
    fn run<'b>(
        &mut self,
        wire: &Wire<'_>,
        request: impl Iterator<Item = &'b [u8]>,
        response: impl Iterator<Item = &'b [u8]>,
    ) -> Counts {
        let Host { host, session, series } = self;
        host.now.set(Timestamp(0));
        let first = [header(":method", "POST"), header(":path", wire.path)];
        let mut stream = NativeStream::begin(session, host, wire.request.headers(first), false);
        assert!(stream.is_measured(), "{} speaks nothing", wire.path);
        for piece in request.filter(|piece| !piece.is_empty()) {
            stream.request_body(piece, false);
        }
        stream.request_body(b"", true);
        stream.response_headers(wire.response.headers([header(":status", "200")]), false);
        host.now.set(Timestamp(5_000_000));
        for piece in response.filter(|piece| !piece.is_empty()) {
            stream.response_body(piece, false);
        }
        if wire.ends {
            stream.response_body(b"", true);
        }
        host.now.set(Timestamp(9_000_000));
        let observation = stream.end(0).expect("it is measured");
        let changes = host.changes().into_iter();
        let mut changed: Vec<_> =
            changes.map(|change| (change.number, change.by, change.sum)).collect();
        changed.sort_unstable();
        // Gauges of load are set, so they are as they were set before; no wire here has a report.
        debug_assert!(changed.iter().all(|(number, ..)| series[*number].kind != Kind::Gauge));
        Counts { observation, changed }
    }

    /// The series that an exchange changed.
    fn names<'h>(&'h self, counts: &'h Counts) -> impl Iterator<Item = &'h Series> {
        counts.changed.iter().filter_map(|(number, ..)| self.series.get(*number))
    }
}
