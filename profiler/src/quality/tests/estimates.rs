//! What a profile's bins of scores let expect of a mix of scores that shifts, against the labels that were drawn.

use driftline_random::Random;
use driftline_statistics::quality::{
    BinnedScores, Confusion, ReferenceBins, Threshold, Unlabelled,
};

use super::*;

/// A row: its score, and whether it is positive.
type Row = (f64, bool);

const REFERENCE_ROWS: usize = 20_000;
const LIVE_ROWS: usize = 10_000;
const WINDOWS: usize = 20;

/// Calibrated rows, of which so many by the law Beta(4, 3) and the others by Beta(1, 6).
fn calibrated(random: &mut Random, rows: usize, second: f64) -> Vec<Row> {
    let mut row = || {
        let rank = if random.uniform() < second { 4 } else { 1 };
        // The rank-th smallest of six uniforms.
        let mut uniforms = [(); 6].map(|()| random.uniform());
        uniforms.sort_unstable_by(f64::total_cmp);
        let score = uniforms[rank - 1];
        (score, random.uniform() < score)
    };
    (0..rows).map(|_| row()).collect()
}

/// The profile of such rows, as it is made of a table.
fn reference(rows: &[Row], threshold: f64) -> Scores {
    let table: Vec<Vec<Cell<'_>>> = rows
        .iter()
        .zip(0..)
        .map(|(&(score, is_positive), x)| {
            vec![Number(f64::from(x)), Boolean(is_positive), Number(score)]
        })
        .collect();
    let quality = QualityOptions { threshold: Some(threshold), ..of_score() };
    classes(&options(None, quality), &SCORED, &table).scores.unwrap()
}

fn count(rows: &[Row], edges: &[f64], kind: &dyn Fn(&Row) -> bool) -> Vec<u64> {
    let mut found = vec![0; edges.len() + 1];
    for row in rows.iter().filter(|row| kind(row)) {
        found[bin_of(row.0, edges)] += 1;
    }
    found
}

/// Accuracy, F1 and AUC: how far what is expected is from what labels say.
fn errors(scores: &Scores, live: &[Row]) -> [f64; 3] {
    let Scores { edges, positives, negatives, threshold, .. } = scores;
    let first = bin_of(*threshold, edges);
    let pairs = || positives.iter().zip(negatives);
    let rows: Vec<u64> = pairs().map(|(a, b)| a + b).collect();
    let correct = pairs().enumerate().map(|(bin, (a, b))| if first <= bin { *a } else { *b });
    let correct: Vec<u64> = correct.collect();
    let bins = ReferenceBins { rows: &rows, positives, correct: &correct };
    let counts = count(live, edges, &|_| true);
    let estimate = Unlabelled::new(bins, &counts).unwrap();
    let mut matrix = [0; 4];
    for &(score, is_positive) in live {
        matrix[usize::from(is_positive) * 2 + usize::from(*threshold <= score)] += 1;
    }
    let confusion = Confusion::new(&matrix, 2).unwrap();
    // A bin for each thousandth is as good as the rows.
    let fine: Vec<f64> = (1..1000).map(|edge| f64::from(edge) / 1000.0).collect();
    let [positives, negatives] =
        [true, false].map(|positive| count(live, &fine, &|row| row.1 == positive));
    let area = BinnedScores::new(&positives, &negatives).unwrap().auc_roc().unwrap().value;
    let f1 = estimate.f1(Threshold { bin: first, rows_above: rows[first] }).unwrap().value;
    [
        estimate.accuracy().unwrap().value - confusion.accuracy().unwrap(),
        f1 - confusion.class(1).unwrap().f1().unwrap(),
        estimate.auc_roc().unwrap().value - area,
    ]
    .map(f64::abs)
}

/// Means over windows whose mix goes from the first law to the second one, of which the reference has so much.
fn mean_errors(of_reference: f64) -> [f64; 3] {
    const SEEDS: u64 = 4;
    let mut means = [0.0; 3];
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        // In the middle of the scores, and on no edge of equal width.
        let threshold = if seed % 2 == 0 { 0.5 } else { 0.37 };
        let scores = reference(&calibrated(&mut random, REFERENCE_ROWS, of_reference), threshold);
        for window in 0..WINDOWS {
            let second = window as f64 / (WINDOWS - 1) as f64;
            let errors = errors(&scores, &calibrated(&mut random, LIVE_ROWS, second));
            let windows = SEEDS as f64 * WINDOWS as f64;
            means.iter_mut().zip(errors).for_each(|(mean, error)| *mean += error / windows);
        }
    }
    means
}

#[test]
fn estimates_of_a_mix_that_shifts_are_close_to_what_labels_say() {
    for of_reference in [0.5, 0.2, 0.05] {
        let found = mean_errors(of_reference);
        let is_close = found.iter().zip([0.006, 0.01, 0.007]).all(|(error, most)| *error <= most);
        assert!(is_close, "{of_reference}: {found:?}");
    }
}
