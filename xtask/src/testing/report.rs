//! What one command of `cargo test` printed, read line by line. It never prints and never judges.
//!
//! Lines are those of cargo (`Running ...`, `Doc-tests ...`, `error: ...`) and of libtest (`running 3 tests`,
//! `failures:`, `test result: ...`). What a failed test has printed stands between them and may look like any of these,
//! so a result counts only if it sums up to the tests that were announced.

use std::process::ExitStatus;

/// What is known of a group of tests at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Report {
    /// Every binary that was started, and the doc tests of every crate, in order.
    pub(super) binaries: Vec<Binary>,
    /// What went wrong beside the tests, such as a crate that does not compile, a sentence each.
    pub(super) errors: Vec<String>,
    /// Tests that ran and left out what they are for, with the reason.
    pub(super) skipped: Vec<Skipped>,
}

/// A test binary, or the doc tests of one crate.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Binary {
    /// The crate and, for a binary, the source that it begins with.
    pub(super) name: String,
    /// How cargo selects it, if something failed: `-p xtask --lib`.
    pub(super) selection: Option<String>,
    /// Tests by how they ended. Skipped ones are among those that passed, as libtest knows no other word.
    pub(super) counts: Counts,
    /// The names of the tests that failed.
    pub(super) failed: Vec<String>,
    /// Why it ended before it had a result, such as a signal.
    pub(super) broke_off: Option<String>,
}

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) ignored: usize,
}

/// A test that said `skipped: <name>: <reason>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Skipped {
    pub(super) test: String,
    pub(super) reason: String,
}

/// Reads lines, which come without colours.
#[derive(Debug, Default)]
pub(super) struct Reader {
    report: Report,
    /// How many tests run now; `None` between runs.
    announced: Option<usize>,
    /// The names since the last `failures:`.
    listed: Vec<String>,
    /// The last thing that cargo called an error.
    last_error: Option<String>,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str) {
        if let Some(skipped) = skipped(line) {
            self.report.skipped.push(skipped);
        } else if let Some(name) = started(line) {
            self.break_off("it ended without a result");
            self.report.binaries.push(Binary { name, ..Binary::default() });
        } else if let Some(error) = line.strip_prefix("error: ") {
            self.error(error);
        } else if self.announced.is_some() {
            self.line_of_tests(line);
        } else if let Some(tests) = announced(line) {
            self.announced = Some(tests);
            self.listed.clear();
        } else {
            self.cause(line);
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
        // Doc tests come in several runs of one crate.
        binary.counts = binary.counts.plus(counts);
        if counts.failed != 0 {
            binary.failed.extend(listed.into_iter().rev().take(counts.failed).rev());
        }
    }

    /// What cargo calls an error, or a test that has printed the same word.
    fn error(&mut self, error: &str) {
        self.last_error = Some(error.to_owned());
        if self.announced.is_none() && error.starts_with("could not compile ") {
            self.report.errors.push(error.to_owned());
        } else if let Some(selection) = rerun(error) {
            self.break_off("it ended without a result");
            if let Some(binary) = self.report.binaries.last_mut() {
                binary.selection = Some(selection.to_owned());
            }
        }
    }

    /// Notes that the last binary has no result, if so.
    fn break_off(&mut self, why: &str) {
        if self.announced.take().is_some()
            && let Some(binary) = self.report.binaries.last_mut()
        {
            binary.broke_off = Some(why.to_owned());
        }
    }

    /// Cargo says how a process ended, if not as tests do.
    fn cause(&mut self, line: &str) {
        let cause = line.trim_start().strip_prefix("process didn't exit successfully: ");
        if let Some(cause) = cause
            && let Some(binary) = self.report.binaries.last_mut()
            && binary.failed.is_empty()
        {
            let how = cause.rsplit_once("` (").map_or(cause, |(_, how)| how.trim_end_matches(')'));
            binary.broke_off = Some(how.to_owned());
        }
    }

    /// The report, once cargo has ended.
    pub(super) fn finish(mut self, status: ExitStatus) -> Report {
        self.break_off("it ended without a result");
        let explains = |binary: &Binary| binary.counts.failed != 0 || binary.broke_off.is_some();
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

/// What a test says that leaves something out; it writes past libtest, so the beginning of another line may come first.
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

    /// Printed by cargo 1.95, shortened where a compiler or a backtrace speaks.
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
            broke_off: None,
        };
        let mut crashed =
            binary("crash (tests/crash.rs)", Some("--test crash"), counts(0, 0, 0), &[]);
        crashed.broke_off = Some("signal: 6, SIGABRT: process abort signal".to_owned());
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
    fn what_a_failed_test_prints_is_not_taken_for_a_result() {
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
    fn a_binary_that_vanishes_has_broken_off() {
        let text =
            "     Running tests/a.rs (target/debug/deps/a-0)\n\nrunning 2 tests\ntest x ... ok\n";
        let report = read(text, 101);
        assert_eq!(report.binaries[0].broke_off.as_deref(), Some("it ended without a result"));
        assert_eq!(report.errors, [""; 0]);
    }

    #[test]
    fn a_test_says_that_it_is_skipped_on_a_line_of_its_own_or_behind_its_name() {
        let expected = Skipped { test: "a::b".to_owned(), reason: "too slow: 3 ms".to_owned() };
        for line in ["skipped: a::b: too slow: 3 ms", "test a::b ... skipped: a::b: too slow: 3 ms"]
        {
            assert_eq!(skipped(line).as_ref(), Some(&expected), "{line}");
        }
        assert_eq!(skipped("test skipped: x ... ok"), None);
    }
}
