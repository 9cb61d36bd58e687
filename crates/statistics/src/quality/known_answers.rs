//! Every measure against the answers of scikit-learn: see tests/data/vectors/README.md. Nothing here is computed by us.

use std::{format, string::String, vec, vec::Vec};

use driftline_random::Random;
use serde_json::Value;

use super::*;

const TOLERANCE: f64 = 1e-9;

fn file() -> Value {
    serde_json::from_str(include_str!("../../../../tests/data/vectors/quality.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(number).collect()
}

fn counts(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect()
}

/// Answers that were compared.
#[derive(Default)]
struct Compared(usize);

impl Compared {
    #[track_caller]
    fn near(&mut self, found: Option<f64>, case: &Value, key: &str, tolerance: f64) {
        let (found, expected) = (found.unwrap(), number(&case[key]));
        assert!((found - expected).abs() <= tolerance, "{key}: {found}, expected {expected}");
        self.0 += 1;
    }
}

/// The matrix of two lists of classes.
fn matrix(labels: &[u64], predictions: &[u64], classes: usize) -> Vec<u64> {
    let mut counts = vec![0; classes * classes];
    for (&label, &predicted) in labels.iter().zip(predictions) {
        counts[label as usize * classes + predicted as usize] += 1;
    }
    counts
}

/// Positives and negatives by bin; the bin of a score is that of the last edge that it is not below.
fn binned(labels: &[u64], scores: &[f64], edges: &[f64]) -> [Vec<u64>; 2] {
    let mut found = [vec![0; edges.len()], vec![0; edges.len()]];
    for (&label, &score) in labels.iter().zip(scores) {
        let bin = edges.partition_point(|&edge| edge <= score) - 1;
        found[usize::from(label == 0)][bin] += 1;
    }
    found
}

fn distinct(scores: &[f64]) -> Vec<f64> {
    let mut distinct = scores.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    distinct
}

#[test]
fn of_a_binary_classifier() {
    let file = file();
    let case = &file["binary"];
    let (labels, scores) = (counts(&case["y"]), numbers(&case["score"]));
    let threshold = number(&case["threshold"]);
    let predictions: Vec<u64> = scores.iter().map(|&x| u64::from(threshold <= x)).collect();
    let matrix = matrix(&labels, &predictions, 2);
    assert_eq!(matrix, ["tn", "fp", "fn", "tp"].map(|key| case[key].as_u64().unwrap()));
    let confusion = Confusion::new(&matrix, 2).unwrap();
    let class = confusion.class(1).unwrap();
    let mut compared = Compared::default();
    compared.near(confusion.accuracy(), case, "accuracy", TOLERANCE);
    compared.near(class.precision(), case, "precision", TOLERANCE);
    compared.near(class.recall(), case, "recall", TOLERANCE);
    compared.near(class.f1(), case, "f1", TOLERANCE);
    compared.near(confusion.matthews(), case, "mcc", TOLERANCE);
    let losses = labels.iter().zip(&scores).fold(LossSums::default(), |sum, (&label, &score)| {
        sum.plus(LossSums::of_row(score, label == 1).unwrap())
    });
    // Scores of three decimals have squares of six: the counters lose nothing.
    compared.near(losses.brier(), case, "brier", TOLERANCE);
    compared.near(losses.log_loss(), case, "log_loss", 5e-7);
    assert_eq!(compared.0, 7);
}

#[test]
fn of_binary_scores() {
    let file = file();
    let case = &file["binary"];
    let (labels, scores) = (counts(&case["y"]), numbers(&case["score"]));
    let mut compared = Compared::default();
    // With a bin for each score the counters carry the whole curve.
    let [positives, negatives] = binned(&labels, &scores, &distinct(&scores));
    let all = BinnedScores::new(&positives, &negatives).unwrap();
    compared.near(all.auc_roc().map(|it| it.value), case, "auc_roc", TOLERANCE);
    let of_ties = all.average_precision_of_ties();
    compared.near(of_ties, case, "average_precision", TOLERANCE);
    let precision = all.average_precision().unwrap();
    let exact = number(&case["average_precision"]);
    assert!(precision.low <= exact && exact <= precision.high, "{precision:?}");
    // In fifty bins they carry it within their bounds.
    let edges: Vec<f64> = (0..50).map(|bin| f64::from(bin) / 50.0).collect();
    let [positives, negatives] = binned(&labels, &scores, &edges);
    assert_eq!([&positives, &negatives], [&counts(&case["pos_bins"]), &counts(&case["neg_bins"])]);
    let fifty = BinnedScores::new(&positives, &negatives).unwrap();
    let auc = fifty.auc_roc().unwrap();
    compared.near(Some(auc.value), case, "auc_from_50_fixed_bins", TOLERANCE);
    let error = "auc_bin_error_bound (0.5*sum pos*neg/(P*N))";
    compared.near(Some((auc.high - auc.low) / 2.0), case, error, TOLERANCE);
    compared.near(Some(auc.value), case, "auc_roc", (auc.high - auc.low) / 2.0);
    let precision = fifty.average_precision().unwrap();
    assert!(precision.low <= exact && exact <= precision.high, "{precision:?}");
    assert!((precision.value - exact).abs() < 0.01, "{precision:?} {exact}");
    assert_eq!(compared.0, 5);
}

/// What generates the rows generates these.
#[test]
fn rows_are_those_of_their_generator() {
    let file = file();
    let case = &file["binary"];
    let mut random = Random::new(31);
    for (label, score) in counts(&case["y"]).into_iter().zip(numbers(&case["score"])) {
        let is_positive = random.uniform() < 0.3;
        let centre = if is_positive { 0.65 } else { 0.3 };
        let expected = (centre + (random.uniform() - 0.5) * 0.6).clamp(0.001, 0.999);
        assert_eq!(label, u64::from(is_positive));
        assert!((score - expected).abs() < 0.000_501, "{score} {expected}");
    }
}

#[test]
fn of_edge_cases() {
    let file = file();
    let mut compared = Compared::default();
    let case = &file["binary_edge"]["no_positive_predictions"];
    let matrix = matrix(&counts(&case["y"]), &counts(&case["pred"]), 2);
    let confusion = Confusion::new(&matrix, 2).unwrap();
    let class = confusion.class(1).unwrap();
    assert_eq!(class.precision(), None);
    let precision = class.precision().unwrap_or(0.0);
    compared.near(Some(precision), case, "precision_zero_division0", TOLERANCE);
    compared.near(class.recall(), case, "recall", TOLERANCE);
    compared.near(class.f1(), case, "f1", TOLERANCE);
    compared.near(confusion.accuracy(), case, "accuracy", TOLERANCE);
    let case = &file["binary_edge"]["ties"];
    let (labels, scores) = (counts(&case["y"]), numbers(&case["score"]));
    let [positives, negatives] = binned(&labels, &scores, &distinct(&scores));
    let auc = BinnedScores::new(&positives, &negatives).unwrap().auc_roc();
    compared.near(auc.map(|it| it.value), case, "auc", TOLERANCE);
    // Of one class only there is no area.
    let undefined = file["binary_edge"]["single_class_y"].as_str().unwrap();
    assert!(undefined.starts_with("AUC undefined"), "{undefined}");
    assert_eq!(BinnedScores::new(&[3, 1], &[0, 0]).unwrap().auc_roc(), None);
    assert_eq!(BinnedScores::new(&[0, 0], &[3, 1]).unwrap().auc_roc(), None);
    assert_eq!(compared.0, 5);
}

#[test]
fn of_three_classes() {
    let file = file();
    let case = &file["multiclass"];
    let matrix = matrix(&counts(&case["y"]), &counts(&case["pred"]), 3);
    let rows = case["confusion"].as_array().unwrap();
    assert_eq!(matrix, rows.iter().flat_map(counts).collect::<Vec<u64>>());
    let confusion = Confusion::new(&matrix, 3).unwrap();
    let mut compared = Compared::default();
    compared.near(confusion.accuracy(), case, "accuracy", TOLERANCE);
    for (name, average) in [
        ("macro", confusion.macro_average()),
        ("micro", confusion.micro_average()),
        ("weighted", confusion.weighted_average()),
    ] {
        let average = average.unwrap();
        for (measure, found) in
            [("precision", average.precision), ("recall", average.recall), ("f1", average.f1)]
        {
            compared.near(Some(found), case, &format!("{measure}_{name}"), TOLERANCE);
        }
    }
    assert_eq!(compared.0, 10);
}

/// The numbers of a generator of tests/data/vectors/versions.json.
fn generated(spec: &Value) -> Vec<f64> {
    let argument = |index: usize| number(&spec[index]);
    assert_eq!(spec[0], String::from("ih_list"));
    let mut random = Random::new(spec[1].as_u64().unwrap());
    (0..argument(2) as usize).map(|_| random.irwin_hall() * argument(3) + argument(4)).collect()
}

#[test]
fn of_a_regression() {
    let file = file();
    let case = &file["regression"];
    let (labels, errors) = (generated(&case["y_spec"]), generated(&case["err_spec"]));
    // A smaller deviation has a smaller unit. Labels reach 600 of the smallest one from the mean.
    for deviation in [2.0, 0.2, 0.01] {
        let scale = TargetScale::new(10.0, deviation).unwrap();
        let sums = labels
            .iter()
            .zip(&errors)
            .map(|(label, error)| scale.row(label + error, *label).unwrap())
            .fold(RegressionSums::default(), RegressionSums::plus);
        assert_eq!((sums.rows, sums.clamped), (60, 0));
        let half = deviation / 1000.0 / 2.0;
        let mut compared = Compared::default();
        compared.near(sums.mean_absolute_error(&scale), case, "mae", half);
        compared.near(sums.bias(&scale), case, "mean_bias", half);
        compared.near(sums.root_mean_squared_error(&scale), case, "rmse", half);
        // Each row is off by half a unit, times twice its error.
        let square = half * 2.0 * number(&case["mae"]) + half * half;
        compared.near(sums.mean_squared_error(&scale), case, "mse", square);
        // The variance of the labels is 3: of two deviations of its root.
        let variance = half * 2.0 * 2.0 + half * half;
        compared.near(sums.r2(), case, "r2", (square + variance * 0.1) / 2.5);
        compared.near(sums.mean_absolute_percentage_error(), case, "mape", 5e-5);
        assert_eq!(compared.0, 6);
    }
}
