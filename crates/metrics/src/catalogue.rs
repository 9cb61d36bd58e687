//! Every metric that Driftline exports, in one table; no metric name is spelled anywhere else.
//!
//! `cargo xtask codegen` derives `docs/metrics.md` and `envoy/stats.yaml` from it, and a test fails
//! while they are stale. All values are whole numbers, because a proxy's stats are: times are in
//! microseconds, ratios in parts per million.

use alloc::{format, string::String};

use driftline_statistics::drift::Measure;

use crate::buckets::Scale;

/// How a metric behaves over time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down, or is set.
    Gauge,
    /// A distribution of samples. The proxy keeps two significant digits of each, so every
    /// histogram has two exact counters beside it: see [`Definition::companions`].
    Histogram,
}

/// A dimension of a metric.
///
/// A proxy cuts labels out of stat names by unanchored patterns, so no label's name may end with
/// another one's: a test checks it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Label {
    /// A model that the configuration admits, or `other`.
    Model,
    /// The version of the model whose profile counts. Only there if the profile names one.
    Version,
    /// The proxy's route, or `other`. Only there if the configuration lists `routes`.
    Route,
    /// How a request ended, or what became of a label: [`driftline_labels::Outcome`],
    /// [`driftline_labels::LabelOutcome`], [`driftline_labels::FeedbackOutcome`].
    Outcome,
    /// `success` for the outcome `complete`, else `failure`: keeps their latencies apart.
    Result,
    /// `feature` for a model's input, `prediction` for its output.
    Role,
    /// A feature of the reference profile; `prediction` for the output.
    Feature,
    /// A bin of the reference profile, `00`, `01`, ..., or `other` for a value never seen there. Of values with bins of
    /// their own, numbers below and above all of them are in `below` and `above`.
    Bin,
    /// `fast` for the window of `window_seconds`, `slow` for `slow_windows` of them.
    Window,
    /// What a move is measured from: `training`, `window_before` or `slow_window_before`, which is called `day_before` or
    /// `week_before` where a slow window is that long.
    Since,
    /// `low` for values below the outermost edges of the bins, or below all values with bins of their own, `high` for
    /// those above.
    Side,
    /// `ok`, `drift` or `insufficient`.
    Verdict,
    /// Why something was skipped or could not be read.
    Reason,
    /// The class of a row by its label; of a model that answers scores `positive` or `negative`.
    Actual,
    /// The class that was predicted.
    Predicted,
    /// A measure of quality: [`driftline_labels::QualityMeasure`].
    Measure,
    /// A class, against all others.
    Class,
    /// A business figure of the configuration.
    Kpi,
    /// A detector of change in a stream: [`driftline_labels::StreamDetector`].
    Detector,
    /// What a detector says, or whether labels tell anything.
    State,
    /// Of which rows something is estimated: [`driftline_labels::EstimateOf`].
    Rows,
}

impl Label {
    /// All labels, in the order in which stat names carry them.
    pub const ALL: &[Label] = &[
        Label::Model,
        Label::Version,
        Label::Route,
        Label::Outcome,
        Label::Result,
        Label::Role,
        Label::Feature,
        Label::Bin,
        Label::Window,
        Label::Since,
        Label::Side,
        Label::Verdict,
        Label::Reason,
        Label::Actual,
        Label::Predicted,
        Label::Measure,
        Label::Class,
        Label::Kpi,
        Label::Detector,
        Label::State,
        Label::Rows,
    ];

    /// The name as Prometheus shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Label::Model => "model",
            Label::Route => "route",
            Label::Outcome => "outcome",
            Label::Result => "result",
            Label::Reason => "reason",
            Label::Role => "role",
            Label::Feature => "feature",
            Label::Bin => "bin",
            Label::Version => "version",
            Label::Window => "window",
            Label::Since => "since",
            Label::Side => "side",
            Label::Verdict => "verdict",
            Label::Actual => "actual",
            Label::Predicted => "predicted",
            Label::Measure => "measure",
            Label::Class => "class",
            Label::Kpi => "kpi",
            Label::Detector => "detector",
            Label::State => "state",
            Label::Rows => "rows",
        }
    }
}

/// What is known about a metric before any traffic.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The exported name, unit last; `_total` for counters.
    pub name: &'static str,
    /// How the metric behaves over time.
    pub kind: Kind,
    /// What one unit of the value is, as a plural noun.
    pub unit: &'static str,
    /// The labels, in the order of [`Label::ALL`].
    pub labels: &'static [Label],
    /// What a histogram measures, which decides on its buckets; `None` for the other kinds.
    pub scale: Option<Scale>,
    /// One sentence for people.
    pub help: &'static str,
}

/// What a proxy has to know of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The exported name, unit last; `_total` for counters.
    pub name: &'static str,
    /// How the metric behaves over time.
    pub kind: Kind,
    /// The labels, in the order of [`Label::ALL`].
    pub labels: &'static [Label],
}

impl Shape {
    /// The names of a histogram's exact counters: of the sum and of the number of its samples; each in two pieces, because
    /// thousands of series have them. `None` for the other kinds.
    pub fn companions(&self) -> Option<[[&'static str; 2]; 2]> {
        if self.kind != Kind::Histogram {
            return None;
        }
        let stem = self.name.rsplit_once('_').map_or(self.name, |(stem, _unit)| stem);
        Some([[self.name, "_total"], [stem, "_observations_total"]])
    }
}

/// An exact counter beside a histogram.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Companion {
    /// The exported name.
    pub name: String,
    /// What one unit of the value is.
    pub unit: &'static str,
    /// One sentence for people.
    pub help: String,
}

impl Definition {
    /// The exact sum and the exact number of a histogram's samples, with the same labels;
    /// `None` for the other kinds.
    ///
    /// A mean that must be right is computed from these: the proxy's own `_sum` is off by up to
    /// a few per cent, because it is rebuilt from two-digit samples.
    pub fn companions(&self) -> Option<[Companion; 2]> {
        let shape = Shape { name: self.name, kind: self.kind, labels: self.labels };
        let [sum, observations] = shape.companions()?;
        Some([
            Companion {
                name: sum.concat(),
                unit: self.unit,
                help: format!("Exact sum of the samples of `{}`.", self.name),
            },
            Companion {
                name: observations.concat(),
                unit: "samples",
                help: format!("Exact number of the samples of `{}`.", self.name),
            },
        ])
    }
}

// `Gauge of Hellinger` is a value of that measure of drift. Gauges of one measure stand in the order of its values.
macro_rules! metrics {
    ($(
        $(#[doc = $help:literal])+
        $variant:ident = $kind:ident $(of $measure:ident)? $name:literal in $unit:literal [$($label:ident),*] $($scale:ident)?;
    )*) => {
        /// A metric. Its definition is [`Metric::definition`].
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Metric {$(
            $(#[doc = $help])+
            $variant,
        )*}

        impl Metric {
            /// All metrics, in the order in which the documentation lists them.
            pub const ALL: &[Metric] = &[$(Metric::$variant),*];

            /// What a proxy has to know of this metric. A filter that asks for nothing else ships no help text.
            pub const fn shape(self) -> Shape {
                match self {$(
                    Metric::$variant => Shape {
                        name: $name,
                        kind: Kind::$kind,
                        labels: &[$(Label::$label),*],
                    },
                )*}
            }

            /// The measure of drift whose value this metric is; `None` if it is of none.
            pub const fn measure(self) -> Option<Measure> {
                match self {$(
                    Metric::$variant => metrics!(@measure $($measure)?),
                )*}
            }

            /// Name, kind, unit, labels, bounds and help of this metric.
            pub const fn definition(self) -> Definition {
                match self {$(
                    Metric::$variant => Definition {
                        name: $name,
                        kind: Kind::$kind,
                        unit: $unit,
                        labels: &[$(Label::$label),*],
                        scale: metrics!(@scale $($scale)?),
                        help: concat!($($help),+),
                    },
                )*}
            }
        }
    };
    (@scale) => { None };
    (@scale $scale:ident) => { Some(Scale::$scale) };
    (@measure) => { None };
    (@measure $measure:ident) => { Some(Measure::$measure) };
}

impl Metric {
    /// The metrics of a measure of drift, one for each of its values, in their order.
    pub fn of(measure: Measure) -> impl Iterator<Item = Metric> {
        Metric::ALL.iter().copied().filter(move |metric| metric.measure() == Some(measure))
    }
}

metrics! {
    /// Requests that ended, by how they ended. Every measured request is in exactly one outcome.
    Requests = Counter "driftline_requests_total" in "requests" [Model, Route, Outcome];
    /// Requests whose model is known and that have not ended yet.
    RequestsInFlight = Gauge "driftline_requests_in_flight" in "requests" [Model, Route];
    /// Time from the request headers to the end of the exchange.
    RequestDuration = Histogram "driftline_request_duration_microseconds" in "microseconds" [Model, Route, Result] Duration;
    /// Time from the request headers to the first event that carries generated output of any kind:
    /// text, reasoning, a tool call, a refusal or audio. Streamed answers only.
    TimeToFirstToken = Histogram "driftline_time_to_first_token_microseconds" in "microseconds" [Model, Route, Result] FirstToken;
    /// Time from the request headers to the first event that carries output a user sees, which
    /// reasoning is not. Streamed answers only.
    TimeToFirstVisibleToken = Histogram "driftline_time_to_first_visible_token_microseconds" in "microseconds" [Model, Route, Result] FirstToken;
    /// Time from the request headers to the last event that carries generated output; usage and
    /// end marks do not count. Streamed answers only.
    TimeToLastToken = Histogram "driftline_time_to_last_token_microseconds" in "microseconds" [Model, Route, Result] Duration;
    /// TPOT: (last token - first token) / (output tokens - 1), hidden reasoning tokens subtracted.
    TimePerOutputToken = Histogram "driftline_time_per_output_token_microseconds" in "microseconds" [Model, Route, Result] PerToken;
    /// Time between two successive pieces of the answer that carry generated output. A piece may
    /// hold several tokens, so this is not an inter-token latency.
    InterChunkGap = Histogram "driftline_inter_chunk_gap_microseconds" in "microseconds" [Model, Route] PerToken;
    /// Streamed answers for which TPOT could not be told, by reason: `usage_missing`, `one_chunk`,
    /// `too_few_tokens` or `several_choices`.
    TimePerOutputTokenSkipped = Counter "driftline_time_per_output_token_skipped_total" in "answers" [Model, Route, Reason];
    /// Input tokens, from the usage that the model server reports; cached ones included.
    InputTokens = Counter "driftline_input_tokens_total" in "tokens" [Model, Route];
    /// Input tokens that the model server read from its cache; a part of the input tokens.
    CachedInputTokens = Counter "driftline_cached_input_tokens_total" in "tokens" [Model, Route];
    /// Input tokens that the model server wrote to its cache; a part of the input tokens.
    CacheWriteTokens = Counter "driftline_cache_write_tokens_total" in "tokens" [Model, Route];
    /// Output tokens, from the usage that the model server reports; reasoning included.
    OutputTokens = Counter "driftline_output_tokens_total" in "tokens" [Model, Route];
    /// Output tokens spent on reasoning; a part of the output tokens.
    ReasoningTokens = Counter "driftline_reasoning_tokens_total" in "tokens" [Model, Route];
    /// Answers by why the model stopped: `stop`, `length`, `tool_calls`, `refusal`, `content_filter`, `error`, or
    /// `other` for a word that Driftline does not know.
    Finished = Counter "driftline_answers_finished_total" in "answers" [Model, Route, Reason];
    /// Things that could not be read as the dialect promises, by reason: `request_malformed`,
    /// `instances_missing`, `response_malformed`, `event_malformed`, `event_too_large` (an event, which is read all the
    /// same, or the data of a tensor that comes before its name or shape, which is not), `usage_missing`,
    /// `usage_inconsistent` (the total is no sum of the parts), `output_not_understood` (in a form that no table has),
    /// `encoded_body` (in a coding that is unknown or switched off), `encoding_malformed`, `decoded_too_dense` (as a
    /// bomb), `decoder_too_large` (its window), `no_room_to_decode` (too many at once, or too much data of such tensors),
    /// `unexpected_content_type` or `load_report_malformed`. Traffic passes in any case.
    ReadProblems = Counter "driftline_read_problems_total" in "problems" [Model, Route, Reason];
    /// Load reports of model servers (ORCA) that could be read. The gauges below stand at 0 until a report says more.
    LoadReports = Counter "driftline_load_reports_total" in "reports" [Model, Route];
    /// Share of its processors that a model server uses, by its last report. A snapshot, as all that servers report: of
    /// when an answer began if it came in a header, of when one ended if in a trailer, and of whichever server was last.
    ServerCpuUtilization = Gauge "driftline_server_cpu_utilization_ppm" in "parts per million" [Model, Route];
    /// Share of its memory that a model server uses, by its last report; a snapshot.
    ServerMemoryUtilization = Gauge "driftline_server_memory_utilization_ppm" in "parts per million" [Model, Route];
    /// How full a model server is by its own measure, by its last report; a snapshot.
    ServerApplicationUtilization = Gauge "driftline_server_application_utilization_ppm" in "parts per million" [Model, Route];
    /// Requests per thousand seconds that a model server serves, by its last report; a snapshot.
    ServerRequestRate = Gauge "driftline_server_request_rate_millihertz" in "requests per thousand seconds" [Model, Route];
    /// Errors per thousand seconds that a model server answers, by its last report; a snapshot.
    ServerErrorRate = Gauge "driftline_server_error_rate_millihertz" in "errors per thousand seconds" [Model, Route];
    /// Share of the cache for keys and values that is in use, by the last report; a snapshot.
    ServerKvCacheUsage = Gauge "driftline_server_kv_cache_usage_ppm" in "parts per million" [Model, Route];
    /// Tokens that the cache for keys and values can hold, by the last report; a snapshot.
    ServerKvCacheCapacity = Gauge "driftline_server_kv_cache_capacity_tokens" in "tokens" [Model, Route];
    /// Requests that a model server works at, by its last report; a snapshot.
    ServerRequestsRunning = Gauge "driftline_server_running_requests" in "requests" [Model, Route];
    /// Requests that wait in a model server, by its last report; a snapshot.
    ServerRequestsWaiting = Gauge "driftline_server_waiting_requests" in "requests" [Model, Route];
    /// Streams that were let through without being measured, by reason: `no_request_headers` (the proxy
    /// refused them early), `unrecognised_path`, `unknown_form` (only its bodies showed that it is not for a known server),
    /// `other_method`, `declared_none` (the configuration says so) or `no_room` (its VM has no memory left for it).
    Unmeasured = Counter "driftline_unmeasured_streams_total" in "streams" [Reason];
    /// Rows that were asked to be predicted.
    Instances = Counter "driftline_instances_total" in "rows" [Model, Version];
    /// Rows of requests that were answered with an error, by the server or by the proxy. They are among
    /// `driftline_instances_total` and in the bins as well, because both count while the request passes.
    InstancesRefused = Counter "driftline_instances_refused_total" in "rows" [Model, Version];
    /// Predictions that were answered.
    Predictions = Counter "driftline_predictions_total" in "rows" [Model, Version];
    /// Exchanges of a predictive model in this version that completed. Only of listed versions, as the next three.
    VersionRequests = Counter "driftline_version_requests_total" in "requests" [Model, Version];
    /// The sum of how long these took, from the request headers to their end; one counts as an hour at most.
    VersionDuration = Counter "driftline_version_duration_microseconds_total" in "microseconds" [Model, Version];
    /// The sum of the squares of these durations. A worker adds whole square milliseconds and keeps the rest for the next
    /// exchange, so the sum is exact to one for each worker. It has room for a million exchanges of an hour.
    VersionDurationSquares = Counter "driftline_version_duration_square_milliseconds_total" in "squared milliseconds" [Model, Version];
    /// Tells the bins of the prediction apart: versions with the same number count predictions in the same bins.
    PredictionBins = Gauge "driftline_prediction_bins_fingerprint" in "fingerprints" [Model, Version];
    /// Values that fell into a bin of the reference profile, or, of values with bins of their own, `below` or `above` all
    /// of them.
    FeatureBin = Counter "driftline_feature_bin_total" in "values" [Model, Version, Role, Feature, Bin];
    /// Values that fell into no bin, by reason: `null`, `missing`, `wrong_type` or `not_finite`.
    FeatureUnbinned = Counter "driftline_feature_unbinned_total" in "values" [Model, Version, Role, Feature, Reason];
    /// Values that fell into a bin, but that the profile's schema does not allow, by reason: `out_of_range` or
    /// `novel_category`.
    FeatureOutside = Counter "driftline_feature_outside_total" in "values" [Model, Version, Role, Feature, Reason];
    /// How far values lie beyond the outermost edges of the bins, or beyond all values with bins of their own, added up;
    /// one value adds a thousand standard deviations at most. From a constant, the distance counts in its own size.
    FeatureTailExcess = Counter "driftline_feature_tail_excess_thousandths_total" in "thousandths of the reference's standard deviation" [Model, Version, Role, Feature, Side];
    /// Breaches of the profile's schema, by reason: of a feature or the prediction `required_missing`, `required_null`,
    /// `wrong_type`, `not_finite`, `out_of_range` or `novel_category`; and of the model as a whole, without the labels
    /// `role` and `feature`, `extra_column` (a value that no feature of the profile is called like, or another one of a
    /// name that the row had) or `wrong_shape` (rows of another width, tensors that do not fit together).
    SchemaViolations = Counter "driftline_schema_violations_total" in "breaches" [Model, Version, Role, Feature, Reason];
    /// How old timestamps are when a request comes: its time by the proxy's wall clock, less the value. The age is also
    /// what falls into the bins of such a feature.
    FeatureAge = Histogram "driftline_feature_age_seconds" in "seconds" [Model, Version, Role, Feature] Age;
    /// Timestamps that are later than the request's own time, and therefore have no age.
    FeatureInFuture = Counter "driftline_feature_in_future_total" in "values" [Model, Version, Role, Feature];
    /// Rows of the reference profile in each bin, so that every measure can be computed again in PromQL. Live bins that
    /// it does not have, `below` and `above`, have none.
    ReferenceBinRows = Gauge "driftline_reference_bin_rows" in "values" [Model, Version, Role, Feature, Bin];
    /// Rows of the reference profile without a value. Columns of which each row has one do not have it.
    ReferenceUnset = Gauge "driftline_reference_unset_rows" in "rows" [Model, Version, Role, Feature];
    /// Values in the bins of the window; its measures are computed from these.
    FeatureWindowRows = Gauge "driftline_feature_window_rows" in "values" [Model, Version, Role, Feature, Window];
    /// PSI of the window against the reference profile, half a count added to every bin. This measure and all others
    /// are 0 while the window is empty.
    FeaturePsi = Gauge "driftline_feature_psi_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// The PSI that sampling noise alone exceeds in 5 % of all windows of so many rows.
    FeaturePsiCritical = Gauge "driftline_feature_psi_critical_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Whether the window has drifted from the reference: 1 for the verdict that holds, 0 for the others. `drift` is both
    /// beyond chance and material, and holds until it has been gone for `recovery_seconds`; `insufficient` is a window whose
    /// rows are worth fewer than `rows_min`. The fast verdict is that of several lengths within the window.
    FeatureVerdict = Gauge "driftline_feature_verdict" in "verdicts" [Model, Version, Role, Feature, Window, Verdict];
    /// What moved in a feature that has drifted: 1 for the reason, 0 for the others, and for all while nothing has. Numbers:
    /// `location`, `spread` and `tail`, or `novel_values` if each value has a bin. Categories and flags: `category_share` and
    /// `novel_values`. All: `nulls` (null or missing) and `types` (of the wrong type, or not finite).
    FeatureDriftReason = Gauge "driftline_feature_drift_reason" in "reasons" [Model, Version, Role, Feature, Reason];
    /// When the drift began that holds, in seconds since 1970; 0 while there is none.
    FeatureDriftStarted = Gauge "driftline_feature_drift_started_timestamp_seconds" in "seconds" [Model, Version, Role, Feature];
    /// Times that a verdict of the feature turned to `drift` or back.
    FeatureVerdictChanges = Counter "driftline_feature_verdict_changes_total" in "changes" [Model, Version, Role, Feature];
    /// What the rows in the bins of the fast window are worth: as many as they are, divided by the size of the clusters that
    /// they come in. `rows_min` is asked of this.
    FeatureEffectiveRows = Gauge "driftline_feature_effective_rows" in "rows" [Model, Version, Role, Feature];
    /// Whether the verdict asks what came a season before as well: 0 until something did, and training decides alone. Only
    /// with `compare_with` `both`.
    FeatureSeasonKnown = Gauge "driftline_feature_season_known" in "features" [Model, Version, Role, Feature];
    /// The evidence that a drift of this model needs, as the negative decimal logarithm of how often chance goes so far, in
    /// thousandths: all looks of a day at all of its features share `false_alarms`, and with them those at its quality and
    /// its KPIs.
    DriftEvidenceNeeded = Gauge "driftline_drift_evidence_needed_thousandths" in "thousandths" [Model, Version];
    /// Features of the model whose verdict is `drift`.
    DriftedFeatures = Gauge "driftline_drifted_features" in "features" [Model, Version, Window];
    /// Kullback-Leibler divergence of the window from the reference, in nats, half a count added to every bin: large
    /// where live values fall in bins that the reference hardly has.
    FeatureKlLive = Gauge of KullbackLeibler "driftline_feature_kl_live_from_reference_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Kullback-Leibler divergence of the reference from the window: large where live values have left bins of the
    /// reference.
    FeatureKlReference = Gauge of KullbackLeibler "driftline_feature_kl_reference_from_live_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Jensen-Shannon distance: the square root of the divergence in nats, 0.8326 at most.
    FeatureJensenShannon = Gauge of JensenShannon "driftline_feature_jensen_shannon_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Hellinger distance, 1 at most.
    FeatureHellinger = Gauge of Hellinger "driftline_feature_hellinger_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Total variation: the share of rows that would have to move to another bin.
    FeatureTotalVariation = Gauge of TotalVariation "driftline_feature_total_variation_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// The largest change of one bin's share.
    FeatureLInfinity = Gauge of LInfinity "driftline_feature_l_infinity_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Kolmogorov-Smirnov statistic on the bins: the largest distance of the two distribution functions. Numbers only.
    FeatureKsStatistic = Gauge of KolmogorovSmirnov "driftline_feature_ks_statistic_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// How often chance alone makes the Kolmogorov-Smirnov statistic as large; 1 while the window is empty. Numbers only.
    FeatureKsPValue = Gauge of KolmogorovSmirnov "driftline_feature_ks_p_value_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// The same p-value as -log10, in thousandths, however small it is: 3000 for a p-value of .001. Numbers only.
    FeatureKsSignificance = Gauge of KolmogorovSmirnov "driftline_feature_ks_significance_thousandths" in "thousandths" [Model, Version, Role, Feature, Window];
    /// Chi-square statistic of two samples, the window and the reference.
    FeatureChiSquare = Gauge of ChiSquare "driftline_feature_chi_square_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// How often chance alone makes that statistic as large; 1 while the window is empty.
    FeatureChiSquarePValue = Gauge of ChiSquare "driftline_feature_chi_square_p_value_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// The same p-value as -log10, in thousandths, however small it is: 3000 for a p-value of .001.
    FeatureChiSquareSignificance = Gauge of ChiSquare "driftline_feature_chi_square_significance_thousandths" in "thousandths" [Model, Version, Role, Feature, Window];
    /// Chi-square statistic of the window if the reference is the law itself. The largest number there is if values
    /// fell where the reference has none. Not exported by default, because it leaves out the noise of the reference.
    FeatureChiSquareFit = Gauge of ChiSquareFit "driftline_feature_chi_square_fit_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// How often chance alone makes that statistic as large, if the reference had no noise; 1 while the window is empty.
    FeatureChiSquareFitPValue = Gauge of ChiSquareFit "driftline_feature_chi_square_fit_p_value_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Wasserstein distance in millionths of the feature's own unit. Of values with bins of their own, new ones between
    /// two of them are left out. Numbers only.
    FeatureWasserstein = Gauge of Wasserstein "driftline_feature_wasserstein_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// Wasserstein distance in standard deviations of the reference. Numbers only.
    FeatureWassersteinDeviations = Gauge of Wasserstein "driftline_feature_wasserstein_deviations_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// By how much the share of rows without a value (null, missing, `wrong_type` or `not_finite`) exceeds that of the
    /// reference; 0 if it fell.
    FeatureNullRatioIncrease = Gauge of NullRatio "driftline_feature_null_ratio_increase_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// By how much the share of rows without a value falls short of that of the reference; 0 if it rose.
    FeatureNullRatioDecrease = Gauge of NullRatio "driftline_feature_null_ratio_decrease_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// The change of the share of rows without a value, in standard errors, whichever way it went.
    FeatureNullRatioZ = Gauge of NullRatio "driftline_feature_null_ratio_z_ppm" in "parts per million" [Model, Version, Role, Feature, Window];
    /// The place of the feature among all of the model by how far it moved, in PSI: 1 moved most, 0 cannot tell. Since
    /// `training`, since `window_before`, or, between whole windows, since the one that ended a slow window earlier:
    /// `day_before` where a slow window is a day, as it is by default, `week_before` where it is a week, else
    /// `slow_window_before`.
    FeatureRank = Gauge "driftline_feature_rank" in "places" [Model, Version, Role, Feature, Since];
    /// PSI of the window against the one before (`window_before`), and of the last whole window against the one that
    /// ended a slow window earlier: `day_before` where a slow window is a day, `week_before` where it is a week, else
    /// `slow_window_before`. 0 while either has too few rows.
    FeatureMovedPsi = Gauge "driftline_feature_moved_psi_ppm" in "parts per million" [Model, Version, Role, Feature, Since];
    /// Training-serving skew: PSI of the first rows under this profile, those of a window at least and `rows_min` at
    /// least, against it. It stays as it is from then on, whatever drifts later.
    FeatureSkewPsi = Gauge "driftline_feature_skew_psi_ppm" in "parts per million" [Model, Version, Role, Feature];
    /// The verdict on those rows: 1 for the one that holds, 0 for the others. `insufficient` until they are there.
    FeatureSkewVerdict = Gauge "driftline_feature_skew_verdict" in "verdicts" [Model, Version, Role, Feature, Verdict];
    /// Labels that were not refused, by what became of them: `joined` (their id led to the prediction), `with_prediction`
    /// (they brought it along), `unmatched` (no prediction of that id is known here) or `duplicate` (the prediction has a
    /// label already). The first two count.
    Labels = Counter "driftline_labels_total" in "labels" [Model, Version, Outcome];
    /// Time from a prediction to its label, where both moments are known.
    LabelDelay = Histogram "driftline_label_delay_seconds" in "seconds" [Model, Version] Age;
    /// Records of feedback that were refused, by reason: `unknown_model`, `label_missing`, `label_unusable`,
    /// `prediction_missing`, `prediction_unusable`, `kpi_unusable` or `id_unusable`.
    FeedbackRefused = Counter "driftline_feedback_refused_total" in "records" [Reason];
    /// Requests with feedback, by how they ended: `accepted`, `malformed`, `too_large`, `unauthorized`, `other_method`,
    /// `broken_off` or `no_room`. Of all of them what was read before counts.
    FeedbackRequests = Counter "driftline_feedback_requests_total" in "requests" [Outcome];
    /// Predictions that were noted by their id, to be joined with a label.
    PredictionsTracked = Counter "driftline_predictions_tracked_total" in "predictions" [Model, Version];
    /// Predictions that were overwritten by newer ones before any label came; of a model without labels, any KPI.
    PredictionsEvicted = Counter "driftline_predictions_evicted_total" in "predictions" [Model, Version];
    /// Predictions that took the place of one with the same id that had no label yet and then cannot get one any more.
    PredictionsReplaced = Counter "driftline_predictions_replaced_total" in "predictions" [Model, Version];
    /// Predictions that were not noted, by reason: `no_id`, `too_many_rows` (of a batch whose id comes after them) or
    /// `refused` (by the proxy).
    PredictionsUntracked = Counter "driftline_predictions_untracked_total" in "predictions" [Model, Version, Reason];
    /// Labelled rows by class and predicted class.
    ConfusionRows = Counter "driftline_confusion_rows_total" in "rows" [Model, Version, Actual, Predicted];
    /// Predictions by score bin, whether they have labels or not.
    Scores = Counter "driftline_scores_total" in "predictions" [Model, Version, Bin];
    /// Labelled rows by score bin, `positive` or `negative`.
    LabelledScores = Counter "driftline_labelled_scores_total" in "rows" [Model, Version, Bin, Actual];
    /// The sum of the scores of labelled rows, by score bin.
    LabelledScoreSum = Counter "driftline_labelled_score_millionths_total" in "millionths" [Model, Version, Bin];
    /// The sum of squared differences of score and label, which is 0 or 1.
    ScoreSquaredError = Counter "driftline_score_squared_error_millionths_total" in "millionths" [Model, Version];
    /// The sum of log losses of scores.
    ScoreLogLoss = Counter "driftline_score_log_loss_millionths_total" in "millionths of a nat" [Model, Version];
    /// Labelled rows of a regression.
    RegressionRows = Counter "driftline_regression_rows_total" in "rows" [Model, Version];
    /// The sum of errors, prediction less label: of predictions that are too high on the side `high`, of those too low on
    /// the side `low`.
    RegressionError = Counter "driftline_regression_error_thousandths_total" in "thousandths of the label's standard deviation" [Model, Version, Side];
    /// The sum of squared errors, the whole part of each.
    RegressionSquares = Counter "driftline_regression_squared_error_total" in "squared standard deviations" [Model, Version];
    /// The sum of squared errors, what is left of each.
    RegressionSquareMillionths = Counter "driftline_regression_squared_error_millionths_total" in "millionths of a squared standard deviation" [Model, Version];
    /// The sum of how far labels lie from the mean of the reference, above it (`high`) and below (`low`).
    RegressionLabel = Counter "driftline_regression_label_thousandths_total" in "thousandths of the label's standard deviation" [Model, Version, Side];
    /// The sum of the squares of these distances, the whole part of each.
    RegressionLabelSquares = Counter "driftline_regression_squared_label_total" in "squared standard deviations" [Model, Version];
    /// The sum of the squares of these distances, what is left of each.
    RegressionLabelSquareMillionths = Counter "driftline_regression_squared_label_millionths_total" in "millionths of a squared standard deviation" [Model, Version];
    /// The standard deviation of the label in the reference, in millionths of the label's unit: errors in deviations times
    /// this are errors in the unit of the label, which versions with different profiles have in common.
    RegressionDeviation = Gauge "driftline_regression_label_deviation_ppm" in "parts per million" [Model, Version];
    /// Labelled rows of a regression whose label is not 0, which have a relative error.
    RegressionRelativeRows = Counter "driftline_regression_relative_rows_total" in "rows" [Model, Version];
    /// The sum of absolute errors in parts of their labels.
    RegressionRelative = Counter "driftline_regression_relative_error_ten_thousandths_total" in "ten-thousandths" [Model, Version];
    /// Labelled rows of a regression whose error or label lies beyond 1,000 standard deviations, and counts as that.
    RegressionClamped = Counter "driftline_regression_clamped_rows_total" in "rows" [Model, Version];
    /// Labelled rows of a regression by the bin of their absolute error.
    AbsoluteErrorRows = Counter "driftline_absolute_error_rows_total" in "rows" [Model, Version, Bin];
    /// Labelled rows by the bin of a feature, or `none` for rows without one.
    SegmentRows = Counter "driftline_segment_rows_total" in "rows" [Model, Version, Feature, Bin];
    /// Their errors: 1000 for a wrong class, or the absolute error in thousandths of the label's standard deviation.
    SegmentErrors = Counter "driftline_segment_error_thousandths_total" in "thousandths" [Model, Version, Feature, Bin];
    /// The place of a segment among those that have become significantly worse: 1 for the one where the error rose most, 0
    /// for those that have not.
    SegmentRank = Gauge "driftline_segment_rank" in "places" [Model, Version, Feature, Bin];
    /// Records of feedback with this KPI.
    KpiRows = Counter "driftline_kpi_rows_total" in "records" [Model, Version, Kpi];
    /// The sum of a KPI in its unit: of values above 0 on the side `high`, of those below 0 on the side `low`.
    KpiUnits = Counter "driftline_kpi_units_total" in "units of the KPI" [Model, Version, Side, Kpi];
    /// The sum of where the values of a KPI lie between its bounds, from 0 to 1.
    KpiPositions = Counter "driftline_kpi_position_millionths_total" in "millionths" [Model, Version, Kpi];
    /// The sum of the squares of these positions.
    KpiSquares = Counter "driftline_kpi_square_millionths_total" in "millionths" [Model, Version, Kpi];
    /// The mean of a KPI in the window, in millionths: on the side `high` if it is above 0, on the side `low` if below.
    KpiMean = Gauge "driftline_kpi_mean_ppm" in "parts per million" [Model, Version, Window, Side, Kpi];
    /// Records of feedback by the bin of the KPI. Only of KPIs that the profile knows (`driftline profile --kpi`), as the
    /// next five.
    KpiBinRows = Counter "driftline_kpi_bin_rows_total" in "records" [Model, Version, Bin, Kpi];
    /// Those of them whose value is below the smallest or above the largest one of the reference.
    KpiOutside = Counter "driftline_kpi_outside_total" in "records" [Model, Version, Kpi];
    /// How far values lie beyond the outermost edges of the bins, or beyond all values with bins of their own, added up; one
    /// value adds a thousand standard deviations at most. From a constant, the distance counts in its own size.
    KpiTailExcess = Counter "driftline_kpi_tail_excess_thousandths_total" in "thousandths of the reference's standard deviation" [Model, Version, Side, Kpi];
    /// Rows of the reference profile in each bin of the KPI.
    ReferenceKpiBinRows = Gauge "driftline_reference_kpi_bin_rows" in "rows" [Model, Version, Bin, Kpi];
    /// The mean of the KPI in the reference profile, as `driftline_kpi_mean_ppm` has that of a window: which way a KPI moved
    /// is the difference of the two.
    ReferenceKpiMean = Gauge "driftline_reference_kpi_mean_ppm" in "parts per million" [Model, Version, Side, Kpi];
    /// Whether the KPI has moved away from the reference, up or down: 1 for the verdict that holds, 0 for the others. It
    /// shares the false alarms of the model with those of its features and of its quality.
    KpiVerdict = Gauge "driftline_kpi_verdict" in "verdicts" [Model, Version, Window, Verdict, Kpi];
    /// Labelled rows in the window; its quality is computed from these. Of a model without a quality in its profile, records
    /// with KPIs.
    LabelledRows = Gauge "driftline_labelled_rows" in "rows" [Model, Version, Window];
    /// Labelled rows of the window, in parts of the predictions that were made in it. It is more than 1 where labels come
    /// faster than predictions do.
    LabelCoverage = Gauge "driftline_label_coverage_ppm" in "parts per million" [Model, Version, Window];
    /// Whether labels tell how good the model is: `none`, `late` or `live`. 1 for the one that holds.
    LabelsState = Gauge "driftline_labels_state" in "states" [Model, Version, State];
    /// A measure of quality in the window, in millionths; 0 where it is not defined. Errors of a regression are in the unit
    /// of the label.
    Quality = Gauge "driftline_quality_ppm" in "parts per million" [Model, Version, Window, Measure];
    /// Precision, recall or F1 of a class against all others, in the window.
    ClassQuality = Gauge "driftline_class_quality_ppm" in "parts per million" [Model, Version, Window, Measure, Class];
    /// The same measure of the reference, as the profile has it.
    ReferenceQuality = Gauge "driftline_reference_quality_ppm" in "parts per million" [Model, Version, Measure];
    /// Whether the model is worse than on the reference: 1 for the verdict that holds, 0 for the others. It shares the
    /// false alarms of the model with those of its features.
    QualityVerdict = Gauge "driftline_quality_verdict" in "verdicts" [Model, Version, Window, Verdict];
    /// What a detector says of the stream of errors, or of a KPI: 1 for the state that holds, 0 for the others.
    ConceptState = Gauge "driftline_concept_state" in "states" [Model, Version, Kpi, Detector, State];
    /// Changes that a detector found.
    ConceptChanges = Counter "driftline_concept_changes_total" in "changes" [Model, Version, Kpi, Detector];
    /// When a detector found the last change, in seconds since 1970; 0 if it never did.
    ConceptChanged = Gauge "driftline_concept_changed_timestamp_seconds" in "seconds" [Model, Version, Kpi, Detector];
    /// The mean before the last change, as the detector knew it: the share of errors, the absolute error in standard
    /// deviations of the label, or where a KPI lies between its bounds.
    ConceptBefore = Gauge "driftline_concept_mean_before_ppm" in "parts per million" [Model, Version, Kpi, Detector];
    /// The mean since the last change.
    ConceptAfter = Gauge "driftline_concept_mean_after_ppm" in "parts per million" [Model, Version, Kpi, Detector];
    /// The quality that the scores of the window let expect without labels: of all `predictions`, and of those `labelled` in
    /// it. It does not see concept drift.
    EstimatedQuality = Gauge "driftline_estimated_quality_ppm" in "parts per million" [Model, Version, Window, Measure, Rows];
    /// One standard error of that estimate.
    EstimatedQualityError = Gauge "driftline_estimated_quality_error_ppm" in "parts per million" [Model, Version, Window, Measure, Rows];
    /// By how much the quality that labels show falls short of what the scores of the same rows let expect: concept drift.
    EstimateShortfall = Gauge "driftline_estimate_shortfall_ppm" in "parts per million" [Model, Version, Window, Measure];
    /// By how much it exceeds that.
    EstimateExcess = Gauge "driftline_estimate_excess_ppm" in "parts per million" [Model, Version, Window, Measure];
    /// When the reference profile was made, in seconds since 1970.
    ProfileCreated = Gauge "driftline_profile_created_timestamp_seconds" in "seconds" [Model, Version];
    /// When the model, in this version, was deployed, as the configuration says it, in seconds since 1970.
    ModelDeployed = Gauge "driftline_model_deployed_timestamp_seconds" in "seconds" [Model, Version];
    /// Values of features and predictions that were counted against a profile, those that are missing included, and records
    /// of feedback, of all models.
    MonitoredValues = Counter "driftline_monitored_values_total" in "values" [];
    /// Times that the evaluator compared the live window with the reference profile.
    Evaluations = Counter "driftline_evaluations_total" in "evaluations" [];
    /// Configurations in VMs that have no memory left for them: streams of these pass unmeasured, as `no_room`, until the
    /// next update.
    ConfigurationsWithoutRoom = Gauge "driftline_configurations_without_room" in "configurations" [];
    /// What the VM with the least memory left has taken of it, for configurations, windows, decoders and streams in
    /// flight. A VM has 48 MiB for these.
    VmMemory = Gauge "driftline_vm_memory_bytes" in "bytes" [];
}

#[cfg(test)]
mod tests {
    use std::{string::ToString, vec::Vec};

    use super::*;

    /// Every exported name with its kind, companions included.
    fn names() -> Vec<(String, Kind)> {
        let mut names = Vec::new();
        for metric in Metric::ALL {
            let definition = metric.definition();
            names.push((definition.name.to_string(), definition.kind));
            for companion in definition.companions().into_iter().flatten() {
                names.push((companion.name, Kind::Counter));
            }
        }
        names
    }

    #[test]
    fn names_follow_the_rules() {
        for (name, kind) in names() {
            assert!(name.starts_with("driftline_"), "{name}: prefix");
            let plain = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_'));
            assert!(plain, "{name}: lower case and underscores only");
            assert_eq!(
                name.ends_with("_total"),
                kind == Kind::Counter,
                "{name}: _total is for counters"
            );
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = names().into_iter().map(|(name, _)| name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_value_of_a_measure_has_a_metric() {
        for measure in Measure::ALL {
            assert_eq!(Metric::of(measure).count(), measure.count(), "{measure:?}");
        }
    }

    #[test]
    fn no_label_ends_with_another_ones_name() {
        for a in Label::ALL {
            for b in Label::ALL {
                assert!(a == b || !a.name().ends_with(b.name()), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn labels_come_in_the_one_order() {
        for metric in Metric::ALL {
            assert!(metric.definition().labels.is_sorted(), "{metric:?}");
        }
    }

    #[test]
    fn only_histograms_have_a_scale() {
        for metric in Metric::ALL {
            let Definition { kind, scale, .. } = metric.definition();
            assert_eq!(scale.is_some(), kind == Kind::Histogram, "{metric:?}");
        }
    }

    #[test]
    fn help_is_a_sentence() {
        for metric in Metric::ALL {
            let help = metric.definition().help.trim();
            assert!(
                help.ends_with('.') && help.starts_with(char::is_uppercase),
                "{metric:?}: {help}"
            );
        }
    }
}
