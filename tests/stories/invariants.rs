//! What ARCHITECTURE.md promises, checked over the sources and the built filter. Which crate uses which, and how modules
//! lie, `xtask/src/structure.rs` checks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use driftline_metrics::catalogue::Metric;
use driftline_testbed::pieces;
use wasmparser::{Parser, Payload};

/// Folders with sources of ours.
const CRATES: [&str; 10] = [
    "cli",
    "crates",
    "detection",
    "plugin",
    "host-sim",
    "profiler",
    "profiler-files",
    "testbed",
    "xtask",
    "tests",
];
/// The most that is shipped.
const MODULE_BYTES_MAX: usize = 1_000_000;

/// All that the filter calls a proxy for, without `proxy_`. What changes traffic is the headers of two settings, one call each: there is
/// nothing that sets a buffer, answers in a server's place, or holds a stream up.
const ASKS_A_PROXY_FOR: [&str; 15] = [
    "add_header_map_value",
    "define_metric",
    "get_buffer_bytes",
    "get_header_map_value",
    "get_metric",
    "get_property",
    "get_shared_data",
    "increment_metric",
    "log",
    "record_metric",
    "remove_header_map_value",
    "send_local_response",
    "set_buffer_bytes",
    "set_shared_data",
    "set_tick_period_milliseconds",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Sources below a folder, in order, with what they say.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "no sources in {folder}");
    files
}

/// Code without comments and without a module of tests, which stands at the end of a file.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn is_test_file(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn a_metric_is_named_in_the_catalogue_and_nowhere_else() {
    let mut names = BTreeSet::new();
    for metric in Metric::ALL {
        let definition = metric.definition();
        names.insert(definition.name.to_owned());
        names.extend(definition.companions().into_iter().flatten().map(|companion| companion.name));
    }
    for folder in [
        "cli/src",
        "crates",
        "plugin/src",
        "host-sim/src",
        "profiler/src",
        "testbed/src",
        "xtask/src",
    ] {
        for (path, text) in sources(folder) {
            if path.ends_with("crates/metrics/src/catalogue.rs") || is_test_file(&path) {
                continue;
            }
            for line in code(&text) {
                let named = names.iter().find(|name| line.contains(name.as_str()));
                assert!(named.is_none(), "{}: {}", path.display(), line.trim());
            }
        }
    }
}

/// It is built for browsers, too. Which crates it may use says `xtask/src/structure/layers.rs`.
#[test]
fn the_profiler_opens_no_file() {
    for (path, text) in sources("profiler/src") {
        for module in ["fs", "net", "process", "thread", "time"] {
            // Alone, or in a list of what is used of `std`.
            let (path_to, in_list) = (format!("std::{module}"), format!("{module},"));
            let used = code(&text).find(|line| line.contains(&path_to) || line.trim() == in_list);
            assert_eq!(used, None, "{}", path.display());
        }
    }
}

#[test]
fn unsafe_code_lives_in_one_file() {
    let of_host = Path::new("plugin/src/host.rs");
    // To give a function its name is called unsafe, too.
    let of_exports = Path::new("plugin/src/exports.rs");
    // An allocator that counts, for one test; what is shipped has none of it.
    let of_a_test = Path::new("crates/monitor/tests/memory/counting.rs");
    for (path, text) in CRATES.iter().flat_map(|folder| sources(folder)) {
        if path == of_host || path == of_a_test {
            continue;
        }
        // Spelled apart, so that this file does not find itself.
        let words = [
            concat!("un", "safe {"),
            concat!("un", "safe fn"),
            concat!("un", "safe extern"),
            concat!("un", "safe impl"),
            concat!("allow(un", "safe_code)"),
        ];
        let found = words.iter().find(|word| code(&text).any(|line| line.contains(**word)));
        let found = found.filter(|word| path != of_exports || !word.starts_with("allow"));
        assert!(found.is_none(), "{}: {found:?}", path.display());
    }
    let host = fs::read_to_string(root().join(of_host)).unwrap();
    assert!(host.contains(concat!("allow(un", "safe_code)")));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<PathBuf> = CRATES
        .iter()
        .chain(&["benches", "fuzz"])
        .flat_map(|folder| sources(folder))
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "these do not begin with `//!`: {silent:?}");
}

#[test]
fn the_filter_is_small_and_asks_a_proxy_for_nothing_unusual() {
    let path = pieces::filter().unwrap_or_else(|error| panic!("{error:#}"));
    let module = fs::read(&path).unwrap();
    assert!(
        module.len() <= MODULE_BYTES_MAX,
        "{} has {} bytes, allowed are {MODULE_BYTES_MAX}",
        path.display(),
        module.len()
    );
    let mut of_wasi = BTreeSet::new();
    let mut modules = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&module) {
        match payload.unwrap() {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.unwrap();
                    modules.insert(import.module.to_owned());
                    if import.module != "env" {
                        of_wasi.insert(import.name.to_owned());
                    }
                }
            }
            // Names are in the module beside it, for backtraces.
            Payload::CustomSection(section) => panic!("a section `{}` is shipped", section.name()),
            _ => {}
        }
    }
    let expected = ["env", "wasi_snapshot_preview1"].map(String::from);
    assert_eq!(modules, expected.into());
    assert_eq!(of_wasi, ["clock_time_get".to_owned()].into());
}

#[test]
fn two_headers_of_requests_are_all_that_changes_but_for_feedback() {
    let host = fs::read_to_string(root().join("plugin/src/host.rs")).unwrap();
    let called = code(&host).filter_map(|line| line.trim().strip_prefix("fn proxy_"));
    let called: BTreeSet<&str> = called.filter_map(|line| line.split('(').next()).collect();
    assert_eq!(called, ASKS_A_PROXY_FOR.into());
    for (path, text) in sources("plugin/src") {
        // What the SDK wraps goes past the file that has all calls.
        let past = code(&text).find(|line| {
            line.contains("hostcalls") || line.contains("self.set_") || line.contains("self.send_")
        });
        assert!(past.is_none(), "{}: {past:?}", path.display());
    }
    let mut all = sources("plugin/src");
    all.extend(sources("crates/monitor/src"));
    // A session drains and answers only what is for the filter itself.
    let changes = [".remove_header(", ".add_header(", ".drain_body(", ".local_reply("];
    let shipped = all.iter().filter(|(path, _)| !is_test_file(path));
    let calls = shipped
        .flat_map(|(_, text)| code(text))
        .map(str::trim)
        .filter(|line| changes.iter().any(|call| line.contains(call)));
    let expected = [
        r#"host.remove_header(HeaderMap::Request, "accept-encoding");"#,
        "host.add_header(HeaderMap::Request, FORMAT_HEADER, format.word());",
        "host.drain_body(Direction::Request, size);",
        "host.local_reply(status(outcome), JSON, tally.to_json(problem).as_bytes());",
    ];
    assert_eq!(calls.collect::<Vec<_>>(), expected);
}
