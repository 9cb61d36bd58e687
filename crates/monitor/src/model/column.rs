//! What is compared with a reference: a feature or a prediction of one model, with its bins and its series. No value is kept.

mod ages;

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

use self::ages::AgeSeries;
use crate::model::{
    labels::{ColumnLabels, Role},
    violation::{Violation, Violations},
};
use driftline_labels::{EnumMap, Unbinned};
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesId, SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    bins::{Bins, Draws, MergedEdges, MergedReference, UNBOUNDED},
    detection::{Cells, Limits, Reference},
    drift::{BinPositions, Tail, degrees_of_freedom, probability::chi_square_of_freedom},
    fingerprint::Fingerprint,
    profile::{Column, Kind, Quantiles, Schema},
    value::{
        Categories, Category, Cell, InBin, NullTexts, Placed, Precision, Said, class_of, is_exact,
        length,
    },
};
use driftline_wire::json::characters;

/// A feature, or the prediction, with its reference and its series.
#[derive(Debug)]
pub(crate) struct MonitoredColumn {
    bins: Bins,
    schema: Schema,
    /// Texts that stand for a missing value.
    nulls: NullTexts,
    /// Its values are texts, whose characters count.
    has_lengths: bool,
    /// Its categories that say numbers or truth values.
    said: Categories,
    /// Its values are what the model answers.
    is_prediction: bool,
    /// Which edges of its bins lie between values that a wire of few digits merges.
    merged: MergedEdges,
    /// By which one of these is drawn.
    draws: Draws,
    /// What it is compared with.
    pub(crate) reference: Reference,
    /// What is said of its verdict.
    pub(crate) limits: Rc<Limits>,
    /// What chi-square exceeds in 5 %, of as many degrees of freedom as the reference has filled bins, less one.
    pub(crate) psi_quantile: f64,
    counts: SeriesRun,
    unbinned: EnumMap<Unbinned, SeriesId>,
    outside: SeriesId,
    /// `None` if no value lies beyond the bins.
    tails: Option<EnumMap<Tail, SeriesId>>,
    /// `None` for a column of other values than timestamps, which nearly all are.
    ages: Option<Box<AgeSeries>>,
    violations: Violations,
    reference_rows: SeriesRun,
    /// `None` if each row of the reference has a value.
    reference_unset: Option<SeriesId>,
    /// Model, version, role and name.
    identity: Fingerprint,
}

impl MonitoredColumn {
    pub(super) fn new(
        registrar: &mut SeriesRegistrar<'_>,
        labels: ColumnLabels<'_>,
        column: &Column,
        null_texts: &[String],
        limits: Rc<Limits>,
    ) -> MonitoredColumn {
        let (of_column, role, bins) = (labels.values(), labels.role, &column.bins);
        let names: Vec<String> = (0..bins.live_count()).map(|bin| bins.label(bin)).collect();
        let mut per_bin = |metric: Metric, bins: usize| {
            let names = &mut names.iter().take(bins).map(String::as_str);
            registrar.each(metric, &of_column, names)
        };
        let counts = per_bin(Metric::FeatureBin, bins.live_count());
        let reference_rows = per_bin(Metric::ReferenceBinRows, bins.count());
        let reference = Reference::of(column);
        let outside = outside(&column.bins);
        let has_tails = reference.positions.as_ref().is_some_and(BinPositions::has_tails);
        let is_of_numbers = reference.positions.is_some();
        MonitoredColumn {
            bins: column.bins.clone(),
            schema: column.schema.clone(),
            nulls: match column.kind {
                Kind::TextLength | Kind::VectorNorm => NullTexts::NONE,
                _ => NullTexts::new(null_texts.iter().map(String::as_str)),
            },
            has_lengths: column.kind == Kind::TextLength,
            said: said(column),
            is_prediction: role == Role::Prediction,
            draws: Draws::default(),
            merged: column.numbers.as_ref().map(|it| it.merged.clone()).unwrap_or_default(),
            reference,
            limits,
            psi_quantile: psi_quantile(column),
            counts,
            unbinned: registrar.add(Metric::FeatureUnbinned, &of_column),
            outside: registrar.add(Metric::FeatureOutside, &labels.with(outside.name())),
            tails: has_tails.then(|| registrar.add(Metric::FeatureTailExcess, &of_column)),
            ages: (column.kind == Kind::Timestamp)
                .then(|| Box::new(AgeSeries::new(registrar, of_column))),
            violations: Violations::new(registrar, labels, is_of_numbers),
            reference_rows,
            reference_unset: (column.nulls != 0)
                .then(|| registrar.add(Metric::ReferenceUnset, &of_column)),
            identity: of_column.iter().fold(Fingerprint::new(), |all, label| all.with_text(label)),
        }
    }

    /// Sets what the profile alone says: its rows by bin, and those without a value.
    pub(crate) fn describe(&self, buffer: &mut MetricBuffer) {
        for (id, &rows) in self.reference_rows.iter().zip(&self.reference.bins) {
            buffer.set(id, rows);
        }
        if let Some(id) = self.reference_unset {
            buffer.set(id, self.reference.unset);
        }
    }

    /// Whether its values are moments, whose age counts.
    pub(crate) fn has_ages(&self) -> bool {
        self.ages.is_some()
    }

    /// Counts how old a value is, if it is one of these; it is in seconds.
    pub(crate) fn count_age(&self, buffer: &mut MetricBuffer, cell: Cell<'_>) {
        if let (Some(ages), Cell::Number(age)) = (&self.ages, cell) {
            ages.count(buffer, age);
        }
    }

    /// Counts rows that lack the column.
    pub(crate) fn count_missing(&self, buffer: &mut MetricBuffer, rows: u64) {
        buffer.add(self.unbinned[Unbinned::Missing], rows);
        if self.schema.required {
            self.violations.count(buffer, Violation::RequiredMissing, rows);
        }
    }

    /// A cell as one of these values: of timestamps the age at `asked_at`, in seconds since 1970.
    #[inline]
    pub(crate) fn aged<'c>(&self, cell: Cell<'c>, asked_at: Option<f64>) -> Cell<'c> {
        if self.ages.is_some() { cell.aged(asked_at, &self.nulls) } else { cell }
    }

    /// A prediction as the class that it names, if it has the form of Triton's classification extension, and is no category
    /// of that very text. Without a label, the index is the class if it is called so, or else that of this number.
    pub(crate) fn class_cell<'c>(&self, cell: Cell<'c>, classes: &'c [String]) -> Cell<'c> {
        let (Cell::Text(text) | Cell::Untyped(text)) = cell else { return cell };
        let names = match &self.bins {
            Bins::Categories { names } => names.as_slice(),
            _ => &[],
        };
        let Some((_, label)) = class_of(text).filter(|_| !self.is_known(text, names)) else {
            return cell;
        };
        let is_class = classes.iter().any(|class| class.as_bytes() == label);
        let number = str::from_utf8(label).ok().and_then(|digits| digits.parse::<usize>().ok());
        let numbered = number.filter(|_| !is_class).and_then(|number| classes.get(number));
        Cell::Untyped(numbered.map_or(label, |class| class.as_bytes()))
    }

    /// The bin of a value, which is [aged](MonitoredColumn::aged), and what is odd about it, or why it has none. Of values
    /// that the wire has merged, one is drawn.
    #[inline]
    pub(crate) fn place(&self, cell: Cell<'_>) -> Placed {
        match &self.bins {
            Bins::Categories { names } => self.place_category(cell, names),
            Bins::Quantile { .. } | Bins::Values { .. } => self.place_number(cell),
        }
    }

    #[inline]
    fn place_number(&self, cell: Cell<'_>) -> Placed {
        let x = match cell {
            // Readers count the characters of bodies; a header comes as it is.
            Cell::Text(text) | Cell::Untyped(text) if self.has_lengths => {
                length(characters(text)).number(&NullTexts::NONE)?
            }
            // What is given as a null cannot be an age.
            cell if self.ages.is_some() => cell.number(&NullTexts::NONE)?,
            cell => cell.number(&self.nulls)?,
        };
        let precision = cell.precision();
        // What is the outermost value but for rounding does not lie beyond it.
        let (bin, is_tail) = match cell.may_be_merged() {
            true => self.draw_merged(x, precision),
            false => self.bins.of_live_number(x, precision),
        };
        let positions = self.reference.positions.as_ref().filter(|_| is_tail);
        Ok(InBin {
            bin,
            is_outside: self.schema.range.as_ref().is_some_and(|range| !range.allows(x, precision)),
            tail_distance: positions.and_then(|positions| positions.tail_distance(x)),
        })
    }

    #[inline(never)]
    fn draw_merged(&self, x: f64, precision: Precision) -> (usize, bool) {
        let Reference { bins, positions, .. } = &self.reference;
        let range = self.schema.range.as_ref();
        let reference = MergedReference {
            merged: &self.merged,
            counts: bins,
            means: positions.as_ref().map(BinPositions::at).unwrap_or_default(),
            range: range.map_or(UNBOUNDED, |range| (range.minimum, range.maximum)),
        };
        match self.bins.draw_merged(x, precision, &reference, &self.draws) {
            Some(bin) => (bin, self.bins.is_tail(bin)),
            None => self.bins.place_of(x, precision),
        }
    }

    #[inline]
    fn place_category(&self, cell: Cell<'_>, names: &[String]) -> Placed {
        let raw = match cell {
            Cell::Text(raw) | Cell::Untyped(raw) => raw,
            _ => &[],
        };
        match cell.category(&self.nulls) {
            Ok(text) if !self.is_prediction && text.len() == raw.len() => {
                Ok(self.in_bin(text, names))
            }
            // A profile that was not made by this profiler may name a category with blanks around it.
            Ok(_) if self.is_known(raw, names) => Ok(self.in_bin(raw, names)),
            text => self.place_other_category(cell, text, names),
        }
    }

    /// A prediction, a text with blanks around it, or what is no text.
    #[inline(never)]
    fn place_other_category(
        &self,
        cell: Cell<'_>,
        text: Result<&[u8], Unbinned>,
        names: &[String],
    ) -> Placed {
        let text = match (text, cell.said()) {
            (Err(Unbinned::WrongType), Some(said)) if !self.said.is_empty() => {
                return match (self.said.of(said), said) {
                    (Some(known), _) => Ok(self.in_bin_of(known)),
                    // No such number is a category of a profile.
                    (None, Said::Number(x, _)) if !is_exact(x) => Err(Unbinned::WrongType),
                    (None, _) => Ok(self.in_bin_of_other_spelling(&[], names.len())),
                };
            }
            (text, _) => text?,
        };
        let is_class = self.is_prediction && !self.is_known(text, names);
        let label = if is_class { class_of(text).map(|(_, label)| label) } else { None };
        Ok(self.in_bin(label.unwrap_or(text), names))
    }

    #[inline]
    fn in_bin(&self, category: &[u8], names: &[String]) -> InBin {
        let bin = names.iter().position(|name| name.as_bytes() == category).unwrap_or(names.len());
        let is_allowed = self.is_allowed(category);
        if bin == names.len() && !is_allowed && !self.said.is_empty() {
            return self.in_bin_of_other_spelling(category, bin);
        }
        let is_outside = self.schema.categories.is_some() && !is_allowed;
        InBin { bin, is_outside, tail_distance: None }
    }

    /// The bin of a category that the profile does not have so, but perhaps in another spelling; `other` if it has none.
    #[inline(never)]
    fn in_bin_of_other_spelling(&self, category: &[u8], other: usize) -> InBin {
        let said = Cell::Untyped(category).said();
        let novel = Category { bin: u16::try_from(other).unwrap_or(u16::MAX), is_allowed: false };
        self.in_bin_of(said.and_then(|said| self.said.of(said)).unwrap_or(novel))
    }

    fn in_bin_of(&self, known: Category) -> InBin {
        let is_outside = self.schema.categories.is_some() && !known.is_allowed;
        InBin { bin: usize::from(known.bin), is_outside, tail_distance: None }
    }

    /// Whether the reference had this category, as far as the profile says so.
    fn is_known(&self, category: &[u8], names: &[String]) -> bool {
        names.iter().any(|name| name.as_bytes() == category) || self.is_allowed(category)
    }

    #[inline]
    fn is_allowed(&self, category: &[u8]) -> bool {
        self.schema.categories.as_ref().is_some_and(|allowed| {
            allowed.binary_search_by(|known| known.as_bytes().cmp(category)).is_ok()
        })
    }

    /// Counts a value that is not odd in its bin.
    #[inline]
    pub(crate) fn count_bin(&self, buffer: &mut MetricBuffer, bin: usize) {
        if let Some(id) = self.counts.get(bin) {
            buffer.add(id, 1);
        }
    }

    /// Counts a value in its bin, or under the reason why it has none.
    #[inline(never)]
    pub(crate) fn count(&self, buffer: &mut MetricBuffer, placed: Placed) {
        match placed {
            Ok(InBin { bin, is_outside, tail_distance }) => {
                self.count_bin(buffer, bin);
                if is_outside {
                    buffer.add(self.outside, 1);
                    self.violations.count(buffer, outside(&self.bins), 1);
                }
                if let Some((side, thousandths)) = tail_distance
                    && let Some(tails) = &self.tails
                {
                    buffer.add(tails[side], thousandths);
                }
            }
            Err(Unbinned::Missing) => self.count_missing(buffer, 1),
            Err(reason) => {
                buffer.add(self.unbinned[reason], 1);
                match reason {
                    Unbinned::Null if !self.schema.required => {}
                    Unbinned::Null => self.violations.count(buffer, Violation::RequiredNull, 1),
                    Unbinned::WrongType => self.violations.count(buffer, Violation::WrongType, 1),
                    Unbinned::NotFinite => self.violations.count(buffer, Violation::NotFinite, 1),
                    Unbinned::Missing => {}
                }
            }
        }
    }

    /// The series of its first bin, by which the column can be told from others.
    pub(crate) fn first_bin(&self) -> Option<SeriesId> {
        self.counts.get(0)
    }

    /// What the evaluator keeps of the column.
    pub(crate) fn cells(&self) -> Cells {
        Cells { bins: self.counts.len(), has_tails: self.tails.is_some() }
    }

    /// The counters that the evaluator reads back, each with the cell that it counts in.
    pub(crate) fn counters(&self) -> impl Iterator<Item = (usize, SeriesId)> + '_ {
        let cells = self.cells();
        let bins = self.counts.iter().enumerate();
        let without_bin = self.unbinned.iter().map(move |(reason, &id)| {
            let cell = match reason {
                Unbinned::Null | Unbinned::Missing => cells.unset(),
                Unbinned::WrongType | Unbinned::NotFinite => cells.unusable(),
            };
            (cell, id)
        });
        let tails = self.tails.iter().flat_map(EnumMap::values).copied();
        let outside = [(cells.outside(), self.outside)];
        bins.chain(without_bin).chain(outside).chain((cells.tails()..).zip(tails))
    }

    /// Tells columns apart, whatever their profiles say.
    pub(crate) fn identity(&self) -> Fingerprint {
        self.identity
    }

    /// Tells profiles of one column apart.
    pub(crate) fn layout(&self) -> Fingerprint {
        self.reference.fingerprint(self.bins.fingerprint(self.identity))
    }
}

/// The categories of the reference that say numbers or truth values: those with a bin, then all others.
fn said(column: &Column) -> Categories {
    let Bins::Categories { names } = &column.bins else { return Categories::default() };
    let allowed = column.schema.categories.as_deref().unwrap_or_default();
    let other = u16::try_from(names.len()).unwrap_or(u16::MAX);
    let with_bin = names.iter().zip(0..).map(|(name, bin)| {
        (name.as_str(), Category { bin, is_allowed: allowed.binary_search(name).is_ok() })
    });
    let others =
        allowed.iter().map(|name| (name.as_str(), Category { bin: other, is_allowed: true }));
    Categories::new(with_bin.chain(others))
}

/// How a value can be outside of the schema although it has a bin.
const fn outside(bins: &Bins) -> Violation {
    match bins {
        Bins::Categories { .. } => Violation::NovelCategory,
        Bins::Quantile { .. } | Bins::Values { .. } => Violation::OutOfRange,
    }
}

/// The quantile of 5 % of the profile, which is of one degree of freedom less than there are bins, for the bins that the
/// reference fills. Some thousand steps of arithmetic, unless it fills all of them.
fn psi_quantile(column: &Column) -> f64 {
    let of_profile = (column.bins.count() as f64 - 1.0).max(1.0);
    let filled = degrees_of_freedom(&column.counts);
    let Quantiles { five_percent, .. } = column.chi_square;
    if filled == of_profile {
        return five_percent;
    }
    chi_square_of_freedom(five_percent, of_profile, filled)
}
