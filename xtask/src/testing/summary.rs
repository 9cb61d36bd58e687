//! The summary of all groups of tests, for people and for scripts. It never runs anything.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use super::{
    report::{Binary, Counts, Report},
    selection::Selection,
};
use crate::{process::quote, progress::spoken};

/// The result of one group.
#[derive(Clone, Debug)]
pub(super) struct GroupResult {
    pub(super) name: &'static str,
    pub(super) report: Report,
    /// Including compilation.
    pub(super) took: Duration,
}

/// The end of the output: a table, failures with the commands that run them alone, skipped tests, and one plain line.
pub(super) struct Summary {
    text: String,
    is_success: bool,
}

impl Summary {
    pub(super) fn new(selection: &Selection, groups: &[GroupResult]) -> Summary {
        let totals = Totals::of_all(groups);
        let mut text = table(groups, totals);
        text += &section("failed:", failures(selection, groups));
        text += &section("skipped:", skips(groups));
        let ran_nothing = totals.counts.passed + totals.failed == 0;
        if ran_nothing && !selection.runs_nothing() {
            text += "\nno test ran: no name matches\n";
        }
        text += &format!("\n{}\n", totals.line());
        let is_success = totals.failed == 0 && (!ran_nothing || selection.runs_nothing());
        Summary { text, is_success }
    }

    pub(super) fn is_success(&self) -> bool {
        self.is_success
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The numbers of one group, or of all.
#[derive(Clone, Copy, Default)]
struct Totals {
    binaries: usize,
    counts: Counts,
    skipped: usize,
    /// Failed tests, binaries that ended early, and crates that do not compile.
    failed: usize,
    took: Duration,
}

impl Totals {
    fn of(group: &GroupResult) -> Totals {
        let Report { binaries, errors, skipped } = &group.report;
        let all = |counts: Counts, binary: &Binary| counts.plus(binary.counts);
        let counts = binaries.iter().fold(Counts::default(), all);
        let broken = binaries.iter().filter(|binary| binary.ended_early.is_some()).count();
        Totals {
            binaries: binaries.len(),
            counts: Counts { passed: counts.passed.saturating_sub(skipped.len()), ..counts },
            skipped: skipped.len(),
            failed: counts.failed + broken + errors.len(),
            took: group.took,
        }
    }

    fn of_all(groups: &[GroupResult]) -> Totals {
        groups.iter().map(Totals::of).fold(Totals::default(), |all, group| Totals {
            binaries: all.binaries + group.binaries,
            counts: all.counts.plus(group.counts),
            skipped: all.skipped + group.skipped,
            failed: all.failed + group.failed,
            took: all.took + group.took,
        })
    }

    /// The plain line.
    fn line(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.counts.passed, self.failed);
        if self.skipped != 0 {
            let _ = write!(line, ", {} skipped", self.skipped);
        }
        line
    }

    fn row(&self, name: &str) -> String {
        let Totals { binaries, counts: Counts { passed, ignored, .. }, skipped, failed, took } =
            self;
        let took = spoken(*took);
        format!("{name:<18}{binaries:>9}{passed:>8}{failed:>8}{ignored:>9}{skipped:>9}{took:>14}\n")
    }
}

fn table(groups: &[GroupResult], totals: Totals) -> String {
    let (binaries, passed, failed) = ("binaries", "passed", "failed");
    let (ignored, skipped, time) = ("ignored", "skipped", "time");
    let mut table = format!(
        "{:<18}{binaries:>9}{passed:>8}{failed:>8}{ignored:>9}{skipped:>9}{time:>14}\n",
        ""
    );
    for group in groups {
        table += &Totals::of(group).row(group.name);
    }
    if 1 < groups.len() {
        table += &totals.row("all");
    }
    table
}

fn section(title: &str, lines: Vec<String>) -> String {
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n{title}\n{lines}") }
}

/// The failures, each followed by the command that runs it alone.
fn failures(selection: &Selection, groups: &[GroupResult]) -> Vec<String> {
    let mut lines = Vec::new();
    for Report { binaries, errors, .. } in groups.iter().map(|group| &group.report) {
        lines.extend_from_slice(errors);
        for binary in binaries {
            let targets = targets(selection, binary);
            for test in &binary.failed {
                lines.push(format!("{test}, in {}", binary.name));
                lines.push(format!("  cargo xtask test {targets}-- {}", filter(&targets, test)));
            }
            if let Some(how) = &binary.ended_early {
                lines.push(format!("{} ended early: {how}", binary.name));
                lines.push(format!("  cargo xtask test {targets}").trim_end().to_owned());
            }
        }
    }
    lines
}

/// The arguments that select a test of a binary.
fn filter(targets: &str, test: &str) -> String {
    match test.split_once(" - ") {
        // rustdoc splits what it passes on at spaces, so a single doc test cannot be selected; those of its file can.
        Some((file, _)) if targets.contains("--doc") => quote(file),
        _ => format!("{} --exact", quote(test)),
    }
}

/// The flags that select the binary, followed by a space.
///
/// The package is omitted, unless the caller has named packages: a single package may get other features than all
/// packages together, and cargo would compile its dependencies again.
fn targets(selection: &Selection, binary: &Binary) -> String {
    let all = binary.selection.as_deref().unwrap_or_default();
    let words: Vec<&str> = all.split(' ').collect();
    let targets = match &words[..] {
        ["-p", _, targets @ ..] if !selection.names_packages() => targets,
        targets => targets,
    };
    let targets = targets.join(" ");
    if targets.is_empty() { targets } else { targets + " " }
}

fn skips(groups: &[GroupResult]) -> Vec<String> {
    let skipped = groups.iter().flat_map(|group| &group.report.skipped);
    skipped.map(|skipped| format!("{}: {}", skipped.test, skipped.reason)).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{super::report::Skipped, *};

    fn select(arguments: &[&str]) -> Selection {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Selection::read(&arguments)
    }

    fn group(name: &'static str, seconds: u64, report: Report) -> GroupResult {
        GroupResult { name, report, took: Duration::from_secs(seconds) }
    }

    fn binary(passed: usize, failed: &[&str], selection: &str) -> Binary {
        Binary {
            name: "stories (tests/stories/main.rs)".to_owned(),
            selection: (!selection.is_empty()).then(|| selection.to_owned()),
            counts: Counts { passed, failed: failed.len(), ignored: 1 },
            failed: failed.iter().map(|&test| test.to_owned()).collect(),
            ended_early: None,
        }
    }

    #[test]
    fn failures_are_named_and_the_end_is_a_plain_line() {
        let slow = Skipped { test: "timing::x".to_owned(), reason: "2 ms late".to_owned() };
        let failed = binary(7, &["a::b"], "-p driftline --test stories");
        let docs = Binary {
            name: "driftline_core".to_owned(),
            ..binary(1, &["core/src/x.rs - x::f (line 8)"], "-p driftline-core --doc")
        };
        let broken = Binary {
            name: "crash".to_owned(),
            selection: Some("-p x --test crash".to_owned()),
            ended_early: Some("signal: 6".to_owned()),
            ..Binary::default()
        };
        let unit = Report { binaries: vec![binary(800, &[], "")], ..Report::default() };
        let stories = Report {
            binaries: vec![failed, docs, broken],
            skipped: vec![slow],
            errors: Vec::new(),
        };
        let groups = [group("unit tests", 12, unit), group("integration tests", 312, stories)];
        let summary = Summary::new(&select(&[]), &groups);
        let expected = "                   binaries  passed  failed  ignored  skipped          time
unit tests                1     800       0        1        0          12 s
integration tests         3       7       3        2        1    5 min 12 s
all                       4     807       3        3        1    5 min 24 s

failed:
  a::b, in stories (tests/stories/main.rs)
    cargo xtask test --test stories -- a::b --exact
  core/src/x.rs - x::f (line 8), in driftline_core
    cargo xtask test --doc -- core/src/x.rs
  crash ended early: signal: 6
    cargo xtask test --test crash

skipped:
  timing::x: 2 ms late

807 passed, 3 failed, 1 skipped
";
        assert_eq!(summary.to_string(), expected);
        assert!(!summary.is_success());
    }

    #[test]
    fn all_that_ran_has_passed() {
        let report = Report { binaries: vec![binary(3, &[], "")], ..Report::default() };
        let summary = Summary::new(&select(&[]), &[group("unit tests", 1, report)]);
        assert!(summary.is_success());
        assert!(summary.to_string().ends_with("\n\n3 passed, 0 failed\n"), "{summary}");
    }

    #[test]
    fn what_does_not_compile_has_failed() {
        let errors = vec!["could not compile `x` (lib test) due to 1 previous error".to_owned()];
        let report = Report { errors, ..Report::default() };
        let summary = Summary::new(&select(&[]), &[group("unit tests", 1, report)]);
        assert!(!summary.is_success());
        let expected = "\nfailed:\n  could not compile `x` (lib test) due to 1 previous error\n\n\
                        0 passed, 1 failed\n";
        assert!(summary.to_string().ends_with(expected), "{summary}");
    }

    #[test]
    fn a_run_of_nothing_fails_unless_nothing_was_to_run() {
        let nothing = [group("unit tests", 1, Report::default())];
        let summary = Summary::new(&select(&["--", "no-such-test"]), &nothing);
        assert!(!summary.is_success());
        assert!(summary.to_string().contains("\nno test ran: "), "{summary}");
        assert!(Summary::new(&select(&["--no-run"]), &nothing).is_success());
        assert!(Summary::new(&select(&["--", "--list"]), &nothing).is_success());
    }

    #[test]
    fn a_package_that_the_caller_has_named_stays_named() {
        let failed = binary(0, &["a"], "-p xtask --lib");
        let report = Report { binaries: vec![failed], ..Report::default() };
        let groups = [group("selected tests", 1, report)];
        let command = |arguments: &[&str]| failures(&select(arguments), &groups)[1].clone();
        assert_eq!(command(&["-p", "xtask"]), "  cargo xtask test -p xtask --lib -- a --exact");
        assert_eq!(command(&[]), "  cargo xtask test --lib -- a --exact");
    }
}
