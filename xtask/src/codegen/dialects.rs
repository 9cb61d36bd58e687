//! Renders the tables of paths in `docs/dialects.md`. The rest of that page is written by hand and is not changed.

use std::fmt::Write;

use anyhow::Result;
use driftline_inference::known::{self, KnownDialect};

use super::page::{self, Part};

const PARTS: [Part; 2] = [
    Part { about: "dialects of LLMs", render: || rows(known::generating()) },
    Part { about: "dialects of predictive models", render: || rows(known::predicting()) },
];

/// The text of the page.
pub(super) fn render() -> Result<String> {
    page::render("docs/dialects.md", &PARTS)
}

fn rows(dialects: impl Iterator<Item = KnownDialect>) -> String {
    let mut table = String::from("| dialect | paths that end so |\n| --- | --- |\n");
    for dialect in dialects {
        let paths: Vec<String> = dialect.paths().map(|path| format!("`{path}`")).collect();
        let paths = if paths.is_empty() { "none: declare it".to_owned() } else { paths.join(", ") };
        let _ = writeln!(table, "| `{}` | {paths} |", dialect.name);
    }
    table
}
