//! The quality of models on tables with labels, against what scikit-learn and numpy say of the same rows:
//! tests/data/labelled/make.py. None of the expected numbers was computed by us.

use std::{fs, io::Cursor};

use driftline_profiler::{LeftOut, Made, Options, QualityOptions, Settings, to_text};
use driftline_profiler_files::{from_csv, from_json_lines};
use driftline_statistics::{
    bins::Bins,
    profile::{
        Feature, Profile,
        quality::{Classes, Quality, Regression, Segment, Task},
    },
    quality::{BinnedScores, Confusion, TargetScale},
};
use serde_json::{Map, Value};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/labelled");

fn expected(task: &str) -> Value {
    let text = fs::read_to_string(format!("{FOLDER}/expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[task].take()
}

fn counts(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect()
}

fn matrix(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().flat_map(counts).collect()
}

#[track_caller]
fn near(found: Option<f64>, expected: &Value, tolerance: f64) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
}

/// A row for each line; cells that look like numbers are numbers, and empty ones null.
fn as_json_lines(csv: &str) -> String {
    let mut lines = csv.lines().map(|line| line.split(','));
    let names: Vec<&str> = lines.next().unwrap().collect();
    let mut text = String::new();
    for cells in lines {
        let row: Map<String, Value> = names
            .iter()
            .zip(cells)
            .map(|(name, cell)| {
                let value = match cell {
                    "" => Value::Null,
                    cell => serde_json::from_str(cell).unwrap_or_else(|_| Value::from(cell)),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        text += &Value::Object(row).to_string();
        text.push('\n');
    }
    text
}

/// The profile of a table, which is the same in both formats and reads back unchanged.
fn made(table: &str, prediction: Option<&str>, quality: QualityOptions) -> (Profile, LeftOut) {
    let options = Options {
        settings: Settings::of("m"),
        prediction: prediction.map(String::from),
        quality: Some(quality),
        ..Options::default()
    };
    let csv = fs::read_to_string(format!("{FOLDER}/{table}.csv")).unwrap();
    let made = from_csv(csv.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"));
    let json = from_json_lines(Cursor::new(as_json_lines(&csv)), &options)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(made.profile.quality, json.profile.quality);
    assert_eq!(made.left_out, json.left_out);
    let Made { profile, left_out, .. } = made;
    let text = to_text(&profile);
    // Version 6 has the name under which answers have the prediction.
    let version = if profile.answer.is_some() { 6 } else { 4 };
    assert!(text.contains(&format!("\"format_version\": {version}")));
    assert_eq!(Profile::from_json(text.as_bytes()).as_ref(), Ok(&profile));
    (profile, left_out.unwrap())
}

fn of_label(label: &str) -> QualityOptions {
    QualityOptions { label: label.into(), ..QualityOptions::default() }
}

/// Rows and errors of a segment by category.
fn by_category(profile: &Profile, segment: &Segment) -> Vec<(String, u64, u64)> {
    let is_it = |feature: &&Feature| feature.name == segment.feature;
    let feature = profile.features.iter().find(is_it).unwrap();
    let Bins::Categories { names } = &feature.column.bins else { panic!() };
    let cells = segment.rows.iter().zip(&segment.errors);
    let mut found: Vec<_> = names
        .iter()
        .zip(cells)
        .map(|(name, (rows, errors))| (name.clone(), *rows, *errors))
        .collect();
    found.sort();
    found
}

#[test]
fn a_binary_model_with_scores() {
    let expected = expected("binary");
    let quality = QualityOptions {
        score: Some("score".into()),
        threshold: Some(0.4),
        segments: vec!["city".into(), "age".into()],
        ..of_label("churned")
    };
    let (profile, left_out) = made("churn", None, quality);
    let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
    assert_eq!((names, &profile.prediction), (vec!["city", "age"], &None));
    assert_eq!(left_out, LeftOut { without_label: 8, without_prediction: 1, ..LeftOut::default() });
    let Some(Quality { task: Task::Classes(classes), segments }) = profile.quality.as_deref()
    else {
        panic!()
    };
    let Classes { names, confusion, scores } = classes;
    assert_eq!(names, &["0", "1"]);
    assert_eq!(confusion, &matrix(&expected["confusion"]));
    let measured = Confusion::new(confusion, 2).unwrap();
    near(measured.accuracy(), &expected["accuracy"], 1e-12);
    near(measured.class(1).unwrap().precision(), &expected["precision"], 1e-12);
    near(measured.class(1).unwrap().recall(), &expected["recall"], 1e-12);
    let scores = scores.as_ref().unwrap();
    assert_eq!((scores.positive, scores.threshold), (1, 0.4));
    let binned = BinnedScores::new(&scores.positives, &scores.negatives).unwrap();
    let area = binned.auc_roc().unwrap();
    near(Some(area.value), &expected["auc"], 0.005);
    let exact = expected["auc"].as_f64().unwrap();
    assert!(area.low <= exact && exact <= area.high, "{area:?}");
    near(binned.average_precision().map(|it| it.value), &expected["average_precision"], 0.02);
    near(scores.losses.brier(), &expected["brier"], 5e-7);
    near(scores.losses.log_loss(), &expected["log_loss"], 5e-7);
    let sum = scores.sums.iter().sum::<u64>() as f64 / 1e6;
    near(Some(sum), &expected["scores_sum"], 1e-6);
    let wrong: Vec<(String, u64, u64)> = expected["wrong_by_city"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(city, found)| {
            let [rows, wrong] = counts(found)[..] else { panic!() };
            (city.clone(), rows, wrong * 1000)
        })
        .collect();
    assert_eq!(by_category(&profile, &segments[0]), wrong);
    assert_eq!(segments[1].feature, "age");
    assert_eq!(segments[1].rows.iter().sum::<u64>(), 391);
    assert_eq!(segments[1].errors.iter().sum::<u64>(), 118_000);
    // Every bin of equal width has its edge, and so has the threshold, once.
    for edge in [0.05, 0.4, 0.95] {
        assert_eq!(scores.edges.iter().filter(|it| (*it - edge).abs() < 1e-9).count(), 1, "{edge}");
    }
    assert!((38..=39).contains(&scores.edges.len()), "{:?}", scores.edges);
}

#[test]
fn three_classes() {
    let expected = expected("classes");
    let (profile, left_out) = made("species", Some("predicted"), of_label("species"));
    let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
    assert_eq!((names, left_out), (vec!["size"], LeftOut::default()));
    assert!(profile.prediction.is_some());
    let Some(Quality { task: Task::Classes(classes), segments }) = profile.quality.as_deref()
    else {
        panic!()
    };
    assert!(segments.is_empty() && classes.scores.is_none());
    assert_eq!(classes.names, ["cat", "dog", "eel"]);
    assert_eq!(classes.confusion, matrix(&expected["confusion"]));
    let measured = Confusion::new(&classes.confusion, 3).unwrap();
    near(measured.accuracy(), &expected["accuracy"], 1e-12);
    near(measured.macro_average().map(|it| it.f1), &expected["f1_macro"], 1e-12);
    near(measured.matthews(), &expected["mcc"], 1e-12);
}

#[test]
fn a_regression() {
    let expected = expected("regression");
    let quality = QualityOptions { segments: vec!["city".into()], ..of_label("demand") };
    let (profile, left_out) = made("demand", Some("forecast"), quality);
    assert_eq!(left_out, LeftOut::default());
    let Some(Quality { task: Task::Regression(regression), segments }) = profile.quality.as_deref()
    else {
        panic!()
    };
    let Regression { mean, deviation, sums, error_edges, error_counts } = regression;
    near(Some(*mean), &expected["mean"], 1e-12);
    near(Some(*deviation), &expected["deviation"], 1e-12);
    assert_eq!((sums.rows, sums.clamped), (300, 0));
    let scale = TargetScale::new(*mean, *deviation).unwrap();
    let half = deviation / 2000.0;
    near(sums.mean_absolute_error(&scale), &expected["mae"], half);
    near(sums.root_mean_squared_error(&scale), &expected["rmse"], half);
    near(sums.bias(&scale), &expected["bias"], half);
    near(sums.r2(), &expected["r2"], 1e-3);
    near(sums.mean_absolute_percentage_error(), &expected["mape"], 5e-5);
    assert_eq!(error_edges.len(), 9);
    // Errors of two digits have ties.
    assert!(error_counts.iter().all(|rows| (28..=32).contains(rows)), "{error_counts:?}");
    let cities = by_category(&profile, &segments[0]);
    assert_eq!(cities.len(), 2);
    for (city, rows, errors) in cities {
        let of_city = &expected["absolute_error_by_city"][&city];
        assert_eq!(of_city[0].as_u64(), Some(rows), "{city}");
        // Half a thousandth for each row.
        near(Some(errors as f64 / 1000.0 * deviation), &of_city[1], half * rows as f64);
    }
}

/// `rainfall_data.csv` has its label as 0 and 1.
#[test]
fn a_label_may_be_the_reference_of_predictions_too() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/weather/rainfall_data.csv");
    // Good enough for a model: warm and dry days are fine.
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let mut table = format!("{},score\n", lines.next().unwrap());
    for line in lines.take(3_000) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let score = 1.0 / (1.0 + (1.0 + cells[1] - 1.5 * cells[2] + cells[4]).exp());
        table += &format!("{line},{score}\n");
    }
    let options = Options {
        settings: Settings::of("rain"),
        target: Some("rain".into()),
        quality: Some(QualityOptions { score: Some("score".into()), ..of_label("rain") }),
        ..Options::default()
    };
    let made = from_csv(table.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(made.profile.features.len(), 8);
    assert!(made.profile.prediction.is_some());
    let Some(Task::Classes(classes)) = made.profile.quality.map(|it| it.task) else { panic!() };
    let scores = classes.scores.unwrap();
    let area = BinnedScores::new(&scores.positives, &scores.negatives).unwrap().auc_roc().unwrap();
    assert!(0.6 < area.value, "{area:?}");
    assert_eq!(scores.losses.rows, 3_000);
}
