//! The command as a user calls it, against a small HTTP server that answers as the filter does, and servers that misbehave.

mod server;

use std::{fs, process, time::Duration};

use clap::Parser;
use driftline_testbed::upstream::{Framing, Script, Upstream};
use serde_json::{Value, json};

use self::server::{SECRET, Server};
use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

/// Files of one test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path =
            std::env::temp_dir().join(format!("driftline-feedback-{}-{name}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn with(name: &str, file: &str, text: &str) -> Folder {
        let folder = Folder::new(name);
        fs::write(folder.0.join(file), text).unwrap();
        folder
    }

    /// Runs the command; words that name files of the folder are replaced by their paths.
    fn run(&self, words: &str, to: &str) -> Result<(), String> {
        let words = words.split_whitespace().map(|word| match self.0.join(word) {
            path if path.exists() => path.into_os_string(),
            _ => word.into(),
        });
        let to = ["--to".into(), to.into()];
        let command =
            Command::try_parse_from(["feedback".into()].into_iter().chain(words).chain(to))
                .map_err(|error| error.to_string())?;
        run(command.args)
            .map_err(|error| format!("{error:#}").replace(&format!("{}/", self.0.display()), ""))
    }

    /// Runs a command that fails, and says each of these.
    #[track_caller]
    fn fails(&self, words: &str, to: &str, expected: &[&str]) {
        let error = self.run(words, to).unwrap_err();
        for expected in expected {
            assert!(error.contains(expected), "{words}: does not say {expected:?}: {error}");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CSV: &str =
    "model,label,score,note\nrain,1,0.75,a\nrain,,0.5,b\nrain,0,0.25,c\nrain,1,0.5,d\n";

#[test]
fn rows_go_in_batches_over_one_connection() {
    let folder = Folder::with("batches", "rows.csv", CSV);
    let server = Server::start();
    folder.run("rows.csv --batch 2", &server.url()).unwrap();
    assert_eq!(
        server.batches(),
        [
            vec![
                json!({"model": "rain", "label": 1, "score": 0.75}),
                json!({"model": "rain", "label": 0, "score": 0.25}),
            ],
            vec![json!({"model": "rain", "label": 1, "score": 0.5})],
        ]
    );
    assert_eq!(server.connections(), 1);
    let head = &server.heads()[0];
    assert!(head.starts_with("POST /driftline/v1/feedback HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-ndjson\r\n"), "{head}");
}

#[test]
fn columns_are_mapped_as_options_say() {
    let text = "day,rain,pred,prob,req,n,when,click,income,city\n\
                0,yes,no,0.25,a-1,2,2026-11-25T12:00:00Z,1,2.5,Omaha\n";
    let folder = Folder::with("mapping", "rows.csv", text);
    let server = Server::start();
    folder
        .run(
            "rows.csv --model rain --version 1.0 --label rain --prediction pred --score prob --id req --row n \
             --predicted-at when --kpi click --kpi revenue=income --feature city",
            &server.url(),
        )
        .unwrap();
    assert_eq!(
        server.batches(),
        [[json!({
            "model": "rain", "version": "1.0", "label": "yes", "prediction": "no", "score": 0.25, "id": "a-1", "row": 2,
            "predicted_at": 1_795_608_000, "click": 1, "revenue": 2.5, "city": "Omaha",
        })]]
    );
}

#[test]
fn json_lines_are_read_as_well() {
    let text = "{\"label\": true, \"id\": \"a\"}\n\n{\"id\": \"b\", \"score\": 0.5, \"label\": \"x\"}\n{\"id\": \"c\"}\n";
    let folder = Folder::with("formats", "rows.jsonl", text);
    let server = Server::start();
    folder.run("rows.jsonl --model rain", &server.url()).unwrap();
    let expected = [
        json!({"model": "rain", "label": true, "id": "a"}),
        json!({"model": "rain", "id": "b", "score": 0.5, "label": "x"}),
    ];
    assert_eq!(server.batches(), [expected]);
    folder.fails(
        "rows.jsonl --model rain --format parquet",
        &server.url(),
        &["found a file that begins with"],
    );
}

#[test]
fn cells_are_understood_as_options_say() {
    let text = "label;score;id;income\n?;0,5;1,5;2\n1,5;0,25;2,5;NA\n";
    let folder = Folder::with("cells", "rows.csv", text);
    let server = Server::start();
    let options = "--model rain --separator ; --decimal-comma --null ? --kpi income";
    folder.run(&format!("rows.csv {options}"), &server.url()).unwrap();
    assert_eq!(
        server.batches(),
        [[json!({"model": "rain", "label": 1.5, "score": 0.25, "id": "2,5"})]]
    );
    folder.fails("rows.csv --model rain", &server.url(), &["--separator ';'"]);
}

#[test]
fn parquet_is_read_with_its_types() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/parquet/snappy.parquet");
    let folder = Folder::new("parquet");
    let server = Server::start();
    let options = "--model rain --label flag --prediction rain --kpi single --feature city --predicted-at when";
    folder.run(&format!("{file} {options} --batch 150"), &server.url()).unwrap();
    let batches = server.batches();
    assert_eq!([batches[0].len(), batches[1].len()], [150, 50]);
    assert_eq!(
        batches[0][3],
        json!({
            "model": "rain", "label": false, "prediction": 1, "single": 0.75, "city": "Bellevue",
            "predicted_at": 1_767_225_600,
        })
    );
    folder.fails(
        &format!("{file} --model rain --label flag --id vector"),
        &server.url(),
        &["row 1, id: found a list, expected a text"],
    );
}

#[test]
fn only_the_rows_asked_for_are_sent() {
    let folder = Folder::with("range", "rows.csv", CSV);
    let server = Server::start();
    folder.run("rows.csv --rows 3..3", &server.url()).unwrap();
    folder.run("rows.csv --rows 4..", &server.url()).unwrap();
    let scores: Vec<Value> =
        server.batches().iter().flatten().map(|record| record["score"].clone()).collect();
    assert_eq!(scores, [json!(0.25), json!(0.5)]);
    folder.fails("rows.csv --rows 7..", &server.url(), &["found 4 rows, expected row 7 to exist"]);
    folder.fails("rows.csv --rows 3..2", &server.url(), &["1..3000", "3001.."]);
}

#[test]
fn a_file_without_the_columns_is_refused_with_those_that_it_has() {
    let folder = Folder::with("columns", "rows.csv", "day,rain\n1,0\n");
    fs::write(folder.0.join("rows.jsonl"), "{\"day\": 1, \"rain\": 0}\n").unwrap();
    let server = Server::start();
    for file in ["rows.csv", "rows.jsonl"] {
        folder.fails(
            &format!("{file} --kpi click"),
            &server.url(),
            &[
                "found no column `click` for --kpi, the columns are `day`, `rain`",
                "found no column `model`, the columns are `day`, `rain`; --model NAME",
                "found no column `label`, the columns are `day`, `rain`; --label COLUMN",
                "found none of the columns `prediction`, `score` and `id`",
                "--prediction COLUMN, --score COLUMN or --id COLUMN",
            ],
        );
    }
    folder.fails(
        "rows.csv --model m --label rain --score day --row day",
        &server.url(),
        &["found no column `id`, which --row needs"],
    );
    assert!(server.batches().is_empty());
}

#[test]
fn a_search_for_columns_in_json_lines_comes_to_an_end() {
    let folder = Folder::with("search", "rows.jsonl", &"{\"day\": 1}\n".repeat(10_001));
    let args = Command::parse_from(["feedback", "rows.jsonl", "--model", "m", "--dry-run"]).args;
    let args = Args { file: folder.0.join("rows.jsonl"), ..args };
    let (found, _) = Source::new(&args).unwrap().read(&args, DryRun::default()).unwrap();
    assert_eq!((found.rows, found.problems.kept().count()), (10_000, 2));
    // Labels may be rare, if there are any.
    let text = "{\"day\": 1}\n".repeat(9_000) + "{\"label\": 1, \"id\": \"a\"}\n";
    fs::write(&args.file, text + &"{\"day\": 1}\n".repeat(9_000)).unwrap();
    let (found, _) = Source::new(&args).unwrap().read(&args, DryRun::default()).unwrap();
    assert_eq!((found.rows, found.records, found.problems.is_empty()), (18_001, 1, true));
}

#[test]
fn two_members_have_two_names() {
    let folder = Folder::with("names", "rows.csv", CSV);
    folder.fails("rows.csv --kpi label", "http://127.0.0.1:1", &["`label`", "--kpi NAME=COLUMN"]);
    folder.fails("rows.csv --kpi note --feature note", "http://127.0.0.1:1", &["--feature note"]);
}

#[test]
fn a_row_that_cannot_be_sent_is_named_and_the_others_are_sent() {
    let text = "model,label,score\nrain,1,high\nrain,1,0.5\nrain,1\n,0,0.5\nrain,1,\n";
    let folder = Folder::with("unusable", "rows.csv", text);
    let server = Server::start();
    folder.fails(
        "rows.csv",
        &server.url(),
        &[
            "row 1 (line 2), score: found \"high\", expected a number",
            "row 3 (line 4) has 2 cells, expected 3",
            "row 4 (line 5), found no model",
            "row 5 (line 6), found neither prediction, score nor id",
        ],
    );
    assert_eq!(server.batches(), [[json!({"model": "rain", "label": 1, "score": 0.5})]]);
}

#[test]
fn refused_rows_make_the_command_fail() {
    let text = "model,label,score\nrain,1,0.5\nother,1,0.5\nrain,0,0.5\n";
    let folder = Folder::with("refused", "rows.csv", text);
    let server = Server::start();
    folder.fails("rows.csv --batch 2", &server.url(), &["1 of 3 rows were refused"]);
    // What comes after a refused row is sent.
    assert_eq!(server.batches().len(), 2);
}

#[test]
fn the_secret_goes_with_each_request_and_its_lack_is_explained() {
    let folder = Folder::with("secret", "rows.csv", CSV);
    let server = Server::with_secret();
    folder.fails(
        "rows.csv --batch 1",
        &server.url(),
        &["row 1 (line 2)", "(401)", "--header 'NAME: VALUE'"],
    );
    assert!(server.batches().is_empty());
    folder.run(&format!("rows.csv --header x-secret:{SECRET}"), &server.url()).unwrap();
    assert_eq!(server.batches().len(), 1);
}

#[test]
fn a_batch_of_ids_is_sent_again_when_the_connection_breaks() {
    let text = "label,id,row\n1,a,0\n0,b,1\n";
    let folder = Folder::with("again", "rows.csv", text);
    let server = Server::start();
    server.break_next(2);
    folder.run("rows.csv --model rain", &server.url()).unwrap();
    // The server has received the same rows three times.
    assert_eq!((server.batches().len(), server.connections()), (3, 3));
    assert_eq!(server.batches()[0], server.batches()[2]);

    let server = Server::start();
    server.break_next(9);
    folder.fails(
        "rows.csv --model rain",
        &server.url(),
        &["may have been counted", "3 retries did not help"],
    );
    assert_eq!(server.batches().len(), 4);
}

#[test]
fn a_batch_without_ids_is_sent_once_and_its_rows_are_named() {
    let text = "model,label,score,id\nrain,1,0.5,a\nrain,1,0.5,\nrain,0,0.5,c\n";
    let folder = Folder::with("once", "rows.csv", text);
    let server = Server::start();
    server.break_next(1);
    folder.fails(
        "rows.csv --batch 2",
        &server.url(),
        &[
            "the connection broke before the answer",
            "rows 1 (line 2) to 2 (line 3) may have been counted, or not",
            "1 of them have no id and might count twice",
            "--rows 3.. goes on after them, and --rows 1.. sends them again",
        ],
    );
    assert_eq!(server.batches().len(), 1);
}

#[test]
fn a_server_that_says_that_it_closes_loses_nothing() {
    let folder = Folder::with("closes", "rows.csv", CSV);
    let server = Server::start();
    server.close_after_each();
    folder.run("rows.csv --batch 1", &server.url()).unwrap();
    assert_eq!((server.batches().len(), server.connections()), (3, 3));
}

#[test]
fn a_refused_connection_is_said_at_once() {
    let folder = Folder::with("connect", "rows.csv", CSV);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    folder.fails(
        "rows.csv",
        &url,
        &[
            "cannot connect to 127.0.0.1:",
            "refused",
            "nothing of rows 1 (line 2) to 4 (line 5) was sent",
        ],
    );
}

/// Answers the only request by a script.
#[track_caller]
fn answered(name: &str, script: Script, expected: &[&str]) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let upstream = runtime.block_on(Upstream::start()).unwrap();
    upstream.push(script);
    let folder = Folder::with(name, "rows.csv", CSV);
    folder.fails("rows.csv", &format!("http://{}", upstream.address()), expected);
    assert_eq!(upstream.received().len(), 1, "{name}");
}

#[test]
fn each_other_answer_is_explained() {
    let json = |status, body: &str| Script::answer(status, "application/json", body);
    let counts = r#"{"accepted": 1, "joined": 0, "unmatched": 0, "duplicate": 0, "refused": 0, "problems": []}"#;
    answered("400", json(400, counts), &["could not read it to its end (400), after 1 accepted"]);
    answered("404", json(404, ""), &["(404): is feedback in the filter's configuration"]);
    answered("405", json(405, ""), &["found the answer 405 \"\", expected 202 and counts"]);
    answered("413", json(413, ""), &["3 rows are too large for the server (413)", "--batch"]);
    answered("500", json(500, "oops"), &["found the answer 500 \"oops\", expected 202"]);
    answered("200", json(200, "{\"predictions\":[]}"), &["found the answer 200", "expected 202"]);
    answered("202", json(202, "ok"), &["expected the counts of a filter"]);
    answered(
        "sum",
        json(202, counts),
        &["3 rows were sent, but the server accounts for 1 of them"],
    );
    let elsewhere = Script::new().head(301, &[("location", "http://b/")], Framing::Length(0));
    answered("301", elsewhere.finish(), &["is --to http://b/ instead?"]);
    let broken = Script::new().head(202, &[], Framing::Length(99)).write("{\"acc").close();
    answered("midway", broken, &["the answer broke off", "may have been counted, or not"]);
    let large = Script::answer(202, "text/plain", "x".repeat(1 << 20));
    answered("large", large, &["the answer broke off", "limit"]);
}

#[test]
fn a_rate_is_kept() {
    let text = format!("label,score\n{}", "1,0.5\n".repeat(30));
    let folder = Folder::with("rate", "rows.csv", &text);
    let server = Server::start();
    let started = Instant::now();
    folder.run("rows.csv --model rain --rate 20 --batch 5", &server.url()).unwrap();
    // The last batch begins 25 rows after the first.
    assert!(Duration::from_millis(1_200) <= started.elapsed(), "{:?}", started.elapsed());
    assert_eq!(server.batches().len(), 6);
}

#[test]
fn long_rows_make_small_batches() {
    let row = format!("1,0.5,{}\n", "x".repeat(100_000));
    let folder = Folder::with("long", "rows.csv", &format!("label,score,text\n{}", row.repeat(5)));
    let server = Server::start();
    folder.run("rows.csv --model rain --feature text", &server.url()).unwrap();
    let rows: Vec<usize> = server.batches().iter().map(Vec::len).collect();
    assert_eq!(rows, [2, 2, 1]);
}

#[test]
fn a_dry_run_sends_nothing() {
    let folder = Folder::with("dry", "rows.csv", CSV);
    let server = Server::start();
    folder.run("rows.csv --dry-run", &server.url()).unwrap();
    folder.fails(
        "rows.csv --dry-run --label no",
        &server.url(),
        &["found no column `no` for --label"],
    );
    assert_eq!(server.connections(), 0);
    let args = Command::parse_from(["feedback", "rows.csv", "--dry-run"]).args;
    let args = Args { file: folder.0.join("rows.csv"), ..args };
    let (found, records) = Source::new(&args).unwrap().read(&args, DryRun::default()).unwrap();
    assert_eq!(records.to_string().lines().count(), 3);
    assert_eq!(found.unlabelled, 1);
}
