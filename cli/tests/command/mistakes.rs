//! What `driftline check` says of files that are no configuration, and of samples that no model answers. Each message says
//! what was found, and is of lines that people can read.

use std::process::{Command, Output};

use crate::input::Input;

const CONFIG: &str = r#"{"models": [{"name": "mine"}]}"#;

fn run(arguments: &[&str]) -> Output {
    // No filter lies here.
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
    command.arg("check").args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().all(|line| line.len() < 600), "{said}");
    said
}

#[test]
fn a_file_that_is_no_configuration_is_recognised() {
    for (number, (text, expected)) in [
        (format!("\u{feff}{CONFIG}"), "byte order mark"),
        ("models:\n  - name: mine\n".into(), "looks like YAML"),
        (format!("// mine\n{CONFIG}"), "has comments"),
        (r#"{"format": "driftline-profile", "model": "m"}"#.into(), "is a profile"),
        (
            format!(
                r#"{{"@type": "type.googleapis.com/google.protobuf.Struct", "value": {CONFIG}}}"#
            ),
            "protobuf",
        ),
        (format!("{CONFIG:?}"), "is a JSON string"),
        (format!(r#"{{"models": [{{"name": "{}"}}]}}"#, "x".repeat(5000)), "models[0].name"),
        ("{}".into(), "models"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = Input::new(&format!("mistake-{number}.json"), &text);
        let said = refused(&["--config", file.name()]);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn without_a_filter_it_tells_the_rest() {
    let config = Input::new("without.json", CONFIG);
    let output = run(&["--config", config.name()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    for expected in [
        "The configuration is valid",
        "in Prometheus",
        "not measured, because there is no target/driftline.wasm",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!said.contains("| driftline_requests_total"), "series only on demand: {said}");
    let said = refused(&["--config", config.name(), "--filter", "absent.wasm"]);
    assert!(said.contains("absent.wasm"), "{said}");
}

#[test]
fn a_sample_that_no_model_answers_says_why() {
    let config = Input::new("sample.json", CONFIG);
    let chat = "POST /v1/chat/completions HTTP/1.1\ncontent-type: application/json\n\n";
    for (number, (sample, expected)) in [
        (format!(r#"{chat}{{"model": "yours", "messages": []}}"#), "asks for none of `mine`"),
        (
            "POST /ask HTTP/1.1\n\n{}".into(),
            "unrecognised_path: the path is that of no known dialect",
        ),
        ("GET /v1/chat/completions HTTP/1.1\n\n".into(), "only POST asks a model"),
        (format!("{chat}model: mine"), "request_malformed"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = Input::new(&format!("sample-{number}.http"), &sample);
        let said = refused(&["--config", config.name(), "--sample", file.name()]);
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let file =
        Input::new("sample-good.http", format!(r#"{chat}{{"model": "mine", "messages": []}}"#));
    assert!(run(&["--config", config.name(), "--sample", file.name()]).status.success());
}
