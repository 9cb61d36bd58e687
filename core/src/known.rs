//! What Driftline reads, for those who list it: documentation, and tests that hold it against what is there.
//! Nothing here decides what a request speaks.

use crate::generation::DIALECTS;

/// A dialect of models that generate.
#[derive(Clone, Copy, Debug)]
pub struct KnownDialect {
    /// By which a configuration declares it.
    pub name: &'static str,
    index: usize,
}

impl KnownDialect {
    /// Ends of the request paths that speak it undeclared: `{model}` stands for the model's name, `*` for any segment.
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        DIALECTS
            .get(self.index)
            .into_iter()
            .flat_map(|dialect| dialect.paths)
            .map(|path| path.text())
    }
}

/// Every dialect of models that generate, in the order in which requests are compared with them.
pub fn dialects() -> impl Iterator<Item = KnownDialect> {
    DIALECTS.iter().enumerate().map(|(index, dialect)| KnownDialect { name: dialect.name, index })
}
