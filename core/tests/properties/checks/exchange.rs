//! One exchange, told to the core as a proxy's filter tells it: whole or cut, it counts the same, and no more rows than its
//! bodies have bytes. Which counts are right is a matter of the corpora.

use driftline_core::{
    inference::{
        exchange::{Exchange, RequestHead, ResponseHead},
        outcome::Outcome,
    },
    metrics::{
        buffer::{Change, MetricBuffer},
        catalogue::Metric,
        series::Series,
    },
    monitor::{config::Config, layout::Monitor},
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

/// What an exchange changed.
#[derive(Debug, PartialEq)]
struct Counts {
    outcome: Outcome,
    /// By number of the series, without those that are 0.
    changed: Vec<(usize, i64)>,
}

/// The core, called as a proxy's filter calls it.
pub(super) struct Host {
    pub(super) monitor: Monitor,
    pub(super) buffer: MetricBuffer,
    /// By number of the series; all 0 between exchanges.
    counts: Vec<i64>,
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
        let monitor = Monitor::new(&config);
        let (buffer, counts) =
            (MetricBuffer::new(monitor.series_max()), vec![0; monitor.series_max()]);
        Host { monitor, buffer, counts }
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
        // Whoever wrapped around counts for what it was.
        let rows: u128 = rows.map(|(_, (_, count))| u128::from(count.cast_unsigned())).sum();
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
        let Host { monitor, buffer, counts } = self;
        let mut drain = |buffer: &mut MetricBuffer| {
            buffer.flush(|id, change| {
                let count = &mut counts[id.index()];
                *count = count.wrapping_add(match change {
                    Change::Add(amount) => amount.cast_signed(),
                    Change::Shift(by) => by,
                    Change::Sample(value) => value.cast_signed().wrapping_mul(31).wrapping_add(1),
                    Change::Set(value) => value.cast_signed(),
                });
            });
        };
        let head = RequestHead {
            method: b"POST",
            path: wire.path.as_bytes(),
            content_type: wire.request.content_type,
            content_encoding: wire.request.encoding,
            document_length: wire.request.document_length,
            message_encoding: wire.request.message_encoding,
            ..RequestHead::default()
        };
        let mut exchange = Exchange::start(monitor, buffer, Timestamp(0), &head)
            .unwrap_or_else(|| panic!("{} speaks nothing", wire.path));
        drain(buffer);
        for piece in request.filter(|piece| !piece.is_empty()) {
            exchange.request_body(monitor, buffer, piece);
            drain(buffer);
        }
        exchange.request_end();
        let head = ResponseHead {
            status: Some(200),
            content_type: wire.response.content_type,
            content_encoding: wire.response.encoding,
            document_length: wire.response.document_length,
            message_encoding: wire.response.message_encoding,
            ..ResponseHead::default()
        };
        exchange.response_head(monitor, buffer, &head);
        drain(buffer);
        for piece in response.filter(|piece| !piece.is_empty()) {
            exchange.response_body(monitor, buffer, Timestamp(5_000_000), piece);
            drain(buffer);
        }
        if wire.ends {
            exchange.response_end();
        }
        let outcome = exchange.finish(monitor, buffer, Timestamp(9_000_000), 0);
        drain(buffer);
        let changed = counts.iter_mut().enumerate().filter(|(_, count)| **count != 0);
        let changed = changed.map(|(number, count)| (number, std::mem::take(count))).collect();
        Counts { outcome, changed }
    }

    /// The series that an exchange changed.
    fn names<'h>(&'h self, counts: &'h Counts) -> impl Iterator<Item = &'h Series> {
        counts.changed.iter().filter_map(|(number, _)| self.monitor.series().get(*number))
    }
}
