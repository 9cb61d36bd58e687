//! The edges of quantile bins over sorted values, without interpolation; it keeps no values.

#[cfg(test)]
mod tests;

use std::ops::Range;

use driftline_statistics::{bins::MergedEdges, value::Precision};

/// The edges of at most `bins` bins over `sorted`, which is in ascending order and not empty.
///
/// A [heavy](heavy_runs) value has an edge on each side where there are others, so its bin holds nothing else. The other
/// rows share the bins that are left by [quantiles]. So a column of 97 % zeros has 19 bins for the other 3 %. Without
/// heavy values all edges are quantiles. Norms that are the same are one value.
///
/// The edges above are between rows, so every bin holds some, with one exception: a largest value of more than `1/bins` of
/// all rows has an edge above it too if a bin is left for that, so that what was never seen above it is not taken for it.
pub(crate) fn edges(sorted: &[f64], bins: usize, are_norms: bool) -> Vec<f64> {
    let heavy = heavy_runs(sorted, bins, are_norms);
    if heavy.is_empty() {
        let Quantiles { mut edges, reach_the_largest } = quantiles(sorted, bins, are_norms);
        edges.extend(
            sorted.last().filter(|_| reach_the_largest).map(|last| above_all(*last, are_norms)),
        );
        edges.dedup();
        return edges;
    }
    let mut pieces = pieces(sorted, &heavy, are_norms);
    merge_smallest(&mut pieces, bins);
    let is_heavy_of_all = |piece: &&Piece| piece.is_heavy && sorted.len() < piece.rows.len() * bins;
    let has_edge_above_all =
        pieces.len() < bins && pieces.last().as_ref().is_some_and(is_heavy_of_all);
    share(&mut pieces, bins - usize::from(has_edge_above_all));

    let mut edges = Vec::new();
    for Piece { rows, bins, .. } in pieces {
        let values = sorted.get(rows.clone()).unwrap_or_default();
        edges.extend(quantiles(values, bins, are_norms).edges);
        match (values.last(), sorted.get(rows.end)) {
            (Some(low), Some(high)) => edges.push(between(*low, *high)),
            (Some(last), None) if has_edge_above_all => edges.push(above_all(*last, are_norms)),
            _ => {}
        }
    }
    edges
}

/// Which of the edges lie between values that are one number in half precision, in bfloat16 or in both.
pub(crate) fn merged(sorted: &[f64], edges: &[f64]) -> MergedEdges {
    MergedEdges::between(edges.iter().map(|edge| {
        let above = sorted.partition_point(|value| value <= edge);
        let low = above.checked_sub(1).and_then(|below| sorted.get(below));
        // Above all values an edge is beyond what they are rounded to.
        let high = sorted.get(above).copied().unwrap_or(f64::MAX);
        (low.copied().unwrap_or(f64::MIN), high)
    }))
}

/// Rows that lie side by side.
#[derive(Clone, Debug)]
struct Piece {
    rows: Range<usize>,
    /// Whether they have one value, which has more than its share of the rows.
    is_heavy: bool,
    /// How many different values there are.
    values: usize,
    /// How many bins they get.
    bins: usize,
}

/// The rows of each value, in their order. Norms that are the same as the first one of a run are in it.
fn runs(sorted: &[f64], are_norms: bool) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let first = *sorted.get(start)?;
        let is_same = |x: f64| x == first || are_norms && Precision::Norm.same(x, first);
        let others = sorted.iter().skip(start);
        let end = start + others.take_while(|x| is_same(**x)).count();
        Some(std::mem::replace(&mut start, end)..end)
    })
}

/// The rows of each value that has more than its share of them: more than one part in `bins` of all rows, or, once such
/// values are taken out with a bin each, more than that of what is left. Fewer than `bins`.
fn heavy_runs(sorted: &[f64], bins: usize, are_norms: bool) -> Vec<Range<usize>> {
    let mut heavy: Vec<Range<usize>> = Vec::new();
    loop {
        let bins_left = bins - heavy.len();
        let rows_left = sorted.len() - heavy.iter().map(ExactSizeIterator::len).sum::<usize>();
        // Each of the shares is less than the one before, so what was heavy stays so.
        let is_heavy =
            |run: &Range<usize>| (rows_left as u128) < run.len() as u128 * bins_left as u128;
        let found: Vec<Range<usize>> = runs(sorted, are_norms).filter(is_heavy).collect();
        if rows_left == 0 || found.len() == heavy.len() {
            return heavy;
        }
        heavy = found;
    }
}

/// All rows: each heavy value, and what is between two of them.
fn pieces(sorted: &[f64], heavy: &[Range<usize>], are_norms: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let others = |rows: Range<usize>, pieces: &mut Vec<Piece>| {
        let values = runs(sorted.get(rows.clone()).unwrap_or_default(), are_norms).count();
        if !rows.is_empty() {
            pieces.push(Piece { rows, is_heavy: false, values, bins: 1 });
        }
    };
    let mut start = 0;
    for rows in heavy {
        others(start..rows.start, &mut pieces);
        start = rows.end;
        pieces.push(Piece { rows: rows.clone(), is_heavy: true, values: 1, bins: 1 });
    }
    others(start..sorted.len(), &mut pieces);
    pieces
}

/// Leaves at most `bins` pieces: many heavy values have more gaps between them than there are bins left. The fewest rows
/// join the heavy value above them, or below them if they are the last.
fn merge_smallest(pieces: &mut Vec<Piece>, bins: usize) {
    while bins < pieces.len() {
        let others = pieces.iter().enumerate().filter(|(_, piece)| !piece.is_heavy);
        let Some((index, _)) = others.min_by_key(|(_, piece)| piece.rows.len()) else { return };
        let Piece { rows, .. } = pieces.remove(index);
        if let Some(next) = pieces.get_mut(index) {
            next.rows.start = rows.start;
        } else if let Some(last) = pieces.last_mut() {
            last.rows.end = rows.end;
        }
    }
}

/// Gives each piece as many bins as its rows are due, one after the other to where most rows share one; at most one for
/// each of its values.
fn share(pieces: &mut [Piece], bins: usize) {
    for _ in pieces.len()..bins {
        let splittable =
            pieces.iter_mut().filter(|piece| !piece.is_heavy && piece.bins < piece.values);
        // rows / bins, compared without fractions.
        let fullest = splittable.max_by(|a, b| {
            let by = |rows: &Piece, bins: &Piece| rows.rows.len() as u128 * bins.bins as u128;
            by(a, b).cmp(&by(b, a))
        });
        let Some(piece) = fullest else { return };
        piece.bins += 1;
    }
}

/// The edges of quantiles.
struct Quantiles {
    /// Those below the largest value.
    edges: Vec<f64>,
    /// Whether the largest value is one of the quantiles, so that there would be an edge above it.
    reach_the_largest: bool,
}

/// The edges of `bins` quantiles.
///
/// The last value below edge `k` is the smallest one that at least `k/bins` of the values do not exceed, for `k` from 1
/// to `bins - 1`; equal edges become one. The edge lies [between](between) it and the next larger value. Among norms it
/// lies in the widest gap within their [tolerance](Precision::tolerance) above that value, so that norms that are the same
/// are on one side of it.
fn quantiles(sorted: &[f64], bins: usize, are_norms: bool) -> Quantiles {
    let mut values: Vec<f64> = (1..bins)
        .filter_map(|k| {
            // Whole numbers throughout: 3000 * 0.15 in floating point may exceed 450.
            let rank = (sorted.len() as u128 * k as u128).div_ceil(bins as u128) as usize;
            sorted.get(rank.saturating_sub(1)).copied()
        })
        .collect();
    values.dedup();
    let edge = |value: f64| {
        let value = if are_norms { widest_gap(sorted, value)? } else { value };
        let next = sorted.partition_point(|other| *other <= value);
        sorted.get(next).map(|next| between(value, *next))
    };
    let count = values.len();
    let mut edges: Vec<f64> = values.into_iter().filter_map(edge).collect();
    let reach_the_largest = edges.len() < count;
    edges.dedup();
    Quantiles { edges, reach_the_largest }
}

/// An edge above the largest value of all.
fn above_all(largest: f64, are_norms: bool) -> f64 {
    if are_norms {
        largest + largest * Precision::BrainNorm.tolerance() / 2.0
    } else {
        above(largest)
    }
}

/// The value below the widest gap between neighbours, of those that are the same norm as this one and not less; `None` if
/// the largest value is one of them.
fn widest_gap(sorted: &[f64], value: f64) -> Option<f64> {
    let from = sorted.partition_point(|other| *other < value);
    let same = sorted.get(from..).unwrap_or_default();
    let end = same.partition_point(|other| Precision::Norm.same(*other, value));
    // With the first one that is another norm.
    let gaps = same.get(..=end)?.windows(2).filter_map(|pair| match pair {
        [low, high] => Some((*low, high - low)),
        _ => None,
    });
    gaps.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(low, _)| low)
}

/// An edge that keeps two neighbours apart, in every precision that keeps them apart: `low` and what it is rounded to do
/// not exceed it, `high` and what it is rounded to do. Their middle nearly always does.
fn between(low: f64, high: f64) -> f64 {
    let (mut least, mut beyond) = (low, high);
    for precision in Precision::ALL {
        let (rounded_low, rounded_high) = (precision.round(low), precision.round(high));
        if rounded_low < rounded_high {
            least = least.max(rounded_low);
            beyond = beyond.min(rounded_high);
        }
    }
    let middle = |a: f64, b: f64| a + (b - a) / 2.0;
    let edge = middle(low, high);
    match edge {
        edge if least <= edge && edge < beyond => edge,
        // Only where a precision has fewer places below a power of two than above it.
        _ if least < beyond => least.max(middle(least, beyond).min(beyond.next_down())),
        // Doubles that are neighbours have nothing between them.
        _ => low,
    }
}

/// An edge above the largest value: what that is rounded to does not exceed it, nor what was rounded to that as a single.
fn above(value: f64) -> f64 {
    let last_place = value.abs() * f64::from(f32::EPSILON);
    let rounded = Precision::ALL.map(|precision| precision.round(value));
    rounded.into_iter().filter(|rounded| rounded.is_finite()).fold(value + last_place, f64::max)
}
