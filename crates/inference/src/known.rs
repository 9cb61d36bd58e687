//! What Driftline reads, for those who list it: documentation, and tests that hold it against what is there.
//! Nothing here recognises a request.

use crate::dialect::Dialect;

/// A dialect, as a configuration knows it.
#[derive(Clone, Copy, Debug)]
pub struct KnownDialect {
    /// By which a configuration declares it.
    pub name: &'static str,
    paths: &'static [&'static str],
}

impl KnownDialect {
    /// Ends of the request paths that are recognised as this dialect: [`Dialect::paths`].
    pub fn paths(self) -> impl Iterator<Item = &'static str> {
        self.paths.iter().map(|path| path.trim_start_matches('?'))
    }

    /// Whether this one of its paths is that of other servers, too, so that bodies decide.
    #[must_use]
    pub fn shares(self, path: &str) -> bool {
        self.paths.iter().any(|it| it.strip_prefix('?') == Some(path))
    }
}

/// Every dialect of models that generate, the likelier ones before others.
pub fn generating() -> impl Iterator<Item = KnownDialect> {
    known(false)
}

/// Every dialect of models that predict, the likelier ones before others.
pub fn predicting() -> impl Iterator<Item = KnownDialect> {
    known(true)
}

fn known(predicts: bool) -> impl Iterator<Item = KnownDialect> {
    let all = Dialect::ALL.iter().filter(move |dialect| dialect.predicts() == predicts);
    all.map(|dialect| KnownDialect { name: dialect.name(), paths: dialect.paths() })
}
