//! Escape sequences and the width of a terminal. It never writes to one.

use std::{
    io::{IsTerminal, stderr, stdout},
    process::{Command, Stdio},
};

/// The width to assume where it is unknown.
const COLUMNS: usize = 80;

/// The text without escape sequences.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, sequence)) = rest.split_once("\x1b[") {
        plain += before;
        let end = sequence.find(|it: char| it.is_ascii_alphabetic());
        rest = end.map_or("", |end| &sequence[end + 1..]);
    }
    plain + rest
}

/// The text in at most `columns` characters. If it is cut, it ends with three dots.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(3)).chain("...".chars()).collect()
}

/// Whether stderr is a terminal.
#[must_use]
pub fn sees_stderr() -> bool {
    stderr().is_terminal()
}

/// Whether stdout is a terminal.
#[must_use]
pub fn sees_stdout() -> bool {
    stdout().is_terminal()
}

/// The width of the terminal. Starts a process, so call it once per command.
#[must_use]
pub fn columns() -> usize {
    let size = Command::new("stty").arg("size").stdin(Stdio::inherit()).output();
    let columns =
        |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.split_whitespace().nth(1)?.parse().ok();
    let known = size.ok().and_then(|size| columns(&size.stdout));
    known.filter(|columns| *columns != 0).unwrap_or(COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out() {
        assert_eq!(plain("\x1b[1m\x1b[92m    Running\x1b[0m x \x1b[K"), "    Running x ");
        assert_eq!(plain("no colour"), "no colour");
        assert_eq!(plain("cut \x1b[1"), "cut ");
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        assert_eq!(cut("äöüß", 4), "äöüß");
        assert_eq!(cut("äöüßabc", 5), "äö...");
    }
}
