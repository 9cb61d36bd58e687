//! Which crate may use which: a table, and what breaks it. Dependencies for tests only are free. It never reads sources.

use anyhow::{Context, Result};
use serde_json::Value;

/// A crate of ours, and those below it that it may use.
struct Floor {
    package: &'static str,
    may_use: &'static [&'static str],
    /// Whether it has no clock, no I/O, no threads and nothing that has: it may use [`BARE`] of others, and no `std`.
    is_bare: bool,
}

const fn floor(package: &'static str, may_use: &'static [&'static str]) -> Floor {
    Floor { package, may_use, is_bare: false }
}

const fn bare(package: &'static str, may_use: &'static [&'static str]) -> Floor {
    Floor { package, may_use, is_bare: true }
}

const LABELS: &str = "driftline-labels";
const WIRE: &str = "driftline-wire";
const STATISTICS: &str = "driftline-statistics";
const INFERENCE: &str = "driftline-inference";
const METRICS: &str = "driftline-metrics";
const MONITOR: &str = "driftline-monitor";
/// What the five above are cut out of.
const CORE: &str = "driftline-core";
const HOST_SIM: &str = "driftline-host-sim";
const PROFILER: &str = "driftline-profiler";
const PROFILER_FILES: &str = "driftline-profiler-files";
const TESTBED: &str = "driftline-testbed";
const SUPPORT: &str = "driftline-support";

/// Every crate of the workspace, from the ground up: each uses only crates above its row, so the table has no circle.
/// A row whose crate is not there yet says where it will stand.
const FLOORS: &[Floor] = &[
    bare(LABELS, &[]),
    bare(WIRE, &[]),
    bare(STATISTICS, &[LABELS]),
    bare(INFERENCE, &[LABELS, WIRE, STATISTICS]),
    bare(METRICS, &[LABELS, STATISTICS]),
    bare(MONITOR, &[LABELS, WIRE, STATISTICS, INFERENCE, METRICS]),
    bare(CORE, &[LABELS, WIRE, STATISTICS]),
    floor("driftline-plugin", &[LABELS, STATISTICS, INFERENCE, METRICS, MONITOR, CORE]),
    floor(PROFILER, &[STATISTICS, CORE]),
    floor(PROFILER_FILES, &[STATISTICS, PROFILER, CORE]),
    floor("driftline-studio", &[STATISTICS, METRICS, PROFILER]),
    // A proxy of its own, which must not share the filter's mistakes.
    floor(HOST_SIM, &[]),
    floor(TESTBED, &[]),
    floor(SUPPORT, &[WIRE, STATISTICS, INFERENCE, METRICS, MONITOR, CORE]),
    floor("driftline-arithmetic", &[STATISTICS, CORE]),
    floor(
        "driftline-cli",
        &[
            LABELS,
            WIRE,
            STATISTICS,
            INFERENCE,
            METRICS,
            MONITOR,
            CORE,
            PROFILER,
            PROFILER_FILES,
            HOST_SIM,
            TESTBED,
            SUPPORT,
        ],
    ),
    floor("xtask", &[STATISTICS, INFERENCE, METRICS, MONITOR, CORE]),
    floor("driftline-benches", &[]),
    // It knows bytes and nothing of ours.
    floor("driftline-cuts", &[]),
    // The stories: they use all the others, in tests.
    floor("driftline", &[]),
];

/// Crates of others that only these of ours may use. The arithmetic is a filter, too, for a test.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("proxy-wasm", &["driftline-plugin", "driftline-arithmetic"]),
    ("wasmtime", &[HOST_SIM]),
    ("wasm-bindgen", &["driftline-studio"]),
];

/// Crates of others without a clock, I/O and threads, which need no `std`.
const BARE: &[&str] = &[
    "brotli-decompressor",
    "crc32fast",
    "csv-core",
    "enum-map",
    "libm",
    "memchr",
    "miniz_oxide",
    "ruzstd",
    "serde",
    "serde_json",
];

/// A package of the workspace, with what it is built from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Package {
    pub(super) name: String,
    /// Names of packages, those for tests only left out.
    pub(super) uses: Vec<String>,
    /// The roots of its library and of its programs.
    pub(super) roots: Vec<String>,
}

/// Reads what `cargo metadata --no-deps` prints.
///
/// # Errors
///
/// If it is something else.
pub(super) fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    packages.iter().map(package).collect::<Option<_>>().context("cargo metadata has other packages")
}

fn package(package: &Value) -> Option<Package> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let dependencies = package["dependencies"].as_array()?.iter();
    let mut uses: Vec<String> = dependencies
        .filter(|it| it["kind"] != "dev")
        .map(|it| text(&it["name"]))
        .collect::<Option<_>>()?;
    uses.sort();
    uses.dedup();
    let is_built = |target: &&Value| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| kind == "bin" || kind.ends_with("lib"))
    };
    let targets = package["targets"].as_array()?.iter().filter(is_built);
    let roots = targets.map(|target| text(&target["src_path"])).collect::<Option<_>>()?;
    Some(Package { name: text(&package["name"])?, uses, roots })
}

/// What breaks the table, a sentence each. `known` are arrows that are to go, as (from, to).
pub(super) fn problems(packages: &[Package], known: &[(&str, &str)]) -> Vec<String> {
    let mut problems = Vec::new();
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    for Package { name, uses, .. } in packages {
        let Some(floor) = FLOORS.iter().find(|floor| floor.package == name) else {
            problems.push(format!("{name} has no row in xtask/src/structure/floors.rs"));
            continue;
        };
        let is_known = |used: &str| known.contains(&(name.as_str(), used));
        let up = uses.iter().filter(|used| {
            is_ours(used) && !floor.may_use.contains(&used.as_str()) && !is_known(used)
        });
        problems.extend(up.map(|used| {
            let allowed = match floor.may_use {
                [] => "none".to_owned(),
                some => some.join(", "),
            };
            format!("{name} uses {used}; crates of ours that it may use: {allowed}")
        }));
        let of_others = || uses.iter().filter(|used| !is_ours(used));
        let not_bare = of_others().filter(|used| floor.is_bare && !BARE.contains(&used.as_str()));
        problems.extend(not_bare.map(|used| {
            format!("{name} uses {used}, which is not known to have no clock, I/O and threads")
        }));
        let outside = of_others().filter(|used| !may_use_outside(name, used));
        problems.extend(outside.map(|used| format!("{name} uses {used}, and must not know it")));
    }
    let is_there = |from: &str, to: &str| {
        let mut packages = packages.iter();
        packages.any(|it| it.name == from && it.uses.iter().any(|used| used == to))
    };
    let gone = known.iter().filter(|(from, to)| !is_there(from, to));
    problems.extend(gone.map(|(from, to)| {
        format!("{from} uses {to} no more: take it out of KNOWN_ARROWS in xtask/src/structure.rs")
    }));
    problems
}

/// Whether a package has no clock, I/O and threads, and so no `std`.
pub(super) fn is_bare(package: &str) -> bool {
    FLOORS.iter().any(|floor| floor.package == package && floor.is_bare)
}

fn may_use_outside(package: &str, used: &str) -> bool {
    OUTSIDE.iter().all(|(outside, users)| *outside != used || users.contains(&package))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[&str]) -> Package {
        let uses = uses.iter().map(|&used| used.to_owned()).collect();
        Package { name: name.to_owned(), uses, roots: Vec::new() }
    }

    #[test]
    fn each_row_uses_only_rows_above_it_and_no_row_comes_twice() {
        for (at, floor) in FLOORS.iter().enumerate() {
            let above: Vec<&str> = FLOORS[..at].iter().map(|floor| floor.package).collect();
            assert!(!above.contains(&floor.package), "{} comes twice", floor.package);
            let up = floor.may_use.iter().find(|used| !above.contains(used));
            assert_eq!(up, None, "{}", floor.package);
        }
    }

    #[test]
    fn what_the_table_allows_is_no_problem_and_crates_of_others_are_free() {
        let packages = [
            package(WIRE, &["memchr"]),
            package(INFERENCE, &[WIRE, "serde"]),
            package(HOST_SIM, &["wasmtime"]),
        ];
        assert_eq!(problems(&packages, &[]), [""; 0]);
    }

    #[test]
    fn an_arrow_that_runs_up_or_across_is_named() {
        let packages = [
            package(WIRE, &[STATISTICS]),
            package(STATISTICS, &[]),
            package(METRICS, &[WIRE, STATISTICS]),
            package(TESTBED, &["wasmtime", "tokio"]),
        ];
        assert_eq!(
            problems(&packages, &[]),
            [
                "driftline-wire uses driftline-statistics; crates of ours that it may use: none",
                "driftline-metrics uses driftline-wire; crates of ours that it may use: \
                 driftline-statistics",
                "driftline-testbed uses wasmtime, and must not know it",
            ]
        );
    }

    #[test]
    fn what_decides_without_a_host_is_built_from_nothing_that_has_a_clock_or_does_io() {
        let found = problems(&[package(WIRE, &["memchr", "tokio"])], &[]);
        let expected =
            "driftline-wire uses tokio, which is not known to have no clock, I/O and threads";
        assert_eq!(found, [expected]);
        assert!(is_bare(WIRE) && !is_bare(HOST_SIM));
    }

    #[test]
    fn a_crate_without_a_row_is_a_problem() {
        let found = problems(&[package("driftline-new", &[])], &[]);
        assert_eq!(found, ["driftline-new has no row in xtask/src/structure/floors.rs"]);
    }

    #[test]
    fn a_known_arrow_is_let_pass_until_it_is_gone() {
        let known = [(HOST_SIM, CORE)];
        let core = package(CORE, &[]);
        let packages = [core.clone(), package(HOST_SIM, &[CORE])];
        assert_eq!(problems(&packages, &known), [""; 0]);
        let found = problems(&[core, package(HOST_SIM, &[])], &known);
        assert_eq!(
            found,
            ["driftline-host-sim uses driftline-core no more: take it out of KNOWN_ARROWS in \
              xtask/src/structure.rs"]
        );
    }

    #[test]
    fn packages_are_read_as_cargo_prints_them() {
        let metadata = serde_json::from_str(
            r#"{"packages": [{"name": "a", "dependencies": [
            {"name": "b", "kind": null}, {"name": "c", "kind": "dev"},
            {"name": "d", "kind": "build"}, {"name": "b", "kind": null, "target": "cfg(unix)"}],
          "targets": [{"kind": ["cdylib", "rlib"], "src_path": "/x/lib.rs"},
            {"kind": ["test"], "src_path": "/x/t.rs"}, {"kind": ["bin"], "src_path": "/x/main.rs"},
            {"kind": ["custom-build"], "src_path": "/x/build.rs"}]}]}"#,
        );
        let mut expected = package("a", &["b", "d"]);
        expected.roots = vec!["/x/lib.rs".to_owned(), "/x/main.rs".to_owned()];
        assert_eq!(packages(&metadata.unwrap()).unwrap(), [expected]);
        assert!(packages(&Value::Null).is_err());
    }
}
