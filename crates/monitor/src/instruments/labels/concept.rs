//! Whether the errors of a model have changed, or a business figure: ADWIN, DDM and Page-Hinkley on the streams that
//! counters are, one of each for the whole proxy. It computes no measure of quality.
//!
//! Errors of 0 and 1 enter row by row, evenly spread over a tick. Absolute errors and figures are known by their number,
//! sum and squares, and enter ADWIN as one batch for each tick: copies of a mean have no variance, and would alarm without
//! end. EDDM is not among the detectors, because the distances between errors are lost in counters.

mod record;
mod stream;

use alloc::{boxed::Box, vec::Vec};

use driftline_labels::{LabelValue as _, StreamDetector};
use driftline_metrics::series::{SeriesId, SeriesRegistrar};
use driftline_statistics::{
    detection::total,
    fingerprint::Fingerprint,
    quality::{RegressionSums, right_and_wrong},
    time::Timestamp,
};

use self::stream::{Growth, Stream, StreamGauges};
use super::{
    DriftSettings, Evaluation, Instrument, LabelContext, LabelInstrument,
    cells::{LabelCells, part},
};
use crate::{
    codec::{Reader, Writer},
    labelled::{Judged, LabelledModel, RegressionSeries},
    memory::BLOCK_BYTES,
};

/// Beyond this many standard deviations of the reference's absolute errors, an error is larger than 1 for ADWIN.
const DEVIATIONS: f64 = 5.0;
/// What the counters of a regression are in.
const THOUSANDTHS: f64 = 1000.0;
const MILLIONTHS: f64 = 1e6;

/// The detectors of one model.
#[derive(Debug)]
pub(in crate::instruments) struct ConceptDrift {
    cells: LabelCells,
    /// Those of errors, if the model is judged, and then those of figures.
    gauges: Box<[StreamGauges]>,
    /// By gauges; empty while another VM evaluates.
    streams: Vec<Stream>,
    /// What an absolute error of 1 is for detectors, in standard deviations of the label.
    scale: f64,
}

impl ConceptDrift {
    pub(in crate::instruments) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        context: &LabelContext<'_>,
    ) -> Option<LabelInstrument> {
        let LabelContext { model, .. } = context;
        let mut gauges = Vec::new();
        let mut add = |kpi: Option<usize>, detector: StreamDetector| {
            let name = kpi.and_then(|kpi| model.kpis.get(kpi)).map_or("", |kpi| &kpi.name);
            let [model, version] = model.labels();
            let labels = [model, version, name, detector.word()];
            gauges.push(StreamGauges::register(registrar, kpi, detector, &labels));
        };
        let of_errors: &[StreamDetector] = match &model.judged {
            Some(Judged::Classes(_)) => &StreamDetector::ALL,
            Some(Judged::Regression(_)) => &[StreamDetector::Adwin, StreamDetector::PageHinkley],
            None => &[],
        };
        of_errors.iter().for_each(|&detector| add(None, detector));
        for kpi in 0..model.kpis.len() {
            add(Some(kpi), StreamDetector::Adwin);
            add(Some(kpi), StreamDetector::PageHinkley);
        }
        let scale = match &model.judged {
            Some(Judged::Regression(series)) => scale_of(series),
            _ => 1.0,
        };
        Some(Box::new(ConceptDrift {
            cells: LabelCells::of(model),
            gauges: gauges.into(),
            streams: Vec::new(),
            scale,
        }))
    }

    /// What the stream of errors has grown by.
    fn errors(&self, model: &LabelledModel, growth: &[u64]) -> Growth {
        match &model.judged {
            Some(Judged::Classes(series)) => {
                let confusion = part(growth, &self.cells.confusion);
                let (_, errors) = right_and_wrong(confusion, series.names.count());
                Growth::Errors { rows: total(confusion), errors }
            }
            Some(Judged::Regression(_)) => {
                let counters: &[u64] = part(growth, &self.cells.regression);
                let sums = counters.first_chunk().map(|it| RegressionSums::of_counters(*it));
                let sums = sums.unwrap_or_default();
                let (sum, squares) = absolute(&sums);
                Growth::Values {
                    rows: sums.rows,
                    sum: sum / self.scale,
                    squares: squares / (self.scale * self.scale),
                }
            }
            None => Growth::Errors { rows: 0, errors: 0 },
        }
    }

    /// What a figure has grown by, in positions between its bounds.
    fn kpi(&self, model: &LabelledModel, number: usize, growth: &[u64]) -> Option<Growth> {
        let kpi = model.kpis.get(number)?;
        let rows = *part(growth, &self.cells.kpi_rows).get(number)?;
        let (sums, _) = part(growth, &self.cells.kpi_sums).as_chunks();
        let &[high, low, squares] = sums.get(number)?;
        let mean = (high as f64 - low as f64) / rows.max(1) as f64;
        Some(Growth::Values {
            rows,
            sum: kpi.position(mean) * rows as f64,
            squares: squares as f64 / MILLIONTHS,
        })
    }
}

impl Instrument<LabelledModel> for ConceptDrift {
    fn counters(&self, model: &LabelledModel, counter: &mut dyn FnMut(usize, SeriesId)) {
        self.cells.counters(model, counter);
    }

    fn layout(&self, model: &LabelledModel, _: &DriftSettings) -> Fingerprint {
        self.cells.fingerprint(model).with_text("concept").with_number(self.scale.to_bits())
    }

    fn state_bytes_max(&self, _: &LabelledModel, _: &DriftSettings) -> usize {
        let of_streams = self.gauges.iter().map(|gauges| Stream::bytes_max(gauges.detector));
        of_streams.fold(4 * BLOCK_BYTES, |all: usize, bytes| {
            all.saturating_add(bytes).saturating_add(3 * BLOCK_BYTES)
        })
    }

    fn begin(&mut self, _: &LabelledModel, _: &DriftSettings, _: Timestamp) {
        self.streams = self.gauges.iter().map(|gauges| Stream::new(gauges.detector)).collect();
    }

    fn release(&mut self) {
        self.streams = Vec::new();
    }

    /// A few operations for each row, of which 2,000 of a tick are looked at one by one.
    fn evaluate(&mut self, model: &LabelledModel, growth: &[u64], evaluation: &mut Evaluation<'_>) {
        let mut streams = core::mem::take(&mut self.streams);
        for (stream, gauges) in streams.iter_mut().zip(&self.gauges) {
            let grown = match gauges.kpi {
                None => Some(self.errors(model, growth)),
                Some(kpi) => self.kpi(model, kpi, growth),
            };
            let scale = if gauges.kpi.is_none() { self.scale } else { 1.0 };
            if let Some(grown) = grown {
                stream.take(grown, gauges, scale, evaluation);
            }
        }
        self.streams = streams;
    }

    fn store(&self, record: &mut Writer<'_>) {
        self.streams.iter().for_each(|stream| stream.store(record));
    }

    fn restore(&mut self, record: &mut Reader<'_>) -> Option<()> {
        for stream in &mut self.streams {
            stream.restore(record)?;
        }
        Some(())
    }
}

/// Sum and sum of squares of absolute errors, in standard deviations of the label.
fn absolute(sums: &RegressionSums) -> (f64, f64) {
    let sum = sums.above.saturating_add(sums.below) as f64 / THOUSANDTHS;
    (sum, sums.squares as f64 + sums.square_millionths as f64 / MILLIONTHS)
}

/// Five standard deviations of the reference's absolute errors; 1 where that is not known.
fn scale_of(series: &RegressionSeries) -> f64 {
    let sums = &series.reference.sums;
    let (sum, squares) = absolute(sums);
    let rows = sums.rows.max(1) as f64;
    let mean = sum / rows;
    let deviation = libm::sqrt((squares / rows - mean * mean).max(0.0));
    if 0.0 < deviation { DEVIATIONS * deviation } else { 1.0 }
}
