//! Quality over all pods, against scikit-learn's answers in `tests/data/vectors`, and the core's where those have none.

use std::fs;

use driftline_operations::settings::Settings;
use driftline_random::Random;
use driftline_statistics::{
    profile::quality::{Classes, Quality, Scores, Task},
    quality::{BinnedScores, LossSums, RegressionSums, TargetScale, score_millionths},
};
use serde_json::Value;

use crate::{
    settings::{config, profile, with_profile},
    story::{END, Label, Story},
};

const IDLE: &str = "idle";
const MODELS: [&str; 3] = ["classes", "scores", "regression"];
/// Rows of a regression count in whole thousandths of a deviation.
const OF_ROUNDING: f64 = 1e-3;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/vectors/quality.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn of<'l>(model: &'l str, more: &[Label<'l>]) -> Vec<Label<'l>> {
    [&[("model", model), ("version", "1")], more].concat()
}

/// Says what a rule of a model says, as a file has it.
fn says(story: &mut Story, model: &str, rule: &str, value: &Value) {
    let value = value.as_f64().unwrap();
    story.says(&format!("driftline:model:{rule}1h"), &of(model, &[]), value);
}

/// Three classes: their rows, and those of an idle model, which has seen none.
fn classes(story: &mut Story, known: &Value) {
    let names = ["red", "green", "blue"];
    let matrix = known["confusion"].as_array().unwrap();
    let cell = |actual: usize, predicted: usize| matrix[actual][predicted].as_u64().unwrap();
    for (actual, actual_name) in names.iter().enumerate() {
        for (predicted, predicted_name) in names.iter().enumerate() {
            let labels = [("actual", *actual_name), ("predicted", *predicted_name)];
            for (model, times) in [(MODELS[0], 1), (IDLE, 0)] {
                let rows = cell(actual, predicted) * times;
                story.counter("driftline_confusion_rows_total", &of(model, &labels), rows);
            }
        }
    }
    for (rule, key) in [
        ("accuracy", "accuracy"),
        ("macro_precision", "precision_macro"),
        ("macro_recall", "recall_macro"),
        ("macro_f1_score", "f1_macro"),
        ("weighted_precision", "precision_weighted"),
        ("weighted_recall", "recall_weighted"),
        ("weighted_f1_score", "f1_weighted"),
    ] {
        says(story, MODELS[0], rule, &known[key]);
    }
    story.says("driftline:model:labelled_rows1h", &of(MODELS[0], &[]), 120.0);
    let right = of(MODELS[0], &[("actual", "green"), ("predicted", "green")]);
    story.says("driftline:model:confusion1h", &right, 45.0);
    let green = of(MODELS[0], &[("class", "green")]);
    let [rows, predicted] = [53.0, 1.0 + 45.0 + 4.0];
    for (rule, value) in [
        ("rows", rows),
        ("predicted", predicted),
        ("right", 45.0),
        ("precision", 45.0 / predicted),
        ("recall", 45.0 / rows),
        ("f1_score", 90.0 / (rows + predicted)),
    ] {
        story.says(&format!("driftline:class:{rule}1h"), &green, value);
    }
}

/// Classes of which one was never predicted, at pods that hide counters that never moved: scikit-learn's first edge case.
fn edge(story: &mut Story, known: &Value) {
    for actual in ["0", "1"] {
        let labels = of("edge", &[("actual", actual), ("predicted", "0")]);
        story.counter("driftline_confusion_rows_total", &labels, 2);
    }
    says(story, "edge", "accuracy", &known["accuracy"]);
    let positive = of("edge", &[("class", "1")]);
    story.says("driftline:class:recall1h", &positive, known["recall"].as_f64().unwrap());
    story.says("driftline:class:f1_score1h", &positive, known["f1"].as_f64().unwrap());
    // scikit-learn says 0 if asked to; here there is nothing to say.
    let precision = "driftline:class:precision1h{model=\"edge\",class=\"1\"}";
    story.is_silent_at(END, precision.to_owned());
    story.says("driftline:model:macro_recall1h", &of("edge", &[]), 0.5);
}

/// A model of two classes that answers scores, in fifty bins of one width.
fn scores(story: &mut Story, known: &Value) -> Classes {
    let numbers = |key: &str| -> Vec<f64> {
        known[key].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
    };
    let edges: Vec<f64> = (1..50).map(|edge| f64::from(edge) / 50.0).collect();
    let (mut positives, mut negatives, mut sums) = (vec![0; 50], vec![0; 50], vec![0; 50]);
    let mut losses = LossSums::default();
    for (label, score) in numbers("y").into_iter().zip(numbers("score")) {
        let bin = edges.partition_point(|edge| *edge <= score);
        let of_class = if label == 1.0 { &mut positives } else { &mut negatives };
        of_class[bin] += 1;
        sums[bin] += score_millionths(score).unwrap();
        losses = losses.plus(LossSums::of_row(score, label == 1.0).unwrap());
    }
    let in_file = |key: &str| -> Vec<u64> {
        known[key].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect()
    };
    assert_eq!((&positives, &negatives), (&in_file("pos_bins"), &in_file("neg_bins")));
    for (bin, ((&positive, &negative), &sum)) in
        positives.iter().zip(&negatives).zip(&sums).enumerate()
    {
        let bin = format!("{bin:02}");
        for (model, times) in [(MODELS[1], 1), (IDLE, 0)] {
            for (actual, rows) in [("positive", positive), ("negative", negative)] {
                let labels = [("bin", bin.as_str()), ("actual", actual)];
                // Of the one model, pods hide counters that never moved.
                if model == IDLE || rows != 0 {
                    story.counter(
                        "driftline_labelled_scores_total",
                        &of(model, &labels),
                        rows * times,
                    );
                }
            }
            story.counter(
                "driftline_labelled_score_millionths_total",
                &of(model, &[("bin", bin.as_str())]),
                sum * times,
            );
        }
    }
    for (model, times) in [(MODELS[1], 1), (IDLE, 0)] {
        story.counter(
            "driftline_score_log_loss_millionths_total",
            &of(model, &[]),
            losses.log_loss * times,
        );
        story.counter(
            "driftline_score_squared_error_millionths_total",
            &of(model, &[]),
            losses.squared_error * times,
        );
    }
    says(story, MODELS[1], "auc_roc", &known["auc_from_50_fixed_bins"]);
    says(story, MODELS[1], "auc_roc_error", &known["auc_bin_error_bound (0.5*sum pos*neg/(P*N))"]);
    let labels = of(MODELS[1], &[]);
    for (rule, key) in [("log_loss", "log_loss"), ("brier", "brier")] {
        // Each row is rounded to a millionth.
        let value = known[key].as_f64().unwrap();
        story.says_within(&format!("driftline:model:{rule}1h"), &labels, value, 1e-6);
    }
    let binned = BinnedScores::new(&positives, &negatives).unwrap();
    let calibration = binned.calibration_error(&sums).unwrap().value;
    story.says("driftline:model:calibration_error1h", &labels, calibration);
    let of_positives: u64 = positives.iter().sum();
    for (rule, value) in
        [("positives", of_positives), ("negatives", 400 - of_positives), ("scored_rows", 400)]
    {
        story.says(&format!("driftline:model:{rule}1h"), &labels, value as f64);
    }
    let of_bin = of(MODELS[1], &[("bin", "20")]);
    let below: u64 = negatives[..20].iter().sum();
    for (rule, value) in
        [("positives", positives[20]), ("negatives", negatives[20]), ("negatives_below", below)]
    {
        story.says(&format!("driftline:score:{rule}1h"), &of_bin, value as f64);
    }
    Classes {
        names: vec!["0".to_owned(), "1".to_owned()],
        confusion: vec![1; 4],
        scores: Some(Scores {
            positive: 1,
            threshold: 0.5,
            edges,
            positives,
            negatives,
            sums,
            losses,
        }),
    }
}

/// Labels and predictions of the file, from the generators that it names.
fn regression(story: &mut Story, known: &Value) {
    let list = |key: &str| -> Vec<f64> {
        let spec = known[key].as_array().unwrap();
        let argument = |index: usize| spec[index].as_f64().unwrap();
        let mut random = Random::new(spec[1].as_u64().unwrap());
        (0..argument(2) as usize).map(|_| random.irwin_hall() * argument(3) + argument(4)).collect()
    };
    let scale = TargetScale::new(9.5, 2.0).unwrap();
    let rows = list("y_spec").into_iter().zip(list("err_spec"));
    let rows = rows.map(|(label, error)| scale.row(label + error, label).unwrap());
    let sums = rows.fold(RegressionSums::default(), RegressionSums::plus);
    for (model, times) in [(MODELS[2], 1), (IDLE, 0)] {
        for (counter, side, sum) in [
            ("rows", "", sums.rows),
            ("error_thousandths", "high", sums.above),
            ("error_thousandths", "low", sums.below),
            ("squared_error", "", sums.squares),
            ("squared_error_millionths", "", sums.square_millionths),
            ("label_thousandths", "high", sums.label_above),
            ("label_thousandths", "low", sums.label_below),
            ("squared_label", "", sums.label_squares),
            ("squared_label_millionths", "", sums.label_square_millionths),
            ("relative_rows", "", sums.relative_rows),
            ("relative_error_ten_thousandths", "", sums.relative),
        ] {
            let more = if side.is_empty() { vec![] } else { vec![("side", side)] };
            story.counter(
                &format!("driftline_regression_{counter}_total"),
                &of(model, &more),
                sum * times,
            );
        }
    }
    // The gauges of both processes add up while one pod restarts hot.
    let deviation = "driftline_regression_label_deviation_ppm";
    story.series(
        deviation,
        &of(MODELS[2], &[("pod", "one")]),
        format!("2000000x{} 4000000x20", END - 21),
    );
    story.series(deviation, &of(MODELS[2], &[("pod", "two")]), format!("2000000x{END}"));
    let labels = of(MODELS[2], &[]);
    let bias = sums.bias(&scale).unwrap();
    for (rule, value, key) in [
        ("mae", sums.mean_absolute_error(&scale).unwrap(), "mae"),
        ("mse", sums.mean_squared_error(&scale).unwrap(), "mse"),
        ("rmse", sums.root_mean_squared_error(&scale).unwrap(), "rmse"),
        ("bias", bias, "mean_bias"),
        ("r_squared", sums.r2().unwrap(), "r2"),
        ("mape", sums.mean_absolute_percentage_error().unwrap(), "mape"),
    ] {
        let rule = format!("driftline:model:{rule}1h");
        story.says(&rule, &labels, value);
        story.says_within(&rule, &labels, known[key].as_f64().unwrap(), OF_ROUNDING);
    }
    story.says("driftline:model:regression_rows1h", &labels, 60.0);
    story.says("driftline:model:label_deviation1h", &labels, 2.0);
}

/// How many labels come, how late, and what predictions earned.
fn labels(story: &mut Story) {
    for (model, times) in [("classes", 1), (IDLE, 0)] {
        story.counter("driftline_predictions_total", &of(model, &[]), 400 * times);
        for (outcome, labels) in
            [("joined", 100), ("with_prediction", 20), ("unmatched", 30), ("duplicate", 10)]
        {
            story.counter(
                "driftline_labels_total",
                &of(model, &[("outcome", outcome)]),
                labels * times,
            );
        }
        let delays = [("60", 50), ("3600", 40), ("14400", 10), ("+Inf", 0)];
        story.histogram(
            "driftline_label_delay_seconds",
            &of(model, &[]),
            &delays.map(|(bound, labels)| (bound, labels * times)),
        );
        story.counter("driftline_kpi_rows_total", &of(model, &[("kpi", "revenue")]), 80 * times);
        for (side, units) in [("high", 5000), ("low", 1000)] {
            story.counter(
                "driftline_kpi_units_total",
                &of(model, &[("kpi", "revenue"), ("side", side)]),
                units * times,
            );
        }
    }
    let labels = of("classes", &[]);
    story.says("driftline:model:labels1h", &labels, 160.0);
    story.says("driftline:model:label_coverage1h", &labels, 0.3);
    story.says(
        "driftline:model:label_ratio1h",
        &of("classes", &[("outcome", "unmatched")]),
        30.0 / 160.0,
    );
    let median = of("classes", &[("quantile", "0.5")]);
    story.says("driftline:model:label_delay_seconds1h", &median, 60.0);
    let kpi = of("classes", &[("kpi", "revenue")]);
    story.says("driftline:kpi:mean_units1h", &kpi, 50.0);
    story.says("driftline:kpi:unit", &kpi, 0.01);
    story.says("driftline:kpi:mean1h", &kpi, 0.5);
}

#[test]
fn quality_is_that_of_scikit_learn() {
    let known = vectors();
    // The rules are rendered for as many bins of scores as the profile has.
    let classes_of =
        |scores: Classes| Quality { task: Task::Classes(scores), segments: Vec::new() };
    let mut unused = Story::of("quality", &Settings::of(&config(r#"{"models": [{"name": "m"}]}"#)));
    let mut of_profile = profile(Vec::new());
    of_profile.quality = Some(Box::new(classes_of(scores(&mut unused, &known["binary"]))));
    let mut of_models = with_profile(MODELS[0], of_profile);
    let kpis = r#"{"models": [{"name": "m", "type": "predictive", "kpis": [{"name": "revenue", "minimum": -50, "maximum": 500, "unit": 0.01}]}]}"#;
    of_models.models[0].kpis = config(kpis).models[0].kpis.clone();
    let settings = Settings::of(&of_models);
    let mut story = Story::of("quality", &settings);
    classes(&mut story, &known["multiclass"]);
    edge(&mut story, &known["binary_edge"]["no_positive_predictions"]);
    scores(&mut story, &known["binary"]);
    regression(&mut story, &known["regression"]);
    labels(&mut story);
    story.only(
        &[("model", IDLE)],
        &[
            "driftline:model:confusion1h",
            "driftline:class:rows1h",
            "driftline:class:predicted1h",
            "driftline:class:right1h",
            "driftline:score:positives1h",
            "driftline:score:negatives1h",
            "driftline:score:negatives_below1h",
            "driftline:model:positives1h",
            "driftline:model:negatives1h",
            "driftline:model:labels1h",
        ],
    );
    story.holds();
}

/// With more bins of scores than there are rules for, there is no area rather than a wrong one.
#[test]
fn scores_in_more_bins_than_are_known_have_no_area() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let mut story = Story::of("quality", &Settings::of(&config));
    for bin in 0..50 {
        let bin = format!("{bin:02}");
        for actual in ["positive", "negative"] {
            let labels = of("scores", &[("bin", bin.as_str()), ("actual", actual)]);
            story.counter("driftline_labelled_scores_total", &labels, 3);
        }
    }
    story.is_silent_at(END, "driftline:model:auc_roc1h".to_owned());
    story.holds_at(END, "sum(driftline:model:scored_rows1h)".to_owned(), 300.0);
    story.is_carried_out();
}
