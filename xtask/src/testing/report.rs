//! Reads the output of one `cargo test` command, line by line. It never prints and never judges.
//!
//! It knows the lines of cargo (`Running ...`, `Doc-tests ...`, `error: ...`) and of libtest (`running 3 tests`,
//! `failures:`, `test result: ...`). The output of failed tests appears between them and may look the same, so a result
//! counts only if its numbers add up to the number of tests that libtest announced.

use std::process::ExitStatus;

/// The results of one group of tests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Report {
    /// Every test binary, and the doc tests of every crate, in order.
    pub(super) binaries: Vec<Binary>,
    /// Failures other than those of tests, such as a crate that does not compile, one sentence each.
    pub(super) errors: Vec<String>,
    /// Tests that skipped themselves, with the reason.
    pub(super) skipped: Vec<Skipped>,
}

/// A test binary, or the doc tests of one crate.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Binary {
    /// The crate and, for a binary, its root file.
    pub(super) name: String,
    /// The flags that select it, such as `-p xtask --lib`; cargo prints them only after a failure.
    pub(super) selection: Option<String>,
    /// Skipped tests are counted as passed, as libtest does.
    pub(super) counts: Counts,
    /// The names of the tests that failed.
    pub(super) failed: Vec<String>,
    /// Why it ended without a result, such as a signal.
    pub(super) ended_early: Option<String>,
}

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) ignored: usize,
}

/// A test that printed `skipped: <name>: <reason>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Skipped {
    pub(super) test: String,
    pub(super) reason: String,
}

/// Reads lines, from which colours have been removed.
#[derive(Debug, Default)]
pub(super) struct Reader {
    report: Report,
    /// The number of tests that libtest announced; `None` when none are running.
    announced: Option<usize>,
    /// The names since the last `failures:`.
    listed: Vec<String>,
    /// The last error that cargo printed.
    last_error: Option<String>,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str) {
        if let Some(skipped) = skipped(line) {
            self.report.skipped.push(skipped);
        } else if let Some(name) = started(line) {
            self.end_early("it ended without a result");
            self.report.binaries.push(Binary { name, ..Binary::default() });
        } else if let Some(error) = line.strip_prefix("error: ") {
            self.error(error);
        } else if self.announced.is_some() {
            self.line_of_tests(line);
        } else if let Some(tests) = announced(line) {
            self.begin(tests);
        } else {
            self.cause(line);
        }
    }

    fn begin(&mut self, tests: usize) {
        self.announced = Some(tests);
        self.listed.clear();
        if self.report.binaries.is_empty() {
            // `cargo test --quiet` does not name binaries; all of them count as one.
            self.report.binaries.push(Binary { name: "tests".to_owned(), ..Binary::default() });
        }
    }

    /// A line while tests run.
    fn line_of_tests(&mut self, line: &str) {
        if line == "failures:" {
            self.listed.clear();
        } else if let Some(name) = line.strip_prefix("    ") {
            self.listed.push(name.to_owned());
        } else if let Some(counts) = result(line) {
            let all = counts.passed + counts.failed + counts.ignored;
            if self.announced == Some(all) {
                self.end_of_tests(counts);
            }
        }
    }

    fn end_of_tests(&mut self, counts: Counts) {
        self.announced = None;
        let listed = std::mem::take(&mut self.listed);
        let Some(binary) = self.report.binaries.last_mut() else {
            return;
        };
        // The doc tests of one crate may come in several runs.
        binary.counts = binary.counts.plus(counts);
        if counts.failed != 0 {
            binary.failed.extend(listed.into_iter().rev().take(counts.failed).rev());
        }
    }

    /// An error of cargo, or a line of a test that looks like one.
    fn error(&mut self, error: &str) {
        self.last_error = Some(error.to_owned());
        if self.announced.is_none() && error.starts_with("could not compile ") {
            self.report.errors.push(error.to_owned());
        } else if let Some(selection) = rerun(error) {
            self.end_early("it ended without a result");
            if let Some(binary) = self.report.binaries.last_mut() {
                binary.selection = Some(selection.to_owned());
            }
        }
    }

    /// Records that the last binary has no result, if tests were running.
    fn end_early(&mut self, why: &str) {
        if self.announced.take().is_some()
            && let Some(binary) = self.report.binaries.last_mut()
        {
            binary.ended_early = Some(why.to_owned());
        }
    }

    /// Cargo prints how a process ended if its exit code is not that of failed tests.
    fn cause(&mut self, line: &str) {
        let cause = line.trim_start().strip_prefix("process didn't exit successfully: ");
        if let Some(cause) = cause
            && let Some(binary) = self.report.binaries.last_mut()
            && binary.failed.is_empty()
        {
            let how = cause.rsplit_once("` (").map_or(cause, |(_, how)| how.trim_end_matches(')'));
            binary.ended_early = Some(how.to_owned());
        }
    }

    /// The report, after cargo has ended.
    pub(super) fn finish(mut self, status: ExitStatus) -> Report {
        self.end_early("it ended without a result");
        let explains = |binary: &Binary| binary.counts.failed != 0 || binary.ended_early.is_some();
        let is_explained =
            !self.report.errors.is_empty() || self.report.binaries.iter().any(explains);
        if !status.success() && !is_explained {
            let why = self.last_error.map_or_else(String::new, |error| format!(": {error}"));
            self.report.errors.push(format!("cargo ended with {status}{why}"));
        }
        self.report
    }
}

impl Counts {
    pub(super) fn plus(self, other: Counts) -> Counts {
        Counts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }
}

/// `     Running tests/stories/main.rs (target/debug/deps/stories-0123)` or `   Doc-tests driftline_core`.
fn started(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("   Doc-tests ") {
        return Some(name.to_owned());
    }
    let (source, binary) = line.strip_prefix("     Running ")?.rsplit_once(" (")?;
    let file = binary.strip_suffix(')')?.rsplit('/').next()?;
    let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
    Some(format!("{name} ({})", source.trim_start_matches("unittests ")))
}

/// `running 3 tests`
fn announced(line: &str) -> Option<usize> {
    let rest = line.strip_prefix("running ")?;
    rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?.parse().ok()
}

/// `test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.11s`
fn result(line: &str) -> Option<Counts> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(what));
        part.and_then(|part| part.trim().parse().ok())
    };
    Some(Counts {
        passed: count(" passed")?,
        failed: count(" failed")?,
        ignored: count(" ignored")?,
    })
}

/// ``test failed, to rerun pass `-p xtask --lib` ``
fn rerun(error: &str) -> Option<&str> {
    let (_, selection) = error.split_once("test failed, to rerun pass `")?;
    selection.strip_suffix('`')
}

/// The line of a test that skips itself. It bypasses libtest, so it may follow the start of another line.
fn skipped(line: &str) -> Option<Skipped> {
    let said = line.strip_prefix("skipped: ").or_else(|| {
        let (before, said) = line.split_once(" ... skipped: ")?;
        before.starts_with("test ").then_some(said)
    })?;
    let (test, reason) = said.split_once(": ")?;
    Some(Skipped { test: test.to_owned(), reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    /// Recorded from cargo 1.95, without backtraces.
    const EVERY_KIND: &str = include_str!("recorded/every_kind.txt");
    const COMPILE_ERROR: &str = include_str!("recorded/compile_error.txt");
    const NO_SUCH_TARGET: &str = include_str!("recorded/no_such_target.txt");

    fn read(text: &str, exit_code: i32) -> Report {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line));
        reader.finish(ExitStatus::from_raw(exit_code << 8))
    }

    fn counts(passed: usize, failed: usize, ignored: usize) -> Counts {
        Counts { passed, failed, ignored }
    }

    #[test]
    fn every_binary_is_listed_with_what_failed_in_it() {
        let report = read(EVERY_KIND, 101);
        let binary = |name: &str, selection: Option<&str>, counts, failed: &[&str]| Binary {
            name: name.to_owned(),
            selection: selection.map(str::to_owned),
            counts,
            failed: failed.iter().map(|&name| name.to_owned()).collect(),
            ended_early: None,
        };
        let mut crashed =
            binary("crash (tests/crash.rs)", Some("--test crash"), counts(0, 0, 0), &[]);
        crashed.ended_early = Some("signal: 6, SIGABRT: process abort signal".to_owned());
        assert_eq!(
            report.binaries,
            [
                binary("p (src/lib.rs)", Some("--lib"), counts(3, 1, 1), &["tests::bad"]),
                binary("p (src/main.rs)", None, counts(0, 0, 0), &[]),
                crashed,
                binary("ok (tests/ok.rs)", None, counts(1, 0, 0), &[]),
                binary("p", Some("--doc"), counts(2, 1, 0), &["src/lib.rs - f (line 8)"]),
            ]
        );
        assert_eq!(report.errors, [""; 0]);
        let test = "tests::skips".to_owned();
        assert_eq!(report.skipped, [Skipped { test, reason: "this machine".to_owned() }]);
    }

    #[test]
    fn a_crate_that_does_not_compile_is_an_error_by_name() {
        let report = read(COMPILE_ERROR, 101);
        assert_eq!(report.binaries, []);
        assert_eq!(
            report.errors,
            ["could not compile `p` (lib test) due to 1 previous error; 1 warning emitted"]
        );
    }

    #[test]
    fn cargos_own_errors_are_kept() {
        let report = read(NO_SUCH_TARGET, 101);
        let expected = "cargo ended with exit status: 101: no test target named `stores` in \
                        default-run packages";
        assert_eq!(report.errors, [expected]);
        assert_eq!(read("", 0), Report::default());
    }

    #[test]
    fn the_output_of_a_failed_test_is_not_mistaken_for_a_result() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/x-0)\n\nrunning 2 tests\n\
            test a ... FAILED\ntest b ... ok\n\nfailures:\n\n---- a stdout ----\nrunning 9 tests\n\n\
            failures:\n    z\n\ntest result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; \
            0 filtered out; finished in 0.00s\n\nfailures:\n    a\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; \
            finished in 0.00s\n\nerror: test failed, to rerun pass `-p x --lib`\n";
        let report = read(text, 101);
        let [binary] = &report.binaries[..] else { panic!("{report:?}") };
        assert_eq!((binary.counts, &binary.failed[..]), (counts(1, 1, 0), &["a".to_owned()][..]));
    }

    #[test]
    fn binaries_that_cargo_does_not_name_count_as_one() {
        let result = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; \
                      finished in 0.00s\n";
        let run = format!("\nrunning 1 test\n.\n{result}");
        let report = read(&[run.as_str(), run.as_str()].concat(), 0);
        let [binary] = &report.binaries[..] else { panic!("{report:?}") };
        assert_eq!((binary.name.as_str(), binary.counts), ("tests", counts(2, 0, 0)));
    }

    #[test]
    fn a_binary_without_a_result_has_ended_early() {
        let text =
            "     Running tests/a.rs (target/debug/deps/a-0)\n\nrunning 2 tests\ntest x ... ok\n";
        let report = read(text, 101);
        assert_eq!(report.binaries[0].ended_early.as_deref(), Some("it ended without a result"));
        assert_eq!(report.errors, [""; 0]);
    }

    #[test]
    fn a_skipped_test_says_so_on_a_line_of_its_own_or_after_its_name() {
        let expected = Skipped { test: "a::b".to_owned(), reason: "too slow: 3 ms".to_owned() };
        for line in ["skipped: a::b: too slow: 3 ms", "test a::b ... skipped: a::b: too slow: 3 ms"]
        {
            assert_eq!(skipped(line).as_ref(), Some(&expected), "{line}");
        }
        assert_eq!(skipped("test skipped: x ... ok"), None);
    }
}
