//! The list of everything wrong with a document; bounded, and never empty-handed about what it left out.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use super::Path;

/// More problems than this are counted, not kept.
pub const PROBLEMS_MAX: usize = 50;

/// Problems in the order in which they were found.
///
/// Prints on one line, joined by `; `, because Envoy writes a log record per line.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Problems {
    kept: Vec<String>,
    left_out: usize,
}

impl Problems {
    /// One problem.
    #[must_use]
    pub fn of(path: &Path<'_>, what: fmt::Arguments<'_>) -> Problems {
        let mut problems = Problems::default();
        problems.add(path, what);
        problems
    }

    /// Notes that `what` is wrong at `path`. Formats nothing once [`PROBLEMS_MAX`] are kept.
    pub fn add(&mut self, path: &Path<'_>, what: fmt::Arguments<'_>) {
        if PROBLEMS_MAX <= self.kept.len() {
            self.left_out = self.left_out.saturating_add(1);
        } else if path.is_root() {
            self.kept.push(format!("{what}"));
        } else {
            self.kept.push(format!("{path}: {what}"));
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many problems were found, kept or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept.len().saturating_add(self.left_out)
    }

    /// The kept problems, each a line without a full stop, like `models[0].name: found 7, expected text`.
    pub fn kept(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(String::as_str)
    }

    /// How many were found beyond the kept ones.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.kept.iter().enumerate() {
            if index != 0 {
                f.write_str("; ")?;
            }
            f.write_str(problem)?;
        }
        if self.left_out != 0 {
            write!(f, "; and {} more", self.left_out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_flood_of_problems_is_counted_not_kept() {
        let mut problems = Problems::default();
        for index in 0..PROBLEMS_MAX + 7 {
            problems.add(&Path::ROOT.index(index), format_args!("wrong"));
        }
        assert_eq!(problems.count(), PROBLEMS_MAX + 7);
        assert_eq!(problems.kept().count(), PROBLEMS_MAX);
        assert!(problems.to_string().ends_with("[49]: wrong; and 7 more"), "{problems}");
    }
}
