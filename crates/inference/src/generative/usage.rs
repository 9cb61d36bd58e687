//! Token counts: what model servers report, and what Driftline takes that to mean; it counts nothing itself.

mod reported;

pub(in crate::generative) use self::reported::{Counted, Reported, Settled};

/// Token counts in Driftline's meaning: the input includes all that the model was given, cached or not; the output
/// includes all that it generated, reasoning as well. `None` where the server says nothing, which is not 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Those of them that were read from a cache.
    pub cached_input: Option<u64>,
    /// Those of them that were written to a cache.
    pub cache_write: Option<u64>,
    /// Generated tokens.
    pub output: Option<u64>,
    /// Those of them that were spent on reasoning.
    pub reasoning: Option<u64>,
}

/// What a provider does not include in its counts, if no total says otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Excludes {
    /// The input does not include tokens that were read from a cache or written to it.
    pub cache: bool,
    /// The output does not include reasoning tokens.
    pub reasoning: bool,
}
