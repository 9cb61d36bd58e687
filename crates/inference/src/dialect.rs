//! A dialect of either kind, by its name and its paths; it reads no body.

use crate::{generative, predictive};

/// A dialect that Driftline reads.
#[derive(Clone, Copy, Debug)]
pub enum Dialect {
    /// Of models that generate.
    Generative(&'static generative::Dialect),
    /// Of models that predict.
    Predictive(&'static predictive::Dialect),
}

impl Dialect {
    /// Every dialect: those of models that generate first, the likelier ones before others.
    pub const ALL: &'static [Dialect] = &ALL;

    /// The dialect that a configuration declares by this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Dialect> {
        Dialect::ALL.iter().copied().find(|dialect| dialect.name() == name)
    }

    /// The name by which a configuration declares it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Generative(dialect) => dialect.name,
            Dialect::Predictive(dialect) => dialect.name,
        }
    }

    /// Ends of the request paths that are recognised as this dialect without a declaration, such as
    /// `/models/{model}:predict` or `/versions/*/generate`.
    ///
    /// At the start of a segment, `{model}` and `{version}` match at least one byte of that segment, and `*` any bytes
    /// of it, or none. All else matches itself, and `/` alone is the whole path. A path after `?` is that of other
    /// servers, too, so that bodies decide whether it is this dialect's.
    #[must_use]
    pub const fn paths(self) -> &'static [&'static str] {
        match self {
            Dialect::Generative(dialect) => dialect.paths,
            Dialect::Predictive(dialect) => dialect.paths,
        }
    }

    /// Whether it is a dialect of models that predict, and not of models that generate.
    #[must_use]
    pub const fn predicts(self) -> bool {
        matches!(self, Dialect::Predictive(_))
    }

    /// Whether a request's body names the model that is asked, so that its path need not.
    #[must_use]
    pub const fn names_model_in_body(self) -> bool {
        match self {
            Dialect::Generative(_) => true,
            Dialect::Predictive(dialect) => dialect.names_model_in_body(),
        }
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Dialect) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Dialect {}

#[expect(
    clippy::indexing_slicing,
    reason = "a constant, so this runs in the compiler, where a panic is an error message"
)]
const ALL: [Dialect; generative::DIALECTS.len() + predictive::DIALECTS.len()] = {
    let first = Dialect::Generative(generative::DIALECTS[0]);
    let mut all = [first; generative::DIALECTS.len() + predictive::DIALECTS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < generative::DIALECTS.len() {
            Dialect::Generative(generative::DIALECTS[at])
        } else {
            Dialect::Predictive(predictive::DIALECTS[at - generative::DIALECTS.len()])
        };
        at += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_paths_are_unique() {
        let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for dialect in Dialect::ALL {
            assert!(names.insert(dialect.name()), "{}", dialect.name());
            for path in dialect.paths() {
                assert!(paths.insert(path), "{}: {path}", dialect.name());
            }
            assert_eq!(Dialect::named(dialect.name()), Some(*dialect));
        }
        assert_eq!(Dialect::named("none"), None);
    }
}
