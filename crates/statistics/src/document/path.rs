//! Where in a document a value stands, like `models[1].profile.rows`; it never allocates.

use core::fmt;

use super::found::{QUOTE_CHARS_MAX, Quoted};

/// A place in a document, as a chain of steps back to the root.
///
/// Each step borrows the one before it, so that walking a document of a million numbers builds no
/// text unless there is a problem to report.
#[derive(Clone, Copy, Debug)]
pub struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Field(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    /// The document itself; it prints as nothing.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    /// The field `name` of the object at this path. It is quoted and cut if it is not a plain word.
    #[must_use]
    pub const fn field(&'p self, name: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Field(name) }
    }

    /// The element `index`, from 0, of the array at this path.
    #[must_use]
    pub const fn index(&'p self, index: usize) -> Path<'p> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// Whether this is the document itself.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        matches!(self.step, Step::Root)
    }
}

impl fmt::Display for Path<'_> {
    /// Recurses once per step, which the parser bounds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) if !is_plain(name) => write!(f, "[{}]", Quoted(name)),
            Step::Field(name) if self.parent.is_none_or(Path::is_root) => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
        }
    }
}

/// Whether a name reads as one in a path, and is short.
fn is_plain(name: &str) -> bool {
    let is_of_words = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=QUOTE_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_of_words)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_path_reads_as_one_would_write_it_in_code() {
        let models = Path::ROOT.field("models");
        let second = models.index(1);
        assert_eq!(second.field("name").to_string(), "models[1].name");
        assert_eq!(Path::ROOT.to_string(), "");
        assert_eq!(Path::ROOT.index(3).field("x").to_string(), "[3].x");
    }

    #[test]
    fn a_name_that_is_no_word_is_quoted() {
        assert_eq!(Path::ROOT.field("dew point").field("x").to_string(), "[\"dew point\"].x");
        assert_eq!(Path::ROOT.field("a").field("").to_string(), "a[\"\"]");
    }
}
