//! Which part of the traffic got worse: segments by how much more often their rows are wrong than those of the reference
//! were, if chance does not explain it. It sets no verdict.

use alloc::{boxed::Box, vec::Vec};

use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    detection::{TwoShares, total},
    quality::right_and_wrong,
};

use super::{
    DriftSettings, Places,
    cells::{LabelCells, part},
};
use crate::labelled::{Judged, LabelledModel};

/// How many rows count as one: a place is no alarm, so it need not be proof against larger clusters.
const CLUSTERS: f64 = 2.0;
/// What errors of a row are counted in.
const THOUSANDTHS: f64 = 1000.0;

/// The places of one model's segments.
#[derive(Debug)]
pub(super) struct SegmentGauges {
    /// By segment and cell.
    ranks: Box<[SeriesRun]>,
    /// The evidence that a rise needs, in nats.
    nats: f64,
    /// Mean and variance of an error of the reference, by which cells are judged that it does not have.
    usual: Errors,
}

/// Errors of some rows.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    rows: f64,
    /// Their mean, in errors, or in standard deviations of the label.
    mean: f64,
}

impl SegmentGauges {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        model: &LabelledModel,
        settings: &DriftSettings,
    ) -> SegmentGauges {
        let [name, version] = model.labels();
        let ranks = model.segments.iter().map(|segment| {
            let cells = &mut segment.cells.iter().map(|cell| &**cell);
            registrar.each(Metric::SegmentRank, &[name, version, &segment.name], cells)
        });
        let ranks: Vec<SeriesRun> = ranks.collect();
        let cells = ranks.iter().map(SeriesRun::len).sum();
        SegmentGauges { ranks: ranks.into(), nats: settings.nats(cells), usual: usual(model) }
    }

    /// Compares each cell with its reference, and ranks those that are worse.
    pub(super) fn set(
        &self,
        model: &LabelledModel,
        sums: &[u64],
        cells: &LabelCells,
        buffer: &mut MetricBuffer,
    ) {
        let rows = part(sums, &cells.segment_rows).iter();
        let mut live = rows.zip(part(sums, &cells.segment_errors));
        let mut risen = Vec::new();
        for segment in model.segments.iter() {
            for (cell, (&rows, &errors)) in (0..segment.cells.len()).zip(&mut live) {
                let live = Errors::of(rows, errors);
                let known = segment.reference.as_ref().and_then(|it| {
                    let found = Errors::of(*it.rows.get(cell)?, *it.errors.get(cell)?);
                    (0.0 < found.rows).then_some(found)
                });
                let reference = known.unwrap_or(self.usual);
                let is_worse = self.is_worse(model, reference, live);
                risen.push(is_worse.then_some(live.mean - reference.mean));
            }
        }
        let mut places = Places::default();
        let ranks = self.ranks.iter().flat_map(SeriesRun::iter);
        for (id, &place) in ranks.zip(places.of(risen)) {
            buffer.set(id, place);
        }
    }

    fn is_worse(&self, model: &LabelledModel, reference: Errors, live: Errors) -> bool {
        if live.mean <= reference.mean || live.rows <= 0.0 || reference.rows <= 0.0 {
            return false;
        }
        let effective = live.rows / CLUSTERS;
        let nats = match &model.judged {
            Some(Judged::Classes(_)) => TwoShares {
                reference: (reference.mean * reference.rows, reference.rows),
                live: (live.mean * effective, effective),
            }
            .nats(),
            // An absolute error varies about as much as it is large.
            _ => {
                let scale = reference.mean.max(f64::MIN_POSITIVE);
                let apart = (live.mean - reference.mean) / scale;
                apart * apart / 2.0 / (1.0 / effective + 1.0 / reference.rows)
            }
        };
        self.nats <= nats
    }
}

impl Errors {
    fn of(rows: u64, thousandths: u64) -> Errors {
        let rows = rows as f64;
        Errors { rows, mean: thousandths as f64 / THOUSANDTHS / rows.max(1.0) }
    }
}

/// Errors of the whole reference.
fn usual(model: &LabelledModel) -> Errors {
    match &model.judged {
        Some(Judged::Classes(series)) => {
            let confusion = &series.reference.confusion;
            let (_, wrong) = right_and_wrong(confusion, series.names.count());
            Errors::of(total(confusion), wrong.saturating_mul(1000))
        }
        Some(Judged::Regression(series)) => {
            let sums = &series.reference.sums;
            Errors::of(sums.rows, sums.above.saturating_add(sums.below))
        }
        None => Errors::default(),
    }
}
