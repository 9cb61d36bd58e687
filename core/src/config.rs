//! The filter's configuration: what an operator may write, and what it means.
//! It is complete once read: nothing else in the code knows a default.

mod read;

use alloc::{string::String, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use crate::{
    document::{self, Node, Path, Problems},
    encoding::Codings,
    profile::Profile,
};

/// The longest configuration that is read, in bytes.
pub const CONFIG_BYTES_MAX: usize = 4 << 20;
/// The most models of one filter.
pub const MODELS_MAX: usize = 64;
/// The most series that the profiles of one filter may make. In 128-byte names they take half of the memory that the
/// filter may have; traffic needs the rest.
pub const SERIES_MAX: usize = 60_000;
/// The label under which models that nobody listed are counted; no listed model may be called so.
pub const OTHER_MODEL: &str = "other";
/// What `window_seconds` may be: up to a week.
pub const WINDOW_SECONDS: RangeInclusive<u64> = 1..=604_800;
/// What `tick_milliseconds` may be. A window holds at least one tick.
pub const TICK_MILLISECONDS: RangeInclusive<u64> = 100..=60_000;
/// What `event_bytes_max` may be.
pub const EVENT_BYTES_MAX: RangeInclusive<u64> = 1024..=1_048_576;

const WINDOW_SECONDS_DEFAULT: u64 = 3600;
const TICK_MILLISECONDS_DEFAULT: u64 = 5000;
const EVENT_BYTES_MAX_DEFAULT: u64 = 65_536;

/// A configuration that has passed every check.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The models to tell apart, at least one, with unique names; their profiles make at most [`SERIES_MAX`] series. All others are counted as [`OTHER_MODEL`].
    pub models: Vec<Model>,
    /// Length of the drift window, within [`WINDOW_SECONDS`]. An hour if nothing is said.
    pub window_seconds: u64,
    /// Time between two evaluations, within [`TICK_MILLISECONDS`] and not longer than the window. If nothing is said 5,000, or the window if that is shorter.
    pub tick_milliseconds: u64,
    /// The longest event that a stream should have, within [`EVENT_BYTES_MAX`]. Longer ones are counted and read all
    /// the same: reading takes no memory. 65,536 if nothing is said.
    pub event_bytes_max: u64,
    /// The codings in which bodies are read; all of them if nothing is said. A body in another one is counted and
    /// passes. What decoding may take is fixed: see [`crate::encoding`].
    pub decode: Codings,
    /// Takes `accept-encoding` out of each request that is measured, so that model servers answer in plain text.
    /// This is the only thing in traffic that is ever changed, and not if nothing is said.
    pub remove_accept_encoding: bool,
}

/// A model to watch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// What requests call it: fit for a label, see [`document::label_fault`], and not [`OTHER_MODEL`].
    pub name: String,
    /// Its training data. With it the model is a predictive one; without, a language model.
    pub profile: Option<Profile>,
}

/// Everything wrong with a configuration, so that one edit can fix it all.
///
/// Prints on one line, because that is what Envoy's log keeps together:
/// `configuration refused: 2 problems: models[0].name: found 7, expected text; ...`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError(Problems);

impl Config {
    /// Reads and checks the JSON of the filter's configuration; at most [`CONFIG_BYTES_MAX`].
    ///
    /// # Errors
    ///
    /// Lists every problem with its path, those of the profiles within included.
    pub fn from_json(json: &[u8]) -> Result<Config, ConfigError> {
        let mut problems = Problems::default();
        document::parse(json, CONFIG_BYTES_MAX, &mut problems)
            .and_then(|value| read::config(&Node::new(&value, Path::ROOT), &mut problems))
            .filter(|_| problems.is_empty())
            .ok_or(ConfigError(problems))
    }

    /// The model of that name, with its index in `models`. Compares with each, which for 64 names
    /// is faster than a map.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<(usize, &Model)> {
        self.models.iter().enumerate().find(|(_, model)| model.name == name)
    }
}

impl ConfigError {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.count() {
            1 => write!(f, "configuration refused: {}", self.0),
            count => write!(f, "configuration refused: {count} problems: {}", self.0),
        }
    }
}

impl core::error::Error for ConfigError {}
