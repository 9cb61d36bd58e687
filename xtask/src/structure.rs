//! The structure that ARCHITECTURE.md promises: which crate may use which, and no circle of modules within one.
//! It reads manifests and sources, and never changes any.

mod circles;
mod floors;
mod modules;
mod source;
mod tokens;

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result, bail};

use self::{
    circles::{Circle, circles},
    modules::Crate,
};
use crate::{paths, workspace};

/// Arrows between crates that are to go, as (from, to). The check fails if one of them is gone, so the list only
/// becomes shorter.
const KNOWN_ARROWS: &[(&str, &str)] = &[
    ("driftline-host-sim", "driftline-core"),
    ("driftline-host-sim", "driftline-profiler"),
    ("driftline-host-sim", "driftline-testbed"),
];

/// Circles that are to go: the source of the crate's root, and the members. The same holds for this list.
const KNOWN_CIRCLES: &[(&str, &[&str])] = &[
    (
        "core/src/lib.rs",
        &[
            "config",
            "directory",
            "evaluator",
            "generation",
            "ledger",
            "model",
            "monitor",
            "names",
            "prediction",
            "roster",
            "tap",
        ],
    ),
    (
        "core/src/lib.rs",
        &["generation::dialect", "generation::facts", "generation::prompt", "generation::request"],
    ),
    ("core/src/lib.rs", &["model::column", "model::violation"]),
    ("core/src/lib.rs", &["prediction::columns", "prediction::unlisted"]),
    (
        "host-sim/src/lib.rs",
        &["abi", "expression", "filter", "flow", "property", "state", "vm", "watchdog", "worker"],
    ),
    ("host-sim/src/lib.rs", &["proxy::body", "proxy::head"]),
    ("host-sim/src/lib.rs", &["proxy::connection", "proxy::exchange"]),
    ("host-sim/src/bin/driftline/main.rs", &["demo::preparation", "demo::weather_chapter"]),
    ("profiler/src/lib.rs", &["builder", "column", "input", "recount"]),
];

/// Fails if a crate uses one that it must not, or modules are in a circle; names every case with its file and line.
///
/// # Errors
///
/// If so, or if a manifest or a source cannot be read.
pub fn check() -> Result<()> {
    let problems = problems()?;
    if !problems.is_empty() {
        bail!("the structure is not as ARCHITECTURE.md says:\n  - {}", problems.join("\n  - "));
    }
    Ok(())
}

fn problems() -> Result<Vec<String>> {
    let packages = floors::packages(&workspace::metadata()?)?;
    let mut problems = floors::problems(&packages, KNOWN_ARROWS);
    for package in packages.iter().filter(|package| floors::is_bare(&package.name)) {
        for root in &package.roots {
            let text = fs::read_to_string(root).with_context(|| root.clone())?;
            problems.extend(uses_std(&text).map(|how| format!("{}: {how}", package.name)));
        }
    }
    let mut found = Vec::new();
    for root in packages.iter().flat_map(|package| &package.roots) {
        let read = Crate::read(paths::root(), Path::new(root))?;
        let root = Path::new(root).strip_prefix(paths::root()).unwrap_or(Path::new(root));
        found.extend(circles(&read).into_iter().map(|circle| {
            let shown = describe(&root.display().to_string(), &read, &circle);
            (root.display().to_string(), circle.members, shown)
        }));
    }
    problems.extend(compare(&found, KNOWN_CIRCLES));
    Ok(problems)
}

/// How the root of a crate lets `std` in, if it does.
fn uses_std(root: &str) -> Option<&'static str> {
    const STD: &str = "extern crate std;";
    let for_tests = root.matches(&format!("#[cfg(test)]\n{STD}")).count();
    if !root.contains("\n#![no_std]\n") {
        return Some("its root has no `#![no_std]`");
    }
    (root.matches(STD).count() != for_tests).then_some("it uses `std`, and not for tests only")
}

/// Circles that are not known, and known ones that are gone.
fn compare(found: &[(String, Vec<String>, String)], known: &[(&str, &[&str])]) -> Vec<String> {
    let is_known = |root: &str, members: &[String]| {
        known.iter().any(|(known_root, known)| *known_root == root && members == *known)
    };
    let new = found.iter().filter(|(root, members, _)| !is_known(root, members));
    let mut problems: Vec<String> = new.map(|(_, _, shown)| shown.clone()).collect();
    let gone = known.iter().filter(|(known_root, known)| {
        !found.iter().any(|(root, members, _)| root == known_root && members == known)
    });
    problems.extend(gone.map(|(root, members)| {
        format!(
            "{root}: no circle of just {} any more: take it out of KNOWN_CIRCLES in xtask/src/structure.rs",
            members.join(", ")
        )
    }));
    problems
}

/// A circle with each reference that leads round.
fn describe(root: &str, read: &Crate, circle: &Circle) -> String {
    let members = circle.members.join(", ");
    let mut text = format!("{root}: a circle of {} modules: {members}", circle.members.len());
    for reference in &circle.way {
        let file = read.modules[reference.from].file.display();
        let (from, to) = (read.path(reference.from), read.path(reference.to));
        let (line, path) = (reference.line, &reference.path);
        let _ = write!(text, "\n      {file}:{line}: {from} names `{path}`, of {to}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_use_only_what_is_below_them_and_modules_are_in_no_circle() {
        let problems = problems().unwrap();
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    #[test]
    fn a_root_without_std_is_told_from_others() {
        let root = "//! x\n\n#![no_std]\n\nextern crate alloc;\n";
        assert_eq!(uses_std(root), None);
        assert_eq!(uses_std(&format!("{root}#[cfg(test)]\nextern crate std;\n")), None);
        let found = uses_std(&format!("{root}extern crate std;\n"));
        assert_eq!(found, Some("it uses `std`, and not for tests only"));
        assert_eq!(uses_std("//! x\n"), Some("its root has no `#![no_std]`"));
    }

    #[test]
    fn a_circle_is_described_by_file_line_and_what_is_named() {
        let read = Crate::of_text(
            "mod a {\n use crate::b::B;\n pub struct A; }\nmod b {\n use super::a::A;\n pub struct B; }",
        );
        let [circle] = &circles(&read)[..] else { panic!("{read:?}") };
        assert_eq!(
            describe("x/src/lib.rs", &read, circle),
            "x/src/lib.rs: a circle of 2 modules: a, b\n      \
             lib.rs:2: a names `crate::b::B`, of b\n      lib.rs:5: b names `super::a::A`, of a"
        );
    }

    #[test]
    fn a_known_circle_is_let_pass_until_it_is_gone_or_another_one() {
        let circle = |members: &[&str]| {
            let members: Vec<String> = members.iter().map(|&member| member.to_owned()).collect();
            ("lib.rs".to_owned(), members, "a circle".to_owned())
        };
        let known: &[(&str, &[&str])] = &[("lib.rs", &["a", "b"])];
        assert_eq!(compare(&[circle(&["a", "b"])], known), [""; 0]);
        assert_eq!(compare(&[circle(&["a", "b", "c"])], known).len(), 2);
        assert_eq!(compare(&[circle(&["a", "b"])], &[]), ["a circle"]);
        let gone = compare(&[], known);
        assert!(gone[0].starts_with("lib.rs: no circle of just a, b any more: "), "{gone:?}");
    }
}
