//! The position of a row in its source, for messages; it reads nothing.

use std::fmt;

/// The position of a row in its source, for messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// From 1, without the header.
    pub row: u64,
    /// From 1, with it; `None` if the source has no lines.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "row {} (line {line})", self.row),
            None => write!(f, "row {}", self.row),
        }
    }
}
