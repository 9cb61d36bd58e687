//! Parts of a model's traffic that errors are told apart by: in which cell of each a row is, and the counters of cells. It
//! ranks none.

use alloc::{boxed::Box, string::String, vec::Vec};

use driftline_labels::Unbinned;
use driftline_metrics::{
    buffer::MetricBuffer,
    catalogue::Metric,
    series::{SeriesRegistrar, SeriesRun},
};
use driftline_statistics::{
    bins::{Bins, OTHER},
    fingerprint::Fingerprint,
    profile::Profile,
    quality::ClassNames,
    value::{Cell, NullTexts},
};

use crate::config::SegmentSource;

/// The most cells of a segment, that of rows without a value included.
const CELLS_MAX: usize = 32;
/// Bits of a cell's number.
const CELL_BITS: u32 = 5;
const CELL_MASK: u32 = (1 << CELL_BITS) - 1;
/// Where the bits begin by which layouts are told apart: after those of five segments.
const LAYOUT_AT: u32 = 25;
const LAYOUT_MASK: u32 = 0x3f;
/// The cell of rows without a value, or with one that is not told apart, as a label; `_none` if a value is called so.
const NONE: &str = "none";

/// The segments of a model.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    all: Box<[Segment]>,
    /// Tells apart what cells mean, in six bits.
    layout: u32,
}

/// A part of the traffic.
#[derive(Debug)]
pub(crate) struct Segment {
    source: SegmentSource,
    /// Those of the feature; `None` for a header.
    bins: Option<Bins>,
    /// The name of the feature or the header.
    pub(crate) name: Box<str>,
    /// The labels of the cells.
    pub(crate) cells: Box<[Box<str>]>,
    pub(crate) rows: SeriesRun,
    pub(crate) errors: SeriesRun,
    /// What the reference counts, if it does.
    pub(crate) reference: Option<SegmentReference>,
}

/// Rows and errors of the reference by cell.
#[derive(Debug)]
pub(crate) struct SegmentReference {
    pub(crate) rows: Box<[u64]>,
    pub(crate) errors: Box<[u64]>,
}

/// In which cells a row is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cells(pub(crate) u32);

impl Segments {
    pub(super) fn register(
        registrar: &mut SeriesRegistrar<'_>,
        [model, version]: [&str; 2],
        sources: &[SegmentSource],
        profile: &Profile,
    ) -> Segments {
        let quality = profile.quality.as_ref();
        let mut layout = Fingerprint::new();
        let all = sources.iter().filter_map(|source| {
            let (name, cells) = cells(source, profile)?;
            layout = layout.with_text(&name);
            for cell in &cells {
                layout = layout.with_text(cell);
            }
            let mut of_cells = |metric| {
                let cells = &mut cells.iter().map(String::as_str);
                registrar.each(metric, &[model, version, &name], cells)
            };
            let (rows, errors) = (of_cells(Metric::SegmentRows), of_cells(Metric::SegmentErrors));
            let known = quality
                .and_then(|quality| quality.segments.iter().find(|it| *it.feature == *name))
                .map(|it| SegmentReference { rows: folded(&it.rows), errors: folded(&it.errors) });
            Some(Segment {
                source: source.clone(),
                bins: match source {
                    SegmentSource::Feature(number) => {
                        profile.features.get(*number).map(|feature| feature.column.bins.clone())
                    }
                    SegmentSource::Header { .. } => None,
                },
                name: name.into(),
                cells: cells.into_iter().map(Box::from).collect::<Vec<_>>().into(),
                rows,
                errors,
                reference: known,
            })
        });
        let all = all.collect::<Vec<_>>().into();
        Segments { all, layout: layout.value() as u32 & LAYOUT_MASK }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.all.iter()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The cells of a row of which nothing is known yet.
    pub(crate) fn unknown(&self) -> Cells {
        let cells = Cells(self.layout << LAYOUT_AT);
        self.all.iter().enumerate().fold(cells, |cells, (number, segment)| {
            cells.with(number, segment.cells.len().saturating_sub(1))
        })
    }

    /// The same of a row that has this bin of a feature, by its number in the profile.
    pub(crate) fn with_bin(&self, cells: Cells, feature: usize, bin: usize) -> Cells {
        let found = self.all.iter().enumerate().find(
            |(_, segment)| matches!(segment.source, SegmentSource::Feature(it) if it == feature),
        );
        match found {
            Some((number, segment)) => {
                cells.with(number, bin.min(segment.cells.len().saturating_sub(2)))
            }
            None => cells,
        }
    }

    /// The headers that are looked at.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (usize, &str)> {
        self.all.iter().enumerate().filter_map(|(number, segment)| match &segment.source {
            SegmentSource::Header { name, .. } => Some((number, name.as_str())),
            SegmentSource::Feature(_) => None,
        })
    }

    /// The same of a row whose header of that segment has this value.
    pub(crate) fn with_value(&self, cells: Cells, number: usize, value: &[u8]) -> Cells {
        match self.all.get(number).map(|segment| &segment.source) {
            Some(SegmentSource::Header { values, .. }) => {
                let known = values.iter().position(|known| known.as_bytes() == value);
                known.map_or(cells, |cell| cells.with(number, cell))
            }
            _ => cells,
        }
    }

    /// The same of a row of which this is known in that segment, as a record of feedback says it.
    pub(crate) fn with_cell(&self, cells: Cells, number: usize, cell: Cell<'_>) -> Cells {
        let Some(segment) = self.all.get(number) else { return cells };
        let bin = match &segment.bins {
            // What the names do not say is in the last cell but one of a feature, and in the last one of a header.
            Some(Bins::Categories { names }) => match ClassNames::new(names).class_of(cell) {
                Err(Unbinned::WrongType) => Some(names.len()),
                found => found.ok(),
            },
            Some(bins) => {
                cell.number(&NullTexts::NONE).ok().map(|x| bins.place_of(x, cell.precision()).0)
            }
            None => match &segment.source {
                SegmentSource::Header { values, .. } => ClassNames::new(values).class_of(cell).ok(),
                SegmentSource::Feature(_) => None,
            },
        };
        bin.map_or(cells, |bin| cells.with(number, bin.min(segment.cells.len().saturating_sub(2))))
    }

    /// Counts a row with this error, in thousandths. One that was noted under other segments counts in none.
    pub(super) fn count_row(&self, buffer: &mut MetricBuffer, cells: u32, error: u64) {
        if self.all.is_empty() || (cells >> LAYOUT_AT) & LAYOUT_MASK != self.layout {
            return;
        }
        for (number, segment) in self.all.iter().enumerate() {
            let cell = Cells(cells).get(number);
            if let (Some(rows), Some(errors)) = (segment.rows.get(cell), segment.errors.get(cell)) {
                buffer.add(rows, 1);
                if error != 0 {
                    buffer.add(errors, error);
                }
            }
        }
    }
}

impl Cells {
    fn shift(number: usize) -> u32 {
        u32::try_from(number).unwrap_or(0).saturating_mul(CELL_BITS)
    }

    fn with(self, number: usize, cell: usize) -> Cells {
        let (shift, cell) = (Cells::shift(number), u32::try_from(cell).unwrap_or(0) & CELL_MASK);
        let others = self.0 & !CELL_MASK.checked_shl(shift).unwrap_or(0);
        Cells(others | cell.checked_shl(shift).unwrap_or(0))
    }

    fn get(self, number: usize) -> usize {
        (self.0.checked_shr(Cells::shift(number)).unwrap_or(0) & CELL_MASK) as usize
    }
}

/// The name of a segment, and the labels of its cells: those of bins, with [`OTHER`] for the last ones if they are many,
/// and that of rows without one, which differs from all others.
fn cells(source: &SegmentSource, profile: &Profile) -> Option<(String, Vec<String>)> {
    let (name, mut cells): (_, Vec<String>) = match source {
        SegmentSource::Feature(number) => {
            let feature = profile.features.get(*number)?;
            let bins = &feature.column.bins;
            let mut cells: Vec<_> =
                (0..bins.live_count()).map(|bin| bins.label(bin)).take(CELLS_MAX - 1).collect();
            if CELLS_MAX - 1 < bins.live_count()
                && let Some(last) = cells.last_mut()
            {
                *last = OTHER.into();
            }
            (feature.name.clone(), cells)
        }
        SegmentSource::Header { name, values } => (name.clone(), values.clone()),
    };
    cells.push(none_beside(&cells));
    Some((name, cells))
}

/// [`NONE`], or what is like it and none of these labels: two series of one name would count each row twice.
fn none_beside(cells: &[String]) -> String {
    let mut none = String::from(NONE);
    while cells.contains(&none) {
        none.insert(0, '_');
    }
    none
}

/// Counts of the reference by bin, and without one, as cells have them.
fn folded(counts: &[u64]) -> Box<[u64]> {
    let Some((&none, bins)) = counts.split_last() else { return Box::default() };
    let kept = bins.len().min(CELLS_MAX - 1);
    let mut cells: Vec<u64> = bins.iter().take(kept).copied().collect();
    let rest = bins.iter().skip(kept).fold(0, |sum: u64, &count| sum.saturating_add(count));
    if let Some(last) = cells.last_mut() {
        *last = last.saturating_add(rest);
    }
    cells.push(none);
    cells.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_in_one_cell_of_each_segment() {
        let mut cells = Cells(0x2a << LAYOUT_AT);
        for (number, cell) in [(0, 31), (4, 31), (2, 7), (0, 1), (3, 0)] {
            cells = cells.with(number, cell);
        }
        assert_eq!([0, 1, 2, 3, 4].map(|number| cells.get(number)), [1, 0, 7, 0, 31]);
        assert_eq!(cells.0 >> LAYOUT_AT, 0x2a);
    }

    #[test]
    fn no_two_cells_have_one_label() {
        let beside = |cells: &[&str]| {
            none_beside(&cells.iter().map(|&cell| cell.into()).collect::<Vec<_>>())
        };
        assert_eq!(beside(&["a", "b"]), "none");
        assert_eq!(beside(&["a", "none"]), "_none");
        assert_eq!(beside(&["_none", "none"]), "__none");
    }

    #[test]
    fn bins_beyond_the_last_cell_are_in_it() {
        let counts: Vec<u64> = (0..40).collect();
        let cells = folded(&counts);
        assert_eq!((cells.len(), cells[29], cells[31]), (CELLS_MAX, 29, 39));
        assert_eq!(cells[30], (30..39).sum::<u64>());
        assert_eq!(*folded(&[1, 2, 3]), [1, 2, 3]);
    }
}
