//! Aligned text tables that are Markdown as well, and readable numbers; it does not know what they say.

pub(crate) use driftline_profiler::thousands;

use std::fmt;

/// A table of texts.
#[derive(Clone, Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    /// Column titles, with the side to which the column is aligned.
    pub(crate) columns: [(&'static str, Align); COLUMNS],
    pub(crate) rows: Vec<[String; COLUMNS]>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Align {
    Left,
    Right,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    fn widths(&self) -> [usize; COLUMNS] {
        let mut widths = self.columns.map(|(title, _)| length(title));
        for row in &self.rows {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = (*width).max(length(text));
            }
        }
        widths
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let mut line = |texts: &[&str]| {
            for ((text, (_, align)), width) in texts.iter().zip(self.columns).zip(widths) {
                let pad = " ".repeat(width - length(text));
                match align {
                    Align::Left => write!(f, "| {text}{pad} ")?,
                    Align::Right => write!(f, "| {pad}{text} ")?,
                }
            }
            writeln!(f, "|")
        };
        line(&self.columns.map(|(title, _)| title))?;
        let mut index = 0;
        let rules = self.columns.map(|(_, align)| {
            let width: usize = widths[index];
            index += 1;
            match align {
                Align::Left => "-".repeat(width),
                Align::Right => format!("{}:", "-".repeat(width - 1)),
            }
        });
        line(&rules.each_ref().map(String::as_str))?;
        self.rows.iter().try_for_each(|row| line(&row.each_ref().map(String::as_str)))
    }
}

/// In characters; all of ours take one cell.
fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let table = Table {
            columns: [("measure", Align::Left), ("µs", Align::Right)],
            rows: vec![["a".into(), "1234".into()], ["long measure".into(), "5".into()]],
        };
        assert_eq!(
            table.to_string(),
            "| measure      |   µs |\n\
             | ------------ | ---: |\n\
             | a            | 1234 |\n\
             | long measure |    5 |\n"
        );
    }

    #[test]
    fn numbers_are_readable() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(thousands(value), text);
        }
    }
}
