//! `driftline` with filters that are not Driftline's: what it says of files that it cannot use. How it serves is tested in
//! host-sim.

#[path = "../input/mod.rs"]
mod input;
mod mistakes;
mod pipes;
mod serve;

use std::{
    fs,
    net::TcpListener,
    process::{Command, Stdio},
};

use self::input::Input;

/// The filter of host-sim's own tests.
const FILTER: &str = include_str!("../../../host-sim/tests/host/filter.wat");

/// The file of a filter in WebAssembly's text form.
fn filter_of(name: &str, text: &str) -> Input {
    Input::new(name, wat::parse_str(text).unwrap())
}

/// Runs a command that must fail, and say each of these.
#[track_caller]
fn check(arguments: &[&str], expected: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_driftline")).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?}: {stderr}");
    for expected in expected {
        assert!(stderr.contains(expected), "{arguments:?} does not say {expected:?}: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn what_serve_cannot_use_is_named_with_what_is_allowed() {
    let config = Input::new("config.json", b"");
    let old = Input::new("old.jsonl", b"{}");
    let text = Input::new("text.wasm", b"no module");
    let filter = filter_of("serve.wasm", FILTER);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let serve = |more: &[&'static str], own: &[&str]| {
        let mut arguments = vec!["serve", "--upstream", "http://127.0.0.1:1"];
        arguments.extend(["--config", config.name()]);
        arguments.extend(more);
        [
            arguments.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(),
            own.iter().map(|it| (*it).to_owned()).collect(),
        ]
        .concat()
    };
    let check = |arguments: Vec<String>, expected: &[&str]| {
        check(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    };
    check(
        serve(&["--filter", "absent.wasm"], &[]),
        &["absent.wasm", "`cargo xtask build` makes it"],
    );
    check(
        serve(&[], &["--filter", text.name()]),
        &[text.name(), "does not begin as a WebAssembly module"],
    );
    check(serve(&["--listen", "localhost:1"], &[]), &["`localhost:1` is none", "127.0.0.1:10000"]);
    check(
        serve(&["--admin", "127.0.0.1:0"], &["--filter", filter.name(), "--listen", &address]),
        &["cannot listen", &address, "in use"],
    );
    check(
        serve(&[], &["--filter", filter.name(), "--record", old.name()]),
        &["--record", old.name(), "exists"],
    );
    assert_eq!(fs::read(&old.0).unwrap(), b"{}", "what was recorded stays");
    let empty = Input::new("empty-recording.jsonl", b"");
    check(
        serve(&[], &["--filter", filter.name(), "--record", empty.name()]),
        &["--record", empty.name(), "it is empty, so remove it"],
    );
    for (option, value, expected) in [
        ("--timeout", "-1", "--timeout is -1, it must be 0 or more seconds"),
        ("--drain-seconds", "-1", "--drain-seconds is -1, it must be 0 or more seconds"),
        ("--drain-seconds", "soon", "invalid value 'soon' for '--drain-seconds <SECONDS>'"),
        (
            "--request-headers-timeout",
            "nan",
            "--request-headers-timeout is NaN, it must be 0 or more seconds",
        ),
        ("--record-header", "x-tier", "--record <FILE>"),
        ("--record-query", "x", "--record <FILE>"),
        ("--record-path", "x", "--record <FILE>"),
    ] {
        check(serve(&[option, value], &["--filter", filter.name()]), &[expected]);
    }
    let new = old.0.with_extension("new");
    check(
        serve(
            &["--record-header", "x tier"],
            &["--filter", filter.name(), "--record", new.to_str().unwrap()],
        ),
        &[r#"--record-header is "x tier", it must be the name of a header, such as x-tier"#],
    );
    assert!(!new.exists());
}

#[test]
fn what_replay_cannot_read_is_named_with_its_line() {
    let config = Input::new("replay.json", b"");
    let broken = Input::new("broken.jsonl", b"{}\n{\"method\":\"GET\",\"path\":\"/\",\"steps\":[{\"what\":\"response_end\",\"at_us\":1}]}\n");
    let binary = Input::new("binary.jsonl", b"\n\xff\n");
    let empty = Input::new("empty.jsonl", b"\n");
    let filter = filter_of("replay.wasm", FILTER);
    let replay = |file: &Input, expected: &[&str]| {
        let arguments =
            ["replay", file.name(), "--filter", filter.name(), "--config", config.name()];
        check(&arguments, expected);
    };
    replay(
        &broken,
        &["line 1, column 2: missing field `method`", "line 2: steps[0] is response_end, but no"],
    );
    replay(&binary, &["no UTF-8 text: see line 2"]);
    replay(&empty, &["holds no exchange"]);
}

#[test]
fn a_recording_whose_last_line_is_cut_is_played_without_it() {
    let config = Input::new("cut.json", b"");
    let line = "{\"method\":\"GET\",\"path\":\"/\",\"steps\":[]}\n";
    let recording = Input::new("cut.jsonl", [line, line, "{\"method\":\"GE"].concat());
    let alone = Input::new("cut-alone.jsonl", b"{\"method\":\"\xc3");
    let filter = filter_of("cut.wasm", FILTER);
    let replay = |file: &Input| {
        Command::new(env!("CARGO_BIN_EXE_driftline"))
            .args(["replay", file.name(), "--filter", filter.name(), "--config", config.name()])
            .output()
            .unwrap()
    };
    let output = replay(&recording);
    let (said, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stderr}");
    assert!(said.contains("\n2 exchanges: "), "{said}");
    let expected = format!("driftline: {}: line 3 is cut, and is left out\n", recording.name());
    assert!(stderr.contains(&expected), "{stderr}");

    let output = replay(&alone);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{stderr}");
    assert!(stderr.contains("line 1 is cut") && stderr.contains("holds no exchange"), "{stderr}");
}

/// Runs the command while nothing reads its output: whether it succeeds, and what it says of errors.
fn without_reader(arguments: &[&str]) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_driftline"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn who_reads_only_the_begin_of_a_replay_sees_no_panic() {
    let config = Input::new("pipe.json", b"");
    let recording = Input::new("pipe.jsonl", b"{\"method\":\"GET\",\"path\":\"/\",\"steps\":[]}");
    let filter = filter_of("pipe.wasm", FILTER);
    let arguments =
        ["replay", recording.name(), "--filter", filter.name(), "--config", config.name()];
    let (is_success, stderr) = without_reader(&arguments);
    assert!(is_success && !stderr.contains("panicked"), "{stderr}");
}

#[test]
fn who_reads_nothing_of_feedback_sees_no_panic_and_its_exit_status() {
    let rows = Input::new("feedback.csv", b"model,label,score\nrain,1,0.5\n");
    let bad = Input::new("bad-feedback.csv", b"model,label,score\nrain,1,high\n");
    let run = |file: &Input| {
        let (is_success, stderr) = without_reader(&["feedback", file.name(), "--dry-run"]);
        assert!(!stderr.contains("panicked"), "{stderr}");
        (is_success, stderr)
    };
    assert_eq!(run(&rows), (true, String::new()));
    let (is_success, stderr) = run(&bad);
    assert!(!is_success && stderr.contains("row 1 (line 2), score: found \"high\""), "{stderr}");
}

#[test]
fn a_tick_that_crashes_takes_nothing_from_what_a_replay_counted() {
    let config = Input::new("tick.json", b"");
    let recording = Input::new(
        "tick.jsonl",
        br#"{"method":"GET","path":"/","steps":[{"what":"response","at_us":9000000,"status":200,"ended":true}]}"#,
    );
    let filter = filter_of(
        "tick.wasm",
        r#"(module
            (import "env" "proxy_define_metric"
              (func $define (param i32 i32 i32 i32) (result i32)))
            (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
            (import "env" "proxy_set_tick_period_milliseconds"
              (func $period (param i32) (result i32)))
            (memory (export "memory") 1) (data (i32.const 16) "requests")
            (func (export "proxy_abi_version_0_2_1")) (func (export "_initialize"))
            (func (export "malloc") (param i32) (result i32) (i32.const 1024))
            (func (export "proxy_on_configure") (param i32 i32) (result i32)
              (drop (call $define (i32.const 0) (i32.const 16) (i32.const 8) (i32.const 0)))
              (drop (call $period (i32.const 1000))) (i32.const 1))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
              (drop (call $increment (i32.load (i32.const 0)) (i64.const 1))) (i32.const 0))
            (func (export "proxy_on_tick") (param i32) unreachable))"#,
    );
    let output = Command::new(env!("CARGO_BIN_EXE_driftline"))
        .args(["replay", recording.name(), "--filter", filter.name(), "--config", config.name()])
        .output()
        .unwrap();
    let (printed, stderr) = (output.stdout, String::from_utf8(output.stderr).unwrap());
    let printed = String::from_utf8(printed).unwrap();
    assert!(!output.status.success(), "{stderr}");
    assert!(stderr.contains("driftline: the filter crashed in proxy_on_tick"), "{stderr}");
    assert!(printed.contains("requests{} 1\n") && printed.contains("instr/call"), "{printed}");
}

#[test]
fn a_refused_configuration_is_reported_once_and_with_the_filters_own_words() {
    let config = Input::new("refused.json", b"r");
    let filter = filter_of("refused.wasm", FILTER);
    let output = Command::new(env!("CARGO_BIN_EXE_driftline"))
        .args(["serve", "--filter", filter.name(), "--config", config.name()])
        .args(["--upstream", "http://127.0.0.1:1"])
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{stderr}");
    assert!(
        stderr.contains(config.name()) && stderr.contains("refused its configuration"),
        "{stderr}"
    );
    assert_eq!(stderr.matches("refused by test").count(), 1, "{stderr}");
}
