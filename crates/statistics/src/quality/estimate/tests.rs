//! Estimates without labels against the labels that were drawn.

use super::*;
use crate::quality::{BinnedScores, Confusion};
use driftline_random::Random;
use std::{println, vec, vec::Vec};

/// A row: its score, and whether it is positive.
type Row = (f64, bool);
/// Where the bins of a reference end.
type Edges = fn(&[Row]) -> Vec<f64>;

const LIVE_ROWS: usize = 10_000;
const REFERENCE_ROWS: usize = 20_000;
const WINDOWS: usize = 50;
const BINS: usize = 20;

/// A score by the law Beta(rank, 7 - rank): the rank-th smallest of six uniforms.
fn beta(random: &mut Random, rank: usize) -> f64 {
    let mut uniforms = [(); 6].map(|()| random.uniform());
    uniforms.sort_unstable_by(f64::total_cmp);
    uniforms[rank - 1]
}

/// Calibrated rows, of which so many by one law and the others by another one: Beta(1, 6) and Beta(4, 3).
fn calibrated(random: &mut Random, rows: usize, second: f64) -> Vec<Row> {
    let mut row = || {
        let rank = if random.uniform() < second { 4 } else { 1 };
        let score = beta(random, rank);
        (score, random.uniform() < score)
    };
    (0..rows).map(|_| row()).collect()
}

/// The reference of a model that predicts scores from a threshold on as positive.
struct Reference {
    edges: Vec<f64>,
    rows: Vec<u64>,
    positives: Vec<u64>,
    correct: Vec<u64>,
    at: f64,
    threshold: Threshold,
}

impl Reference {
    fn new(rows: &[Row], edges: Vec<f64>, at: f64) -> Reference {
        let of = |kind: &dyn Fn(&Row) -> bool| count(rows, &edges, kind);
        let bin = edges.partition_point(|&edge| edge < at);
        Reference {
            rows: of(&|_| true),
            positives: of(&|row| row.1),
            correct: of(&|row| (at <= row.0) == row.1),
            at,
            threshold: Threshold { bin, rows_above: of(&|row| at <= row.0)[bin] },
            edges,
        }
    }

    fn bins(&self) -> ReferenceBins<'_> {
        ReferenceBins { rows: &self.rows, positives: &self.positives, correct: &self.correct }
    }

    /// Accuracy, F1 and AUC: what is expected, and what the labels say.
    fn compare(&self, live: &[Row]) -> [(Expected, f64); 3] {
        let counts = count(live, &self.edges, &|_| true);
        let unlabelled = Unlabelled::new(self.bins(), &counts).unwrap();
        let mut matrix = [0; 4];
        for &(score, is_positive) in live {
            matrix[usize::from(is_positive) * 2 + usize::from(self.at <= score)] += 1;
        }
        let confusion = Confusion::new(&matrix, 2).unwrap();
        // A bin for each thousandth is as good as the rows.
        let fine: Vec<f64> = (1..1000).map(|edge| f64::from(edge) / 1000.0).collect();
        let positives = count(live, &fine, &|row| row.1);
        let negatives = count(live, &fine, &|row| !row.1);
        let area = BinnedScores::new(&positives, &negatives).unwrap().auc_roc().unwrap().value;
        [
            (unlabelled.accuracy().unwrap(), confusion.accuracy().unwrap()),
            (unlabelled.f1(self.threshold).unwrap(), confusion.class(1).unwrap().f1().unwrap()),
            (unlabelled.auc_roc().unwrap(), area),
        ]
    }
}

/// Edges between parts of the same number of rows.
fn quantiles(rows: &[Row]) -> Vec<f64> {
    let mut scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
    scores.sort_by(f64::total_cmp);
    (1..BINS).map(|bin| scores[bin * scores.len() / BINS - 1]).collect()
}

/// These, and those between parts of the same width.
fn quantiles_and_widths(rows: &[Row]) -> Vec<f64> {
    let mut edges = quantiles(rows);
    edges.extend((1..BINS).map(|bin| bin as f64 / BINS as f64));
    edges.sort_by(f64::total_cmp);
    edges
}

fn count(rows: &[Row], edges: &[f64], kind: &dyn Fn(&Row) -> bool) -> Vec<u64> {
    let mut found = vec![0; edges.len() + 1];
    for row in rows.iter().filter(|row| kind(row)) {
        found[edges.partition_point(|&edge| edge < row.0)] += 1;
    }
    found
}

/// Of accuracy, F1 and AUC: means over windows and references.
#[derive(Debug, Default)]
struct Measured {
    /// How far what is expected is from what labels say.
    error: [f64; 3],
    /// The square of that, in standard errors.
    square: [f64; 3],
    /// How far what the reference has is from what labels say.
    as_before: [f64; 3],
}

/// Windows whose mix goes from the first law to the second one, of which the reference has so much.
fn measure(of_reference: f64, edges: Edges) -> Measured {
    const SEEDS: u64 = 10;
    let mut found = Measured::default();
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        // In the middle of the scores, and not.
        let at = if seed % 2 == 0 { 0.5 } else { 0.37 };
        let rows = calibrated(&mut random, REFERENCE_ROWS, of_reference);
        let reference = Reference::new(&rows, edges(&rows), at);
        let before = reference.compare(&rows).map(|(_, realised)| realised);
        for window in 0..WINDOWS {
            let second = window as f64 / (WINDOWS - 1) as f64;
            let live = calibrated(&mut random, LIVE_ROWS, second);
            let compared = reference.compare(&live).into_iter().zip(before);
            for (index, ((expected, realised), before)) in compared.enumerate() {
                let windows = (SEEDS as usize * WINDOWS) as f64;
                let error = expected.value - realised;
                found.error[index] += error.abs() / windows;
                found.square[index] += (error / expected.standard_error).powi(2) / windows;
                found.as_before[index] += (before - realised).abs() / windows;
            }
        }
    }
    println!("{of_reference} {found:.4?}");
    found
}

/// The claim of the module, and that its standard errors are those of its errors.
#[test]
fn a_mix_of_scores_that_shifts_is_seen() {
    let Measured { error, square, as_before } = measure(0.5, quantiles);
    assert!(error[0] <= 0.006 && error[1] <= 0.008 && error[2] <= 0.006, "{error:?}");
    assert!(error.iter().zip(as_before).all(|(error, before)| 5.0 * error < before), "{error:?}");
    assert!(square.iter().all(|square| (0.6..1.5).contains(square)), "{square:?}");
}

/// What the head of the file says of outer bins: live rows go where a twentieth of the reference is, or none.
#[test]
fn narrow_outer_bins_are_estimated_better() {
    let wide = measure(0.05, quantiles);
    let narrow = measure(0.05, quantiles_and_widths);
    assert!(0.008 < wide.error[0] && 0.02 < wide.error[2], "{wide:?}");
    assert!(narrow.error[0] <= 0.007 && narrow.error[2] <= 0.009, "{narrow:?}");
    assert!(narrow.square.iter().all(|square| (0.5..1.8).contains(square)), "{narrow:?}");
    // Where the reference has no rows the errors are large, and say so.
    let unknown = measure(0.0, quantiles_and_widths);
    assert!(0.01 < unknown.error[0], "{unknown:?}");
    assert!(unknown.square.iter().all(|square| (0.3..2.5).contains(square)), "{unknown:?}");
}

/// What the head of the file says is not seen: without labels, nothing tells these rows apart.
#[test]
fn concept_drift_is_not_seen() {
    let mut random = Random::new(4);
    let rows = calibrated(&mut random, REFERENCE_ROWS, 0.5);
    let reference = Reference::new(&rows, quantiles(&rows), 0.5);
    let live = calibrated(&mut random, LIVE_ROWS, 0.5);
    let turned: Vec<Row> = live.iter().map(|&(score, is_positive)| (score, !is_positive)).collect();
    let (before, after) = (reference.compare(&live), reference.compare(&turned));
    assert_eq!(before.map(|it| it.0), after.map(|it| it.0));
    let [(expected, realised), ..] = after;
    assert!(0.7 < expected.value && realised < 0.3, "{expected:?} {realised}");
}

/// Rows that are those of the reference have its quality, also if the threshold divides a bin.
#[test]
fn the_reference_is_expected_to_be_as_it_is() {
    let mut random = Random::new(9);
    for at in [0.0, 0.1, 0.25, 0.5, 0.77, 1.0] {
        let rows = calibrated(&mut random, 5000, 0.4);
        let reference = Reference::new(&rows, quantiles(&rows), at);
        let [accuracy, f1, (area, realised)] = reference.compare(&rows);
        for (expected, realised) in [accuracy, f1] {
            assert!((expected.value - realised).abs() < 1e-12, "{at}: {expected:?} {realised}");
            // Where nothing is predicted, F1 is 0 whatever the labels.
            let is_certain = expected.value == 0.0;
            assert_eq!(is_certain, expected.standard_error == 0.0, "{expected:?}");
            assert_eq!(expected.bin_error, 0.0);
        }
        assert!((area.value - realised).abs() < area.bin_error, "{area:?} {realised}");
    }
}

#[test]
fn standard_errors_are_those_of_shares() {
    let reference = ReferenceBins { rows: &[1000], positives: &[500], correct: &[800] };
    let unlabelled = Unlabelled::new(reference, &[400]).unwrap();
    let found = unlabelled.accuracy().unwrap();
    // Of a share of .8 in 1,000 rows and in 400 rows.
    let expected = libm::sqrt(0.8 * 0.2 * (1.0 / 1000.0 + 1.0 / 400.0));
    assert_eq!(found.value, 0.8);
    assert!((found.standard_error / expected - 1.0).abs() < 2e-3, "{found:?} {expected}");
    // One bin ranks nothing.
    let area = unlabelled.auc_roc().unwrap();
    assert_eq!((area.value, area.bin_error), (0.5, 0.5));
}

#[test]
fn bins_without_reference_rows_are_uncertain() {
    let reference = ReferenceBins { rows: &[1000, 0], positives: &[100, 0], correct: &[900, 0] };
    let threshold = Threshold { bin: 1, rows_above: 0 };
    let known = Unlabelled::new(reference, &[1000, 0]).unwrap();
    let unknown = Unlabelled::new(reference, &[0, 1000]).unwrap();
    assert_eq!((known.accuracy().unwrap().value, unknown.accuracy().unwrap().value), (0.9, 0.5));
    assert!(known.accuracy().unwrap().standard_error < 0.015);
    assert!(0.5 <= unknown.accuracy().unwrap().standard_error);
    assert!(unknown.f1(threshold).unwrap().value.is_finite());
}

#[test]
fn what_the_reference_does_not_say_is_none() {
    let of = |rows, positives, correct, live| {
        Unlabelled::new(ReferenceBins { rows, positives, correct }, live)
    };
    // More of a kind than all, bins that do not fit, and sides without rows.
    assert!(of(&[5, 5], &[6, 1], &[], &[1, 1]).is_none());
    assert!(of(&[5, 5], &[], &[1, 6], &[1, 1]).is_none());
    assert!(of(&[5, 5], &[1], &[], &[1, 1]).is_none());
    assert!(of(&[5, 5], &[], &[], &[1]).is_none());
    assert!(of(&[5, 5], &[], &[], &[0, 0]).is_none());
    assert!(of(&[0, 0], &[], &[], &[1, 1]).is_none());
    assert!(of(&[], &[], &[], &[]).is_none());
    let threshold = |bin, rows_above| Threshold { bin, rows_above };
    // Confidence of several classes.
    let confidence = of(&[10, 10], &[], &[5, 9], &[1, 3]).unwrap();
    assert_eq!(confidence.accuracy().unwrap().value, 0.8);
    let binary =
        [confidence.f1(threshold(1, 10)), confidence.f1(threshold(2, 0)), confidence.auc_roc()];
    assert_eq!(binary, [None; 3]);
    // Without accuracy, the threshold has to be an edge.
    let ranked = of(&[10, 10], &[2, 8], &[], &[10, 10]).unwrap();
    assert_eq!((ranked.accuracy(), ranked.f1(threshold(1, 5))), (None, None));
    assert_eq!(ranked.f1(threshold(1, 10)).unwrap().value, 2.0 * 8.0 / 20.0);
    assert_eq!(ranked.f1(threshold(0, 0)).unwrap().value, 2.0 * 8.0 / 20.0);
    assert_eq!(ranked.f1(threshold(0, 99)).unwrap().value, 2.0 * 10.0 / 30.0);
    // Beyond all scores nothing is predicted.
    assert_eq!(ranked.f1(threshold(2, 0)).unwrap().value, 0.0);
    let negatives = of(&[10, 10], &[0, 0], &[], &[10, 10]).unwrap();
    assert_eq!((negatives.auc_roc(), negatives.f1(threshold(2, 0))), (None, None));
}
