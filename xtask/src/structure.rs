//! Checks the structure that ARCHITECTURE.md promises: crates use only crates below them, and no crate has a cycle of
//! modules. It reads manifests and sources, and never changes one.

mod cycles;
mod layers;
mod modules;
mod source;
mod tokens;

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result, bail};

use self::{
    cycles::{Cycle, cycles},
    modules::Crate,
};
use crate::{paths, workspace};

/// Dependencies that break the table and are still tolerated, as (from, to). The check fails if one no longer exists,
/// so the list can only shrink.
const KNOWN_DEPENDENCIES: &[(&str, &str)] = &[];

/// Cycles that are still tolerated: the root file of the crate, and the members. This list, too, can only shrink.
const KNOWN_CYCLES: &[(&str, &[&str])] = &[];

/// Checks every crate of the workspace.
///
/// # Errors
///
/// If a crate uses one that it must not, or modules form a cycle; the error lists every case, with file and line. Also
/// if a manifest or a source cannot be read.
pub fn check() -> Result<()> {
    let problems = problems()?;
    if !problems.is_empty() {
        bail!("the structure differs from ARCHITECTURE.md:\n  - {}", problems.join("\n  - "));
    }
    Ok(())
}

fn problems() -> Result<Vec<String>> {
    let packages = layers::packages(&workspace::metadata()?)?;
    let mut problems = layers::problems(&packages, KNOWN_DEPENDENCIES);
    for package in packages.iter().filter(|package| layers::is_bare(&package.name)) {
        for root in &package.roots {
            let text = fs::read_to_string(root).with_context(|| root.clone())?;
            problems.extend(uses_std(&text).map(|how| format!("{}: {how}", package.name)));
        }
    }
    let mut found = Vec::new();
    for root in packages.iter().flat_map(|package| &package.roots) {
        let read = Crate::read(paths::root(), Path::new(root))?;
        let root = Path::new(root).strip_prefix(paths::root()).unwrap_or(Path::new(root));
        let root = root.display().to_string();
        found.extend(cycles(&read).into_iter().map(|cycle| Found::new(&root, &read, cycle)));
    }
    problems.extend(compare(&found, KNOWN_CYCLES));
    Ok(problems)
}

/// Why the root file of a crate is not `no_std`, if it is not.
fn uses_std(root: &str) -> Option<&'static str> {
    const STD: &str = "extern crate std;";
    let for_tests = root.matches(&format!("#[cfg(test)]\n{STD}")).count();
    if !root.contains("\n#![no_std]\n") {
        return Some("its root has no `#![no_std]`");
    }
    (root.matches(STD).count() != for_tests).then_some("it uses `std` outside of tests")
}

/// A cycle in one of the crates.
struct Found {
    /// The root file of the crate.
    root: String,
    members: Vec<String>,
    /// The description for the developer.
    text: String,
}

impl Found {
    fn new(root: &str, read: &Crate, cycle: Cycle) -> Found {
        let text = describe(root, read, &cycle);
        Found { root: root.to_owned(), members: cycle.members, text }
    }

    fn is(&self, root: &str, members: &[&str]) -> bool {
        self.root == root && self.members == members
    }
}

/// Cycles that are not tolerated, and tolerated ones that no longer exist.
fn compare(found: &[Found], known: &[(&str, &[&str])]) -> Vec<String> {
    let is_known = |cycle: &&Found| known.iter().any(|(root, members)| cycle.is(root, members));
    let new = found.iter().filter(|cycle| !is_known(cycle));
    let mut problems: Vec<String> = new.map(|cycle| cycle.text.clone()).collect();
    let gone =
        known.iter().filter(|(root, members)| !found.iter().any(|cycle| cycle.is(root, members)));
    problems.extend(gone.map(|(root, members)| {
        format!(
            "{root}: there is no longer a cycle of exactly {}: remove it from KNOWN_CYCLES in xtask/src/structure.rs",
            members.join(", ")
        )
    }));
    problems
}

/// The members of a cycle, and the references of the shortest one among them.
fn describe(root: &str, read: &Crate, cycle: &Cycle) -> String {
    let members = cycle.members.join(", ");
    let mut text = format!("{root}: a cycle of {} modules: {members}", cycle.members.len());
    for reference in &cycle.shortest {
        let file = read.modules[reference.from].file.display();
        let (from, to) = (read.path(reference.from), read.path(reference.to));
        let (line, path) = (reference.line, &reference.path);
        let _ = write!(text, "\n      {file}:{line}: {from} refers to `{path}`, in {to}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_use_only_what_is_below_them_and_modules_are_in_no_cycle() {
        let problems = problems().unwrap();
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    #[test]
    fn a_root_without_std_is_told_from_others() {
        let root = "//! x\n\n#![no_std]\n\nextern crate alloc;\n";
        assert_eq!(uses_std(root), None);
        assert_eq!(uses_std(&format!("{root}#[cfg(test)]\nextern crate std;\n")), None);
        let found = uses_std(&format!("{root}extern crate std;\n"));
        assert_eq!(found, Some("it uses `std` outside of tests"));
        assert_eq!(uses_std("//! x\n"), Some("its root has no `#![no_std]`"));
    }

    #[test]
    fn a_cycle_is_described_by_file_line_and_what_is_named() {
        let read = Crate::of_text(
            "mod a {\n use crate::b::B;\n pub struct A; }\nmod b {\n use super::a::A;\n pub struct B; }",
        );
        let [cycle] = &cycles(&read)[..] else { panic!("{read:?}") };
        assert_eq!(
            describe("x/src/lib.rs", &read, cycle),
            "x/src/lib.rs: a cycle of 2 modules: a, b\n      \
             lib.rs:2: a refers to `crate::b::B`, in b\n      lib.rs:5: b refers to `super::a::A`, in a"
        );
    }

    #[test]
    fn a_known_cycle_is_let_pass_until_it_is_gone_or_another_one() {
        let cycle = |members: &[&str]| Found {
            root: "lib.rs".to_owned(),
            members: members.iter().map(|&member| member.to_owned()).collect(),
            text: "a cycle".to_owned(),
        };
        let known: &[(&str, &[&str])] = &[("lib.rs", &["a", "b"])];
        assert_eq!(compare(&[cycle(&["a", "b"])], known), [""; 0]);
        assert_eq!(compare(&[cycle(&["a", "b", "c"])], known).len(), 2);
        assert_eq!(compare(&[cycle(&["a", "b"])], &[]), ["a cycle"]);
        let gone = compare(&[], known);
        assert!(
            gone[0].starts_with("lib.rs: there is no longer a cycle of exactly a, b: "),
            "{gone:?}"
        );
    }
}
