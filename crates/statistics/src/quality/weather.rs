//! A classifier of 18,159 days of weather, measured from counters, against what scikit-learn and river say of the same
//! rows: see tests/data/weather/README.md. Nothing here is computed by us.

use std::{vec, vec::Vec};

use serde_json::Value;

use super::*;
use crate::streams::{Signal, adwin::Adwin};

/// The edges of this many bins come from the scores of the reference.
const BINS: usize = 20;

/// A row of scores.csv.
#[derive(Clone, Copy, Debug)]
struct Row {
    score: f64,
    prediction: usize,
    label: usize,
}

impl Row {
    fn is_positive(self) -> bool {
        self.label == 1
    }

    fn is_wrong(self) -> bool {
        self.prediction != self.label
    }
}

fn rows() -> Vec<Row> {
    let text = include_str!("../../../../tests/data/weather/scores.csv");
    let (header, lines) = text.split_once('\n').unwrap();
    assert_eq!(header, "row,score,prediction,label");
    let row = |(number, line): (usize, &str)| {
        let cells: Vec<&str> = line.split(',').collect();
        let [index, score, prediction, label] = cells[..] else { panic!("row {number}: {line}") };
        assert_eq!(index.parse(), Ok(number), "{line}");
        let score: f64 = score.parse().unwrap();
        let prediction = prediction.parse().unwrap();
        assert_eq!(prediction, usize::from(0.5 <= score), "row {number}: {line}");
        Row { score, prediction, label: label.parse().unwrap() }
    };
    let rows: Vec<Row> = lines.lines().enumerate().map(row).collect();
    assert_eq!(rows.len(), 18_159);
    rows
}

fn known() -> Value {
    let text = include_str!("../../../../tests/data/weather/quality.json");
    serde_json::from_str(text).unwrap()
}

fn index(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// All, the reference, and each block of 1,500.
fn blocks(known: &Value) -> Vec<Value> {
    let whole = [known["all"].clone(), known["reference"].clone()];
    let parts = known["blocks"].as_array().unwrap();
    assert_eq!(parts.len(), 13);
    whole.into_iter().chain(parts.iter().cloned()).collect()
}

/// Calls with the rows of each block and what is known of them.
fn each_block(mut compare: impl FnMut(&[Row], &Value)) {
    let (rows, known) = (rows(), known());
    for block in blocks(&known) {
        let range = index(&block["rows"][0])..index(&block["rows"][1]);
        compare(&rows[range], &block);
    }
}

#[track_caller]
fn near(found: f64, block: &Value, key: &str, tolerance: f64) {
    let expected = block[key].as_f64().unwrap();
    let is_near = (found - expected).abs() <= tolerance;
    assert!(is_near, "{} {key}: {found}, expected {expected}", block["rows"]);
}

#[test]
fn accuracy_of_each_block() {
    each_block(|rows, block| {
        let mut counts = [0; 4];
        for row in rows {
            counts[row.label * 2 + row.prediction] += 1;
        }
        assert_eq!(counts, ["tn", "fp", "fn", "tp"].map(|key| block[key].as_u64().unwrap()));
        let confusion = Confusion::new(&counts, 2).unwrap();
        near(confusion.accuracy().unwrap(), block, "accuracy", 1e-9);
    });
}

#[test]
fn losses_of_each_block() {
    let mut unclipped = 0;
    each_block(|rows, block| {
        let sums = rows.iter().fold(LossSums::default(), |sum, row| {
            sum.plus(LossSums::of_row(row.score, row.is_positive()).unwrap())
        });
        let log_loss = sums.log_loss().unwrap();
        near(log_loss, block, "log_loss_clipped", 1e-6);
        if rows.iter().all(|row| LOG_LOSS_CLIP <= row.score.min(1.0 - row.score)) {
            near(log_loss, block, "log_loss", 1e-6);
            unclipped += 1;
        }
        near(sums.brier().unwrap(), block, "brier", 1e-6);
    });
    // Two scores of 0 are in one block, and so in all rows.
    assert_eq!(unclipped, 13);
}

/// The last value of each bin but the topmost: an equal share of the reference's scores lies in each.
fn edges() -> Vec<f64> {
    let mut scores: Vec<f64> = rows()[..3_000].iter().map(|row| row.score).collect();
    scores.sort_by(f64::total_cmp);
    (1..BINS).map(|bin| scores[bin * scores.len() / BINS - 1]).collect()
}

#[test]
fn area_under_roc_of_each_block_is_within_the_bounds_of_twenty_bins() {
    let edges = edges();
    let mut widest: f64 = 0.0;
    each_block(|rows, block| {
        let (mut positives, mut negatives) = (vec![0; BINS], vec![0; BINS]);
        for row in rows {
            let bin = edges.partition_point(|&edge| edge < row.score);
            let side = if row.is_positive() { &mut positives } else { &mut negatives };
            side[bin] += 1;
        }
        let auc = BinnedScores::new(&positives, &negatives).unwrap().auc_roc().unwrap();
        let exact = block["roc_auc"].as_f64().unwrap();
        assert!(
            auc.low <= exact && exact <= auc.high,
            "{}: {auc:?}, expected {exact}",
            block["rows"]
        );
        near(auc.value, block, "roc_auc", (auc.high - auc.low) / 2.0);
        widest = widest.max((auc.high - auc.low) / 2.0);
    });
    // A bound as wide as the scale would prove nothing.
    assert!(widest < 0.05, "{widest}");
}

#[test]
fn drifts_are_those_that_river_finds() {
    let (rows, known) = (rows(), known());
    let runs = known["adwin"].as_array().unwrap();
    for run in runs {
        let first_row = index(&run["first_row"]);
        let mut adwin = Adwin::default();
        let mut drifts = Vec::new();
        for (number, row) in rows.iter().enumerate().skip(first_row) {
            if adwin.update(if row.is_wrong() { 1.0 } else { 0.0 }) == Signal::Drift {
                drifts.push(number);
            }
        }
        let expected: Vec<usize> =
            run["drift_rows"].as_array().unwrap().iter().map(index).collect();
        assert_eq!(drifts, expected, "from row {first_row}");
    }
    // A deployed model has its first drift soon after the data jumps at row 12,000.
    let deployed = &runs[1];
    assert_eq!(index(&deployed["first_row"]), 3_000);
    assert!((12_100..=12_500).contains(&index(&deployed["drift_rows"][0])));
}
