//! How traffic can breach a profile's schema, and the counters of it; it judges no value itself.

use crate::{
    catalogue::Metric,
    ledger::Ledger,
    series::{Registry, SeriesId},
};

/// A breach of the schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Violation {
    /// A row lacks a feature that all rows of the reference had.
    RequiredMissing,
    /// Null where the reference never had it.
    RequiredNull,
    /// Text where a number is expected, or the reverse; a list or an object.
    WrongType,
    /// NaN, infinite, or too large for a double.
    NotFinite,
    /// A number outside of the allowed range.
    OutOfRange,
    /// A category that is not among the allowed ones.
    NovelCategory,
    /// A value that no feature is called like.
    ExtraColumn,
    /// Rows of another width, tensors that do not fit together.
    WrongShape,
}

impl Violation {
    /// All of them; a violation's position here is its discriminant.
    pub(crate) const ALL: [Violation; 8] = [
        Violation::RequiredMissing,
        Violation::RequiredNull,
        Violation::WrongType,
        Violation::NotFinite,
        Violation::OutOfRange,
        Violation::NovelCategory,
        Violation::ExtraColumn,
        Violation::WrongShape,
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
            Violation::ExtraColumn => "extra_column",
            Violation::WrongShape => "wrong_shape",
        }
    }
}

/// The counters of one model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Violations([SeriesId; Violation::ALL.len()]);

impl Violations {
    /// How many series they are.
    pub(crate) const SERIES: usize = Violation::ALL.len();

    pub(super) fn new(registry: &mut Registry, model: &str, version: &str) -> Violations {
        Violations(Violation::ALL.map(|violation| {
            registry.add(Metric::SchemaViolations, &[model, version, violation.name()])
        }))
    }

    /// Counts breaches of one kind.
    pub(crate) fn count(&self, ledger: &mut Ledger, violation: Violation, times: u64) {
        if let Some(&id) = self.0.get(violation as usize) {
            ledger.add(id, times);
        }
    }
}
