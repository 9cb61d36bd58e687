//! The JSON Schema in `docs/` against the reader and the writer, judged by Python's `jsonschema`: whoever trusts one can
//! trust the other.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use driftline_profiler::{AsOf, Options, QualityOptions, Settings, to_text};
use driftline_profiler_files::from_json_lines;
use driftline_statistics::profile::{Kind, Profile};
use driftline_testbed::pieces;
use serde_json::{Value, json};

/// The schema of profiles.
pub(crate) fn of_profiles() -> Value {
    serde_json::from_str(include_str!("../../docs/profile.schema.json")).unwrap()
}

/// What is wrong with each document by a schema, which is checked first.
pub(crate) fn judged(schema: &Value, documents: &[Value]) -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut validator = Command::new(pieces::python().unwrap_or_else(|error| panic!("{error:#}")))
        .env_clear()
        .arg("-I")
        .arg(root.join("tests/clients/schema.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String =
        [schema].into_iter().chain(documents).map(|line| format!("{line}\n")).collect();
    let mut input = validator.stdin.take().unwrap();
    // Beside reading, as neither pipe holds everything.
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = validator.wait_with_output().unwrap();
    assert!(output.status.success(), "schema.py failed; `cargo xtask setup` fetches what it needs");
    writing.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let judged: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(judged.len(), documents.len());
    judged
}

/// A profile with columns of every kind and every kind of bins.
fn good() -> Value {
    made(None, None, &[])
}

/// The same with its rows by hour of the day, as a column says.
fn good_by_hour() -> Value {
    made(Some("seen"), None, &[])
}

/// The same with the quality of a binary model.
fn good_binary() -> Value {
    let quality = QualityOptions {
        label: "label".into(),
        score: Some("score".into()),
        segments: vec!["few".into(), "city".into()],
        ..QualityOptions::default()
    };
    made(None, Some(quality), &[])
}

/// The same with the quality of a regression.
fn good_regression() -> Value {
    let quality = QualityOptions { label: "rain_later".into(), ..QualityOptions::default() };
    made(None, Some(quality), &[])
}

/// The same with two of its columns as KPIs.
fn good_kpis() -> Value {
    made(None, None, &["few", "rain_later"])
}

/// The same with a target that gave predictions its name.
fn good_named() -> Value {
    made_of("rain", None, None, &[])
}

fn made(by_hour: Option<&str>, quality: Option<QualityOptions>, kpis: &[&str]) -> Value {
    made_of("prediction", by_hour, quality, kpis)
}

fn made_of(
    target: &str,
    by_hour: Option<&str>,
    quality: Option<QualityOptions>,
    kpis: &[&str],
) -> Value {
    let mut lines = String::new();
    for n in 0..100 {
        let row = json!({
            "label": n % 2, "score": f64::from(n % 20) / 20.0, "rain_later": n % 3,
            "number": f64::from(n) / 8.0, "integer": n * n, "few": n % 4, "flag": n % 3 == 0,
            "city": if n % 3 == 0 { "E" } else { "N" }, "note": "x".repeat(n as usize),
            "vector": [n, 1.5], "seen": 1_795_000_000 + n * n, "constant": 0.25, target: if n % 10 == 0 { Value::Null } else { json!(n % 2) },
        });
        lines += &format!("{row}\n");
    }
    let options = Options {
        settings: Settings {
            version: Some("3".into()),
            created_at: 1_795_608_000,
            distinct: true,
            ..Settings::of("rain")
        },
        prediction: Some(target.into()),
        kinds: vec![("note".into(), Kind::TextLength), ("seen".into(), Kind::Timestamp)],
        as_of: Some(AsOf::Moment(1_795_608_000.0)),
        by_hour: by_hour.map(String::from),
        quality,
        kpis: kpis.iter().map(|&kpi| kpi.into()).collect(),
        exclude: ["label", "score", "rain_later"]
            .iter()
            .filter(|name| !kpis.contains(name))
            .map(|&name| name.into())
            .collect(),
        ..Options::default()
    };
    let made =
        from_json_lines(lines.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&to_text(&made.profile)).unwrap()
}

fn reads(profile: &Value) -> bool {
    Profile::from_json(profile.to_string().as_bytes()).is_ok()
}

/// The pointer with the feature's index in place of `@name`.
fn at(profile: &Value, pointer: &str) -> String {
    let Some((name, rest)) =
        pointer.strip_prefix('@').map(|rest| rest.split_once('/').unwrap_or((rest, "")))
    else {
        return pointer.to_owned();
    };
    let features = profile["features"].as_array().unwrap();
    let index = features.iter().position(|feature| feature["name"] == name).unwrap();
    format!("/features/{index}/{rest}").trim_end_matches('/').to_owned()
}

/// Changes that the schema and the reader must judge alike: where, what (`None` to take it out), and whether it is
/// good.
fn changes() -> Vec<(&'static str, Option<Value>, bool)> {
    let bad = |pointer, value| (pointer, Some(value), false);
    let fine = |pointer, value| (pointer, Some(value), true);
    let mut changes = vec![
        fine("/version", json!(null)),
        fine("/version", json!("v 1.2; größe")),
        fine("/created_at", json!("1970-01-01 00:00:00.25+00:00")),
        fine("/prediction", json!(null)),
        fine("/features", json!([])),
        fine("@number/schema/minimum", json!(null)),
        fine("@number/schema/maximum", json!(1e300)),
        fine("@number/schema/required", json!(false)),
        bad("@number/bins/merged", json!("8")),
        bad("@number/bins/merged", json!(3)),
        fine("@city/schema/categories", json!(null)),
        fine("@city/schema/categories", json!(["", "E", "other", "x;.;y"])),
        fine("@number/name", json!("größe=.x")),
        fine("@number/name", json!("ends in a dot.")),
        fine("@city/bins/categories/0", json!("St.")),
        bad("/model", json!("gpt-4.")),
        bad("/version", json!("1.")),
        fine("@flag/type", json!("integer")),
        fine("@number/distinct", json!({"values": 3, "relative_standard_error": 0})),
        fine("@city/distinct", json!({"values": 1, "relative_standard_error": 0.0065})),
        bad("@city/distinct", json!(1)),
        bad("@city/distinct", json!(null)),
        bad("@city/distinct", json!({"values": 1})),
        bad("@city/distinct", json!({"values": 0, "relative_standard_error": 0.5})),
        bad("@city/distinct", json!({"values": 1.5, "relative_standard_error": 0.5})),
        bad("@city/distinct", json!({"values": 1, "relative_standard_error": 1.5})),
        bad("@city/distinct", json!({"values": 1, "relative_standard_error": 0.5, "x": 1})),
        bad("/format", json!("parquet")),
        fine("/format_version", json!(1)),
        fine("/null_texts", json!([])),
        fine("/null_texts", json!(["?", "-999"])),
        bad("/null_texts", json!("?")),
        bad("/null_texts", json!([""])),
        bad("/null_texts", json!([7])),
        bad("/null_texts", json!(["x".repeat(129)])),
        bad("/null_texts", json!(vec!["x"; 33])),
        bad("/format_version", json!(0)),
        fine("/format_version", json!(3)),
        fine("/format_version", json!(4)),
        fine("/format_version", json!(5)),
        bad("/format_version", json!(7)),
        // Only version 4 has it.
        bad(
            "/quality",
            json!({"task": "classes", "names": ["0", "1"], "confusion": [[1, 2], [3, 4]]}),
        ),
        // Only version 3 has it.
        bad("@number/by_hour", json!(vec![vec![0; 21]; 24])),
        bad("/prediction/by_hour", json!(vec![vec![0; 4]; 24])),
        bad("/format_version", json!("1")),
        bad("/model", json!("")),
        bad("/model", json!(7)),
        bad("/model", json!("x".repeat(129))),
        bad("/model", json!("a\nb")),
        bad("/model", json!("a\u{85}b")),
        bad("/version", json!(3)),
        bad("/version", json!("a=.=b")),
        bad("/version", json!("a\n;.")),
        bad("/created_at", json!("2026-11-25")),
        bad("/created_at", json!("1969-12-31T23:59:59Z")),
        bad("/created_at", json!("2026-13-25T12:00:00Z")),
        bad("/created_at", json!("2026-11-25T12:00:00")),
        bad("/created_at", json!(1_795_608_000)),
        bad("/rows", json!(0)),
        bad("/rows", json!(99.5)),
        bad("/features", json!({})),
        bad("/features/0", json!(null)),
        bad("@number/name", json!("ends in ;.")),
        bad("@number/type", json!("text")),
        bad("@number/type", json!("category")),
        bad("@city/type", json!("number")),
        bad("@number/schema", json!({"required": true, "categories": null})),
        bad("@city/schema", json!({"required": true, "minimum": 0, "maximum": 1})),
        bad("@number/schema/minimum", json!("0")),
        bad("@number/schema/required", json!(null)),
        bad("@city/schema/categories", json!([])),
        bad("@city/schema/categories", json!(["E", 7])),
        bad("@city/schema/categories", json!(["E", "E"])),
        bad("@city/schema/categories", json!(["x".repeat(129)])),
        bad("@number/nulls", json!(-1)),
        bad("@number/nulls", json!(1e300)),
        bad("@number/mean", json!(null)),
        bad("@number/standard_deviation", json!(-0.5)),
        bad("@number/bins/kind", json!("categories")),
        bad("@number/bins/kind", json!("values")),
        bad("@number/bins/edges", json!([])),
        bad("@number/bins/edges/0", json!("0")),
        bad("@number/bins/edges", json!((0..100).collect::<Vec<_>>())),
        bad("@number/bins/counts/0", json!(-1)),
        bad("@number/bins/counts/0", json!(0.5)),
        bad("@number/bins/means/0", json!("x")),
        bad("@city/bins/categories/0", json!("other")),
        bad("@city/bins/categories", json!(["N", "N"])),
        bad("@city/bins/means", json!([0, 1, 2])),
        bad("@number/tail_excess", json!({"low": 0})),
        bad("@number/chi_square/family", json!(0)),
        bad("@number/chi_square/five_percent", json!(-1)),
        bad("/prediction/name", json!("rain")),
        bad("/note", json!("")),
        bad("@few/note", json!("")),
        bad("@few/bins/note", json!("")),
        bad("@few/chi_square/note", json!(0)),
    ];
    for pointer in [
        "/format",
        "/format_version",
        "/model",
        "/version",
        "/created_at",
        "/rows",
        "/features",
        "/prediction",
        "@number/name",
        "@number/type",
        "@number/schema",
        "@number/nulls",
        "@number/mean",
        "@number/standard_deviation",
        "@number/minimum",
        "@number/maximum",
        "@number/bins",
        "@number/tail_excess",
        "@number/chi_square",
        "@number/schema/required",
        "@number/schema/minimum",
        "@city/schema/categories",
        "@number/bins/kind",
        "@number/bins/edges",
        "@number/bins/counts",
        "@number/bins/means",
        "@few/bins/values",
        "@city/bins/categories",
        "@number/tail_excess/high",
        "@number/chi_square/one_percent",
    ] {
        changes.push((pointer, None, false));
    }
    changes
}

/// The same of a profile with rows by hour.
fn changes_by_hour() -> Vec<(&'static str, Option<Value>, bool)> {
    let none = |bins: usize| json!(vec![vec![0; bins + 1]; 24]);
    vec![
        ("/prediction", Some(json!(null)), true),
        ("@number/by_hour", None, true),
        ("/prediction/by_hour", None, true),
        ("@number/by_hour", Some(none(20)), true),
        ("@city/by_hour/7", Some(json!([0.0, 0, 0, 0])), true),
        ("/format_version", Some(json!(1)), false),
        ("/format_version", Some(json!(2)), false),
        ("@number/by_hour", Some(json!(null)), false),
        ("@number/by_hour", Some(json!(vec![vec![0; 21]; 23])), false),
        ("@number/by_hour", Some(json!(vec![vec![0; 21]; 25])), false),
        ("@city/by_hour/7", Some(json!(0)), false),
        ("@city/by_hour/7", Some(json!([])), false),
        ("@city/by_hour/7", Some(json!(vec![0; 102])), false),
        ("@city/by_hour/7/0", Some(json!(-1)), false),
        ("@city/by_hour/7/0", Some(json!(0.5)), false),
        ("@city/by_hour/7/0", Some(json!(4_294_967_296_u64)), false),
        ("@city/by_hour/7/0", Some(json!("0")), false),
    ]
}

/// What a profile is made by, a pointer into it, what is put there, and whether it is still a profile.
type QualityChange = (fn() -> Value, &'static str, Option<Value>, bool);

/// The same of profiles with quality: of classes, and of a regression.
fn changes_of_quality() -> Vec<QualityChange> {
    let mut changes = Vec::new();
    for (pointer, value, is_good) in [
        ("/quality", None, true),
        ("/quality/scores", None, true),
        ("/quality/segments", None, true),
        ("/quality/segments", Some(json!([])), true),
        ("/format_version", Some(json!(1)), false),
        ("/format_version", Some(json!(2)), false),
        ("/format_version", Some(json!(3)), false),
        ("/quality", Some(json!(null)), false),
        ("/quality/note", Some(json!(0)), false),
        ("/quality/task", Some(json!("regression")), false),
        ("/quality/task", None, false),
        ("/quality/names", None, false),
        ("/quality/names", Some(json!(["0", "0"])), false),
        ("/quality/names", Some(json!(["0"])), false),
        ("/quality/names/1", Some(json!("1.")), false),
        ("/quality/names/1", Some(json!(1)), false),
        ("/quality/confusion", None, false),
        ("/quality/confusion/0", Some(json!([1])), false),
        ("/quality/confusion/0/0", Some(json!(-1)), false),
        ("/quality/confusion/0/0", Some(json!(0.5)), false),
        ("/quality/scores", Some(json!(null)), false),
        ("/quality/scores/note", Some(json!(0)), false),
        ("/quality/scores/positive", None, false),
        ("/quality/scores/positive", Some(json!(1)), false),
        ("/quality/scores/threshold", Some(json!(1.5)), false),
        ("/quality/scores/threshold", None, false),
        ("/quality/scores/edges", Some(json!([])), false),
        ("/quality/scores/edges", Some(json!((0..64).collect::<Vec<_>>())), false),
        ("/quality/scores/edges", None, false),
        ("/quality/scores/positives", None, false),
        ("/quality/scores/negatives/0", Some(json!("0")), false),
        ("/quality/scores/negatives", None, false),
        ("/quality/scores/sums", None, false),
        ("/quality/scores/sums/0", Some(json!(-1)), false),
        ("/quality/scores/losses", None, false),
        ("/quality/scores/losses/rows", None, false),
        ("/quality/scores/losses/log_loss", Some(json!(0.5)), false),
        ("/quality/scores/losses/note", Some(json!(0)), false),
        ("/quality/segments/0/feature", None, false),
        ("/quality/segments/0/feature", Some(json!("")), false),
        ("/quality/segments/0/rows", None, false),
        ("/quality/segments/0/errors", Some(json!([])), false),
        ("/quality/segments/0/errors/0", Some(json!(-1)), false),
        ("/quality/segments/0/note", Some(json!(0)), false),
    ] {
        changes.push((good_binary as fn() -> Value, pointer, value, is_good));
    }
    for (pointer, value, is_good) in [
        ("/quality/mean", Some(json!(-1.5)), true),
        ("/quality/mean", None, false),
        ("/quality/deviation", Some(json!(0)), false),
        ("/quality/deviation", None, false),
        ("/quality/sums", None, false),
        ("/quality/sums/rows", Some(json!(0)), false),
        ("/quality/sums/above", Some(json!(-1)), false),
        ("/quality/sums/clamped", None, false),
        ("/quality/sums/note", Some(json!(0)), false),
        ("/quality/error_edges", Some(json!([])), false),
        ("/quality/error_edges", None, false),
        ("/quality/error_counts/0", Some(json!(0.5)), false),
        ("/quality/error_counts", None, false),
        ("/quality/scores", Some(json!({})), false),
    ] {
        changes.push((good_regression as fn() -> Value, pointer, value, is_good));
    }
    changes
}

/// The same of a profile with KPIs.
fn changes_of_kpis() -> Vec<(&'static str, Option<Value>, bool)> {
    let mut changes = vec![
        ("/features", Some(json!([])), true),
        ("/kpis", None, true),
        ("/kpis", Some(json!([])), true),
        ("/kpis/0/name", Some(json!("größe")), true),
        ("/kpis/0/type", Some(json!("number")), true),
        ("/kpis/0/distinct", None, true),
        ("/kpis", Some(json!({})), false),
        ("/kpis", Some(json!([7])), false),
        ("/kpis/0/name", Some(json!("ends in a dot.")), false),
        ("/kpis/0/name", None, false),
        ("/kpis/0/type", Some(json!("text_length")), false),
        ("/kpis/0/type", Some(json!("category")), false),
        ("/kpis/0/by_hour", Some(json!(vec![vec![0; 6]; 24])), false),
        ("/kpis/0/note", Some(json!(0)), false),
        ("/kpis/0/bins", None, false),
        ("/kpis/0/mean", Some(json!(null)), false),
    ];
    for version in 1..=4 {
        changes.push(("/format_version", Some(json!(version)), false));
    }
    for member in ["model", "version", "id", "row", "label", "prediction", "score", "predicted_at"]
    {
        changes.push(("/kpis/1/name", Some(json!(member)), false));
    }
    changes
}

#[test]
fn what_the_profiler_writes_fits_the_schema_and_reads_back() {
    let profile = good();
    let all = [
        profile.clone(),
        good_by_hour(),
        good_binary(),
        good_regression(),
        good_kpis(),
        good_named(),
    ];
    assert_eq!(
        all.each_ref().map(|it| it["format_version"].clone()),
        [2, 3, 4, 4, 5, 6].map(Value::from)
    );
    assert_eq!(judged(&of_profiles(), &all), [[""; 0]; 6]);
    assert!(all.iter().all(reads));
    for (name, values) in [("number", 100), ("few", 4), ("city", 2), ("constant", 1)] {
        let distinct = at(&profile, &format!("@{name}/distinct/values"));
        assert_eq!(profile.pointer(&distinct), Some(&json!(values)), "{name}");
    }
    let words: Vec<&str> = profile["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["type"].as_str().unwrap())
        .collect();
    for kind in Kind::ALL {
        assert!(words.contains(&kind.word()), "{words:?} lack {}", kind.word());
    }
}

#[test]
fn the_schema_and_the_reader_refuse_the_same() {
    let mut changed = Vec::new();
    let by_hour = changes_by_hour().into_iter().map(|change| (good_by_hour(), change));
    let of_quality = changes_of_quality();
    let of_quality = of_quality
        .into_iter()
        .map(|(good, pointer, value, is_good)| (good(), (pointer, value, is_good)));
    let of_kpis = changes_of_kpis().into_iter().map(|change| (good_kpis(), change));
    let all = changes().into_iter().map(|change| (good(), change));
    let all = all.chain(by_hour).chain(of_quality).chain(of_kpis);
    for (mut profile, (pointer, value, is_good)) in all {
        let place = at(&profile, pointer);
        let (parent, field) = place.rsplit_once('/').unwrap();
        match (profile.pointer_mut(parent).unwrap(), &value) {
            (Value::Object(fields), Some(value)) => {
                fields.insert(field.to_owned(), value.clone());
            }
            (Value::Object(fields), None) => assert!(fields.remove(field).is_some(), "{pointer}"),
            (list, value) => list[field.parse::<usize>().unwrap()] = value.clone().unwrap(),
        }
        assert_eq!(reads(&profile), is_good, "the reader of {pointer} = {value:?}");
        changed.push((format!("{pointer} = {value:?}"), is_good, profile));
    }
    let profiles: Vec<Value> = changed.iter().map(|(.., profile)| profile.clone()).collect();
    for ((name, is_good, _), problems) in changed.iter().zip(judged(&of_profiles(), &profiles)) {
        assert_eq!(problems.is_empty(), *is_good, "the schema of {name}: {problems:?}");
    }
}

#[test]
fn a_profile_that_watches_nothing_fits_neither() {
    let mut profile = good();
    profile["features"] = json!([]);
    profile["prediction"] = json!(null);
    assert!(!reads(&profile) && !judged(&of_profiles(), &[profile.clone()])[0].is_empty());
    profile["format_version"] = json!(5);
    profile["kpis"] = json!([]);
    assert!(!reads(&profile) && !judged(&of_profiles(), &[profile])[0].is_empty());
    let mut outcomes = good_kpis();
    outcomes["features"] = json!([]);
    outcomes["prediction"] = json!(null);
    assert!(reads(&outcomes) && judged(&of_profiles(), &[outcomes])[0].is_empty());
}
