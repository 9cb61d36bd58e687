//! What an operator chooses for all that is rendered. It renders nothing.

use driftline_monitor::config::Config;

use crate::{objectives::Objectives, time_scale::TimeScale};

/// What everything is rendered for.
#[derive(Clone, Debug)]
pub struct Settings<'c> {
    /// The filter's configuration, with its profiles.
    pub config: &'c Config,
    /// The lengths of time that rules look back over, each a set of rules of its own.
    pub lookbacks: Vec<Lookback>,
    /// How much shorter than true all spans are written.
    pub scale: TimeScale,
    /// What is promised of the models, and how much may fail.
    pub objectives: Objectives,
    /// Where the runbooks of alerts lie: alerts link to `<runbooks>/<alert>.md`.
    pub runbooks: String,
}

/// Where the runbooks of this project lie, relative to its root.
pub const RUNBOOKS: &str = "docs/runbooks";

impl<'c> Settings<'c> {
    /// What is rendered for this configuration unless the operator says otherwise.
    #[must_use]
    pub fn of(config: &'c Config) -> Settings<'c> {
        Settings {
            config,
            lookbacks: vec![Lookback::HOUR],
            scale: TimeScale::TRUE,
            objectives: Objectives::usual(&config.buckets),
            runbooks: RUNBOOKS.to_owned(),
        }
    }
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
    /// What says how things are now.
    pub const NOW: Lookback = Lookback { seconds: 300 };

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

    /// This part of it, a second at least.
    #[must_use]
    pub fn divided_by(self, parts: u64) -> Lookback {
        Lookback { seconds: self.seconds.checked_div(parts).unwrap_or(0).max(1) }
    }

    /// This many times as long.
    #[must_use]
    pub fn times(self, times: u64) -> Lookback {
        Lookback { seconds: self.seconds.saturating_mul(times) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_multiples_keep_their_true_names() {
        assert_eq!(Lookback::HOUR.divided_by(6).name(), "10m");
        assert_eq!(Lookback::HOUR.times(6).name(), "6h");
        assert_eq!(Lookback { seconds: 3 }.divided_by(6).name(), "1s");
        let rehearsal = TimeScale::divided_by(240.try_into().unwrap());
        assert_eq!(Lookback::HOUR.divided_by(6).range(rehearsal), "2500ms");
    }
}
