//! What the reader of quality takes and refuses, and in which words; it measures nothing.

use std::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use driftline_random::Random;
use serde_json::{Value, json};

use super::*;
use crate::profile::{FORMAT_VERSION, Profile, read::tests::rain};

fn classes() -> Value {
    json!({
        "task": "classes", "names": ["no", "yes"], "confusion": [[4, 1], [1, 2]],
        "scores": {
            "positive": "yes", "threshold": 0.5, "edges": [0.25, 0.5], "positives": [1, 0, 2],
            "negatives": [3, 1, 1], "sums": [400_000, 300_000, 2_400_000],
            "losses": {"rows": 8, "squared_error": 1_000_000, "log_loss": 3_000_000}
        },
        "segments": [
            {"feature": "cloudy", "rows": [3, 5, 0, 0, 0, 0], "errors": [1000, 1000, 0, 0, 0, 0]},
            {"feature": "wind", "rows": [5, 2, 1, 0], "errors": [0, 2000, 0, 0]}
        ]
    })
}

fn regression() -> Value {
    json!({
        "task": "regression", "mean": 11.5, "deviation": 4.25,
        "sums": {
            "rows": 3, "above": 500, "below": 250, "squares": 0, "square_millionths": 190_000,
            "label_above": 1100, "label_below": 1100, "label_squares": 1,
            "label_square_millionths": 430_000, "relative_rows": 3, "relative": 2700, "clamped": 0
        },
        "error_edges": [0.5, 1.25], "error_counts": [1, 1, 1],
        "segments": [{"feature": "dew point", "rows": [1, 0, 1, 1], "errors": [250, 0, 500, 0]}]
    })
}

/// A profile of ten rows with three features, and this quality.
fn with(quality: &Value) -> Value {
    let mut json = rain();
    json["format_version"] = json!(4);
    json["quality"] = quality.clone();
    json
}

fn read(json: &Value) -> Result<Profile, String> {
    Profile::from_json(json.to_string().as_bytes()).map_err(|error| error.problems().to_string())
}

/// Sets the value at a JSON pointer of a good quality, and compares what is said about it.
#[track_caller]
fn refuses(good: Value, pointer: &str, value: Value, message: &str) {
    let mut quality = good;
    *quality.pointer_mut(pointer).unwrap() = value;
    assert_eq!(read(&with(&quality)).unwrap_err(), message);
}

#[test]
fn what_is_written_is_read_back_unchanged() {
    for good in [classes(), regression()] {
        let profile = read(&with(&good)).unwrap();
        let written = serde_json::to_value(&profile).unwrap();
        assert_eq!(written["quality"], good);
        assert_eq!(written["format_version"], 4);
        assert_eq!(read(&written).as_ref(), Ok(&profile));
        let without = Profile { quality: None, ..profile };
        let written = serde_json::to_value(&without).unwrap();
        assert_eq!(written["format_version"], FORMAT_VERSION);
        assert!(written.get("quality").is_none());
    }
}

#[test]
fn what_is_absent_is_not_written() {
    let mut good = classes();
    good.as_object_mut().unwrap().remove("scores");
    good.as_object_mut().unwrap().remove("segments");
    let profile = read(&with(&good)).unwrap();
    assert_eq!(serde_json::to_value(&profile).unwrap()["quality"], good);
    good["segments"] = json!([]);
    assert_eq!(read(&with(&good)), Ok(profile));
}

#[test]
fn older_versions_have_none() {
    for version in 1..=3 {
        let mut json = with(&json!({}));
        json["format_version"] = json!(version);
        let message =
            format!("quality: found {{}}, expected none in a profile of version {version}");
        assert_eq!(read(&json).unwrap_err(), message);
    }
}

/// Any numbers that fit together, in any number of classes and bins.
#[test]
fn any_quality_is_written_and_read_back() {
    let mut random = Random::new(4);
    let mut whole = |below: u64| (random.uniform() * below as f64) as u64;
    for round in 0..200 {
        let mut profile = read(&with(&classes())).unwrap();
        let many = |count: usize, whole: &mut dyn FnMut(u64) -> u64| -> Vec<u64> {
            (0..count).map(|_| whole(1_000_000)).collect()
        };
        let task = if round % 2 == 0 {
            let count = if round % 4 == 0 { 2 } else { 2 + whole(31) as usize };
            let bins = 2 + whole(63) as usize;
            let scores = (count == 2).then(|| {
                let [positives, negatives] = [(); 2].map(|()| many(bins, &mut whole));
                let edges: Vec<f64> = (1..bins).map(|edge| edge as f64 / bins as f64).collect();
                let labelled = total(&positives) + total(&negatives);
                Scores {
                    positive: whole(2) as usize,
                    threshold: edges[whole(bins as u64 - 1) as usize],
                    sums: positives
                        .iter()
                        .zip(&negatives)
                        .map(|(a, b)| (a + b) * whole(MOST))
                        .collect(),
                    losses: LossSums {
                        rows: labelled,
                        squared_error: labelled * whole(MOST),
                        log_loss: labelled,
                    },
                    edges,
                    positives,
                    negatives,
                }
            });
            let confusion = match &scores {
                Some(Scores { positive, positives, negatives, .. }) => {
                    let mut of_class = [total(negatives), total(positives)];
                    of_class.rotate_left(1 - positive);
                    let [first, second] = of_class;
                    vec![first - 1, 1, 2, second - 2]
                }
                None => many(count * count, &mut whole),
            };
            let names = (0..count).map(|class| format!("class {class}")).collect();
            Task::Classes(Classes { names, confusion, scores })
        } else {
            let bins = 2 + whole(31) as usize;
            let error_counts = many(bins, &mut whole);
            let rows = total(&error_counts);
            let mut counters = [0; RegressionSums::COUNTERS].map(|_: u64| whole(rows));
            counters[0] = rows;
            Task::Regression(Regression {
                mean: whole(9) as f64 - 4.3,
                deviation: whole(100) as f64 / 7.0 + 1e-9,
                sums: RegressionSums::of_counters(counters),
                error_edges: (1..bins).map(|edge| edge as f64 / 3.0).collect(),
                error_counts,
            })
        };
        profile.rows = 1 << 40;
        let nulls = |counts: &[u64]| (1 << 40) - total(counts);
        for column in
            profile.features.iter_mut().map(|it| &mut it.column).chain(&mut profile.prediction)
        {
            column.nulls = nulls(&column.counts);
        }
        let labelled = match &task {
            Task::Classes(classes) => total(&classes.confusion),
            Task::Regression(regression) => regression.sums.rows,
        };
        let segment = Segment {
            feature: "cloudy".into(),
            rows: vec![labelled, 0, 0, 0, 0, 0],
            errors: vec![labelled * 7, 0, 0, 0, 0, 0],
        };
        let segments = if round % 3 == 0 { vec![] } else { vec![segment] };
        profile.quality = Some(Box::new(Quality { task, segments }));
        let written = serde_json::to_string(&profile).unwrap();
        let found = Profile::from_json(written.as_bytes()).unwrap_or_else(|it| panic!("{it}"));
        assert_eq!(found, profile, "round {round}");
    }
}

#[test]
fn a_task_is_one_of_two_and_has_its_fields() {
    refuses(
        classes(),
        "/task",
        json!("ranking"),
        "quality.task: found \"ranking\", expected one of `classes`, `regression`",
    );
    refuses(classes(), "", json!(7), "quality: found 7, expected an object");
    refuses(
        classes(),
        "",
        json!({"task": "classes", "mean": 1}),
        "quality: unknown field \"mean\", allowed are `task`, `names`, `confusion`, `scores`, `segments`; \
         quality: the field `names` is missing; quality: the field `confusion` is missing",
    );
    refuses(
        classes(),
        "",
        json!({"task": "regression"}),
        "quality: the field `mean` is missing; quality: the field `deviation` is missing; quality: the field `sums` \
         is missing; quality: the field `error_edges` is missing; quality: the field `error_counts` is missing",
    );
}

#[test]
fn classes_are_labels_and_their_rows_those_of_the_profile() {
    refuses(
        classes(),
        "/names",
        json!(["no"]),
        "quality.names: found 1 elements, expected 2 to 32",
    );
    refuses(
        classes(),
        "/names/1",
        json!("no"),
        "quality.names[1]: found \"no\" again, expected unique names",
    );
    refuses(
        classes(),
        "/names/0",
        json!("St."),
        "quality.names[0]: found \"St.\", a name must not end in a dot, which Envoy would drop",
    );
    refuses(
        classes(),
        "/confusion",
        json!([[4, 1]]),
        "quality.confusion: found 1 elements, expected 2",
    );
    refuses(
        classes(),
        "/confusion/1",
        json!([1, 1, 1]),
        "quality.confusion[1]: found 3 elements, expected 2",
    );
    refuses(
        classes(),
        "/confusion/1/0",
        json!(0.5),
        "quality.confusion[1][0]: found 0.5, expected a whole number from 0 to 9007199254740991",
    );
    refuses(
        classes(),
        "/confusion/1/0",
        json!(4),
        "quality.confusion: found counts that add up to 11, expected 1 to 10",
    );
    let mut none = classes();
    none.as_object_mut().unwrap().remove("scores");
    none.as_object_mut().unwrap().remove("segments");
    refuses(
        none,
        "/confusion",
        json!([[0, 0], [0, 0]]),
        "quality.confusion: found counts that add up to 0, expected 1 to 10",
    );
}

#[test]
fn scores_have_bins_of_the_same_rows() {
    refuses(
        classes(),
        "/scores/positive",
        json!("maybe"),
        "quality.scores.positive: found \"maybe\", expected one of `no`, `yes`",
    );
    refuses(
        classes(),
        "/scores/threshold",
        json!("x"),
        "quality.scores.threshold: found \"x\", expected a number",
    );
    let mut none = classes();
    none["confusion"] = json!([[5, 3], [0, 0]]);
    none["scores"]["positives"] = json!([0, 0, 1]);
    none["scores"]["negatives"] = json!([3, 1, 4]);
    assert_eq!(
        read(&with(&none)).unwrap_err(),
        "quality.scores.positives: found counts that add up to 1, expected 0, the rows of this class in `confusion`"
    );
    for threshold in [json!(0.3), json!(-0.5)] {
        let message = format!(
            "quality.scores.threshold: found {threshold}, expected one of `edges`, from 0 to 1"
        );
        refuses(classes(), "/scores/threshold", threshold, &message);
    }
    refuses(
        classes(),
        "/scores/edges",
        json!([0.5, 0.5]),
        "quality.scores.edges[1]: found 0.5, expected more than the one before it, 0.5",
    );
    refuses(
        classes(),
        "/scores/edges",
        json!(vec![0; 64]),
        "quality.scores.edges: found 64 elements, expected 1 to 63",
    );
    for list in ["positives", "negatives", "sums"] {
        let message = format!("quality.scores.{list}: found 2 elements, expected 3");
        refuses(classes(), &format!("/scores/{list}"), json!([1, 2]), &message);
    }
    refuses(
        classes(),
        "/scores/positives",
        json!([1, 1, 2]),
        "quality.scores.positives: found counts that add up to 4, expected 3, the rows of this class in `confusion`",
    );
    refuses(
        classes(),
        "/scores/negatives",
        json!([3, 1, 0]),
        "quality.scores.sums[2]: found 2400000, expected a whole number from 0 to 2000000; quality.scores.negatives: \
         found counts that add up to 4, expected 5, the rows of this class in `confusion`",
    );
    refuses(
        classes(),
        "/scores/sums/1",
        json!(1_000_001),
        "quality.scores.sums[1]: found 1000001, expected a whole number from 0 to 1000000",
    );
    refuses(
        classes(),
        "/scores/losses/rows",
        json!(7),
        "quality.scores.losses.rows: found 7, expected a whole number from 8 to 8",
    );
    refuses(
        classes(),
        "/scores/losses/squared_error",
        json!(8_000_001),
        "quality.scores.losses.squared_error: found 8000001, expected a whole number from 0 to 8000000",
    );
    refuses(
        classes(),
        "/scores/losses/log_loss",
        json!(-1),
        "quality.scores.losses.log_loss: found -1, expected a whole number from 0 to 147365448",
    );
    let mut three = classes();
    three["names"] = json!(["a", "b", "c"]);
    three.as_object_mut().unwrap().remove("segments");
    let said = read(&with(&{
        three["confusion"] = json!([[4, 1, 0], [1, 2, 0], [0, 0, 0]]);
        three
    }))
    .unwrap_err();
    assert!(said.ends_with("expected none for more than two classes"), "{said}");
}

#[test]
fn the_positive_class_may_be_the_first() {
    let mut first = classes();
    first["scores"]["positive"] = json!("no");
    let said = read(&with(&first)).unwrap_err();
    assert!(said.contains("positives: found counts that add up to 3, expected 5"), "{said}");
    assert!(said.contains("negatives: found counts that add up to 5, expected 3"), "{said}");
    first["confusion"] = json!([[2, 1], [1, 4]]);
    let Some(Task::Classes(classes)) = read(&with(&first)).unwrap().quality.map(|it| it.task)
    else {
        panic!()
    };
    assert_eq!(classes.scores.map(|it| it.positive), Some(0));
}

#[test]
fn the_sums_of_a_regression_are_those_of_its_rows() {
    for (pointer, value, message) in [
        ("/mean", json!("x"), "mean: found \"x\", expected a number"),
        ("/deviation", json!(0), "deviation: found 0, expected a number above 0"),
        ("/sums/rows", json!(11), "sums.rows: found 11, expected a whole number from 1 to 10"),
        (
            "/sums/above",
            json!(3_000_001),
            "sums.above: found 3000001, expected a whole number from 0 to 3000000",
        ),
        ("/sums/clamped", json!(4), "sums.clamped: found 4, expected a whole number from 0 to 3"),
        (
            "/sums/relative",
            json!(30_000_001),
            "sums.relative: found 30000001, expected a whole number from 0 to 30000000",
        ),
        (
            "/error_edges/1",
            json!(0.5),
            "error_edges[1]: found 0.5, expected more than the one before it, 0.5",
        ),
        ("/error_edges", json!(vec![0; 32]), "error_edges: found 32 elements, expected 1 to 31"),
        ("/error_counts", json!([1, 2]), "error_counts: found 2 elements, expected 3"),
        (
            "/error_counts/0",
            json!(0),
            "error_counts: found counts that add up to 2, expected 3, the rows with a label and a prediction",
        ),
    ] {
        let mut quality = regression();
        quality.as_object_mut().unwrap().remove("segments");
        refuses(quality, pointer, value, &format!("quality.{message}"));
    }
    let mut without = regression();
    without["sums"].as_object_mut().unwrap().remove("label_squares");
    assert_eq!(
        read(&with(&without)).unwrap_err(),
        "quality.sums: the field `label_squares` is missing"
    );
}

#[test]
fn segments_are_of_features_and_have_their_cells() {
    refuses(
        classes(),
        "/segments/1/feature",
        json!("cloudy"),
        "quality.segments[1].feature: found \"cloudy\" again, expected unique names",
    );
    refuses(
        classes(),
        "/segments/1/feature",
        json!("rain"),
        "quality.segments[1].feature: found \"rain\", expected the name of a feature of this profile",
    );
    refuses(
        classes(),
        "/segments/1/rows",
        json!([5, 2, 1]),
        "quality.segments[1].rows: found 3 elements, expected 4",
    );
    refuses(
        classes(),
        "/segments/1/rows/0",
        json!(4),
        "quality.segments[1].rows: found counts that add up to 7, expected 8, the rows with a label and a prediction",
    );
    refuses(
        classes(),
        "/segments/1/errors/1",
        json!(2001),
        "quality.segments[1].errors[1]: found 2001, expected a whole number from 0 to 2000",
    );
    refuses(
        regression(),
        "/segments/0/errors/0",
        json!(1_000_001),
        "quality.segments[0].errors[0]: found 1000001, expected a whole number from 0 to 1000000",
    );
    refuses(
        classes(),
        "/segments",
        json!(vec![0; 6]),
        "quality.segments: found 6 elements, expected 0 to 5",
    );
}

/// What cannot be compared is not complained about.
#[test]
fn problems_of_the_rest_do_not_hide_those_of_quality() {
    let mut json = with(&classes());
    json["rows"] = json!("many");
    json["features"][2]["name"] = json!(7);
    json["quality"]["scores"]["edges"] = json!("x");
    json["quality"]["scores"]["sums"][0] = json!(-1);
    assert_eq!(
        read(&json).unwrap_err(),
        "rows: found \"many\", expected a whole number from 1 to 9007199254740991; \
         features[2].name: found 7, expected text; quality.scores.edges: found \"x\", expected an array; \
         quality.scores.sums[0]: found -1, expected a whole number from 0 to 4000000"
    );
}

/// The examples of the module's documentation.
#[test]
fn the_examples_of_the_documentation_fit() {
    let docs = include_str!("../../../profile.rs");
    let mut found = 0;
    for block in docs.split("//! ```json\n").skip(1) {
        let block = block.split("//! ```").next().unwrap();
        let text: String = block.lines().map(|line| line.trim_start_matches("//!")).collect();
        let value: Value = serde_json::from_str(&text).unwrap();
        let mut json = rain();
        if value.get("task").is_none() {
            continue;
        }
        let scale = 1_u64 << 40;
        json["rows"] = json!(scale);
        for name in ["/features/0", "/features/1", "/prediction"] {
            json.pointer_mut(name).unwrap()["nulls"] = json!(scale - 8);
        }
        json["features"][2]["nulls"] = json!(scale - 9);
        json["quality"] = value;
        json["format_version"] = json!(4);
        let segments =
            json.pointer("/quality/segments/0/rows").map(|it| it.as_array().unwrap().len());
        assert_eq!(segments.unwrap_or(4), 4);
        read(&json).unwrap();
        found += 1;
    }
    assert_eq!(found, 2);
}
