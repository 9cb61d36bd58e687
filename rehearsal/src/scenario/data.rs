//! Faults of what requests bring, and of the labels that come later.

use std::time::Duration;

use super::{Fault, Scenario};

const DATA: Scenario = Scenario { domain: "data", ..Scenario::USUAL };
/// Seven hours of the rules.
const LONG: Duration = Duration::from_secs(110);

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "drift",
        about: "amounts move by one standard deviation, and what is true with them",
        fault: Fault::Turned(|knobs| knobs.amount_shift = 1.0),
        alerts: &["DriftlineFeatureDrift"],
        ..DATA
    },
    Scenario {
        name: "wrong-amounts",
        about: "requests overstate amounts by two standard deviations, and the model is wrong with them",
        fault: Fault::Turned(|knobs| knobs.amount_error = 2.0),
        alerts: &["DriftlineFeatureDrift", "DriftlineDataHurtsQuality"],
        ..DATA
    },
    Scenario {
        name: "null-burst",
        about: "three of five amounts are null",
        fault: Fault::Turned(|knobs| knobs.null_share = 0.6),
        alerts: &["DriftlineNullBurst"],
        ..DATA
    },
    Scenario {
        name: "type-change",
        about: "every second amount is a text",
        fault: Fault::Turned(|knobs| knobs.text_share = 0.5),
        alerts: &["DriftlineTypeChange"],
        ..DATA
    },
    Scenario {
        name: "novel-categories",
        about: "three of ten regions are new",
        fault: Fault::Turned(|knobs| knobs.novel_share = 0.3),
        alerts: &["DriftlineNovelCategories"],
        ..DATA
    },
    Scenario {
        name: "out-of-range",
        about: "three of ten terms are ten times as long as any in training",
        fault: Fault::Turned(|knobs| knobs.out_of_range_share = 0.3),
        alerts: &["DriftlineOutOfRange"],
        ..DATA
    },
    Scenario {
        name: "column-lost",
        about: "half of the rows have no term",
        fault: Fault::Turned(|knobs| knobs.missing_share = 0.5),
        alerts: &["DriftlineRequiredMissing"],
        ..DATA
    },
    Scenario {
        name: "extra-column",
        about: "rows have a column that the profile does not know",
        fault: Fault::Turned(|knobs| knobs.has_extra_column = true),
        alerts: &["DriftlineSchemaBroken"],
        ..DATA
    },
    Scenario {
        name: "stale-data",
        about: "rows are ten days older than in training",
        fault: Fault::Turned(|knobs| knobs.older_by = 864_000.0),
        alerts: &["DriftlineStaleData", "DriftlineFreshnessBudgetBurns"],
        ..DATA
    },
    Scenario {
        name: "future",
        about: "timestamps are an hour late: they lie in the future",
        fault: Fault::Turned(|knobs| knobs.older_by = -3600.0),
        alerts: &["DriftlineTimestampsInFuture"],
        ..DATA
    },
    Scenario {
        name: "skew",
        about: "a version is deployed whose training amounts lie two standard deviations higher",
        fault: Fault::SkewedReference,
        alerts: &["DriftlineSkew"],
        ..DATA
    },
    Scenario {
        name: "labels-stop",
        about: "labels no longer come, and predictions go on",
        healthy: LONG,
        fault: Fault::Turned(|knobs| knobs.are_labels_sent = false),
        alerts: &["DriftlineLabelsStopped", "DriftlineLabelBudgetBurns"],
        ..DATA
    },
    Scenario {
        name: "labels-unmatched",
        about: "every second label has an id that nobody knows",
        fault: Fault::Turned(|knobs| knobs.unmatched_share = 0.5),
        alerts: &["DriftlineLabelsUnmatched"],
        ..DATA
    },
    Scenario {
        name: "labels-broken",
        about: "every second label is no class",
        fault: Fault::Turned(|knobs| knobs.broken_share = 0.5),
        alerts: &["DriftlineFeedbackRefused"],
        ..DATA
    },
];
