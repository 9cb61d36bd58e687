//! Numbers and keys that say who is counted under what; they look nothing up.

use alloc::string::String;

/// A model of a configuration, on one route where routes are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ModelId(pub(crate) usize);

/// A model of a configuration that predicts, in one of its versions, whatever the route. By default the one that stands
/// for all others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct PredictorId(pub(crate) Option<usize>);

/// Whom an exchange is counted under, as its labels say it.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct SeriesKey {
    /// The label `model`.
    pub model: String,
    /// The label `route`; empty where routes are not told apart.
    pub route: String,
}
