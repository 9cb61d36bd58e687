//! Reads the rows of a column by hour of the day, and checks that no hour has what the whole lacks; it compares no columns.

use super::bins::Counted;
use crate::{
    bins::BINS_MAX,
    document::{Node, Problems},
    profile::{ByHour, FORMAT_VERSION_BY_HOUR},
    time::hour::HOURS,
};

/// Reads 24 lists of counts: one for each bin, and one for the rows without a value.
///
/// Rows that are in no hour are in the whole alone, so an hour may lack rows, but all hours together have at most those
/// of the whole, in each bin.
#[inline(never)]
pub(super) fn by_hour(
    node: &Node<'_, '_>,
    format_version: u64,
    whole: Option<&Counted>,
    nulls: Option<u64>,
    problems: &mut Problems,
) -> Option<ByHour> {
    if format_version < FORMAT_VERSION_BY_HOUR {
        node.refuse(format_args!("none in a profile of version {format_version}"), problems);
        return None;
    }
    let before = problems.count();
    let bins = whole.map(|whole| whole.bins.count());
    // Without bins, numbers are read for what is wrong with them alone.
    let mut by_hour = ByHour::new(bins.unwrap_or(BINS_MAX));
    let hours = node.items(HOURS..=HOURS, problems)?;
    for ((index, value), rows) in hours.iter().enumerate().zip(by_hour.hours_mut()) {
        let hour = Node::new(value, node.path().index(index));
        let Some(values) = hour.items(0..=BINS_MAX.saturating_add(1), problems) else { continue };
        let expected = rows.len();
        if let Some(bins) = bins
            && values.len() != expected
        {
            problems.add(
                hour.path(),
                format_args!(
                    "found {} elements, expected {expected}: one for each of {bins} bins, and one for the rows without a value",
                    values.len()
                ),
            );
            continue;
        }
        for ((index, value), rows) in values.iter().enumerate().zip(rows) {
            let count =
                Node::new(value, hour.path().index(index)).whole(0..=u32::MAX.into(), problems);
            *rows = count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        }
    }
    if problems.count() != before {
        return None;
    }
    are_in_the_whole(node, &by_hour, &whole?.counts, nulls?, problems).then_some(by_hour)
}

/// Whether all hours together have at most the rows of the whole, in each bin and of those without a value.
fn are_in_the_whole(
    node: &Node<'_, '_>,
    by_hour: &ByHour,
    counts: &[u64],
    nulls: u64,
    problems: &mut Problems,
) -> bool {
    let before = problems.count();
    let whole = counts.iter().chain([&nulls]);
    for (cell, most) in whole.enumerate() {
        let rows = by_hour.hours().filter_map(|hour| hour.get(cell));
        let found = rows.fold(0_u64, |sum, rows| sum.saturating_add((*rows).into()));
        if *most < found {
            problems.add(
                node.path(),
                format_args!("found {found} rows in all hours at index {cell}, expected at most {most}, which the whole has there"),
            );
        }
    }
    problems.count() == before
}
