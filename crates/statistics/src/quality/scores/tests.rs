//! Scores in bins against the rows that were counted in them.

use super::*;
use crate::quality::score_millionths;
use driftline_random::Random;
use std::{println, vec, vec::Vec};

/// A row: its score, and whether it is positive.
type Row = (f64, bool);

/// The exact area, pair by pair of ranks, ties counting half.
fn exact_area(rows: &[Row]) -> f64 {
    let (mut below, mut found, mut positives) = (0.0, 0.0, 0.0);
    for tied in groups(rows) {
        let hits = tied.iter().filter(|row| row.1).count() as f64;
        let misses = tied.len() as f64 - hits;
        found += hits * (below + misses / 2.0);
        below += misses;
        positives += hits;
    }
    found / positives / below
}

/// Average precision as scikit-learn defines it: `sum((R_n - R_(n-1)) P_n)` over thresholds.
fn exact_precision(rows: &[Row]) -> f64 {
    let (mut above, mut hits, mut found) = (0.0, 0.0, 0.0);
    for tied in groups(rows).into_iter().rev() {
        let added = tied.iter().filter(|row| row.1).count() as f64;
        above += tied.len() as f64;
        hits += added;
        found += added * hits / above;
    }
    found / hits
}

/// Rows of one score each, lowest first.
fn groups(rows: &[Row]) -> Vec<Vec<Row>> {
    let mut sorted = rows.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.chunk_by(|a, b| a.0 == b.0).map(<[Row]>::to_vec).collect()
}

/// Positives, negatives and sums of scores by bin: those of `x <= edges[0]` first.
fn count(rows: &[Row], edges: &[f64]) -> [Vec<u64>; 3] {
    let mut found = [(); 3].map(|()| vec![0; edges.len() + 1]);
    for &(score, is_positive) in rows {
        let bin = edges.partition_point(|&edge| edge < score);
        found[usize::from(!is_positive)][bin] += 1;
        found[2][bin] += score_millionths(score).unwrap();
    }
    found
}

/// Edges between parts of the same number of rows.
fn quantiles(rows: &[Row], bins: usize) -> Vec<f64> {
    let mut scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
    scores.sort_by(f64::total_cmp);
    let mut edges: Vec<f64> =
        (1..bins).map(|bin| scores[(bin * scores.len() / bins).max(1) - 1]).collect();
    edges.dedup();
    edges
}

/// Scores of a random model: rare or frequent positives, good or useless, with many or few distinct scores.
fn random_rows(random: &mut Random) -> Vec<Row> {
    let most = [8, 60, 3000][random.below(3)];
    let rows = 2 + random.below(most);
    let (rate, skill) = ([0.01, 0.1, 0.5, 0.95][random.below(4)], random.uniform() * 2.0 - 0.3);
    let steps = [0.0, 7.0, 100.0][random.below(3)];
    let mut found: Vec<Row> = (0..rows)
        .map(|_| {
            let is_positive = random.uniform() < rate;
            let centre = if is_positive { skill } else { 0.0 };
            let score = 1.0 / (1.0 + libm::exp(-centre - random.irwin_hall()));
            (if steps == 0.0 { score } else { libm::round(score * steps) / steps }, is_positive)
        })
        .collect();
    // Both classes.
    (found[0].1, found[1].1) = (true, false);
    found
}

#[test]
fn exact_values_of_any_rows_lie_within_the_bounds() {
    let mut random = Random::new(11);
    for _ in 0..6000 {
        let rows = random_rows(&mut random);
        let mut edges: Vec<f64> = (0..1 + random.below(20)).map(|_| random.uniform()).collect();
        edges.sort_by(f64::total_cmp);
        let [positives, negatives, _] = count(&rows, &edges);
        let scores = BinnedScores::new(&positives, &negatives).unwrap();
        for (found, exact) in [
            (scores.auc_roc().unwrap(), exact_area(&rows)),
            (scores.average_precision().unwrap(), exact_precision(&rows)),
        ] {
            let lies = found.low - 1e-12 <= exact && exact <= found.high + 1e-12;
            assert!(lies, "{exact}, found {found:?} of {} rows", rows.len());
            assert!(found.low <= found.value && found.value <= found.high, "{found:?}");
            assert!(0.0 <= found.low && found.high <= 1.0 + 1e-12, "{found:?}");
        }
        let of_ties = scores.average_precision_of_ties().unwrap();
        let bounds = scores.average_precision().unwrap();
        assert!(
            (bounds.low - 1e-12..=bounds.high + 1e-12).contains(&of_ties),
            "{of_ties} {bounds:?}"
        );
    }
}

/// The orders of the rows of a bin that the bounds are made of.
#[test]
fn bounds_are_reached() {
    let in_order = |first: bool, tied: bool| -> Vec<Row> {
        let place = |index: usize| index as f64 / 1000.0;
        let of = |bin: f64, is_positive: bool, rows: usize| {
            let from = if is_positive == first { 0.0 } else { 0.5 };
            (0..rows).map(move |index| {
                let within = if tied { 0.0 } else { place(index) };
                (bin + from + within, is_positive)
            })
        };
        let low = of(0.0, true, 40).chain(of(0.0, false, 300));
        low.chain(of(1.0, true, 90)).chain(of(1.0, false, 25)).collect()
    };
    let (worst, best) = (in_order(true, false), in_order(false, true));
    let scores = BinnedScores::new(&[40, 90], &[300, 25]).unwrap();
    let (auc, precision) = (scores.auc_roc().unwrap(), scores.average_precision().unwrap());
    assert!((auc.low - exact_area(&worst)).abs() < 1e-12);
    assert!((auc.high - exact_area(&best)).abs() < 1e-12);
    assert!((precision.high - exact_precision(&best)).abs() < 1e-12);
    let least = exact_precision(&worst);
    assert!((precision.low..precision.low + 1e-4).contains(&least), "{precision:?} {least}");
}

/// All rows in one bin, in any order: the mean over the orders.
#[test]
fn average_precision_is_the_mean_over_orders() {
    let mut random = Random::new(3);
    for (positives, negatives) in [(1, 0), (1, 1), (3, 5), (20, 200), (150, 50)] {
        let rounds = 4000;
        let mut sum = 0.0;
        for _ in 0..rounds {
            let classes = (0..positives + negatives).map(|index| index < positives);
            let rows: Vec<Row> = classes.map(|class| (random.uniform(), class)).collect();
            sum += exact_precision(&rows);
        }
        let scores = [[positives as u64], [negatives as u64]];
        let found = BinnedScores::new(&scores[0], &scores[1]).unwrap().average_precision();
        let (found, mean) = (found.unwrap().value, sum / f64::from(rounds));
        assert!((found - mean).abs() < 0.006, "{positives} {negatives}: {found} {mean}");
    }
}

/// How far values are off with so many quantile bins, and how wide the bounds are: what the head of the file says.
#[test]
fn errors_of_bins_are_what_the_documentation_says() {
    let mut random = Random::new(7);
    for (bins, most) in [
        (10, [0.007, 0.035, 0.04, 0.13]),
        (20, [0.002, 0.018, 0.012, 0.07]),
        (50, [0.0004, 0.007, 0.002, 0.025]),
    ] {
        let mut found = [0.0_f64; 4];
        let rounds = 20;
        for _ in 0..rounds {
            let mut row = || {
                let is_positive = random.uniform() < 0.25;
                let centre = if is_positive { 0.9 } else { -0.9 };
                (1.0 / (1.0 + libm::exp(-centre - random.irwin_hall())), is_positive)
            };
            let rows: Vec<Row> = (0..5000).map(|_| row()).collect();
            let [positives, negatives, _] = count(&rows, &quantiles(&rows, bins));
            let scores = BinnedScores::new(&positives, &negatives).unwrap();
            let (area, precision) =
                (scores.auc_roc().unwrap(), scores.average_precision().unwrap());
            found[0] += (area.value - exact_area(&rows)).abs() / f64::from(rounds);
            found[1] += (area.high - area.low) / 2.0 / f64::from(rounds);
            found[2] += (precision.value - exact_precision(&rows)).abs() / f64::from(rounds);
            found[3] += (precision.high - precision.low) / 2.0 / f64::from(rounds);
        }
        println!("{bins} bins: mean error and half width, AUC then AP: {found:.5?}");
        let are_small = found.iter().zip(most).all(|(found, most)| *found < most);
        assert!(are_small, "{bins}: {found:?}");
    }
}

#[test]
fn calibration_is_that_of_the_rows() {
    let mut random = Random::new(13);
    for power in [1.0, 2.0, 0.5] {
        // Probability is the score to a power: calibrated for 1.
        let mut row = || {
            let score = random.uniform();
            (score, random.uniform() < libm::pow(score, power))
        };
        let rows: Vec<Row> = (0..20_000).map(|_| row()).collect();
        let edges = quantiles(&rows, 20);
        let [positives, negatives, sums] = count(&rows, &edges);
        let scores = BinnedScores::new(&positives, &negatives).unwrap();
        let found = scores.calibration_error(&sums).unwrap();
        let mut exact = vec![0.0; edges.len() + 1];
        for &(score, is_positive) in &rows {
            let label = f64::from(u8::from(is_positive));
            exact[edges.partition_point(|&edge| edge < score)] += score - label;
        }
        let all = rows.len() as f64;
        let value = exact.iter().map(|difference| difference.abs()).sum::<f64>() / all;
        assert!((found.value - value).abs() < 5e-7, "{found:?} {value}");
        assert!((found.bias - exact.iter().sum::<f64>() / all).abs() < 5e-7, "{found:?}");
        println!("power {power}: {found:?}");
        if power == 1.0 {
            assert!((0.5..1.6).contains(&(found.value / found.by_chance)), "{found:?}");
        } else {
            assert!(5.0 * found.by_chance < found.value, "{found:?}");
            assert_eq!(0.0 < found.bias, 1.0 < power);
        }
    }
}

#[test]
fn what_is_not_defined_is_none() {
    assert!(BinnedScores::new(&[1], &[1, 2]).is_none());
    let none = BinnedScores::new(&[], &[]).unwrap();
    assert_eq!(
        (none.auc_roc(), none.average_precision(), none.calibration_error(&[])),
        (None, None, None)
    );
    let negatives = BinnedScores::new(&[0, 0], &[1, 2]).unwrap();
    assert_eq!((negatives.auc_roc(), negatives.average_precision()), (None, None));
    assert_eq!(negatives.calibration_error(&[1]), None, "a sum is missing");
    let positives = BinnedScores::new(&[1, 2], &[0, 0]).unwrap();
    assert_eq!(positives.auc_roc(), None);
    assert_eq!(positives.average_precision().unwrap(), Bounded { value: 1.0, low: 1.0, high: 1.0 });
}

#[test]
fn no_count_is_too_large() {
    let scores = BinnedScores::new(&[u64::MAX; 9], &[u64::MAX; 9]).unwrap();
    let found = [scores.auc_roc().unwrap(), scores.average_precision().unwrap()];
    assert!(found.iter().all(|it| it.low <= it.value && it.value <= it.high), "{found:?}");
    assert!(scores.calibration_error(&[u64::MAX; 9]).unwrap().value.is_finite());
}
