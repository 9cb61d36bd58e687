//! Which panel shows whether an alert is real: it links to the runbook of that alert. It writes no runbook.

/// Dashboards, their panels, and the alerts that these show to be real.
const ALERTS: &[(&str, &str, &[&str])] = &[
    ("data", "Age of timestamps", &["DriftlineStaleData"]),
    (
        "data",
        "Breaches of the schema by reason",
        &["DriftlineRequiredMissing", "DriftlineSchemaBroken"],
    ),
    (
        "data",
        "Reference and live values by bin",
        &["DriftlineFeatureDrift", "DriftlinePredictionDrift"],
    ),
    ("data", "Timestamps in the future", &["DriftlineTimestampsInFuture"]),
    ("data", "Training-serving skew", &["DriftlineSkew"]),
    ("data", "Values in no bin, by reason", &["DriftlineTypeChange"]),
    ("data", "Values that are null or missing", &["DriftlineNullBurst"]),
    (
        "data",
        "Values that the schema does not allow",
        &["DriftlineNovelCategories", "DriftlineOutOfRange"],
    ),
    ("itself", "Evaluations", &["DriftlineEvaluatorStopped"]),
    ("itself", "Memory of the fullest VM", &["DriftlineMemoryLow"]),
    ("itself", "Names that match patterns", &["DriftlineNamesFull"]),
    ("itself", "Proxies that are scraped", &["DriftlineModelUnseen", "DriftlineScrapeLost"]),
    ("itself", "Read problems by reason", &["DriftlineUnreadTraffic", "DriftlineUsageMissing"]),
    ("itself", "Requests that the filter counts", &["DriftlineFilterFailing"]),
    ("itself", "Streams that are not measured", &["DriftlineNoRoom"]),
    ("model", "Detectors", &["DriftlineConceptDrift"]),
    ("model", "Feedback that was refused", &["DriftlineFeedbackRefused"]),
    ("model", "KPIs", &["DriftlineKpiChanged"]),
    (
        "model",
        "Labels by what became of them",
        &["DriftlineLabelsStopped", "DriftlineLabelsUnmatched"],
    ),
    ("model", "Quality and that of the reference", &["DriftlineQualityFell"]),
    ("model", "Quality that scores let expect", &["DriftlineEstimateFell"]),
    ("model", "Segments that got worse", &["DriftlineSegmentWorse"]),
    ("model", "Versions side by side", &["DriftlineCanaryWorse"]),
    (
        "overview",
        "Error budgets left",
        &[
            "DriftlineAvailabilityBudgetBurnsSlowly",
            "DriftlineFreshnessBudgetBurns",
            "DriftlineLabelBudgetBurns",
            "DriftlineLatencyBudgetBurnsSlowly",
            "DriftlineQualityBudgetBurns",
        ],
    ),
    ("overview", "Requests that failed", &["DriftlineAvailabilityBudgetBurnsFast"]),
    ("serving", "Requests by model", &["DriftlineNoTraffic"]),
    (
        "serving",
        "Requests by outcome",
        &["DriftlineErrorBurst", "DriftlineTruncatedStreams", "DriftlineUpstreamFailures"],
    ),
    ("serving", "Requests in flight", &["DriftlineRequestsPileUp"]),
    ("serving", "Requests in model servers", &["DriftlineModelServerSaturated"]),
    ("serving", "Time per output token by bucket", &["DriftlineTokenPaceBudgetBurns"]),
    (
        "serving",
        "Time to first token by bucket",
        &["DriftlineFirstTokenBudgetBurns", "DriftlineSlowFirstTokens"],
    ),
];

/// The alerts that a panel shows to be real.
pub(super) fn of(dashboard: &str, panel: &str) -> impl Iterator<Item = &'static str> {
    let rows = ALERTS.iter().filter(move |(of, title, _)| *of == dashboard && *title == panel);
    rows.flat_map(|(_, _, alerts)| alerts.iter().copied())
}

/// How many links there are to be.
#[cfg(test)]
pub(super) fn count() -> usize {
    ALERTS.iter().map(|(_, _, alerts)| alerts.len()).sum()
}
