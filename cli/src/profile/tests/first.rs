//! The first profile of a model, out of nothing but its traffic; and what the filter then says about the same traffic.

use std::collections::BTreeMap;

use driftline_metrics::catalogue::Label;
use driftline_monitor::config::Config;
use driftline_statistics::profile::Column;
use host_sim::{Recording, Step};

use super::{super::from_requests::play::Player, *};

const PREDICTIVE: &str = r#"{"models": [{"name": "rain", "type": "predictive"}]}"#;
const FIRST: &str = "--from-requests golden.jsonl --config config.json --model rain -o new.json";
const V1: &str = "/v1/models/rain:predict";
const V2: &str = "/v2/models/rain/infer";

/// A model and its traffic, in a folder.
fn golden(name: &str, config: &str, exchanges: &[(&str, String, String)]) -> Folder {
    let folder = Folder::new(name);
    fs::write(folder.path("config.json"), config).unwrap();
    let lines =
        exchanges.iter().map(|(path, asks, answers)| recorded(path, 200, asks, answers, true));
    fs::write(folder.path("golden.jsonl"), lines.collect::<String>()).unwrap();
    folder
}

impl Folder {
    fn first(&self, words: &str) -> Profile {
        self.run(words).unwrap_or_else(|error| panic!("{error}"));
        Profile::from_json(&fs::read(self.path("new.json")).unwrap()).unwrap()
    }

    fn refuses(&self, words: &str, expected: &str) {
        let error = self.run(words).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    /// Puts the profile into the configuration, lets the core see the same traffic, and compares what it counts with the
    /// profile: equal counts are an index of 0.
    #[track_caller]
    fn sees_what_it_was_made_of(&self, profile: &Profile) {
        let mut config: serde_json::Value =
            serde_json::from_slice(&fs::read(self.path("config.json")).unwrap()).unwrap();
        config["models"][0]["profile"] =
            serde_json::from_slice(&fs::read(self.path("new.json")).unwrap()).unwrap();
        let config = Config::from_json(config.to_string().as_bytes()).unwrap();
        let player = Player::new(config);
        let text = fs::read_to_string(self.path("golden.jsonl")).unwrap();
        for recording in Recording::from_json_lines(&text).unwrap() {
            player.play(&recording);
        }
        let mut counted: BTreeMap<(String, usize), u64> = BTreeMap::new();
        for change in player.changes() {
            let series = &player.series[change.number];
            if series.name == "driftline_feature_bin_total" {
                let label = |wanted: Label| {
                    let found = series.labels.iter().find(|(label, _)| *label == wanted);
                    found.map(|(_, value)| value.clone()).unwrap()
                };
                let bins = column(profile, &label(Label::Feature)).bins.clone();
                let bin = (0..bins.count()).find(|&bin| bins.label(bin) == label(Label::Bin));
                *counted.entry((label(Label::Feature), bin.unwrap())).or_default() +=
                    change.by.cast_unsigned();
            }
        }
        let mut expected = BTreeMap::new();
        let names = profile.features.iter().map(|feature| feature.name.as_str());
        for name in names.chain(profile.prediction.as_ref().map(|_| "prediction")) {
            for (bin, &rows) in column(profile, name).counts.iter().enumerate() {
                if rows != 0 {
                    expected.insert((name.to_owned(), bin), rows);
                }
            }
        }
        assert_eq!(counted, expected);
    }
}

fn column<'p>(profile: &'p Profile, name: &str) -> &'p Column {
    let feature = profile.features.iter().find(|feature| feature.name == name);
    feature.map(|feature| &feature.column).or(profile.prediction.as_ref()).unwrap()
}

/// The columns of a profile and their types, the prediction last.
fn kinds(profile: &Profile) -> Vec<(&str, Kind)> {
    let features = profile.features.iter();
    let features = features.map(|feature| (feature.name.as_str(), feature.column.kind));
    features.chain(profile.prediction.iter().map(|column| ("(prediction)", column.kind))).collect()
}

/// Forty requests of two rows each.
fn traffic(
    path: &'static str,
    row: impl Fn(u32) -> String,
    body: impl Fn(&str, &str) -> String,
) -> Vec<(&'static str, String, String)> {
    (0..40)
        .map(|n| {
            let asks = body(&row(2 * n), &row(2 * n + 1));
            let answers = format!(r#"{{"predictions": [{}, 1]}}"#, n % 2);
            (path, asks, answers)
        })
        .collect()
}

fn rows(first: &str, second: &str) -> String {
    format!(r#"{{"instances": [{first}, {second}]}}"#)
}

#[test]
fn rows_with_names_make_columns_of_these_names() {
    let row = |n: u32| {
        let city = ["Omaha", "Bonn", "Lima"][n as usize % 3];
        let wind = f64::from(n) * 0.75;
        match n {
            7 => r#"{"wind": null, "city": "Rome", "days": 3}"#.into(),
            _ => format!(
                r#"{{"wind": {wind}, "city": "{city}", "days": {}, "cloudy": {}, "at": [{n}, 4.5]}}"#,
                n % 5,
                n.is_multiple_of(4)
            ),
        }
    };
    let folder = golden("first-names", PREDICTIVE, &traffic(V1, row, rows));
    let profile = folder.first(FIRST);
    assert_eq!(
        kinds(&profile),
        [
            ("wind", Kind::Number),
            ("city", Kind::Category),
            ("days", Kind::Integer),
            ("cloudy", Kind::Integer),
            ("at", Kind::VectorNorm),
            ("(prediction)", Kind::Integer),
        ]
    );
    assert_eq!((profile.rows, &*profile.model, profile.version.as_deref()), (80, "rain", None));
    assert_eq!(["wind", "city", "cloudy"].map(|name| column(&profile, name).nulls), [1, 0, 1]);
    folder.sees_what_it_was_made_of(&profile);

    let profile = folder.first(&format!(
        "{FIRST} --model-version 3 --exclude at --type days=ignore --type cloudy=boolean --type city=text_length --bins 4"
    ));
    assert_eq!(
        kinds(&profile),
        [
            ("wind", Kind::Number),
            ("city", Kind::TextLength),
            ("cloudy", Kind::Boolean),
            ("(prediction)", Kind::Integer),
        ]
    );
    assert_eq!(column(&profile, "wind").bins.count(), 4);
    folder.refuses(
        &format!("{FIRST} --exclude town --type When=number"),
        "found no column `town` to exclude, the columns are `wind`, `city`, `days`, `cloudy`, `at`, `prediction`\n  \
         - found no column `When` to give a type",
    );
}

#[test]
fn rows_that_are_lists_make_columns_by_position() {
    let row = |n: u32| format!("[{n}.5, \"{}\", {}]", ["N", "E"][n as usize % 2], n % 3);
    let folder = golden("first-lists", PREDICTIVE, &traffic(V1, row, rows));
    let profile = folder.first(FIRST);
    let expected = [
        ("column_0", Kind::Number),
        ("column_1", Kind::Category),
        ("column_2", Kind::Integer),
        ("(prediction)", Kind::Integer),
    ];
    assert_eq!(kinds(&profile), expected);
    folder.sees_what_it_was_made_of(&profile);

    // What is left out in between moves nothing, if the configuration says what the command says that it must.
    let profile = folder.first(&format!("{FIRST} --exclude column_1"));
    assert_eq!(kinds(&profile), [expected[0], expected[2], expected[3]]);
    assert_eq!(column(&profile, "column_2").numbers.as_ref().unwrap().maximum, 2.0);
    let places =
        r#""features": [{"name": "column_0", "column": 0}, {"name": "column_2", "column": 2}]"#;
    let config = PREDICTIVE.replace(r#""type""#, &format!(r#"{places}, "type""#));
    fs::write(folder.path("config.json"), config).unwrap();
    folder.sees_what_it_was_made_of(&profile);
    assert_eq!(folder.first(FIRST).features, profile.features, "declared is as good as found");

    // A configuration can name them, all in order, or some by their place.
    let names = PREDICTIVE.replace(
        r#""type""#,
        r#""version": "7", "features": [{"name": "wind"}, {"name": "from"}, {"name": "days"}], "type""#,
    );
    fs::write(folder.path("config.json"), names).unwrap();
    let profile = folder.first(FIRST);
    assert_eq!(profile.version.as_deref(), Some("7"));
    assert_eq!(kinds(&profile)[1], ("from", Kind::Category));
}

#[test]
fn tensors_make_columns_of_their_names_or_of_their_one_rows() {
    let answer = |n: u32| {
        format!(
            r#"{{"model_name": "rain", "outputs": [{{"name": "y", "shape": [2, 1], "datatype": "FP32", "data": [0.5, {n}.5]}}]}}"#
        )
    };
    let tensor = |name: &str, width: u32, data: &str| {
        format!(
            r#"{{"name": "{name}", "shape": [2, {width}], "datatype": "FP32", "data": [{data}]}}"#
        )
    };
    let each = |tensors: &dyn Fn(u32) -> String| {
        let ask = |n| (V2, format!(r#"{{"inputs": [{}]}}"#, tensors(n)), answer(n));
        (0..30).map(ask).collect::<Vec<_>>()
    };
    let named = each(&|n| {
        let at = tensor("at", 2, &format!("{n}, 1, 2.5, {n}"));
        format!("{at}, {}", tensor("wind", 1, &format!("{n}.5, -{n}.5")))
    });
    let folder = golden("first-tensors", PREDICTIVE, &named);
    let profile = folder.first(FIRST);
    let number = |name| (name, Kind::Number);
    assert_eq!(kinds(&profile), [("at", Kind::VectorNorm), number("wind"), number("(prediction)")]);
    folder.sees_what_it_was_made_of(&profile);

    let one = each(&|n| tensor("input-0", 3, &format!("{n}, 1.5, 2.5, {n}.5, 3.5, 4")));
    let folder = golden("first-tensor", PREDICTIVE, &one);
    let profile = folder.first(FIRST);
    assert_eq!(kinds(&profile), ["column_0", "column_1", "column_2", "(prediction)"].map(number));
    folder.sees_what_it_was_made_of(&profile);

    let single = each(&|n| tensor("wind", 1, &format!("{n}, {n}.5")));
    let folder = golden("first-single", PREDICTIVE, &single);
    let profile = folder.first(FIRST);
    assert_eq!(kinds(&profile), ["wind", "(prediction)"].map(number));
    folder.sees_what_it_was_made_of(&profile);
}

/// A body that is a document followed by numbers, in the format that they have in memory; the header says where
/// the document ends.
fn with_numbers(document: &str, numbers: &[f32]) -> (Vec<u8>, (String, String)) {
    let length = ("Inference-Header-Content-Length".into(), document.len().to_string());
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    (document.bytes().chain(numbers).collect(), length)
}

#[test]
fn tensors_after_their_document_are_read_where_a_header_says_that_it_ends() {
    let folder = Folder::new("first-binary");
    fs::write(folder.path("config.json"), PREDICTIVE).unwrap();
    let mut golden = String::new();
    for n in 0..40_u8 {
        let (asked, asked_length) = with_numbers(
            r#"{"inputs": [{"name": "wind", "shape": [2, 1], "datatype": "FP32",
                "parameters": {"binary_data_size": 8}}]}"#,
            &[f32::from(n), f32::from(n) + 0.5],
        );
        let (answered, answered_length) = with_numbers(
            r#"{"model_name": "rain", "outputs": [{"name": "y", "shape": [2, 1], "datatype": "FP32",
                "parameters": {"binary_data_size": 8}}]}"#,
            &[f32::from(n % 3), 0.25],
        );
        let binary = ("content-type".into(), "application/octet-stream".into());
        let mut recording = Recording::new("POST", V2);
        recording.headers = vec![binary.clone(), asked_length];
        recording.steps = vec![
            Step::request_data(0, &asked),
            Step::RequestEnd { at_us: 0 },
            Step::Response {
                at_us: 5,
                status: 200,
                headers: vec![binary, answered_length],
                ended: false,
            },
            Step::response_data(6, &answered),
            Step::ResponseEnd { at_us: 7 },
        ];
        golden += &format!("{}\n", recording.to_json_line());
    }
    fs::write(folder.path("golden.jsonl"), golden).unwrap();
    let profile = folder.first(FIRST);
    assert_eq!(kinds(&profile), [("wind", Kind::Number), ("(prediction)", Kind::Number)]);
    let numbers = column(&profile, "wind").numbers.as_ref().unwrap();
    assert_eq!((profile.rows, numbers.minimum, numbers.maximum), (80, 0.0, 39.5));
    assert_eq!(column(&profile, "(prediction)").numbers.as_ref().unwrap().maximum, 2.0);
    folder.sees_what_it_was_made_of(&profile);
}

#[test]
fn a_recording_whose_last_line_is_cut_gives_what_is_whole() {
    let exchanges: Vec<_> = (0..30)
        .map(|n| (V1, rows(&format!("[{n}]"), "[1.5]"), r#"{"predictions": [1, 2]}"#.into()))
        .collect();
    let folder = golden("first-cut", PREDICTIVE, &exchanges);
    let whole = folder.first(FIRST);
    let path = folder.path("golden.jsonl");
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"method\":\"\xc3");
    fs::write(&path, &text).unwrap();
    assert_eq!(folder.first(FIRST), whole);
    // In the middle it is no end.
    text.push(b'\n');
    fs::write(&path, text).unwrap();
    folder.refuses(FIRST, "is no UTF-8 text: see line 31");
}

#[test]
fn places_that_are_declared_are_the_columns() {
    let config = r#"{"models": [{"name": "rain", "type": "predictive",
        "features": [{"name": "age", "path": "user.age"}, {"name": "w", "member": "wind"}], "prediction": {"path": "score"}}]}"#;
    let exchanges: Vec<_> = (0..30)
        .map(|n| {
            let asks =
                format!(r#"{{"user": {{"age": {n}}}, "instances": [{{"wind": {n}.25, "x": 1}}]}}"#);
            (V1, asks, format!(r#"{{"predictions": [[1]], "score": 0.{n}}}"#))
        })
        .collect();
    let folder = golden("first-declared", config, &exchanges);
    let profile = folder.first(FIRST);
    assert_eq!(
        kinds(&profile),
        [("age", Kind::Integer), ("w", Kind::Number), ("(prediction)", Kind::Number)]
    );
    folder.sees_what_it_was_made_of(&profile);
    folder.refuses(&format!("{FIRST} --exclude w"), "--exclude is for columns that are found");
}

#[test]
fn answers_without_a_prediction_make_a_profile_without_one() {
    let exchanges: Vec<_> = (0..30)
        .map(|n| {
            (
                V1,
                rows(&format!("[{n}]"), "[1.5]"),
                r#"{"predictions": [{"a": 1, "b": 2}, {"a": 2, "b": 3}]}"#.into(),
            )
        })
        .collect();
    let folder = golden("first-no-prediction", PREDICTIVE, &exchanges);
    assert_eq!(kinds(&folder.first(FIRST)), [("column_0", Kind::Number)]);
}

#[test]
fn a_language_model_gets_those_of_the_known_features_that_came() {
    let exchanges: Vec<_> = (0..30)
        .map(|n: usize| {
            let asks = format!(
                r#"{{"model": "rain", "max_tokens": {}, "messages": [{{"role": "user", "content": "{}"}}]}}"#,
                n * 7,
                "x".repeat(n)
            );
            let answers = format!(
                r#"{{"object": "chat.completion", "choices": [{{"index": 0, "message": {{"content": "{}"}},
                "finish_reason": "{}"}}], "usage": {{"prompt_tokens": 3, "completion_tokens": {n}, "total_tokens": 7}}}}"#,
                "y".repeat(n + 1),
                if n.is_multiple_of(3) { "length" } else { "stop" }
            );
            ("/v1/chat/completions", asks, answers)
        })
        .collect();
    for config in [
        r#"{"models": [{"name": "rain"}]}"#,
        r#"{"models": [{"name": "rain", "type": "language"}]}"#,
    ] {
        let folder = golden("first-language", config, &exchanges);
        let profile = folder.first(FIRST);
        let names: Vec<&str> = kinds(&profile).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "prompt_characters",
                "messages",
                "tools",
                "max_tokens",
                "output_tokens",
                "finish_reason",
                "answer_characters"
            ]
        );
        assert_eq!(
            (profile.rows, column(&profile, "max_tokens").numbers.as_ref().unwrap().maximum),
            (30, 203.0)
        );
        assert_eq!(column(&profile, "finish_reason").kind, Kind::Category);
        if config.contains("language") {
            folder.sees_what_it_was_made_of(&profile);
        }
    }
    let folder = golden("first-other-type", PREDICTIVE, &exchanges);
    folder.refuses(FIRST, "--config says that `rain` is of the type `predictive`");
}

#[test]
fn what_cannot_make_a_first_profile_is_said() {
    let mixed = vec![(
        V1,
        rows(r#"{"a": 1, "b": 2}"#, r#"{"a": "x", "b": 3}"#),
        r#"{"predictions": [1, 2]}"#.into(),
    )];
    let folder = golden("first-mixed", PREDICTIVE, &mixed);
    folder.refuses(FIRST, "the column `a` holds \"x\" at row 2 (line 1)");
    folder.refuses(FIRST, "--exclude COLUMN");
    let nothing = vec![(V1, r#"{"instances": []}"#.into(), r#"{"predictions": []}"#.into())];
    let folder = golden("first-nothing", PREDICTIVE, &nothing);
    folder.refuses(FIRST, "golden.jsonl: found no exchange of the model");
    folder.refuses(
        &FIRST.replace("rain", "snow"),
        r#"does not list the model `snow`; it lists `rain`. An entry"#,
    );
    configured(&folder);
    folder.refuses(
        &format!("{FIRST} --exclude wind"),
        "are for the first profile of a model, but `rain` has one",
    );
}
