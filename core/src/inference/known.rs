//! What Driftline reads, for those who list it: documentation, and tests that hold it against what is there.
//! Nothing here decides what a request speaks.

use crate::inference::{
    generative::{self, Pattern},
    predictive,
};

/// A dialect, as a configuration knows it.
#[derive(Clone, Copy, Debug)]
pub struct KnownDialect {
    /// By which a configuration declares it.
    pub name: &'static str,
    paths: &'static [Pattern],
}

impl KnownDialect {
    /// Ends of the request paths that speak it undeclared: `{model}` and `{version}` stand for a name, `*` for any
    /// segment.
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        self.paths.iter().map(|path| path.text())
    }
}

/// Every dialect of models that generate, in the order in which requests are compared with them.
pub fn generating() -> impl Iterator<Item = KnownDialect> {
    let all = generative::DIALECTS.iter();
    all.map(|dialect| KnownDialect { name: dialect.name, paths: dialect.paths })
}

/// Every dialect of models that predict, likewise.
pub fn predicting() -> impl Iterator<Item = KnownDialect> {
    let all = predictive::DIALECTS.iter();
    all.map(|dialect| KnownDialect { name: dialect.name, paths: dialect.paths })
}
