//! The table of traps in the corpus's README, compared with what the cases say that they show.

use std::{collections::BTreeSet, fs, path::Path};

use super::case::{self, Case};

/// How many traps there are.
const TRAPS: u32 = 33;

/// How the README's table calls the cases of the corpus.
const CASES: &str = "cases";
/// How it calls a trap in formats that are not read yet.
const LATER: &str = "to come";

struct Row {
    trap: u32,
    /// Where the trap is shown: [`CASES`], [`LATER`], or `path/of/a/file.rs`: `name_of_a_test`.
    shown_by: String,
}

/// Every trap stands in the table, and is shown where the table says.
pub(crate) fn check(cases: &[Case]) {
    let rows = rows();
    let listed: Vec<u32> = rows.iter().map(|row| row.trap).collect();
    assert_eq!(listed, (1..=TRAPS).collect::<Vec<_>>(), "the traps that the README lists");
    let shown: BTreeSet<u32> = cases.iter().flat_map(|case| case.expected.traps.clone()).collect();
    let unknown: Vec<&u32> = shown.iter().filter(|trap| !listed.contains(trap)).collect();
    assert!(unknown.is_empty(), "cases name traps that do not exist: {unknown:?}");
    for row in &rows {
        if row.shown_by == CASES {
            assert!(shown.contains(&row.trap), "no case shows trap {}", row.trap);
        } else if row.shown_by != LATER {
            check_test(row);
        }
    }
}

/// A test of that name exists in that file.
fn check_test(row: &Row) {
    let parts: Vec<&str> = row.shown_by.split('`').collect();
    let [_, file, ": ", test, ""] = parts[..] else {
        panic!(
            "trap {}: found {:?}, expected `{CASES}`, `{LATER}` or a test",
            row.trap, row.shown_by
        );
    };
    let folder = case::folder();
    let root = folder.ancestors().nth(3).unwrap_or(Path::new("."));
    let text = fs::read_to_string(root.join(file))
        .unwrap_or_else(|error| panic!("trap {}: {file}: {error}", row.trap));
    assert!(text.contains(&format!("fn {test}()")), "trap {}: {file} has no {test}", row.trap);
}

/// The rows that begin with a number: `| 1 | what it is | where it is shown |`.
fn rows() -> Vec<Row> {
    let file = case::folder().join("README.md");
    let text =
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let trap = cells.first()?.parse().ok()?;
        let [_, about, shown_by] = cells[..] else {
            panic!("trap {trap}: found {} cells, expected 3", cells.len());
        };
        assert!(about.ends_with('.'), "trap {trap}: no sentence says what it is");
        Some(Row { trap, shown_by: shown_by.to_owned() })
    };
    text.lines().filter_map(row).collect()
}
