//! The table of which crate may use which, and the check against it. Dev-dependencies are exempt. It never reads sources.

use anyhow::{Context, Result};
use serde_json::Value;

/// A crate of the workspace, and the crates below it that it may use.
struct Layer {
    package: &'static str,
    may_use: &'static [&'static str],
    outside: Outside,
}

/// Which external crates a crate may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outside {
    /// Any that is not [`RESERVED`].
    Any,
    /// Only [`BARE`]: it has no clock, I/O or threads, and is `no_std`.
    Bare,
    /// Only [`PORTABLE`]: it is built for browsers, too.
    Portable,
}

impl Outside {
    /// The crates that it is limited to, and what those are; `None` if it is not.
    fn limit(self) -> Option<(&'static [&'static str], &'static str)> {
        match self {
            Outside::Any => None,
            Outside::Bare => Some((BARE, "free of clocks, I/O and threads")),
            Outside::Portable => Some((PORTABLE, "free of files and C")),
        }
    }
}

const fn layer(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, may_use, outside: Outside::Any }
}

const fn bare(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, may_use, outside: Outside::Bare }
}

const fn portable(package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { package, may_use, outside: Outside::Portable }
}

const LABELS: &str = "driftline-labels";
const WIRE: &str = "driftline-wire";
const STATISTICS: &str = "driftline-statistics";
const INFERENCE: &str = "driftline-inference";
const METRICS: &str = "driftline-metrics";
const MONITOR: &str = "driftline-monitor";
const OPERATIONS: &str = "driftline-operations";
const HOST_SIM: &str = "driftline-host-sim";
const PROFILER: &str = "driftline-profiler";
const PROFILER_FILES: &str = "driftline-profiler-files";
const TESTBED: &str = "driftline-testbed";
const RANDOM: &str = "driftline-random";
const SUPPORT: &str = "driftline-support";

/// Every crate of the workspace, lowest first. A row names only crates of earlier rows, so the table has no cycle.
/// Rows of crates that do not exist yet are allowed.
const LAYERS: &[Layer] = &[
    bare(LABELS, &[]),
    bare(WIRE, &[]),
    bare(STATISTICS, &[LABELS]),
    bare(INFERENCE, &[LABELS, WIRE, STATISTICS]),
    bare(METRICS, &[LABELS, STATISTICS]),
    bare(MONITOR, &[LABELS, WIRE, STATISTICS, INFERENCE, METRICS]),
    layer("driftline-plugin", &[LABELS, STATISTICS, METRICS, MONITOR]),
    layer(OPERATIONS, &[LABELS, STATISTICS, METRICS, MONITOR]),
    portable(PROFILER, &[LABELS, STATISTICS]),
    layer(PROFILER_FILES, &[LABELS, STATISTICS, PROFILER]),
    layer("driftline-studio", &[STATISTICS, METRICS, PROFILER]),
    // Independent of the others: it is the proxy, and must not share the filter's mistakes.
    layer(HOST_SIM, &[]),
    layer(TESTBED, &[]),
    // Of any dashboard: it knows no metric.
    layer("driftline-grafana", &[TESTBED]),
    // Of bytes alone.
    layer("driftline-cuts", &[]),
    bare(RANDOM, &[]),
    layer(SUPPORT, &[LABELS, WIRE, STATISTICS, INFERENCE, METRICS, MONITOR]),
    layer("driftline-arithmetic", &[STATISTICS, RANDOM]),
    // Its random numbers are those of tests: the same everywhere.
    layer("driftline-detection", &[LABELS, STATISTICS, PROFILER, RANDOM]),
    layer(
        "driftline-rehearsal",
        &[STATISTICS, MONITOR, OPERATIONS, PROFILER, PROFILER_FILES, TESTBED, RANDOM],
    ),
    layer("driftline-servers", &[OPERATIONS, PROFILER, PROFILER_FILES, TESTBED]),
    layer(
        "driftline-cli",
        &[
            LABELS,
            WIRE,
            STATISTICS,
            INFERENCE,
            METRICS,
            MONITOR,
            OPERATIONS,
            PROFILER,
            PROFILER_FILES,
            HOST_SIM,
            TESTBED,
            SUPPORT,
        ],
    ),
    layer("xtask", &[LABELS, STATISTICS, INFERENCE, METRICS, MONITOR, OPERATIONS]),
    // The benches and the stories, which use all of the others.
    layer("driftline-benches", &[]),
    layer("driftline", &[]),
];

/// External crates that only these packages may use. `driftline-arithmetic` is a filter for a test.
const RESERVED: &[(&str, &[&str])] = &[
    ("proxy-wasm", &["driftline-arithmetic"]),
    ("wasmtime", &[HOST_SIM]),
    ("wasm-bindgen", &["driftline-studio"]),
];

/// External crates that are `no_std` and have no clock, I/O or threads.
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

/// External crates that open no file and need no C compiler.
const PORTABLE: &[&str] = &["datasketches", "serde", "serde_json"];

/// A package of the workspace, with its dependencies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Package {
    pub(super) name: String,
    /// Names of its dependencies, without dev-dependencies.
    pub(super) uses: Vec<String>,
    /// The root files of its library and its binaries.
    pub(super) roots: Vec<String>,
}

/// Reads the output of `cargo metadata --no-deps`.
///
/// # Errors
///
/// If it has another form.
pub(super) fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    packages
        .iter()
        .map(package)
        .collect::<Option<_>>()
        .context("a package in cargo metadata has another form")
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

/// Violations of the table, one sentence each. `known` lists dependencies that are still tolerated, as (from, to).
pub(super) fn problems(packages: &[Package], known: &[(&str, &str)]) -> Vec<String> {
    let mut problems = Vec::new();
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    for Package { name, uses, .. } in packages {
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == name) else {
            problems.push(format!("{name} has no row in xtask/src/structure/layers.rs"));
            continue;
        };
        let is_known = |used: &str| known.contains(&(name.as_str(), used));
        let up = uses.iter().filter(|used| {
            is_ours(used) && !layer.may_use.contains(&used.as_str()) && !is_known(used)
        });
        problems.extend(up.map(|used| {
            let allowed = match layer.may_use {
                [] => "none".to_owned(),
                some => some.join(", "),
            };
            format!("{name} uses {used}; of this workspace it may use: {allowed}")
        }));
        let of_others = || uses.iter().filter(|used| !is_ours(used));
        if let Some((allowed, are)) = layer.outside.limit() {
            let not_allowed = of_others().filter(|used| !allowed.contains(&used.as_str()));
            problems.extend(
                not_allowed.map(|used| format!("{name} uses {used}, which is not listed as {are}")),
            );
        }
        let outside = of_others().filter(|used| !may_use_outside(name, used));
        problems.extend(
            outside.map(|used| format!("{name} uses {used}, which is reserved to other packages")),
        );
    }
    let is_there = |from: &str, to: &str| {
        let mut packages = packages.iter();
        packages.any(|it| it.name == from && it.uses.iter().any(|used| used == to))
    };
    let gone = known.iter().filter(|(from, to)| !is_there(from, to));
    problems.extend(gone.map(|(from, to)| {
        format!("{from} no longer uses {to}: remove it from KNOWN_DEPENDENCIES in xtask/src/structure.rs")
    }));
    problems
}

/// Whether a package must be `no_std`.
pub(super) fn is_bare(package: &str) -> bool {
    LAYERS.iter().any(|layer| layer.package == package && layer.outside == Outside::Bare)
}

fn may_use_outside(package: &str, used: &str) -> bool {
    RESERVED.iter().all(|(outside, users)| *outside != used || users.contains(&package))
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
        for (at, layer) in LAYERS.iter().enumerate() {
            let above: Vec<&str> = LAYERS[..at].iter().map(|layer| layer.package).collect();
            assert!(!above.contains(&layer.package), "{} comes twice", layer.package);
            let up = layer.may_use.iter().find(|used| !above.contains(used));
            assert_eq!(up, None, "{}", layer.package);
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
    fn an_edge_that_runs_up_or_across_is_named() {
        let packages = [
            package(WIRE, &[STATISTICS]),
            package(STATISTICS, &[]),
            package(METRICS, &[WIRE, STATISTICS]),
            package(TESTBED, &["wasmtime", "tokio"]),
        ];
        assert_eq!(
            problems(&packages, &[]),
            [
                "driftline-wire uses driftline-statistics; of this workspace it may use: none",
                "driftline-metrics uses driftline-wire; of this workspace it may use: \
                 driftline-labels, driftline-statistics",
                "driftline-testbed uses wasmtime, which is reserved to other packages",
            ]
        );
    }

    #[test]
    fn what_decides_without_a_host_is_built_from_nothing_that_has_a_clock_or_does_io() {
        let found = problems(&[package(WIRE, &["memchr", "tokio"])], &[]);
        let expected =
            "driftline-wire uses tokio, which is not listed as free of clocks, I/O and threads";
        assert_eq!(found, [expected]);
        assert!(is_bare(WIRE) && !is_bare(HOST_SIM));
    }

    #[test]
    fn the_profiler_is_built_from_nothing_that_opens_files_or_needs_c() {
        let found = problems(&[package(PROFILER, &["parquet", "serde_json"])], &[]);
        let expected =
            "driftline-profiler uses parquet, which is not listed as free of files and C";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_crate_without_a_row_is_a_problem() {
        let found = problems(&[package("driftline-new", &[])], &[]);
        assert_eq!(found, ["driftline-new has no row in xtask/src/structure/layers.rs"]);
    }

    #[test]
    fn a_known_edge_is_let_pass_until_it_is_gone() {
        let known = [(HOST_SIM, WIRE)];
        let core = package(WIRE, &[]);
        let packages = [core.clone(), package(HOST_SIM, &[WIRE])];
        assert_eq!(problems(&packages, &known), [""; 0]);
        let found = problems(&[core, package(HOST_SIM, &[])], &known);
        assert_eq!(
            found,
            [
                "driftline-host-sim no longer uses driftline-wire: remove it from KNOWN_DEPENDENCIES in \
              xtask/src/structure.rs"
            ]
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
