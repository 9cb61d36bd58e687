//! A business figure's counters, and what the profile says of it. It knows no window.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    bins::Bins,
    detection::{Cells, Reference},
    drift::{BinPositions, Tail, to_ppm},
    fingerprint::Fingerprint,
    profile::{Column, Range},
    value::{Cell, NullTexts, Precision},
};

use crate::config::Kpi;

/// The counters of a figure.
#[derive(Debug)]
pub(crate) struct KpiSeries {
    pub(crate) name: Box<str>,
    minimum: f64,
    maximum: f64,
    unit: f64,
    /// From which change on a verdict takes it for material, in parts of its size.
    pub(crate) material_mean: f64,
    pub(crate) rows: SeriesId,
    /// By sign, in units.
    pub(crate) units: SeriesRun,
    /// Where values lie between the bounds, in millionths.
    positions: SeriesId,
    /// The squares of that, in millionths.
    pub(crate) squares: SeriesId,
    /// `None` if the profile does not know it.
    pub(crate) compared: Option<ComparedKpi>,
}

/// A figure that the profile knows.
#[derive(Debug)]
pub(crate) struct ComparedKpi {
    bins: Bins,
    /// What the reference reaches from and to.
    range: Option<Range>,
    /// Its rows. Those without a value are none of feedback.
    pub(crate) reference: Rc<Reference>,
    mean: f64,
    /// By live bin.
    counts: SeriesRun,
    /// Values that the reference does not reach.
    outside: SeriesId,
    /// How far values lie beyond the bins, below and above.
    tails: SeriesRun,
    reference_rows: SeriesRun,
    reference_mean: SeriesRun,
}

impl KpiSeries {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        labels: [&str; 2],
        kpi: &Kpi,
        reference: Option<&Column>,
    ) -> KpiSeries {
        let ([model, version], name) = (labels, kpi.name.as_str());
        KpiSeries {
            name: name.into(),
            minimum: kpi.minimum,
            maximum: kpi.maximum,
            unit: kpi.unit,
            material_mean: kpi.material_mean,
            rows: registrar.add(Metric::KpiRows, &[model, version, name]),
            units: registrar.product(Metric::KpiUnits, &[model, version], &[&Tail::WORDS, &[name]]),
            positions: registrar.add(Metric::KpiPositions, &[model, version, name]),
            squares: registrar.add(Metric::KpiSquares, &[model, version, name]),
            compared: reference.map(|it| ComparedKpi::register(registrar, labels, name, it)),
        }
    }

    /// A value that may be counted: a number within the bounds.
    pub(crate) fn value(&self, cell: Cell<'_>) -> Option<f64> {
        let value = cell.number(&NullTexts::NONE).ok()?;
        (self.minimum..=self.maximum).contains(&value).then_some(value)
    }

    /// Counts a value within the bounds.
    pub(crate) fn count(&self, buffer: &mut MetricBuffer, value: f64) {
        let units = libm::round(libm::fabs(value) / self.unit) as u64;
        let side = if value < 0.0 { Tail::Low } else { Tail::High };
        // Of the rounded value, so that mean and squares are of the same numbers.
        let position = self.position(if value < 0.0 { -(units as f64) } else { units as f64 });
        buffer.add(self.rows, 1);
        if let Some(id) = self.units.of_word(side) {
            buffer.add(id, units);
        }
        buffer.add(self.positions, libm::round(position * 1e6) as u64);
        buffer.add(self.squares, libm::round(position * position * 1e6) as u64);
        if let Some(compared) = &self.compared {
            compared.count(buffer, value);
        }
    }

    /// Sets what the profile alone says.
    pub(super) fn describe(&self, buffer: &mut MetricBuffer) {
        if let Some(compared) = &self.compared {
            compared.describe(buffer);
        }
    }

    /// Its bounds and its unit.
    pub(crate) fn bounds(&self) -> [f64; 3] {
        [self.minimum, self.maximum, self.unit]
    }

    /// The mean of this many records with these sums, in the unit of the figure.
    pub(crate) fn mean(&self, rows: u64, high: u64, low: u64) -> f64 {
        (high as f64 - low as f64) * self.unit / rows.max(1) as f64
    }

    /// Where this many units lie between the bounds, from 0 to 1.
    pub(crate) fn position(&self, units: f64) -> f64 {
        ((units * self.unit - self.minimum) / (self.maximum - self.minimum)).clamp(0.0, 1.0)
    }
}

impl ComparedKpi {
    fn register(
        registrar: &mut SeriesRegistrar<'_>,
        [model, version]: [&str; 2],
        name: &str,
        column: &Column,
    ) -> ComparedKpi {
        // What is outside is so by the values of the reference, whatever its schema says.
        let reference =
            Reference { unset: 0, by_hour: None, has_range: true, ..Reference::of(column) };
        let has_tails = reference.positions.as_ref().is_some_and(BinPositions::has_tails);
        let bins = &column.bins;
        let labels: Vec<String> = (0..bins.live_count()).map(|bin| bins.label(bin)).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let mut of_each = |metric, words: &[&str]| {
            registrar.product(metric, &[model, version], &[words, &[name]])
        };
        let of_reference = labels.get(..bins.count()).unwrap_or_default();
        ComparedKpi {
            bins: column.bins.clone(),
            range: column
                .numbers
                .as_ref()
                .map(|numbers| Range { minimum: numbers.minimum, maximum: numbers.maximum }),
            reference: Rc::new(reference),
            mean: column.numbers.as_ref().map_or(0.0, |numbers| numbers.mean),
            counts: of_each(Metric::KpiBinRows, &labels),
            tails: of_each(Metric::KpiTailExcess, if has_tails { &Tail::WORDS } else { &[] }),
            reference_rows: of_each(Metric::ReferenceKpiBinRows, of_reference),
            reference_mean: of_each(Metric::ReferenceKpiMean, &Tail::WORDS),
            outside: registrar.add(Metric::KpiOutside, &[model, version, name]),
        }
    }

    #[inline(never)] // Two callers count figures.
    fn count(&self, buffer: &mut MetricBuffer, value: f64) {
        let (bin, is_tail) = self.bins.place_of(value, Precision::Single);
        if let Some(id) = self.counts.get(bin) {
            buffer.add(id, 1);
        }
        if self.range.is_some_and(|range| !range.allows(value, Precision::Single)) {
            buffer.add(self.outside, 1);
        }
        let positions = self.reference.positions.as_ref().filter(|_| is_tail);
        if let Some((side, thousandths)) = positions.and_then(|it| it.tail_distance(value))
            && let Some(id) = self.tails.of_word(side)
        {
            buffer.add(id, thousandths);
        }
    }

    fn describe(&self, buffer: &mut MetricBuffer) {
        for (id, &rows) in self.reference_rows.iter().zip(&self.reference.bins) {
            buffer.set(id, rows);
        }
        for (id, mean) in self.reference_mean.iter().zip(by_side(self.mean)) {
            buffer.set(id, mean);
        }
    }

    /// What the evaluator keeps of it.
    pub(crate) fn cells(&self) -> Cells {
        Cells { bins: self.counts.len(), has_tails: !self.tails.is_empty() }
    }

    /// The counters that the evaluator reads back, each with its cell.
    pub(crate) fn counters(&self) -> impl Iterator<Item = (usize, SeriesId)> + '_ {
        let cells = self.cells();
        let bins = self.counts.iter().enumerate();
        bins.chain([(cells.outside(), self.outside)])
            .chain((cells.tails()..).zip(self.tails.iter()))
    }

    /// Tells bins and reference apart, after all that `before` tells apart.
    pub(crate) fn fingerprint(&self, before: Fingerprint) -> Fingerprint {
        self.reference.fingerprint(self.bins.fingerprint(before))
    }
}

/// A number as gauges have it, which have no sign: by side, in millionths.
pub(crate) fn by_side(number: f64) -> [u64; Tail::ALL.len()] {
    Tail::ALL.map(|side| {
        let signed = if side == Tail::Low { -number } else { number };
        to_ppm(signed.max(0.0))
    })
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use driftline_metrics::buffer::Change;

    use super::*;

    /// Between -100 and 300, counted in fives.
    #[track_caller]
    fn check(values: &[f64], [rows, high, low, positions, squares]: [u64; 5]) {
        let mut registrar = SeriesRegistrar::numbering(0);
        let kpi = Kpi {
            name: "k".into(),
            minimum: -100.0,
            maximum: 300.0,
            unit: 5.0,
            material_mean: 0.25,
        };
        let series = KpiSeries::register(&mut registrar, ["m", "1"], &kpi, None);
        let mut buffer = MetricBuffer::new(registrar.next());
        for &value in values {
            series.count(&mut buffer, value);
        }
        let mut found = Vec::new();
        buffer.flush(|id, change| found.push((id, change)));
        let of = |id: SeriesId| match found.iter().find(|(found, _)| *found == id) {
            Some((_, Change::Add(by))) => *by,
            _ => 0,
        };
        let unit = |side| of(series.units.of_word(side).unwrap());
        assert_eq!(
            vec![rows, high, low, positions, squares],
            vec![
                of(series.rows),
                unit(Tail::High),
                unit(Tail::Low),
                of(series.positions),
                of(series.squares)
            ]
        );
    }

    #[test]
    fn values_count_in_units_and_by_where_they_lie() {
        check(&[100.0], [1, 20, 0, 500_000, 250_000]);
        check(&[-100.0, 300.0, 0.0], [3, 60, 20, 1_250_000, 1_062_500]);
    }

    #[test]
    fn a_value_counts_as_its_units() {
        // 0 is a quarter of the way.
        check(&[2.0, -2.0], [2, 0, 0, 500_000, 125_000]);
    }
}
