//! Measures of quality over both windows, by the formulas of `crates/statistics` on the same rows; estimates without labels,
//! coverage, the state of labels, and means of figures.

use std::time::Duration;

use driftline_labels::QualityMeasure;
use driftline_random::Random;
use driftline_statistics::{
    drift::to_ppm,
    quality::{
        BinnedScores, ClassifierCounts, Confusion, LossSums, Measures, ReferenceBins,
        RegressionSums, ScoreCounts, TargetScale, Threshold, Unlabelled, of_classifier,
        of_regression, score_millionths,
    },
};
use serde_json::{Value, json};

use crate::proxy::{Proxy, SLOW_WINDOWS, TICK, WINDOW};

/// Sends some rows, others after the fast window has let those go, and compares the gauges of both windows: `records` are
/// sent, and `expected` gives the measures of them.
#[track_caller]
fn check(
    model: &str,
    measures: &[QualityMeasure],
    [first, second]: [&[Value]; 2],
    expected: impl Fn(&[&[Value]]) -> Measures,
) -> Proxy {
    let proxy = Proxy::new();
    proxy.tick_after(TICK);
    proxy.send(first);
    proxy.tick_after(TICK);
    proxy.tick_after(WINDOW + WINDOW / 8);
    proxy.send(second);
    proxy.tick_after(WINDOW / 8);
    for (window, rows) in [("fast", &[second][..]), ("slow", &[first, second])] {
        let expected = expected(rows);
        let count: usize = rows.iter().map(|rows| rows.len()).sum();
        let labelled = format!("labelled_rows{{{model},window={window}}}");
        assert_eq!(proxy.value(&labelled), count as u64, "{labelled}");
        for &measure in measures {
            let name = format!("quality_ppm{{{model},window={window},measure={}}}", measure.name());
            assert_eq!(proxy.value(&name), to_ppm(expected[measure]), "{name}");
        }
    }
    proxy
}

/// Rows of `rain`: pairs of label and score.
fn scored(seed: u64, rows: usize) -> Vec<Value> {
    let mut random = Random::new(seed);
    let mut row = || {
        let score = (random.uniform() * 1e4).round() / 1e4;
        let label = u8::from(random.uniform() < 0.2 + 0.6 * score);
        json!({"model": "rain", "label": label, "score": score, "dew": 0.5})
    };
    (0..rows).map(|_| row()).collect()
}

/// The counters of such rows: confusion, positives and negatives by score bin, sums of scores, losses.
fn counted(rows: &[&[Value]]) -> ([u64; 4], [u64; 4], [u64; 4], [u64; 4], LossSums) {
    let mut found = ([0; 4], [0; 4], [0; 4], [0; 4], LossSums::default());
    for row in rows.iter().copied().flatten() {
        let (score, label) = (row["score"].as_f64().unwrap(), row["label"].as_u64().unwrap());
        // A score on an edge, or on the threshold, is above it.
        let bin = [0.25, 0.5, 0.75].iter().filter(|&&edge| edge <= score).count();
        found.0[label as usize * 2 + usize::from(0.5 <= score)] += 1;
        if label == 1 {
            found.1[bin] += 1;
        } else {
            found.2[bin] += 1;
        }
        found.3[bin] += score_millionths(score).unwrap();
        found.4 = found.4.plus(LossSums::of_row(score, label == 1).unwrap());
    }
    found
}

#[test]
fn a_model_with_scores_has_the_measures_of_its_counters() {
    let (first, second) = (scored(1, 700), scored(2, 300));
    let measures = of_classifier(true);
    check("model=rain,version=3", measures, [&first, &second], |rows| {
        let (confusion, positives, negatives, sums, losses) = counted(rows);
        let scores = ScoreCounts {
            positive: 1,
            positives: &positives,
            negatives: &negatives,
            sums: &sums,
            losses,
        };
        let confusion = Confusion::new(&confusion, 2).unwrap();
        ClassifierCounts { confusion, scores: Some(scores) }.measures()
    });
}

#[test]
fn a_model_of_three_classes_has_measures_of_each() {
    let rows = |seed, count| -> Vec<Value> {
        let mut random = Random::new(seed);
        let names = ["a", "b", "c"];
        let mut row = || {
            let label = random.below(3);
            let predicted = if random.uniform() < 0.8 { label } else { random.below(3) };
            json!({"model": "species", "label": names[label], "prediction": names[predicted]})
        };
        (0..count).map(|_| row()).collect()
    };
    let confusion = |rows: &[&[Value]]| {
        let class = |value: &Value| ["a", "b", "c"].iter().position(|name| value == name).unwrap();
        let mut found = [0; 9];
        for row in rows.iter().copied().flatten() {
            found[class(&row["label"]) * 3 + class(&row["prediction"])] += 1;
        }
        found
    };
    let (first, second) = (rows(3, 500), rows(4, 400));
    let measures = of_classifier(false);
    let proxy = check("model=species", measures, [&first, &second], |rows| {
        let confusion = confusion(rows);
        let confusion = Confusion::new(&confusion, 3).unwrap();
        ClassifierCounts { confusion, scores: None }.measures()
    });
    for (window, rows) in [("fast", &[&second[..]][..]), ("slow", &[&first, &second])] {
        let confusion = confusion(rows);
        let confusion = Confusion::new(&confusion, 3).unwrap();
        for (class, name) in ["a", "b", "c"].into_iter().enumerate() {
            let counts = confusion.class(class).unwrap();
            for (measure, value) in [
                ("precision", counts.precision()),
                ("recall", counts.recall()),
                ("f1", counts.f1()),
            ] {
                let name = format!(
                    "class_quality_ppm{{model=species,window={window},measure={measure},class={name}}}"
                );
                assert_eq!(proxy.value(&name), to_ppm(value.unwrap()), "{name}");
            }
        }
    }
}

#[test]
fn a_regression_has_the_measures_of_its_counters() {
    let rows = |seed, count, bias: f64| -> Vec<Value> {
        let mut random = Random::new(seed);
        let mut row = || {
            let label = 10.0 + 2.0 * random.irwin_hall();
            let prediction = label + bias + random.irwin_hall();
            json!({"model": "price", "label": label, "prediction": prediction})
        };
        (0..count).map(|_| row()).collect()
    };
    let scale = TargetScale::new(10.0, 2.0).unwrap();
    // In the slow window the model is too low on average, in the fast one too high.
    let (first, second) = (rows(5, 600, -1.0), rows(6, 250, 0.5));
    check("model=price", of_regression(), [&first, &second], |rows| {
        let number = |value: &Value| value.as_f64().unwrap();
        let rows = rows.iter().copied().flatten();
        let counted = rows.fold(RegressionSums::default(), |sums, row| {
            sums.plus(scale.row(number(&row["prediction"]), number(&row["label"])).unwrap())
        });
        counted.measures(&scale)
    });
}

/// Of `rain`.
const OF: &str = "model=rain,version=3";

#[test]
fn an_estimate_is_that_of_the_scores_and_labels_show_what_it_misses() {
    let proxy = Proxy::new();
    proxy.tick_after(TICK);
    let mut random = Random::new(7);
    let scores: Vec<f64> = (0..100).map(|_| random.uniform().sqrt()).collect();
    (0..5).for_each(|request| proxy.predict(&format!("r{request}"), &scores));
    let rows = scored(8, 300);
    proxy.send(&rows);
    proxy.tick_after(TICK);
    let (_, positives, negatives, ..) = counted(&[&rows]);
    let labelled: Vec<u64> = positives.iter().zip(negatives).map(|(a, b)| a + b).collect();
    let mut predicted = [0; 4];
    for score in &scores {
        predicted[[0.25, 0.5, 0.75].iter().filter(|&edge| edge <= score).count()] += 5;
    }
    // The reference of the profile.
    let reference = ReferenceBins {
        rows: &[3600, 1400, 1400, 3600],
        positives: &[100, 400, 1000, 3500],
        correct: &[3500, 1000, 1000, 3500],
    };
    let threshold = Threshold { bin: 2, rows_above: 1400 };
    let hits = (positives[2] + positives[3]) as f64;
    let correct = hits + (negatives[0] + negatives[1]) as f64;
    let f1 = 2.0 * hits / (positives.iter().sum::<u64>() + labelled[2] + labelled[3]) as f64;
    let area = BinnedScores::new(&positives, &negatives).unwrap().auc_roc().unwrap().value;
    for (measure, realised) in [("accuracy", correct / 300.0), ("f1", f1), ("auc_roc", area)] {
        let expected = |live: &[u64]| {
            let estimate = Unlabelled::new(reference, live).unwrap();
            match measure {
                "accuracy" => estimate.accuracy(),
                "f1" => estimate.f1(threshold),
                _ => estimate.auc_roc(),
            }
            .unwrap()
        };
        for (rows, live) in [("predictions", &predicted[..]), ("labelled", &labelled)] {
            let labels = format!("{OF},window=fast,measure={measure},rows={rows}");
            let value = proxy.value(&format!("estimated_quality_ppm{{{labels}}}"));
            assert_eq!(value, to_ppm(expected(live).value), "{labels}");
            let error = proxy.value(&format!("estimated_quality_error_ppm{{{labels}}}"));
            assert_eq!(error, to_ppm(expected(live).standard_error), "{labels}");
        }
        let missed = expected(&labelled).value - realised;
        let labels = format!("{OF},window=fast,measure={measure}");
        let shortfall = proxy.value(&format!("estimate_shortfall_ppm{{{labels}}}"));
        let excess = proxy.value(&format!("estimate_excess_ppm{{{labels}}}"));
        assert_eq!((shortfall, excess), (to_ppm(missed.max(0.0)), to_ppm((-missed).max(0.0))));
        assert!(0.05 < missed, "labels are worse than these scores let expect: {missed}");
    }
    let coverage = proxy.value(&format!("label_coverage_ppm{{{OF},window=fast}}"));
    assert_eq!(coverage, 600_000, "300 labels of 500 predictions");
}

#[test]
fn labels_that_are_better_than_estimated_are_an_excess() {
    let proxy = Proxy::new();
    proxy.tick_after(TICK);
    let rows = [(0.3, 0), (0.6, 1), (0.9, 1), (0.1, 0)];
    let rows = rows.map(|(score, label)| json!({"model": "rain", "label": label, "score": score}));
    proxy.send(&rows);
    proxy.tick_after(TICK);
    let labels = format!("{OF},window=fast,measure=accuracy");
    assert_eq!(proxy.value(&format!("estimate_shortfall_ppm{{{labels}}}")), 0);
    // (3500 / 3600 + 1000 / 1400) / 2
    let expected = (35.0 / 36.0 + 10.0 / 14.0) / 2.0;
    let excess = proxy.value(&format!("estimate_excess_ppm{{{labels}}}"));
    assert_eq!(excess, to_ppm(1.0 - expected));
}

#[test]
fn labels_are_late_until_there_are_enough_and_when_they_stay_away() {
    let proxy = Proxy::new();
    let state = || proxy.one("labels_state{model=rain,version=3");
    proxy.tick_after(TICK);
    assert_eq!(state(), "none");
    proxy.send(&scored(9, 199));
    proxy.tick_after(TICK);
    assert_eq!(state(), "late");
    proxy.send(&scored(10, 1));
    proxy.tick_after(TICK);
    assert_eq!(state(), "live");
    let mut states = vec![state()];
    for _ in 0..WINDOW.as_secs() * u64::from(SLOW_WINDOWS + 3) / TICK.as_secs() {
        proxy.tick_after(TICK);
        if states.last() != Some(&state()) {
            states.push(state());
        }
    }
    assert_eq!(states, ["live", "late", "none"]);
}

#[test]
fn labels_that_take_longer_than_a_window_are_late() {
    let proxy = Proxy::new();
    proxy.tick_after(TICK);
    (0..4).for_each(|request| proxy.predict(&format!("r{request}"), &[0.9; 100]));
    let labels = |requests: std::ops::Range<usize>| -> Vec<Value> {
        let rows = requests.flat_map(|request| (0..100).map(move |row| (request, row)));
        rows.map(|(request, row)| json!({"id": format!("r{request}"), "row": row, "label": 1}))
            .collect()
    };
    proxy.tick_after(WINDOW - TICK);
    proxy.send(&labels(0..2));
    proxy.tick_after(TICK);
    assert_eq!(proxy.one("labels_state{model=rain,version=3"), "live");
    proxy.tick_after(2 * WINDOW);
    proxy.send(&labels(2..4));
    proxy.tick_after(TICK);
    assert_eq!(proxy.value("labelled_rows{model=rain,version=3,window=fast}"), 200);
    assert_eq!(proxy.one("labels_state{model=rain,version=3"), "late");
}

#[test]
fn a_mean_of_a_figure_is_on_one_side() {
    let proxy = Proxy::new();
    proxy.tick_after(TICK);
    let send = |values: &[f64]| {
        let records = values.iter().map(|value| json!({"model": "chat", "revenue": value}));
        proxy.send(&records.collect::<Vec<_>>());
    };
    let mean = |window: &str| {
        ["high", "low"].map(|side| {
            proxy.value(&format!(
                "kpi_mean_ppm{{model=chat,window={window},side={side},kpi=revenue}}"
            ))
        })
    };
    send(&[12.34, 50.0, -2.34]);
    proxy.tick_after(TICK);
    assert_eq!(mean("fast"), [20_000_000, 0]);
    proxy.tick_after(WINDOW + WINDOW / 8);
    send(&[-5.0, -4.0, 1.5]);
    proxy.tick_after(WINDOW / 8);
    assert_eq!(mean("fast"), [0, 2_500_000]);
    assert_eq!(mean("slow"), [8_750_000, 0]);
    proxy.tick_after(Duration::from_secs(WINDOW.as_secs() * u64::from(SLOW_WINDOWS + 2)));
    assert_eq!([mean("fast"), mean("slow")], [[0; 2]; 2]);
}
