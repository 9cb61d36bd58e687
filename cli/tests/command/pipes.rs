//! What `driftline` writes into and reads from when it is no file: pipes, full disks, closed ones. No command ends by a
//! panic, and none takes what it could not write for done.

use std::{
    fs::OpenOptions,
    process::{Command, Output, Stdio},
};

use crate::input::Input;

const PROGRAM: &str = env!("CARGO_BIN_EXE_driftline");
const ROWS: &str = "age,score,city,label\n23,0.5,Bonn,1\n34,0.25,Kiel,0\n51,0.75,Bonn,1\n";

/// A shell runs it, with `$P` for the program and `$1`, `$2` for files.
fn shell(script: &str, files: &[&Input]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(files.iter().map(|file| file.name()));
    command.env("P", PROGRAM).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked") && output.status.code() != Some(101), "{stderr}");
    stderr
}

/// Commands that print something, with their files for one test.
fn commands(test: &str) -> [(&'static str, Vec<Input>); 4] {
    let file = |name: &str, text: &str| Input::new(&format!("{test}-{name}"), text);
    [
        ("profile $1 --model m", vec![file("profile.csv", ROWS)]),
        ("feedback $1 --model m --dry-run", vec![file("feedback.csv", ROWS)]),
        ("check --config $1 --series", vec![file("check.json", r#"{"models": [{"name": "m"}]}"#)]),
        ("--help", vec![]),
    ]
}

#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    for (command, files) in commands("full") {
        let files: Vec<&Input> = files.iter().collect();
        let output = shell(&format!("$P {command} > /dev/full"), &files);
        let stderr = said(&output);
        // What clap prints it prints if it can.
        if command != "--help" {
            assert_eq!(output.status.code(), Some(1), "{command}: {stderr}");
            assert!(stderr.contains("No space left on device"), "{command}: {stderr}");
        }
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    for (command, files) in commands("closed") {
        let files: Vec<&Input> = files.iter().collect();
        // The pipe is closed before anything is written.
        let script = format!("{{ sleep 0.2; $P {command}; echo $? >&2; }} | true");
        let stderr = said(&shell(&script, &files));
        assert!(stderr.ends_with("0\n"), "{command}: {stderr}");
    }
}

#[test]
fn that_nobody_hears_changes_nothing() {
    for stderr in ["2> /dev/full", "2>&-"] {
        let rows = Input::new("unheard.csv", ROWS.as_bytes());
        let profile = Input::new("unheard.json", b"");
        let output = shell(&format!("$P profile $1 --model m -o $2 {stderr}"), &[&rows, &profile]);
        assert!(output.status.success(), "{stderr}");
        let text = std::fs::read_to_string(profile.name()).unwrap();
        assert!(text.contains("driftline-profile"), "{text}");
        // A failure is still one.
        let output = shell(&format!("$P profile $1 --model m --target none {stderr}"), &[&rows]);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
    }
}

#[test]
fn rows_come_from_pipes_as_from_files() {
    let rows = Input::new("piped.csv", ROWS.as_bytes());
    let when_made = |text: &str| {
        let mut lines: Vec<&str> =
            text.lines().filter(|line| !line.contains("created_at")).collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let of = |script: &str| {
        let output = shell(script, &[&rows]);
        let stderr = said(&output);
        assert!(output.status.success(), "{script}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    };
    for command in ["profile FILE --model m", "feedback FILE --model m --dry-run"] {
        let with = |file: &str| command.replace("FILE", file);
        let expected = of(&format!("$P {}", with("$1")));
        assert!(!expected.is_empty(), "{command}");
        for script in [
            format!("cat $1 | $P {}", with("-")),
            format!("cat $1 | $P {}", with("/dev/stdin")),
            format!("$P {} < $1", with("/dev/stdin")),
            format!(
                "mkfifo $1.fifo && {{ cat $1 > $1.fifo & $P {}; rm $1.fifo; }}",
                with("$1.fifo")
            ),
        ] {
            assert_eq!(when_made(&of(&script)), when_made(&expected), "{script}");
        }
    }
}

#[test]
fn what_must_be_read_twice_is_refused_from_a_pipe() {
    let output = shell("cat /dev/null | $P profile /dev/stdin --model m --format parquet", &[]);
    let stderr = said(&output);
    assert!(stderr.contains("Parquet from /dev/stdin, which can be read only once"), "{stderr}");
}

#[test]
fn the_version_is_that_of_driftline() {
    let output = shell("$P --version", &[]);
    let expected = concat!("driftline ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    let read = OpenOptions::new().read(true).open("/dev/null").unwrap();
    // Standard output that cannot be written to at all.
    let status = Command::new(PROGRAM).arg("--version").stdout(read).status().unwrap();
    assert_ne!(status.code(), Some(101));
}
