//! How traffic can breach a profile's schema, and the counters of it; it judges no value itself.

use crate::model::labels::ColumnLabels;
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar},
};

/// A breach of the schema by a value of a column, or for lack of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Violation {
    /// A row lacks a feature that all rows of the reference had.
    RequiredMissing,
    /// Null where the reference never had it.
    RequiredNull,
    /// Text where a number is expected, or the reverse; a list or an object.
    WrongType,
    /// Infinite, or too large for a double.
    NotFinite,
    /// A number outside of the allowed range.
    OutOfRange,
    /// A category that is not among the allowed ones.
    NovelCategory,
}

/// A breach of the schema by a row, or by a whole body, that is no single column's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RowViolation {
    /// A value that no feature is called like, or another one of a name that the row had.
    ExtraColumn,
    /// Rows of another width, tensors that do not fit together.
    WrongShape,
}

impl Violation {
    /// What a column of numbers can have.
    pub(crate) const OF_NUMBERS: [Violation; 5] = [
        Violation::RequiredMissing,
        Violation::RequiredNull,
        Violation::WrongType,
        Violation::NotFinite,
        Violation::OutOfRange,
    ];
    /// What a column of categories can have.
    pub(crate) const OF_CATEGORIES: [Violation; 5] = [
        Violation::RequiredMissing,
        Violation::RequiredNull,
        Violation::WrongType,
        Violation::NotFinite,
        Violation::NovelCategory,
    ];

    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Violation::RequiredMissing => "required_missing",
            Violation::RequiredNull => "required_null",
            Violation::WrongType => "wrong_type",
            Violation::NotFinite => "not_finite",
            Violation::OutOfRange => "out_of_range",
            Violation::NovelCategory => "novel_category",
        }
    }

    /// Its position in either of the lists above.
    const fn position(self) -> usize {
        match self {
            Violation::RequiredMissing => 0,
            Violation::RequiredNull => 1,
            Violation::WrongType => 2,
            Violation::NotFinite => 3,
            Violation::OutOfRange | Violation::NovelCategory => 4,
        }
    }
}

impl RowViolation {
    /// All of them; a violation's position here is its discriminant.
    pub(crate) const ALL: [RowViolation; 2] = [RowViolation::ExtraColumn, RowViolation::WrongShape];

    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            RowViolation::ExtraColumn => "extra_column",
            RowViolation::WrongShape => "wrong_shape",
        }
    }
}

/// The counters of one column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Violations([SeriesId; Violation::OF_NUMBERS.len()]);

impl Violations {
    pub(super) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        labels: ColumnLabels<'_>,
        is_of_numbers: bool,
    ) -> Violations {
        let ColumnLabels { model, version, role, name } = labels;
        let all = if is_of_numbers { Violation::OF_NUMBERS } else { Violation::OF_CATEGORIES };
        Violations(all.map(|violation| {
            let labels = [model, version, role.name(), name, violation.name()];
            registrar.add(Metric::SchemaViolations, &labels)
        }))
    }

    /// Counts breaches of one kind.
    pub(crate) fn count(&self, buffer: &mut MetricBuffer, violation: Violation, times: u64) {
        if let Some(&id) = self.0.get(violation.position()) {
            buffer.add(id, times);
        }
    }
}

/// The counters of one model, beside those of its columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowViolations([SeriesId; RowViolation::ALL.len()]);

impl RowViolations {
    pub(super) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        model: &str,
        version: &str,
    ) -> RowViolations {
        RowViolations(RowViolation::ALL.map(|violation| {
            // No column, so no labels of one.
            let labels = [model, version, "", "", violation.name()];
            registrar.add(Metric::SchemaViolations, &labels)
        }))
    }

    /// Counts a breach.
    pub(crate) fn count(&self, buffer: &mut MetricBuffer, violation: RowViolation) {
        if let Some(&id) = self.0.get(violation as usize) {
            buffer.add(id, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_of_a_violation_is_that_in_the_lists() {
        for all in [Violation::OF_NUMBERS, Violation::OF_CATEGORIES] {
            assert!(all.into_iter().map(Violation::position).eq(0..all.len()));
        }
    }
}
