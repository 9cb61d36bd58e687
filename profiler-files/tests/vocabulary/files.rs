//! Every file of `tests/data/tables` has its right value: as a profile, and live.

use std::{fs, path::PathBuf};

use driftline_profiler::{Made, Options, Settings};
use driftline_profiler_files::{Format, ProfilerError, from_file};
use driftline_statistics::{
    bins::Bins,
    profile::{Kind, Profile},
    value::Precision,
};
use serde_json::json;

use crate::{
    live::{Live, Message, Said, is_the_same},
    table::{Cell, Column, Missing, Table},
    train::Training,
    wire::{WAYS, Way},
};

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/tables")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn options() -> Options {
    Options { settings: Settings::of("m"), ..Options::default() }
}

fn made(name: &str, options: &Options) -> Result<Made, ProfilerError> {
    from_file(&path(name), Format::of(&path(name)), options, &mut |_| {})
}

fn profile(name: &str) -> Profile {
    made(name, &options()).unwrap_or_else(|error| panic!("{name}: {error}")).profile
}

/// A file of numbers as a table.
fn numbers(name: &str) -> Table {
    let mut reader = csv::Reader::from_path(path(name)).unwrap();
    let names: Vec<&'static str> =
        reader.headers().unwrap().iter().map(|name| &*String::from(name).leak()).collect();
    let mut columns: Vec<Column> = names
        .into_iter()
        .map(|name| Column { name, kind: Kind::Number, cells: Vec::new(), needs: None })
        .collect();
    for record in reader.records() {
        for (column, text) in columns.iter_mut().zip(&record.unwrap()) {
            column.cells.push(match text {
                "nan" => Cell::Missing(Missing::Nan),
                text => Cell::Number(text.parse().unwrap()),
            });
        }
    }
    Table(columns)
}

fn ways(names: &[&str]) -> Vec<&'static Way> {
    let found: Vec<&Way> = WAYS.iter().filter(|way| names.contains(&way.name)).collect();
    assert_eq!(found.len(), names.len(), "{names:?}");
    found
}

/// What came of requests without an answer that counts.
fn seen(profile: &Profile, declared: Option<&str>, request: &Message) -> Live {
    let live = Live::new(profile, declared);
    live.play(request, &Message::json("", "{}"));
    live.tick();
    live
}

#[track_caller]
fn all_the_same(live: &Live, profile: &Profile, what: &str) {
    for feature in &profile.features {
        is_the_same(live, &feature.name, &feature.column, what);
    }
    assert_eq!(live.faults(), 0, "{what}");
}

#[test]
fn tenths_are_the_same_in_every_precision() {
    let table = numbers("tenths.csv");
    let singles = table.rounded(Precision::Single);
    let profiles = [
        ("CSV", profile("tenths.csv")),
        ("Parquet of singles", Training::ParquetOfSingles.profile(&table)),
        ("JSON of singles", Training::JsonLines.profile(&singles)),
    ];
    let tensors = ["raw singles", "raw halves", "raw bfloat16", "raw doubles"];
    for (trained, profile) in &profiles {
        for way in ways(&tensors) {
            let live = seen(profile, None, &(way.request)(&table));
            all_the_same(&live, profile, &format!("{trained}, {}", way.name));
        }
        for (what, table) in [("plain", &table), ("float32.tolist()", &singles)] {
            for way in ways(&["rows by position", "columns", "tensors in JSON", "CSV with names"]) {
                let live = seen(profile, None, &(way.request)(table));
                all_the_same(&live, profile, &format!("{trained}, {what}, {}", way.name));
            }
        }
    }
}

#[test]
fn nan_is_null_before_and_after() {
    let table = numbers("nan20.csv");
    let profile = profile("nan20.csv");
    assert_eq!(profile.features[0].column.nulls, text("nan20.csv").matches("nan").count() as u64);
    for way in ways(&["CSV with names", "rows by position", "raw doubles"]) {
        all_the_same(&seen(&profile, None, &(way.request)(&table)), &profile, way.name);
    }
    let bytes = Message::new("/invocations", "text/csv", text("nan20.csv"));
    all_the_same(&seen(&profile, None, &bytes), &profile, "the file itself");
    let null = Table(
        table
            .0
            .into_iter()
            .map(|column| {
                let cells = column.cells.iter().map(|cell| match cell {
                    Cell::Missing(_) => Cell::Missing(Missing::Null),
                    other => other.clone(),
                });
                Column { cells: cells.collect(), ..column }
            })
            .collect(),
    );
    for way in ways(&["rows by position", "JSON lines"]) {
        all_the_same(&seen(&profile, None, &(way.request)(&null)), &profile, "null");
    }
}

#[test]
fn a_column_that_loses_its_values_drifts_and_says_why() {
    let profile = profile("collapse.csv");
    let lines = text("collapse.csv");
    let rows: Vec<&str> = lines.lines().skip(1).collect();
    let count = rows.len() as u64;
    let sent = |a: &dyn Fn(usize, &str) -> String| {
        let instances: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(number, row)| {
                let (first, second) = row.split_once(',').unwrap();
                format!("[{}, {second}]", a(number, first))
            })
            .collect();
        let body = format!("{{\"instances\": [{}]}}", instances.join(","));
        seen(&profile, None, &Message::json("/v1/models/m:predict", body))
    };
    let check = |what: &str, live: &Live, reason: &str, rows: u64| {
        let Said { verdict, unbinned, .. } = live.said("a");
        assert_eq!(verdict, "drift", "{what}");
        assert_eq!(unbinned, [(reason.to_owned(), rows)], "{what}");
        assert_eq!(live.said("b").verdict, "ok", "{what}");
    };
    check("NaN", &sent(&|_, _| "NaN".into()), "null", count);
    check("quotes", &sent(&|_, number| format!("\"{number}\"")), "wrong_type", count);
    let half =
        |row: usize, number: &str| if row.is_multiple_of(2) { "NaN".into() } else { number.into() };
    check("half NaN", &sent(&half), "null", count / 2);
    check("null", &sent(&|_, _| "null".into()), "null", count);
    check("infinite", &sent(&|_, _| "Infinity".into()), "not_finite", count);
    let same = sent(&|_, number| number.into());
    all_the_same(&same, &profile, "unchanged");
}

#[test]
fn blanks_after_commas_are_no_part_of_a_category() {
    let profile = profile("adult_like.csv");
    assert_eq!(profile.features[1].name, "workclass");
    let names = match &profile.features[1].column.bins {
        Bins::Categories { names } => names.clone(),
        other => panic!("{other:?}"),
    };
    assert!(names.iter().all(|name| name.trim() == name), "{names:?}");
    for (path, declared) in [("/invocations", None), ("/invocations", Some("mlflow"))] {
        let bytes = Message::new(path, "text/csv", text("adult_like.csv"));
        all_the_same(&seen(&profile, declared, &bytes), &profile, "the file itself");
    }
    // As pandas.read_csv and DataFrame.to_json(orient="records") make it.
    let records: Vec<serde_json::Value> = text("adult_like.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let (age, workclass) = line.split_once(',').unwrap();
            json!({"age": age.parse::<u32>().unwrap(), " workclass": workclass})
        })
        .collect();
    let body = json!({"dataframe_records": records}).to_string();
    let live = seen(&profile, Some("mlflow"), &Message::json("/invocations", body));
    all_the_same(&live, &profile, "records");
}

#[test]
fn the_index_of_a_data_frame_is_left_out_and_said() {
    let Made { profile, index, nameless, .. } = made("pandas_index.parquet", &options()).unwrap();
    assert_eq!((index, nameless), (vec!["__index_level_0__".to_owned()], vec![]));
    assert!(profile.features.iter().all(|feature| !feature.name.contains("index")));
    let kinds = vec![("__index_level_0__".to_owned(), Kind::Integer)];
    let wanted = made("pandas_index.parquet", &Options { kinds, ..options() }).unwrap();
    assert_eq!(wanted.index, [""; 0]);
    assert_eq!(wanted.profile.features.len(), profile.features.len() + 1);
}

#[test]
fn another_separator_and_a_decimal_comma_are_refused_with_the_option_that_reads_them() {
    let problem = |name: &str, options: &Options| made(name, options).unwrap_err().to_string();
    let pipes = problem("pipes.csv", &options());
    assert!(pipes.contains("pipes") && pipes.contains("--separator '|'"), "{pipes}");
    let read = made("pipes.csv", &Options { separator: Some(b'|'), ..options() }).unwrap();
    let kinds: Vec<Kind> = read.profile.features.iter().map(|it| it.column.kind).collect();
    assert_eq!(kinds, [Kind::Integer, Kind::Number, Kind::Category, Kind::Integer]);
    let comma = problem("quoted_decimal_comma.csv", &options());
    assert!(comma.contains("`score`") && comma.contains("--decimal-comma"), "{comma}");
    let said = Options { decimal_comma: true, ..options() };
    let read = made("quoted_decimal_comma.csv", &said).unwrap().profile;
    assert_eq!(read.features[1].column.kind, Kind::Number);
    let names = vec![("score".to_owned(), Kind::Category)];
    let read = made("quoted_decimal_comma.csv", &Options { kinds: names, ..options() }).unwrap();
    assert_eq!(read.profile.features[1].column.kind, Kind::Category);
}

#[test]
fn the_label_of_a_classification_is_the_category() {
    let options = Options { target: Some("y".into()), ..options() };
    let profile = made("classes.csv", &options).unwrap().profile;
    let lines = text("classes.csv");
    let rows: Vec<(&str, &str)> =
        lines.lines().skip(1).map(|line| line.split_once(',').unwrap()).collect();
    let count = rows.len();
    let inputs: Vec<&str> = rows.iter().map(|row| row.0).collect();
    let request = Message::json(
        "/v2/models/m/infer",
        format!(
            "{{\"inputs\": [{{\"name\": \"a\", \"shape\": [{count}], \"datatype\": \"INT64\", \"data\": [{}]}}], \
             \"outputs\": [{{\"name\": \"y\", \"parameters\": {{\"classification\": 1}}}}]}}",
            inputs.join(",")
        ),
    );
    let labels = |label: &dyn Fn(usize, &str) -> String| -> Vec<String> {
        rows.iter().enumerate().map(|(number, row)| label(number, row.1)).collect()
    };
    let triton = labels(&|number, label| format!("0.{number:06}:{}:{label}", number % 3));
    let answer = |labels: &[String]| {
        Message::json(
            "",
            json!({"outputs": [
                {"name": "y", "shape": [count, 1], "datatype": "BYTES", "data": labels},
            ]})
            .to_string(),
        )
    };
    let prediction = profile.prediction.as_ref().unwrap();
    for sent in [&triton, &labels(&|_, label| label.into())] {
        let live = Live::new(&profile, None);
        live.play(&request, &answer(sent));
        live.tick();
        is_the_same(&live, "prediction", prediction, &sent[0]);
    }
    // Raw, as Triton's own client asks for it.
    let bytes: Vec<u8> = triton
        .iter()
        .flat_map(|text| [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat())
        .collect();
    let document = json!({"outputs": [{
        "name": "y", "shape": [count, 1], "datatype": "BYTES",
        "parameters": {"binary_data_size": bytes.len()},
    }]})
    .to_string();
    let length = document.len().to_string();
    let mut raw = Message::new("", "application/octet-stream", document);
    raw.body.extend(bytes);
    raw.headers.push(("inference-header-content-length", length));
    let live = Live::new(&profile, None);
    live.play(&request, &raw);
    live.tick();
    is_the_same(&live, "prediction", prediction, "raw");
    // A label that training did not have is novel by its own name.
    let live = Live::new(&profile, None);
    live.play(&request, &answer(&labels(&|_, _| "0.9:7:zebra".into())));
    live.tick();
    let Said { verdict, violations, .. } = live.said("prediction");
    assert_eq!((verdict, violations), ("drift", vec![("novel_category".into(), count as u64)]));
}

#[test]
fn numbers_are_categories_where_the_training_data_had_them_so() {
    let text = "zip,flag\n".to_owned() + &"1,True\n2.0,False\n3,True\n007,False\n".repeat(100);
    let kinds = vec![("zip".into(), Kind::Category), ("flag".into(), Kind::Category)];
    let options = Options { kinds, ..options() };
    let made = driftline_profiler_files::from_csv(text.as_bytes(), &options).unwrap();
    let profile = made.profile;
    let sent = |rows: &str| {
        let body = format!("{{\"instances\": [{}]}}", [rows; 100].join(","));
        seen(&profile, None, &Message::json("/v1/models/m:predict", body))
    };
    let as_numbers = r#"[1, true], [2, false], [3.0, true], ["007", false]"#;
    all_the_same(&sent(as_numbers), &profile, "numbers");
    let as_texts = r#"["1", "True"], ["2.0", "False"], [" 3", "True"], ["007 ", "False"]"#;
    all_the_same(&sent(as_texts), &profile, "texts");
    // A client that loses leading zeros sends another code.
    let Said { violations, .. } = sent(r#"[7, true]"#).said("zip");
    assert_eq!(violations, [("novel_category".to_owned(), 100)]);
}

#[test]
fn a_text_for_a_missing_value_is_kept_by_the_profile() {
    let text = "x,city\n".to_owned() + &"1.5, ?\n?,Bonn\n-999,Kiel\n2.5,NA\n".repeat(100);
    let settings = Settings { null_texts: vec!["?".into(), "-999".into()], ..Settings::of("m") };
    let options = Options { settings, ..Options::default() };
    let profile = driftline_profiler_files::from_csv(text.as_bytes(), &options).unwrap().profile;
    let nulls: Vec<u64> = profile.features.iter().map(|it| it.column.nulls).collect();
    assert_eq!(nulls, [200, 100]);
    let bytes = Message::new("/invocations", "text/csv", text);
    all_the_same(&seen(&profile, None, &bytes), &profile, "the file itself");
    let rows = r#"[1.5, "? "], ["?", "Bonn"], [-999.0, "Kiel"], [2.5, "NA"]"#;
    let body = format!("{{\"instances\": [{}]}}", [rows; 100].join(","));
    let live = seen(&profile, None, &Message::json("/v1/models/m:predict", body));
    all_the_same(&live, &profile, "JSON");
}

#[test]
fn headers_and_values_at_paths_are_what_cells_are() {
    let cells = [
        ("1.5", " Bonn", "naïve", "[3, 4]"),
        ("NA", "NA", "x", "[true, false]"),
        ("NaN", "", " ", "[0]"),
        (" 2.5 ", "Kiel ", "0123", "[1, NaN]"),
    ];
    let mut text = String::from("x,city,note,vector\n");
    for (x, city, note, vector) in cells {
        text += &format!("{x},\"{city}\",\"{note}\",\"{vector}\"\n").repeat(100);
    }
    let kinds = [("note", Kind::TextLength), ("vector", Kind::VectorNorm)];
    let kinds = kinds.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
    let options = Options { kinds, ..options() };
    let profile = driftline_profiler_files::from_csv(text.as_bytes(), &options).unwrap().profile;
    let play = |features: &serde_json::Value, headers: bool| {
        let live = Live::looking_at(&profile, None, features);
        for (x, city, note, vector) in cells {
            let number = match x.trim() {
                "NA" => "\"NA\"",
                number => number,
            };
            let body = format!(
                "{{\"instances\": [[]], \"x\": {number}, \"city\": {city:?}, \"note\": {note:?}, \"vector\": {vector}}}"
            );
            let mut request = Message::json("/v1/models/m:predict", body);
            if headers {
                for (name, value) in [("x-x", x), ("x-city", city), ("x-note", note)] {
                    request.headers.push((name, value.to_owned()));
                }
            }
            (0..100).for_each(|_| live.play(&request, &Message::json("", "{}")));
        }
        live.tick();
        for feature in &profile.features {
            is_the_same(
                &live,
                &feature.name,
                &feature.column,
                if headers { "headers" } else { "paths" },
            );
        }
    };
    let at = |name: &str, place: &str, value: &str| json!({"name": name, place: value});
    let paths = ["x", "city", "note", "vector"].map(|name| at(name, "path", name));
    play(&json!(paths), false);
    let headers = ["x", "city", "note"].map(|name| at(name, "header", &format!("x-{name}")));
    play(&json!([headers[0], headers[1], headers[2], paths[3]]), true);
}
