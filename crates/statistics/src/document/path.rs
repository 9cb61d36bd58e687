//! Where in a document a value stands, like `models[1].profile.rows`; it never allocates.

use core::fmt;

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

    /// The field `name` of the object at this path. `name` is one of ours, never text from outside.
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
    /// Recurses once per step; the depth is that of our own schema, not of the input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) if self.parent.is_none_or(Path::is_root) => f.write_str(name),
            Step::Field(name) => write!(f, ".{name}"),
        }
    }
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
}
