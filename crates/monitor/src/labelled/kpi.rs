//! A business figure's counters. It knows no window.

use alloc::boxed::Box;

use driftline_labels::EnumMap;
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};
use driftline_statistics::{
    drift::Tail,
    value::{Cell, NullTexts},
};

use crate::config::Kpi;

/// The counters of a figure.
#[derive(Debug)]
pub(crate) struct KpiSeries {
    pub(crate) name: Box<str>,
    minimum: f64,
    maximum: f64,
    unit: f64,
    pub(crate) rows: SeriesId,
    /// By sign, in units.
    pub(crate) units: EnumMap<Tail, SeriesId>,
    /// Where values lie between the bounds, in millionths.
    positions: SeriesId,
    /// The squares of that, in millionths.
    pub(crate) squares: SeriesId,
}

impl KpiSeries {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        [model, version]: [&str; 2],
        kpi: &Kpi,
    ) -> KpiSeries {
        let name = kpi.name.as_str();
        KpiSeries {
            name: name.into(),
            minimum: kpi.minimum,
            maximum: kpi.maximum,
            unit: kpi.unit,
            rows: registrar.add(Metric::KpiRows, &[model, version, name]),
            units: EnumMap::from_fn(|side: Tail| {
                registrar.add(Metric::KpiUnits, &[model, version, side.name(), name])
            }),
            positions: registrar.add(Metric::KpiPositions, &[model, version, name]),
            squares: registrar.add(Metric::KpiSquares, &[model, version, name]),
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
        buffer.add(self.units[side], units);
        buffer.add(self.positions, libm::round(position * 1e6) as u64);
        buffer.add(self.squares, libm::round(position * position * 1e6) as u64);
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

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use driftline_metrics::buffer::Change;

    use super::*;

    /// Between -100 and 300, counted in fives.
    #[track_caller]
    fn check(values: &[f64], [rows, high, low, positions, squares]: [u64; 5]) {
        let mut registrar = SeriesRegistrar::numbering(0);
        let kpi = Kpi { name: "k".into(), minimum: -100.0, maximum: 300.0, unit: 5.0 };
        let series = KpiSeries::register(&mut registrar, ["m", "1"], &kpi);
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
        assert_eq!(
            vec![rows, high, low, positions, squares],
            vec![
                of(series.rows),
                of(series.units[Tail::High]),
                of(series.units[Tail::Low]),
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
