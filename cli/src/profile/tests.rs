//! The command as a user calls it, on small files; it looks at what is left in their folder.

mod first;
mod labelled;

use std::{fs, process};

use clap::Parser;
use driftline_statistics::{
    bins::Bins,
    profile::{Column, Profile},
};

use super::{output::replace, *};

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

/// A folder of its own for each test, with a small CSV in it; gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("driftline-{}-{name}", process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("train.csv"), ",wind,city,rain\n0,1.5,A,0\n1,2.5,B,1\n").unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Runs the command; words that name files of the folder are replaced by their paths.
    fn run(&self, words: &str) -> Result<(), String> {
        let words = words.split_whitespace().map(|word| match word {
            _ if word.contains('.') && !word.contains("..") => self.path(word).into_os_string(),
            _ => word.into(),
        });
        let command = Command::try_parse_from(["profile".into()].into_iter().chain(words))
            .map_err(|error| error.to_string())?;
        run(command.args)
            .map_err(|error| format!("{error:#}").replace(&format!("{}/", self.0.display()), ""))
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const GOOD: &str = "train.csv --model rain --target rain --exclude city -o out.json";

#[test]
fn the_profile_is_written_and_reads_back() {
    let folder = Folder::new("good");
    fs::write(folder.path("out.json"), "old").unwrap();
    folder.run(GOOD).unwrap();
    let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
    assert_eq!((profile.model.as_str(), profile.rows), ("rain", 2));
    assert_eq!(profile.features.len(), 1);
    assert!(profile.prediction.is_some());
    assert_eq!(folder.files(), ["out.json", "train.csv"]);
}

#[test]
fn a_failure_leaves_the_old_file_and_no_other() {
    let folder = Folder::new("failure");
    fs::write(folder.path("out.json"), "old").unwrap();
    fs::write(folder.path("train.csv"), "city,rain\nOmaha,0\n7,1\n").unwrap();
    let error = folder.run("train.csv --model rain -o out.json").unwrap_err();
    assert!(
        error.starts_with("no profile was made of train.csv:\n  - the column `city`"),
        "{error}"
    );
    assert!(error.contains("--exclude COLUMN"), "{error}");
    assert_eq!(fs::read(folder.path("out.json")).unwrap(), b"old");
    assert_eq!(folder.files(), ["out.json", "train.csv"]);
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::new("missing");
    let error = folder.run("no.csv --model rain").unwrap_err();
    assert!(error.starts_with("cannot open no.csv: No such file"), "{error}");
}

#[test]
fn all_that_is_wrong_with_the_columns_is_said_at_once() {
    let folder = Folder::new("columns");
    let error = folder.run("train.csv --model rain --target Rain --exclude town").unwrap_err();
    assert_eq!(
        error,
        "no profile was made of train.csv:\n  \
         - found no column `town` to exclude, the columns are `wind`, `city`, `rain`\n  \
         - found no column `Rain` as the target, the columns are `wind`, `city`, `rain`"
    );
}

#[test]
fn rows_are_two_numbers_that_exist() {
    let folder = Folder::new("rows");
    for words in ["3000", "a..b", "1..", "..5", "-1..5"] {
        let error = folder.run(&format!("{GOOD} --rows={words}")).unwrap_err();
        assert!(error.contains("expected two numbers of rows, like 1..3000"), "{error}");
    }
    let error = folder.run(&format!("{GOOD} --rows 1..7")).unwrap_err();
    assert!(error.contains("found 2 rows, expected rows 1 to 7 to exist"), "{error}");
    folder.run(&format!("{GOOD} --rows 2..2")).unwrap();
}

#[test]
fn an_output_that_cannot_be_is_refused_before_reading() {
    let folder = Folder::new("output");
    let error = folder.run("no.csv --model rain -o none/out.json").unwrap_err();
    assert!(error.contains("there is no folder"), "{error}");
    let error = folder.run("train.csv --model rain -o train.csv").unwrap_err();
    assert!(
        error.ends_with("is the training data; expected another file for the profile"),
        "{error}"
    );
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link_and_a_device_a_device() {
    let folder = Folder::new("link");
    std::os::unix::fs::symlink(folder.path("real.json"), folder.path("out.json")).unwrap();
    fs::write(folder.path("real.json"), "old").unwrap();
    folder.run(GOOD).unwrap();
    assert!(fs::symlink_metadata(folder.path("out.json")).unwrap().is_symlink());
    assert!(fs::read(folder.path("real.json")).unwrap().starts_with(b"{"));
    replace(Path::new("/dev/null"), b"x").unwrap();
    assert!(!Path::new("/dev/null").is_file());
}

#[test]
fn the_end_of_a_name_says_the_format_unless_something_else_does() {
    let folder = Folder::new("formats");
    let lines = "{\"wind\": 1.5, \"rain\": true}\n{\"wind\": 2.5, \"rain\": false}\n";
    fs::write(folder.path("train.jsonl"), lines).unwrap();
    fs::write(folder.path("train.txt"), lines).unwrap();
    for words in ["train.jsonl", "train.txt --format jsonl"] {
        folder.run(&format!("{words} --model rain --target rain -o out.json")).unwrap();
        let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
        assert_eq!(profile.features[0].column.numbers.as_ref().unwrap().mean, 2.0, "{words}");
    }
    let error = folder.run("train.csv --model rain --format xml").unwrap_err();
    assert!(error.contains("expected one of csv, jsonl, parquet"), "{error}");
    let error = folder.run("train.csv --model rain --format parquet").unwrap_err();
    assert_eq!(
        error,
        "no profile was made of train.csv:\n  - found a file that begins with \",win\", expected \"PAR1\" as in \
         Parquet; add --format csv or --format jsonl if it is in one of these"
    );
}

#[test]
fn columns_can_be_given_types_versions_and_bins() {
    let folder = Folder::new("types");
    folder
        .run(
            "train.csv --model rain --model-version 3b --target rain --type city=text_length --type wind=ignore \
             --bins 10 --categories 3 --memory-mib 1 --progress -o out.json",
        )
        .unwrap();
    let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
    assert_eq!(profile.version.as_deref(), Some("3b"));
    assert!(1_700_000_000 < profile.created_at);
    let [city] = &profile.features[..] else { panic!("{profile:?}") };
    assert_eq!(city.column.kind, Kind::TextLength);
    assert_eq!(city.column.bins, Bins::Values { values: vec![1.0] });
    for words in ["city", "city=text", "=number=", "city=Number"] {
        let error = folder.run(&format!("{GOOD} --type {words}")).unwrap_err();
        assert!(error.contains("expected COLUMN=TYPE, the type one of number, integer"), "{error}");
    }
    let error = folder.run(&format!("{GOOD} --type town=integer --value-bins Wind")).unwrap_err();
    assert!(error.contains("found no column `town` to give a type"), "{error}");
    assert!(error.contains("found no column `Wind` to bin by value"), "{error}");
}

#[test]
fn what_a_file_writes_otherwise_is_said_by_options() {
    let folder = Folder::new("otherwise");
    fs::write(folder.path("odd.csv"), "x|city|rain\n0,5|A|0\n-|?|1\n1,5|A|1\n").unwrap();
    let words = "odd.csv --model rain --target rain -o out.json";
    let error = folder.run(words).unwrap_err();
    assert!(error.contains("--separator '|' reads it as several"), "{error}");
    folder.run(&format!("{words} --separator | --decimal-comma --null ? --null -")).unwrap();
    let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
    assert_eq!(profile.null_texts, ["?", "-"]);
    let nulls: Vec<u64> = profile.features.iter().map(|it| it.column.nulls).collect();
    assert_eq!(nulls, [1, 1]);
    assert_eq!(profile.features[0].column.numbers.as_ref().unwrap().maximum, 1.5);
    let error = folder.run(&format!("{words} --separator ||")).unwrap_err();
    assert!(error.contains("expected one ASCII character"), "{error}");
    let error = folder.run(&format!("{words} --format jsonl --decimal-comma")).unwrap_err();
    assert!(error.contains("are for CSV, but odd.csv is read as jsonl"), "{error}");
}

#[test]
fn the_ages_of_timestamps_count_from_a_moment_or_a_column() {
    let folder = Folder::new("ages");
    fs::write(
        folder.path("seen.csv"),
        "asked,seen\n2026-11-25T12:00:00Z,2026-11-25T11:00:00Z\n2026-11-26,2026-11-25T23:00:00Z\n",
    )
    .unwrap();
    for (as_of, ages) in [("asked", (3_600.0, 3_600.0)), ("2026-11-26", (3_600.0, 46_800.0))] {
        let words = format!(
            "seen.csv --model rain --type seen=timestamp --type asked=ignore --as-of {as_of} -o out.json"
        );
        folder.run(&words).unwrap();
        let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
        let [seen] = &profile.features[..] else { panic!("{profile:?}") };
        let numbers = seen.column.numbers.as_ref().unwrap();
        assert_eq!((numbers.minimum, numbers.maximum), ages, "{as_of}");
    }
    let error = folder.run("seen.csv --model rain --type seen=timestamp").unwrap_err();
    assert!(error.contains("whose age is unknown without --as-of"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_is_said() {
    let folder = Folder::new("full");
    let words = "train.csv --model rain --exclude city --output /dev/full";
    let error = folder.run(words).unwrap_err();
    assert!(error.starts_with("cannot write /dev/full: No space left on device"), "{error}");
}

/// The configuration of a model with the profile of `GOOD`.
fn configured(folder: &Folder) {
    folder.run(GOOD).unwrap();
    let profile = fs::read_to_string(folder.path("out.json")).unwrap();
    let config =
        format!(r#"{{"models": [{{"name": "rain", "profile": {profile}}}, {{"name": "llm"}}]}}"#);
    fs::write(folder.path("config.json"), config).unwrap();
}

/// An exchange as `driftline serve --record` writes it, with bodies if they are wanted.
fn recorded(path: &str, status: u16, request: &str, answer: &str, bodies: bool) -> String {
    let body = |text: &str| match bodies {
        true => serde_json::json!({"text": text}),
        false => serde_json::Value::Null,
    };
    let exchange = serde_json::json!({
        "method": "POST", "path": path, "headers": [["content-type", "application/json"]],
        "steps": [
            {"what": "request_data", "at_us": 0, "size": request.len(), "body": body(request)},
            {"what": "request_end", "at_us": 0},
            {"what": "response", "at_us": 5, "status": status, "headers": [["content-type", "application/json"]]},
            {"what": "response_data", "at_us": 6, "size": answer.len(), "body": body(answer)},
            {"what": "response_end", "at_us": 7}
        ]
    });
    format!("{exchange}\n")
}

const REQUESTS: &str = "--from-requests golden.jsonl --config config.json --model rain -o new.json";

#[test]
fn recorded_traffic_makes_a_profile_of_the_same_columns() {
    let folder = Folder::new("requests");
    configured(&folder);
    let path = "/v1/models/rain:predict";
    let mut golden = String::new();
    for n in 0..50 {
        let wind = f64::from(n) / 4.0;
        let request = format!(r#"{{"instances": [[{wind}], [{}]]}}"#, wind + 100.0);
        let answer = format!(r#"{{"predictions": [{}, 1]}}"#, n % 2);
        golden += &recorded(path, 200, &request, &answer, true);
    }
    golden += &recorded(
        path,
        200,
        r#"{"instances": [[null], ["x"]]}"#,
        r#"{"predictions": [0, 0]}"#,
        true,
    );
    golden += &recorded(path, 500, r#"{"instances": [[-1e9]]}"#, "{}", true);
    golden += &recorded("/health", 200, "", "{}", true);
    golden += &recorded(path, 200, r#"{"instances": [[-1e9]]}"#, r#"{"predictions": [0]}"#, false);
    fs::write(folder.path("golden.jsonl"), golden).unwrap();
    folder.run(REQUESTS).unwrap();
    let profile = Profile::from_json(&fs::read(folder.path("new.json")).unwrap()).unwrap();
    let [wind] = &profile.features[..] else { panic!("{profile:?}") };
    let numbers = wind.column.numbers.as_ref().unwrap();
    assert_eq!((profile.rows, &*wind.name, wind.column.nulls), (102, "wind", 2));
    assert_eq!((numbers.minimum, numbers.maximum), (0.0, 112.25));
    assert_eq!(wind.column.bins.count(), 20);
    assert_eq!(profile.prediction.unwrap().counts, [27, 75, 0]);
}

#[test]
fn recorded_traffic_that_tells_nothing_makes_no_profile() {
    let folder = Folder::new("no-requests");
    configured(&folder);
    let refused = |golden: &str, words: &str| {
        fs::write(folder.path("golden.jsonl"), golden).unwrap();
        folder.run(words).unwrap_err()
    };
    let path = "/v1/models/rain:predict";
    let without = recorded(path, 200, r#"{"instances": [[1]]}"#, "{}", false);
    let error = refused(&without, REQUESTS);
    assert!(error.contains("found no exchange of the model with bodies"), "{error}");
    assert!(error.contains("1 recorded without bodies"), "{error}");
    let error = refused("{}\n", REQUESTS);
    assert!(
        error.contains("golden.jsonl: recording refused: line 1, column 2: missing field"),
        "{error}"
    );
    let error = refused("\n\n{\n", REQUESTS);
    assert!(error.contains("line 3, column 1: "), "{error}");
    let error = refused("", &REQUESTS.replace("--model rain", "--model snow"));
    assert!(error.contains("does not list the model `snow`; it lists `rain`, `llm`"), "{error}");
    let error = refused("", "--from-requests golden.jsonl --model rain");
    assert!(error.contains("--config"), "{error}");
    let error = refused("", &format!("train.csv {REQUESTS}"));
    assert!(error.contains("cannot be used with"), "{error}");
}

#[test]
fn rows_by_hour_of_the_day_come_on_demand() {
    let folder = Folder::new("by-hour");
    let rows = "\
asked,wind,rain
2026-11-25T00:10:00Z,1.5,true
2026-11-25T23:59:59.9Z,2.5,false
2026-11-26T01:30:00+02:00,,true
2026-11-26 23:00:00,2.5,false
tomorrow,7.5,true
";
    fs::write(folder.path("hours.csv"), rows).unwrap();
    let command = "hours.csv --model rain --target rain -o out.json";
    folder.run(&format!("{command} --by-hour asked")).unwrap();
    let text = fs::read_to_string(folder.path("out.json")).unwrap();
    assert!(text.contains("\"format_version\": 6"), "{text}");
    // A line for each hour.
    assert!(text.contains("\n        [1, 0, 0, 0, 0],\n"), "{text}");
    let profile = Profile::from_json(text.as_bytes()).unwrap();
    let [wind] = &profile.features[..] else { panic!("{profile:?}") };
    let hours = |column: &Column| -> Vec<(usize, Vec<u32>)> {
        let hours = column.by_hour.as_ref().unwrap().hours().enumerate();
        let hours = hours.filter(|(_, hour)| hour.iter().any(|rows| *rows != 0));
        hours.map(|(hour, rows)| (hour, rows.to_vec())).collect()
    };
    // Above 7.5 there is none; 7.5 itself has no hour.
    assert_eq!(wind.column.counts, [1, 2, 1, 0]);
    assert_eq!(hours(&wind.column), [(0, vec![1, 0, 0, 0, 0]), (23, vec![0, 2, 0, 0, 1])]);
    let rain = profile.prediction.as_ref().unwrap();
    assert_eq!(hours(rain), [(0, vec![0, 1, 0, 0]), (23, vec![2, 1, 0, 0])]);
    assert_eq!(
        hours_said("asked", 1, 5),
        "by hour: 4 of 5 rows are in the hour of the day (UTC) that `asked` says; 1 has no moment there and is in the \
         whole alone"
    );
    assert_eq!(
        hours_said("asked", 0, 5),
        "by hour: 5 of 5 rows are in the hour of the day (UTC) that `asked` says"
    );

    folder.run(&format!("{command} --exclude asked")).unwrap();
    let text = fs::read_to_string(folder.path("out.json")).unwrap();
    assert!(text.contains("\"format_version\": 6") && !text.contains("by_hour"), "{text}");

    let error = folder.run(&format!("{command} --by-hour wind2")).unwrap_err();
    assert!(error.contains("found no column `wind2` to say the hour of a row"), "{error}");
    let error = folder.run(&format!("{command} --exclude asked --by-hour rain")).unwrap_err();
    assert!(
        error.contains("the column `rain` says no moment in any of 5 rows, from row 1 (line 2) on"),
        "{error}"
    );
}

/// The doubts about a table of these columns, each with a value by row.
fn doubts_of(columns: &[(&str, &dyn Fn(u32) -> String)], words: &str) -> Vec<String> {
    let folder = Folder::new("doubts");
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..300 {
        let cells: Vec<String> = columns.iter().map(|(_, of)| of(row)).collect();
        text += &(cells.join(",") + "\n");
    }
    fs::write(folder.path("train.csv"), text).unwrap();
    folder.run(&format!("train.csv --model m -o out.json {words}")).unwrap();
    let profile = Profile::from_json(&fs::read(folder.path("out.json")).unwrap()).unwrap();
    doubts::doubts(&profile, profile.prediction.is_some())
}

#[test]
fn columns_that_will_always_look_drifted_are_named() {
    for (name, of, expected) in [
        ("user", &(|row| format!("user-{row}")) as &dyn Fn(u32) -> String, "as with identifiers"),
        ("row", &|row| (row + 17).to_string(), "counts the rows from 17 to 316"),
        (
            "day",
            &|row| format!("2026-0{}-{:02}", row % 9 + 1, row % 28 + 1),
            "--type day=timestamp",
        ),
        ("day", &|row| format!("{}/{}/2026", row % 12 + 1, row % 28 + 1), "--exclude day leaves"),
        ("y", &|row| (row % 2).to_string(), "--target y makes it the reference of predictions"),
    ] {
        let found = doubts_of(&[(name, of)], "");
        assert!(found.len() == 1 && found[0].contains(expected), "{name}: {found:?}");
    }
    let grade = [("grade", &(|row: u32| (row % 5).to_string()) as &dyn Fn(u32) -> String)];
    let found = doubts_of(&grade, "--type grade=category");
    assert!(found.len() == 1 && found[0].contains("--type grade=integer"), "{found:?}");
}

#[test]
fn healthy_columns_are_not_doubted() {
    let columns: [(&str, &dyn Fn(u32) -> String); 5] = [
        ("age", &|row| (row * 7919 % 97).to_string()),
        ("ratio", &|row| format!("0.{}", row * 31 % 1000)),
        ("city", &|row| format!("city {}", row % 12)),
        ("version", &|row| format!("v1.{}", row % 4)),
        ("label", &|row| (row % 2).to_string()),
    ];
    assert_eq!(doubts_of(&columns, "--target label"), Vec::<String>::new());
}
