//! The filter's configuration: what an operator may write, and what it means.
//! It is complete once read: nothing else in the code knows a default.

mod drift;
mod endpoint;
mod model;
mod read;
mod selector;

pub use driftline_statistics::document::OTHER_NAME;

pub use self::{
    drift::{Drift, MATERIAL_PSI, ROWS_MIN, SLOW_WINDOWS},
    model::{Model, ModelKind, Sampling},
    selector::{Place, Selector, Sides},
};
pub use driftline_inference::predictive::PathStep as Step;

use alloc::vec::Vec;
use core::{fmt, ops::RangeInclusive};

use driftline_inference::{glob::Glob, load::ReportFormat, recognition::Endpoint};
use driftline_statistics::document::{self, Node, Path, Problems};
use driftline_wire::encoding::Codings;

/// The longest configuration that is read, in bytes.
pub const CONFIG_BYTES_MAX: usize = 4 << 20;
/// The most models of one filter.
pub const MODELS_MAX: usize = 64;
/// The most routes that are listed.
pub const ROUTES_MAX: usize = 64;
/// The most declarations of endpoints.
pub const ENDPOINTS_MAX: usize = 64;
/// The most series of one filter. In 128-byte names they take half of the memory that the filter may have; traffic
/// needs the rest.
pub const SERIES_MAX: usize = 60_000;
/// What `names_max` may be.
pub const NAMES_MAX: RangeInclusive<u64> = 1..=500;
/// What `window_seconds` may be: up to a week.
pub const WINDOW_SECONDS: RangeInclusive<u64> = 1..=604_800;
/// What `tick_milliseconds` may be. A window holds at least one tick.
pub const TICK_MILLISECONDS: RangeInclusive<u64> = 100..=60_000;
/// What `event_bytes_max` may be.
pub const EVENT_BYTES_MAX: RangeInclusive<u64> = 1024..=1_048_576;

const WINDOW_SECONDS_DEFAULT: u64 = 3600;
const TICK_MILLISECONDS_DEFAULT: u64 = 5000;
const EVENT_BYTES_MAX_DEFAULT: u64 = 65_536;
const NAMES_MAX_DEFAULT: u64 = 100;

/// A configuration that has passed every check.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The models to tell apart, at least one, with unique names, or several versions of one name. All others are counted as [`OTHER_NAME`]. With the
    /// routes and profiles they make at most [`SERIES_MAX`] series.
    pub models: Vec<Model>,
    /// How many models and routes may get series of their own because they fit a pattern, within [`NAMES_MAX`]; where
    /// routes are told apart, a model counts once for each. Those beyond are counted as [`OTHER_NAME`]. 100 if nothing
    /// is said.
    pub names_max: u64,
    /// The proxy's routes to tell apart, with unique names, and patterns for such. All others are counted as
    /// [`OTHER_NAME`]. Empty if routes are not told apart.
    pub routes: Vec<Glob>,
    /// Requests that speak a dialect because it is declared; the first one that fits counts.
    pub endpoints: Vec<Endpoint>,
    /// Length of the drift window, within [`WINDOW_SECONDS`]. An hour if nothing is said.
    pub window_seconds: u64,
    /// How drift is told from that and from the slow window.
    pub drift: Drift,
    /// Time between two evaluations, within [`TICK_MILLISECONDS`] and not longer than the window. If nothing is said 5,000, or the window if that is shorter.
    pub tick_milliseconds: u64,
    /// The longest event that a stream should have, within [`EVENT_BYTES_MAX`]. Longer ones are counted and read all
    /// the same: reading takes no memory. 65,536 if nothing is said.
    pub event_bytes_max: u64,
    /// The codings in which bodies are read; all of them if nothing is said. A body in another one is counted and
    /// passes. What decoding may take is fixed: see [`crate::encoding`].
    pub decode: Codings,
    /// Takes `accept-encoding` out of each request that is measured, so that model servers answer in plain text.
    /// Not if nothing is said.
    pub remove_accept_encoding: bool,
    /// Asks model servers for reports of their load in this format, with a header in each request that is measured and
    /// does not ask itself. They are read whoever asks. `None` if nothing is said.
    pub request_load_reports: Option<ReportFormat>,
}

/// Everything wrong with a configuration, so that one edit can fix it all.
///
/// Prints on one line, because that is what Envoy's log keeps together:
/// `configuration refused: 2 problems: models[0].name: found 7, expected text; ...`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError(pub(crate) Problems);

impl Config {
    /// Reads the JSON of the filter's configuration, at most [`CONFIG_BYTES_MAX`]; `None` only after noting a problem.
    pub(crate) fn read(json: &[u8], problems: &mut Problems) -> Option<Config> {
        let value = document::parse(json, CONFIG_BYTES_MAX, problems)?;
        read::config(&Node::new(&value, Path::ROOT), problems)
    }

    /// How many names may be admitted because they fit a pattern: none if there is no pattern.
    #[must_use]
    pub fn places(&self) -> usize {
        let has_patterns =
            self.models.iter().any(Model::is_pattern) || !self.routes.iter().all(Glob::is_exact);
        if has_patterns { usize::try_from(self.names_max).unwrap_or(usize::MAX) } else { 0 }
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
