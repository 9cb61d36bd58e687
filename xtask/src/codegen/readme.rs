//! Renders the table of dialects in the README. The rest of the README is written by hand and is not changed.

use std::{fmt::Write, fs};

use anyhow::{Context, Result};
use driftline_core::inference::known;

use crate::paths;

const BEGIN: &str = "<!-- From here to the end of the table: `cargo xtask codegen`, of core/src/generation/dialects. -->\n\n";
const END: &str = "\n<!-- End of the generated table. -->";

/// The text of the README. Fails if the marks around the table are missing.
pub(super) fn render() -> Result<String> {
    let readme = fs::read_to_string(paths::root().join("README.md")).context("README.md")?;
    with_table(&readme).with_context(|| {
        format!("README.md needs the table of dialects between {BEGIN:?} and {END:?}")
    })
}

fn with_table(readme: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some([before, BEGIN, &table(), END, after].concat())
}

fn table() -> String {
    let mut table = String::from("| dialect | paths that end so |\n| --- | --- |\n");
    for dialect in known::generating() {
        let paths: Vec<String> = dialect.paths().map(|path| format!("`{path}`")).collect();
        let _ = writeln!(table, "| `{}` | {} |", dialect.name, paths.join(", "));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_between_the_marks_is_written() {
        let readme = format!("before\n{BEGIN}| stale |\n{END}\nafter\n");
        let expected = format!("before\n{BEGIN}{}{END}\nafter\n", table());
        assert_eq!(with_table(&readme), Some(expected));
        assert_eq!(with_table("no mark"), None);
    }
}
