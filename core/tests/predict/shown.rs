//! The tables of the corpus's README, traps and kinds of bad input, compared with what the cases say that they show.

use std::{collections::BTreeSet, fs};

use super::case::{self, Case};

/// Every row of both tables is shown by a case, and no case names what they do not have.
pub(crate) fn check(cases: &[Case]) {
    let file = case::folder().join("README.md");
    let text =
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (mut traps, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, about] = cells[..] else { continue };
        if let Ok(trap) = name.parse::<u32>() {
            assert!(about.ends_with('.'), "trap {trap}: no sentence says what it is");
            traps.insert(trap);
        } else if let Some(kind) = name.strip_prefix("bad `").and_then(|it| it.strip_suffix('`')) {
            kinds.insert(kind);
        }
    }
    assert!(!traps.is_empty() && !kinds.is_empty(), "{}: it has no tables", file.display());
    let shown = cases.iter().flat_map(|case| case.expected.traps.iter().copied());
    assert_eq!(shown.collect::<BTreeSet<_>>(), traps, "the traps that cases show, and the table");
    let shown = cases.iter().flat_map(|case| case.expected.bad.iter().map(String::as_str));
    assert_eq!(
        shown.collect::<BTreeSet<_>>(),
        kinds,
        "the bad input that cases show, and the table"
    );
}
