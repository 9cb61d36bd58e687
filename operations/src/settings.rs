//! What an operator chooses for all that is rendered. It renders nothing.

use driftline_monitor::config::Config;

use crate::time_scale::TimeScale;

/// What everything is rendered for.
#[derive(Clone, Debug)]
pub struct Settings<'c> {
    /// The filter's configuration, with its profiles.
    pub config: &'c Config,
    /// The lengths of time that rules look back over, each a set of rules of its own.
    pub lookbacks: Vec<Lookback>,
    /// How much shorter than true all spans are written.
    pub scale: TimeScale,
}

/// A length of time that rules look back over.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Lookback {
    /// Its true length.
    pub seconds: u64,
}

impl Lookback {
    /// What rules look back over unless the operator says otherwise.
    pub const HOUR: Lookback = Lookback { seconds: 3600 };

    /// What names of rules end with: its true length, such as `1h`.
    #[must_use]
    pub fn name(self) -> String {
        TimeScale::TRUE.span(self.seconds)
    }

    /// What stands in the brackets of a range: its length at this scale.
    #[must_use]
    pub fn range(self, scale: TimeScale) -> String {
        scale.span(self.seconds)
    }
}
