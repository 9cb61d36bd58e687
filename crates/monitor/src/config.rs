//! The filter's configuration: what an operator may write, and what it means.
//! It is complete once read: nothing else in the code knows a default.

mod drift;
mod endpoint;
mod feedback;
mod labels;
mod model;
mod read;
mod sampling;
mod selector;
pub mod table;
mod thresholds;

pub use driftline_statistics::document::OTHER_NAME;

pub use self::{
    drift::{
        CompareWith, Drift, FALSE_ALARMS, MATERIAL_PSI, MATERIAL_SHARE, MATERIAL_WASSERSTEIN,
        RECOVERY_SECONDS, ROWS_MIN, SLOW_WINDOWS, Season,
    },
    feedback::{FEEDBACK_PATH, Feedback, Identified, Watched, WatchedPlaces},
    labels::{Kpi, SegmentSource},
    model::{Model, ModelKind},
    sampling::Sampling,
    selector::{Place, Selector, Sides},
    thresholds::{PREDICTION, SCORE, Thresholds},
};

use alloc::{format, string::String, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use self::{
    drift::DriftFields,
    endpoint::EndpointFields,
    feedback::FeedbackFields,
    model::ModelFields,
    table::{
        Flag, Form, ModelName, Section, Shape, Shown, Then, TimeBuckets, Whole, Word, Words, list,
        settings,
    },
};
use driftline_inference::{glob::Glob, load::ReportFormat, recognition::Endpoint};
use driftline_metrics::buckets::Buckets;
use driftline_statistics::document::{self, Node, Path, Problems};
use driftline_wire::encoding::{Coding, Codings};

/// The longest configuration that is read, in bytes.
pub const CONFIG_BYTES_MAX: usize = 4 << 20;
/// The most models of one filter.
pub const MODELS_MAX: usize = 64;
/// The most routes that are listed.
pub const ROUTES_MAX: usize = 64;
/// The most endpoints that are declared.
pub const ENDPOINTS_MAX: usize = 64;
/// The most series of one filter. In 128-byte names they take half of the memory that the filter may have; traffic
/// needs the rest.
pub const SERIES_MAX: usize = 60_000;
/// What `series_max` may be.
pub const SERIES_LIMIT: RangeInclusive<u64> = 1000..=SERIES_MAX as u64;
/// What `names_max` may be.
pub const NAMES_MAX: RangeInclusive<u64> = 1..=500;
/// What `window_seconds` may be: up to a week.
pub const WINDOW_SECONDS: RangeInclusive<u64> = 1..=604_800;
/// What `tick_milliseconds` may be. A window holds at least one tick.
pub const TICK_MILLISECONDS: RangeInclusive<u64> = 100..=60_000;
/// What `event_bytes_max` may be.
pub const EVENT_BYTES_MAX: RangeInclusive<u64> = 1024..=1_048_576;

settings! {
    /// The settings of one filter: which models it tells apart, and how it watches them.
    pub struct Config reads ConfigFields at "" {
        /// The models to tell apart. Requests for any other model count as `other`.
        models: Vec<Model> = Shape::list(1..=MODELS_MAX, Shape::Object(&ModelFields::SECTION)),
            [later required], r#"[{"name": "my-llm"}]"#;
        /// How many names may get series of their own because they match a pattern. Any further name counts as `other`.
        names_max: u64 = Whole(NAMES_MAX), [or 100], "200";
        /// How many series the configuration may make, those of `names_max` included; a histogram counts as one. A
        /// configuration that makes more is refused with what makes the most of them.
        series_max: u64 = Whole(SERIES_LIMIT), [or 60_000], "5000";
        /// The routes of the proxy to tell apart, by name or pattern; any other route counts as `other`. Without this setting
        /// no series has the label `route`.
        routes: Vec<Glob> = Shape::List {
                lengths: 1..=ROUTES_MAX,
                of: ModelName.shape().into(),
                is_unique: true,
            },
            [later "none"], r#"["chat", "team-*"]"#;
        /// Requests that use a dialect whatever their path looks like. The first endpoint that matches applies.
        endpoints: Vec<Endpoint> =
            Shape::list(1..=ENDPOINTS_MAX, Shape::Object(&EndpointFields::SECTION)),
            [later "none"], r#"[{"path": "/ask", "dialect": "openai_chat"}]"#;
        /// How long the window is that is compared with the profile, in seconds.
        window_seconds: u64 = Whole(WINDOW_SECONDS), [or 3600], "600";
        /// How much time passes between two evaluations, in milliseconds; at most the length of the window.
        tick_milliseconds: u64 = Whole(TICK_MILLISECONDS),
            [or 5000, "5000, or the window if it is shorter"], "1000";
        /// The longest event that a stream should have, in bytes. Longer events are read all the same, and count as
        /// `event_too_large`.
        event_bytes_max: u64 = Whole(EVENT_BYTES_MAX), [or 65_536], "16384";
        /// The encodings in which bodies and compressed messages of gRPC are read; `[]` for none. Bodies in other encodings
        /// pass unread, and count as `encoded_body`.
        decode: Codings = Then(Words(codings), Codings::from_iter), [or Codings::ALL], r#"["gzip"]"#;
        /// Whether `accept-encoding` is removed from each measured request, so that model servers answer uncompressed.
        remove_accept_encoding: bool = Flag, [or false], "true";
        /// Adds `endpoint-load-metrics-format` with this value to each measured request that lacks it, so that vLLM and
        /// Triton report their load. Reports are read whoever asks for them.
        request_load_reports: Option<ReportFormat> = Word(report_formats), [optional], r#""text""#;
        /// The upper bounds of the histograms of times: `fine`, `otel` for those of OpenTelemetry's conventions, or rising
        /// milliseconds. `driftline render` writes them for the proxy; the filter ignores them.
        buckets: Buckets = TimeBuckets, [or Buckets::Fine], r#""otel""#;
        /// Labels that come later than predictions, and business figures. Off without this object, which may be empty.
        feedback: Option<Feedback> = Shape::Object(&FeedbackFields::SECTION), [later "off"], "{}";
    }
    with drift: Drift reads DriftFields;
}

/// The configuration, for documentation.
pub const SECTION: &Section = &ConfigFields::SECTION;

fn codings() -> Vec<(&'static str, Coding)> {
    Coding::ALL.map(|coding| (coding.name(), coding)).into()
}

fn report_formats() -> Vec<(&'static str, ReportFormat)> {
    ReportFormat::ALL.map(|format| (format.word(), format)).into()
}

impl Shown for Buckets {
    fn shown(&self) -> String {
        let named = Buckets::NAMED.into_iter().find(|(_, buckets)| buckets == self);
        named.map_or(String::new(), |(word, _)| format!("\"{word}\""))
    }
}

impl Shown for Codings {
    fn shown(&self) -> String {
        let read = Coding::ALL.into_iter().filter(|&coding| self.contains(coding));
        list(read.map(Coding::name))
    }
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

    /// How many slots there are for names that match a pattern: none if there is no pattern.
    #[must_use]
    pub fn slots(&self) -> usize {
        let has_patterns =
            self.models.iter().any(Model::is_pattern) || !self.routes.iter().all(Glob::is_exact);
        if has_patterns { usize::try_from(self.names_max).unwrap_or(usize::MAX) } else { 0 }
    }

    /// How many windows make up the season that windows are compared over; 0 for none.
    #[must_use]
    pub fn season_windows(&self) -> u64 {
        match self.drift.compare_with {
            CompareWith::Training => 0,
            CompareWith::Both => {
                self.drift.season.seconds().checked_div(self.window_seconds).unwrap_or(0)
            }
        }
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
