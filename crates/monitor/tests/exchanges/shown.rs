//! The tables of a corpus's README, traps and kinds of bad input, compared with what the cases say that they show.

use std::{collections::BTreeSet, fmt::Debug, fs, path::Path};

use driftline_support::corpus::Corpus;

/// How a README's table calls the cases of its corpus; so it is where it has no third cell.
const CASES: &str = "cases";
/// How it calls a trap in formats that are not read yet.
const LATER: &str = "to come";

/// Every row of both tables is shown where the table says, and no case names what they do not have. Gives the traps and
/// the kinds of bad input in the order of the tables.
pub(crate) fn check(corpus: &Corpus) -> (Vec<u32>, Vec<String>) {
    let file = corpus.folder().join("README.md");
    let text =
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cases = corpus.cases();
    let traps = rows(&text, |name| name.parse().ok());
    check_rows("trap", &traps, cases.iter().flat_map(|case| case.expected.traps.clone()));
    let kinds = rows(&text, |name| Some(name.strip_prefix("bad `")?.strip_suffix('`')?.to_owned()));
    check_rows("bad input", &kinds, cases.iter().flat_map(|case| case.expected.bad.clone()));
    (names(traps), names(kinds))
}

/// A name, and where it is shown: [`CASES`], [`LATER`], or `path/of/a/file.rs`: `name_of_a_test`.
type Row<N> = (N, String);

fn names<N>(rows: Vec<Row<N>>) -> Vec<N> {
    rows.into_iter().map(|(name, _)| name).collect()
}

/// The rows whose first cell is a name of that kind: `| 1 | what it is | where it is shown |`.
fn rows<N: Debug>(text: &str, name: impl Fn(&str) -> Option<N>) -> Vec<Row<N>> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let name = name(cells.first()?)?;
        let (about, shown_by) = match cells[..] {
            [_, about] => (about, CASES),
            [_, about, shown_by] => (about, shown_by),
            _ => panic!("{name:?}: found {} cells, expected 2 or 3", cells.len()),
        };
        assert!(about.ends_with('.'), "{name:?}: no sentence says what it is");
        Some((name, shown_by.to_owned()))
    };
    text.lines().filter(|line| line.starts_with("| ")).filter_map(row).collect()
}

fn check_rows<N: Debug + Ord>(what: &str, rows: &[Row<N>], shown: impl Iterator<Item = N>) {
    let shown: BTreeSet<N> = shown.collect();
    let unknown: Vec<&N> =
        shown.iter().filter(|name| rows.iter().all(|row| row.0 != **name)).collect();
    assert!(unknown.is_empty(), "cases name what the table does not have: {what} {unknown:?}");
    for (name, shown_by) in rows {
        if shown_by == CASES {
            assert!(shown.contains(name), "no case shows {what} {name:?}");
        } else if shown_by != LATER {
            check_test(&format!("{what} {name:?}"), shown_by);
        }
    }
}

/// A test of that name exists in that file.
fn check_test(what: &str, shown_by: &str) {
    let parts: Vec<&str> = shown_by.split('`').collect();
    let [_, file, ": ", test, ""] = parts[..] else {
        panic!("{what}: found {shown_by:?}, expected `{CASES}`, `{LATER}` or a test");
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join(file))
        .unwrap_or_else(|error| panic!("{what}: {file}: {error}"));
    assert!(text.contains(&format!("fn {test}()")), "{what}: {file} has no {test}");
}
