//! Renders the tables of paths in `docs/dialects.md`, of dialects and of real servers. The rest of that page is written by hand and is not changed.

use std::fmt::Write;

use anyhow::Result;
use driftline_inference::{
    known::{self, KnownDialect},
    recognition::Recogniser,
};

use super::page::{self, Part};

/// A server, a path and a dialect in each line. Tests hold it against the recogniser.
const SERVERS: &str = include_str!("../../../tests/data/paths/servers.txt");

const PARTS: [Part; 3] = [
    Part { about: "dialects of LLMs", render: || rows(known::generating()) },
    Part { about: "dialects of predictive models", render: || rows(known::predicting()) },
    Part { about: "paths of real servers", render: servers },
];

/// The text of the page.
pub(super) fn render() -> Result<String> {
    page::render("docs/dialects.md", &PARTS)
}

fn rows(dialects: impl Iterator<Item = KnownDialect>) -> String {
    let mut table = String::from("| dialect | paths that end so |\n| --- | --- |\n");
    for dialect in dialects {
        let mark = |path| if dialect.shares(path) { " †" } else { "" };
        let paths: Vec<String> =
            dialect.paths().map(|path| format!("`{path}`{}", mark(path))).collect();
        let paths = if paths.is_empty() { "none: declare it".to_owned() } else { paths.join(", ") };
        let _ = writeln!(table, "| `{}` | {paths} |", dialect.name);
    }
    table
}

/// What becomes of a request to each path of [`SERVERS`], by the recogniser itself.
fn servers() -> String {
    let mut table = String::from("| server | path | what becomes of it |\n| --- | --- | --- |\n");
    let paths = Recogniser::default();
    for row in SERVERS.lines().filter(|line| !line.starts_with('#')) {
        let Some((server, path)) = row.split_once(" | ") else { continue };
        let path = path.split(" | ").next().unwrap_or_default();
        let becomes = match paths.recognise(path.as_bytes(), None) {
            Ok(found) if found.is_shared => format!("`{}` †", found.dialect.name()),
            Ok(found) => format!("`{}`", found.dialect.name()),
            Err(_) => "passes".into(),
        };
        let _ = writeln!(table, "| {server} | `{path}` | {becomes} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its tables hold no sentence, so that the filter carries none.
    #[test]
    fn the_page_says_by_hand_what_is_read_of_each_predictive_dialect() {
        let page = render().unwrap();
        let (_, table) = page.split_once("\n| dialect | what is read |\n").unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let named: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).collect();
        for KnownDialect { name, .. } in known::predicting() {
            let name = format!("`{name}`");
            let is_there = named.iter().any(|cell| cell.contains(&name));
            assert!(is_there, "docs/dialects.md does not say what is read of {name}");
        }
    }
}
