//! The edges of bins of scores and of absolute errors; it keeps no values.

use driftline_statistics::profile::quality::SCORE_EDGES_MAX;

use crate::edges::edges;

/// Quantile bins of scores. Together with the edges of equal width and the threshold they are fewer than
/// [`SCORE_EDGES_MAX`].
const SCORE_BINS: usize = 20;
/// Bins of equal width, which keep the outer ones narrow.
const EVEN_BINS: u8 = 20;
/// Quantile bins of absolute errors.
const ERROR_BINS: usize = 10;
/// Edges that are closer than this are one.
const APART: f64 = 1e-9;

/// Edges between these scores, in ascending order: those of quantiles, those of equal width, and the threshold, which is
/// one of them to the bit.
pub(super) fn of_scores(mut scores: Vec<f64>, threshold: f64) -> Vec<f64> {
    scores.sort_unstable_by(f64::total_cmp);
    let quantiles = if scores.is_empty() { Vec::new() } else { edges(&scores, SCORE_BINS, false) };
    let even = (1..EVEN_BINS).map(|bin| f64::from(bin) / f64::from(EVEN_BINS));
    // No score lies below 0 or above 1, so an edge there has nothing on one side.
    let mut all: Vec<f64> =
        quantiles.into_iter().filter(|edge| 0.0 < *edge && *edge <= 1.0).chain(even).collect();
    all.retain(|edge| APART <= (edge - threshold).abs());
    all.push(threshold);
    all.sort_unstable_by(f64::total_cmp);
    all.dedup_by(|next, before| *next - *before < APART);
    debug_assert!(all.len() <= SCORE_EDGES_MAX, "{}", all.len());
    all
}

/// Edges between these absolute errors, in ascending order, of which the labels have this deviation: at least one.
pub(super) fn of_errors(mut errors: Vec<f64>, deviation: f64) -> Vec<f64> {
    errors.sort_unstable_by(f64::total_cmp);
    let quantiles = if errors.is_empty() { Vec::new() } else { edges(&errors, ERROR_BINS, false) };
    let mut all: Vec<f64> =
        quantiles.into_iter().filter(|edge| 0.0 < *edge && edge.is_finite()).collect();
    if all.is_empty() {
        // A thousandth is what errors are counted in.
        let least = errors.iter().copied().find(|error| 0.0 < *error && error.is_finite());
        all.push(least.unwrap_or(deviation / 1000.0).max(f64::MIN_POSITIVE));
    }
    all
}

/// The bin of a score or an error: one that is an edge is in the bin above it.
pub(super) fn bin_of(x: f64, edges: &[f64]) -> usize {
    edges.partition_point(|edge| *edge <= x)
}
