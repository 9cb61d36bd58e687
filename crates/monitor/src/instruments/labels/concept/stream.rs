//! One stream through one detector: what enters it, and what is shown of it. It reads no counter.

use driftline_labels::{DetectorState, StreamDetector};
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    drift::to_ppm,
    streams::{Signal, adwin, adwin::Adwin, ddm::Ddm, evenly, page_hinkley::PageHinkley},
    time::Timestamp,
};

use crate::instruments::Evaluation;

/// The most rows of a tick that enter one by one. Of more, as many in the same proportion stand for all.
const ROWS_MAX: u64 = 2000;

/// What a stream has grown by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Growth {
    /// Rows, each of which is an error or not.
    Errors { rows: u64, errors: u64 },
    /// Numbers, most of them between 0 and 1.
    Values { rows: u64, sum: f64, squares: f64 },
}

/// A detector and what it found last.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) detector: Detector,
    /// The mean before the last change.
    pub(super) before: f64,
    /// When that was, by the monotonic clock; 0 if it never was.
    pub(super) changed_at: Timestamp,
}

/// One of the detectors.
#[derive(Debug)]
pub(super) enum Detector {
    Adwin(Adwin),
    Ddm(Ddm),
    PageHinkley(PageHinkley),
}

/// The gauges of a stream.
#[derive(Debug)]
pub(super) struct StreamGauges {
    /// Of which figure, if not of errors.
    pub(super) kpi: Option<usize>,
    pub(super) detector: StreamDetector,
    /// By state.
    state: SeriesRun,
    changes: SeriesId,
    changed: SeriesId,
    before: SeriesId,
    after: SeriesId,
}

impl StreamGauges {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        kpi: Option<usize>,
        detector: StreamDetector,
        labels: &[&str; 4],
    ) -> StreamGauges {
        StreamGauges {
            kpi,
            detector,
            state: registrar.product(Metric::ConceptState, labels, &[&DetectorState::WORDS]),
            changes: registrar.add(Metric::ConceptChanges, labels),
            changed: registrar.add(Metric::ConceptChanged, labels),
            before: registrar.add(Metric::ConceptBefore, labels),
            after: registrar.add(Metric::ConceptAfter, labels),
        }
    }
}

impl Stream {
    pub(super) fn new(detector: StreamDetector) -> Stream {
        let detector = match detector {
            StreamDetector::Adwin => Detector::Adwin(Adwin::default()),
            StreamDetector::Ddm => Detector::Ddm(Ddm::default()),
            StreamDetector::PageHinkley => Detector::PageHinkley(PageHinkley::default()),
        };
        Stream { detector, before: 0.0, changed_at: Timestamp(0) }
    }

    /// What one takes at most, in bytes.
    pub(super) fn bytes_max(detector: StreamDetector) -> usize {
        let beside = match detector {
            StreamDetector::Adwin => adwin::Settings::default().bytes_max(),
            StreamDetector::Ddm | StreamDetector::PageHinkley => 0,
        };
        size_of::<Stream>().saturating_add(beside)
    }

    /// Takes what came in a tick, and shows what was found. `scale` is what 1 is in the unit that is shown.
    pub(super) fn take(
        &mut self,
        growth: Growth,
        gauges: &StreamGauges,
        scale: f64,
        evaluation: &mut Evaluation<'_>,
    ) {
        let rows = match growth {
            Growth::Errors { rows, .. } | Growth::Values { rows, .. } => rows,
        };
        let before = self.detector.mean();
        let changes = if rows == 0 { 0 } else { self.detector.feed(growth) };
        if changes != 0 {
            self.before = before;
            self.changed_at = evaluation.now;
            evaluation.buffer.add(gauges.changes, changes);
            // The VM that evaluates next must not find it again in what came since the last record.
            evaluation.must_store = true;
        }
        let has_changed = self.changed_at != Timestamp(0);
        let holds_until =
            Timestamp(self.changed_at.0.saturating_add(evaluation.settings.recovery_ns));
        let state = if has_changed && evaluation.now < holds_until {
            evaluation.evaluate_again_at(holds_until);
            DetectorState::Drift
        } else if self.detector.signal() == Signal::Warning {
            DetectorState::Warning
        } else {
            DetectorState::Stable
        };
        for (other, id) in DetectorState::ALL.into_iter().zip(gauges.state.iter()) {
            evaluation.buffer.set(id, u64::from(other == state));
        }
        if has_changed {
            let clock = evaluation.wall_clock;
            let seconds = clock.map_or(0.0, |clock| clock.seconds(self.changed_at));
            // The cast saturates.
            evaluation.buffer.set(gauges.changed, seconds as u64);
            evaluation.buffer.set(gauges.before, to_ppm(self.before * scale));
        }
        evaluation.buffer.set(gauges.after, to_ppm(self.detector.mean() * scale));
    }
}

impl Detector {
    /// Takes what came; how many changes were found in it.
    fn feed(&mut self, growth: Growth) -> u64 {
        match (self, growth) {
            (Detector::Adwin(adwin), Growth::Errors { rows, errors }) if rows <= ROWS_MAX => {
                count(evenly(errors, rows).map(|is_error| adwin.update(value(is_error))))
            }
            (Detector::Adwin(adwin), growth) => {
                let batch = match growth {
                    Growth::Errors { rows, errors } => adwin::Batch::of_errors(errors, rows),
                    Growth::Values { rows, sum, squares } => {
                        adwin::Batch::from_sums(rows, sum, squares)
                    }
                };
                count(batch.map(|batch| adwin.update_batch(&batch)).into_iter())
            }
            (Detector::Ddm(ddm), Growth::Errors { rows, errors }) => {
                let (errors, rows) = thinned(errors, rows);
                count(evenly(errors, rows).map(|is_error| ddm.update(is_error)))
            }
            // It knows errors only.
            (Detector::Ddm(_), Growth::Values { .. }) => 0,
            (Detector::PageHinkley(test), Growth::Errors { rows, errors }) => {
                let (errors, rows) = thinned(errors, rows);
                count(evenly(errors, rows).map(|is_error| test.update(value(is_error))))
            }
            (Detector::PageHinkley(test), Growth::Values { rows, sum, .. }) => {
                let mean = sum / rows as f64;
                count((0..rows.min(ROWS_MAX)).map(|_| test.update(mean)))
            }
        }
    }

    /// The mean since the last change.
    fn mean(&self) -> f64 {
        match self {
            Detector::Adwin(adwin) => adwin.window().mean().unwrap_or(0.0),
            Detector::Ddm(ddm) => ddm.state().error_rate,
            Detector::PageHinkley(test) => test.state().mean,
        }
    }

    fn signal(&self) -> Signal {
        match self {
            Detector::Adwin(adwin) => adwin.signal(),
            Detector::Ddm(ddm) => ddm.signal(),
            Detector::PageHinkley(test) => test.signal(),
        }
    }
}

/// How many of these signals are changes. All of them are asked for.
fn count(signals: impl Iterator<Item = Signal>) -> u64 {
    signals.fold(0, |count: u64, signal| count.saturating_add(u64::from(signal == Signal::Drift)))
}

const fn value(is_error: bool) -> f64 {
    if is_error { 1.0 } else { 0.0 }
}

/// As many rows as enter one by one, with errors in the same proportion.
fn thinned(errors: u64, rows: u64) -> (u64, u64) {
    if rows <= ROWS_MAX {
        return (errors, rows);
    }
    // The cast saturates, and there are no more errors than rows.
    let kept = libm::round(errors as f64 / rows as f64 * ROWS_MAX as f64) as u64;
    (kept, ROWS_MAX)
}
