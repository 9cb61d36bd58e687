//! Runs all tests, even after failures, and prints a summary. Cargo decides what a test is.

mod report;
mod selection;
mod summary;

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::Result;

use self::{
    report::Reader,
    selection::{Group, Selection},
    summary::{GroupResult, Summary},
};
use crate::{
    process::{cargo, say},
    terminal,
    watch::{Place, watch},
};

/// An environment variable that tells tests where something is, and the path.
pub type Piece = (&'static str, PathBuf);

/// Runs the tests that `arguments`, those of `cargo test`, select. They run in groups, each to its end, even after
/// failures.
///
/// The output of cargo and of the tests appears as it is written. The last line gives the numbers of tests that passed,
/// failed and were skipped. The exit code is a failure if a test failed, something did not compile, or nothing ran.
///
/// # Errors
///
/// If cargo cannot be started.
pub fn run(arguments: &[OsString], pieces: &[Piece]) -> Result<ExitCode> {
    let selection = Selection::read(arguments);
    let mut results = Vec::new();
    for group in selection.groups() {
        say(&format!("running {}", group.name));
        results.push(run_group(&selection, &group, pieces)?);
    }
    let summary = Summary::new(&selection, &results);
    print!("\n{summary}");
    Ok(if summary.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_group(selection: &Selection, group: &Group, pieces: &[Piece]) -> Result<GroupResult> {
    let started = Instant::now();
    let mut reader = Reader::default();
    let mut command: Command = cargo();
    command.arg("test").args(selection.arguments(group, terminal::sees_stdout()));
    command.envs(pieces.iter().map(|(variable, path)| (variable, path)));
    let status = watch(&mut command, Place::Stdout, &mut |line| reader.line(line))?;
    Ok(GroupResult { name: group.name, report: reader.finish(status), took: started.elapsed() })
}
