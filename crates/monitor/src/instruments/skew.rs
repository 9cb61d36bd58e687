//! Training-serving skew: the first rows under a profile, frozen; what drifts later does not reach it.

use alloc::{boxed::Box, vec, vec::Vec};

use driftline_labels::{Enum, Verdict};
use driftline_statistics::{
    detection::{Clusters, Judge, Length},
    drift::{psi, to_ppm},
    fingerprint::Fingerprint,
    time::Timestamp,
};

use super::{
    ColumnContext, ColumnInstrument, DriftSettings, Evaluation, Instrument,
    verdict::{VerdictGauges, compared},
};
use crate::{
    codec::{Reader, Writer},
    memory::BLOCK_BYTES,
    model::MonitoredColumn,
};
use driftline_metrics::{
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};

/// The first rows of one column.
#[derive(Debug)]
pub(super) struct Skew {
    psi: SeriesId,
    verdict: VerdictGauges,
    state: State,
}

/// What is known about these rows.
#[derive(Debug)]
enum State {
    /// They are still coming.
    Gathering {
        /// When the profile came into use.
        since: Timestamp,
        /// Growth by cell; empty until the instrument begins.
        seen: Vec<u32>,
    },
    /// They have come.
    Known { psi_ppm: u64, verdict: Verdict },
}

/// Where nothing has begun.
const IDLE: State = State::Gathering { since: Timestamp(0), seen: Vec::new() };

/// What is stored in place of a verdict while rows are gathered.
const GATHERING: u8 = Verdict::ALL.len() as u8;

impl Skew {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &ColumnContext<'_>,
    ) -> Option<ColumnInstrument> {
        let labels = context.labels;
        Some(Box::new(Skew {
            psi: registrar.add(Metric::FeatureSkewPsi, &labels.values()),
            verdict: VerdictGauges::register(
                registrar,
                Metric::FeatureSkewVerdict,
                &labels.values(),
                None,
            ),
            state: IDLE,
        }))
    }

    /// Judges the rows once a window has passed since the profile came into use, as soon as they are enough.
    fn judge(&mut self, column: &MonitoredColumn, evaluation: &mut Evaluation<'_>) {
        let State::Gathering { since, seen } = &self.state else {
            return;
        };
        let is_due_at = Timestamp(since.0.saturating_add(evaluation.settings.windows.window_ns()));
        if evaluation.now < is_due_at {
            evaluation.evaluate_again_at(is_due_at);
            return;
        }
        let sums = &mut evaluation.scratch.look.sums;
        sums.clear();
        sums.extend(seen.iter().map(|&count| u64::from(count)));
        let (reference, live) = (column.reference.rows(), column.cells().split(sums));
        // What the windows of this column found about its clusters.
        let found = evaluation.findings.columns.last().and_then(|it| it.clusters);
        let clusters = found.unwrap_or(Clusters { found: 1.0, assumed: 1.0 });
        let judge = Judge::new(&column.limits, &reference);
        let is_drift = judge.look(&reference, &live, clusters, Length::Fast.errors()).is_some();
        if is_drift || judge.has_rows(&live, clusters) {
            let verdict = if is_drift { Verdict::Drift } else { Verdict::Ok };
            let psi = compared(column, sums).histograms().map_or(0.0, |both| psi(&both).value);
            self.state = State::Known { psi_ppm: to_ppm(psi), verdict };
            // The VM that evaluates next must not judge other rows.
            evaluation.must_store = true;
        }
    }
}

impl Instrument<MonitoredColumn> for Skew {
    fn counters(&self, column: &MonitoredColumn, counter: &mut dyn FnMut(usize, SeriesId)) {
        column.counters().for_each(|(cell, id)| counter(cell, id));
    }

    fn identity(&self, column: &MonitoredColumn) -> Fingerprint {
        column.identity()
    }

    /// Not the length of windows: the first rows stay the first ones, however long windows are later.
    fn layout(&self, column: &MonitoredColumn, _: &DriftSettings) -> Fingerprint {
        column.layout()
    }

    fn state_bytes_max(&self, column: &MonitoredColumn, _: &DriftSettings) -> usize {
        column.cells().count().saturating_mul(size_of::<u32>()).saturating_add(BLOCK_BYTES)
    }

    fn begin(&mut self, column: &MonitoredColumn, _: &DriftSettings, now: Timestamp) {
        self.state = State::Gathering { since: now, seen: vec![0; column.cells().count()] };
    }

    fn release(&mut self) {
        self.state = IDLE;
    }

    fn catch_up(&mut self, growth: &[u64]) {
        if let State::Gathering { seen, .. } = &mut self.state {
            for (count, &grown) in seen.iter_mut().zip(growth) {
                *count = count.saturating_add(u32::try_from(grown).unwrap_or(u32::MAX));
            }
        }
    }

    fn evaluate(
        &mut self,
        column: &MonitoredColumn,
        growth: &[u64],
        evaluation: &mut Evaluation<'_>,
    ) {
        self.catch_up(growth);
        self.judge(column, evaluation);
        let (psi_ppm, verdict) = match self.state {
            State::Known { psi_ppm, verdict } => (psi_ppm, verdict),
            State::Gathering { .. } => (0, Verdict::Insufficient),
        };
        evaluation.buffer.set(self.psi, psi_ppm);
        self.verdict.set(evaluation.buffer, verdict);
    }

    fn store(&self, record: &mut Writer<'_>) {
        match &self.state {
            State::Gathering { since, seen } => {
                record.u8(GATHERING);
                record.u64(since.0);
                seen.iter().for_each(|&count| record.u32(count));
            }
            State::Known { psi_ppm, verdict } => {
                record.u8(u8::try_from(verdict.into_usize()).unwrap_or(GATHERING));
                record.u64(*psi_ppm);
            }
        }
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        let (tag, number) = (record.u8()?, record.u64()?);
        match (&mut self.state, Verdict::ALL.get(usize::from(tag))) {
            (state, Some(&verdict)) => *state = State::Known { psi_ppm: number, verdict },
            (State::Gathering { since, seen }, None) if tag == GATHERING => {
                *since = Timestamp(number);
                for count in seen {
                    *count = record.u32()?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}
