//! Which tests to run, in terms of the arguments of `cargo test`. It never looks at the tests themselves.

use std::ffi::{OsStr, OsString};

use crate::workspace::PACKAGES;

/// The quick ones first.
const GROUPS: [Group; 5] = [
    Group { name: "unit tests", targets: &["--lib", "--bins"] },
    Group { name: "doc tests", targets: &["--doc"] },
    Group { name: "integration tests", targets: &["--test", "*"] },
    // Foreign functions bring packages of their own, and host-sim anew.
    Group {
        name: "tests of foreign functions",
        targets: &["--features", "driftline-host-sim/foreign-functions", "--test", "foreign"],
    },
    // Months in virtual time, which take minutes even if optimised.
    Group {
        name: "claims of detection",
        targets: &["--release", "--features", "driftline-detection/claims", "--test", "claims"],
    },
];
/// Replaces all groups if the caller selects targets or packages.
const SELECTED: Group = Group { name: "selected tests", targets: &[] };

const TARGET_FLAGS: [&str; 11] = [
    "--lib",
    "--bins",
    "--bin",
    "--doc",
    "--test",
    "--tests",
    "--bench",
    "--benches",
    "--example",
    "--examples",
    "--all-targets",
];
const PACKAGE_FLAGS: [&str; 4] = ["-p", "--package", "--workspace", "--all"];

/// Tests that one command of cargo runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Group {
    /// The name in messages.
    pub(super) name: &'static str,
    targets: &'static [&'static str],
}

/// The arguments of the caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Selection {
    /// For cargo.
    of_cargo: Vec<OsString>,
    /// For the test binaries: those after `--`.
    of_tests: Vec<OsString>,
}

impl Selection {
    pub(super) fn read(arguments: &[OsString]) -> Selection {
        let mut parts = arguments.splitn(2, |argument| argument == "--");
        let mut next = || parts.next().unwrap_or_default().to_vec();
        Selection { of_cargo: next(), of_tests: next() }
    }

    /// The groups to run, in order.
    pub(super) fn groups(&self) -> Vec<Group> {
        if self.has(&TARGET_FLAGS) || self.names_packages() {
            return vec![SELECTED];
        }
        let mut groups = GROUPS.to_vec();
        // Cargo cannot compile doc tests without running them.
        groups.retain(|group| !self.only_compiles() || group.targets != ["--doc"]);
        groups
    }

    /// The arguments of `cargo test` for a group.
    pub(super) fn arguments(&self, group: &Group, is_coloured: bool) -> Vec<OsString> {
        let packages: &[&str] = if self.names_packages() { &[] } else { &PACKAGES };
        let own = ["--no-fail-fast"].iter().chain(packages).chain(group.targets);
        let mut arguments: Vec<OsString> = own.map(OsString::from).collect();
        arguments.extend_from_slice(&self.of_cargo);
        arguments.push("--".into());
        // libtest prints no colours into a pipe unless told to.
        if is_coloured && !self.of_tests.iter().any(|argument| flag(argument) == "--color") {
            arguments.extend(["--color", "always"].map(OsString::from));
        }
        arguments.extend_from_slice(&self.of_tests);
        arguments
    }

    /// Whether the arguments ask for no test to run: tests are only compiled or listed.
    pub(super) fn runs_nothing(&self) -> bool {
        let asks_for_help = self.has(&["--help", "-h"]);
        asks_for_help || self.only_compiles() || self.of_tests.iter().any(|it| it == "--list")
    }

    /// Whether the caller selects packages instead of all.
    pub(super) fn names_packages(&self) -> bool {
        self.has(&PACKAGE_FLAGS)
    }

    fn only_compiles(&self) -> bool {
        self.has(&["--no-run"])
    }

    fn has(&self, flags: &[&str]) -> bool {
        self.of_cargo.iter().any(|argument| flags.iter().any(|it| flag(argument) == *it))
    }
}

/// A flag without `=` and its value.
fn flag(argument: &OsStr) -> &OsStr {
    argument.to_str().and_then(|it| it.split('=').next()).map_or(argument, OsStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[track_caller]
    fn check(arguments: &str, expected: &[&str]) {
        let selection = Selection::read(&words(arguments));
        let groups = selection.groups();
        let commands = groups.iter().map(|group| {
            let words = selection.arguments(group, false);
            let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
            words.join(" ")
        });
        assert_eq!(commands.collect::<Vec<_>>(), expected, "{arguments}");
    }

    #[test]
    fn everything_runs_in_groups_of_the_same_packages() {
        check(
            "",
            &[
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --lib --bins --",
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --doc --",
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --test * --",
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches \
                 --features driftline-host-sim/foreign-functions --test foreign --",
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches \
                 --release --features driftline-detection/claims --test claims --",
            ],
        );
    }

    #[test]
    fn a_part_of_a_name_is_looked_for_in_every_group() {
        for (arguments, end) in [("-- part --exact", "-- part --exact"), ("part", "part --")] {
            check(
                arguments,
                &[
                    &format!(
                        "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --lib --bins {end}"
                    ),
                    &format!(
                        "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --doc {end}"
                    ),
                    &format!(
                        "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --test * {end}"
                    ),
                    &format!(
                        "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches \
                         --features driftline-host-sim/foreign-functions --test foreign {end}"
                    ),
                    &format!(
                        "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches \
                         --release --features driftline-detection/claims --test claims {end}"
                    ),
                ],
            );
        }
    }

    #[test]
    fn selected_targets_are_one_group_of_all_packages() {
        check(
            "--test stories -- timing --exact",
            &[
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --test stories -- timing --exact",
            ],
        );
        check(
            "--bin=driftline",
            &[
                "--no-fail-fast --workspace --exclude driftline-plugin --exclude driftline-benches --bin=driftline --",
            ],
        );
    }

    #[test]
    fn named_packages_take_the_place_of_all() {
        check("-p xtask", &["--no-fail-fast -p xtask --"]);
        check("--package=xtask --lib", &["--no-fail-fast --package=xtask --lib --"]);
    }

    #[test]
    fn doc_tests_are_left_out_where_nothing_runs() {
        let selection = Selection::read(&words("--no-run"));
        assert!(selection.runs_nothing());
        assert_eq!(selection.groups().len(), GROUPS.len() - 1);
        assert!(Selection::read(&words("-- --list")).runs_nothing());
        assert!(!Selection::read(&words("-- list")).runs_nothing());
    }

    #[test]
    fn colours_are_asked_for_unless_the_caller_has_said_otherwise() {
        let last = |arguments: &str| {
            let selection = Selection::read(&words(arguments));
            let arguments = selection.arguments(&SELECTED, true);
            arguments.last().cloned()
        };
        assert_eq!(last(""), Some("always".into()));
        assert_eq!(last("-- --color=never"), Some("--color=never".into()));
    }
}
