//! What is compiled once: the demo and the tests ask for the same features of what they share. Nothing is built here.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

/// What `cargo xtask demo` runs.
const DEMO: &[&str] = &["--package", "driftline-cli", "--edges", "normal,build"];
/// What `cargo xtask test` builds first: the default members.
const TESTS: &[&str] = &["--edges", "normal,build,dev"];
/// What it builds for the tests of foreign functions.
const WITH_FOREIGN_FUNCTIONS: &[&str] =
    &["--edges", "normal,build,dev", "--features", "driftline-host-sim/foreign-functions"];

/// Every package with its version, and the sets of features that a selection builds it with: two if it is part of programs
/// as well as of the build's own.
type Packages = BTreeMap<String, BTreeSet<String>>;

/// Packages of others. Ours are few, and those above a package with another feature are built anew anyway.
fn packages(selection: &[&str]) -> Packages {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--prefix", "none", "--format", "{p}|{f}"]).args(selection);
    let output = command.current_dir(root).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut packages = Packages::new();
    let ours = root.to_string_lossy();
    for line in text.lines().filter(|line| !line.is_empty() && !line.contains(&*ours)) {
        let (package, features) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        packages.entry(package.to_owned()).or_default().insert(features.to_owned());
    }
    packages
}

/// Packages that are built for both, but not with the same features.
fn built_twice<'p>(first: &'p Packages, second: &'p Packages) -> Vec<String> {
    let differs = |(package, features): (&'p String, &'p BTreeSet<String>)| {
        let others = second.get(package)?;
        let missing: Vec<_> = features.difference(others).collect();
        (!missing.is_empty()).then(|| format!("\n{package}: {missing:?}, then {others:?}"))
    };
    first.iter().filter_map(differs).collect()
}

#[test]
fn what_the_demo_has_built_is_not_built_again_for_the_tests() {
    let [demo, tests, with_foreign_functions] = [DEMO, TESTS, WITH_FOREIGN_FUNCTIONS].map(packages);
    assert!(demo.keys().any(|package| package.starts_with("wasmtime v")), "{demo:?}");
    for (first, second) in [(&demo, &tests), (&tests, &with_foreign_functions)] {
        let twice = built_twice(first, second);
        assert!(
            twice.is_empty(),
            "these are built twice; let cli/Cargo.toml or what it depends on ask for the same features:{}",
            twice.concat()
        );
    }
}
