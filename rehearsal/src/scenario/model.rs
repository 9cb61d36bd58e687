//! Faults of the model itself: the same rows have other labels, or it answers otherwise.

use super::{Fault, Scenario};

const MODEL: Scenario = Scenario { domain: "model", ..Scenario::USUAL };

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "accuracy-falls",
        about: "two of five labels are the opposite of what they were in training",
        fault: Fault::Turned(|knobs| knobs.wrong_share = [0.4; 2]),
        alerts: &["DriftlineQualityFell", "DriftlineQualityBudgetBurns", "DriftlineConceptDrift"],
        ..MODEL
    },
    Scenario {
        name: "unsure-model",
        about: "the model answers scores that are all near a half",
        fault: Fault::Turned(|knobs| knobs.score_flattening = 0.9),
        alerts: &["DriftlinePredictionDrift", "DriftlineEstimateFell"],
        ..MODEL
    },
    Scenario {
        name: "segment-worse",
        about: "in one region of four, nine of ten labels are the opposite",
        fault: Fault::Turned(|knobs| knobs.wrong_in_region = 0.9),
        alerts: &["DriftlineSegmentWorse"],
        ..MODEL
    },
    Scenario {
        name: "kpi-falls",
        about: "revenue is a tenth of what it was",
        fault: Fault::Turned(|knobs| knobs.revenue_factor = 0.1),
        alerts: &["DriftlineKpiChanged"],
        ..MODEL
    },
    Scenario {
        name: "canary-worse",
        about: "of the new version alone, two of five labels are the opposite",
        fault: Fault::Turned(|knobs| knobs.wrong_share = [0.0, 0.4]),
        alerts: &["DriftlineCanaryWorse"],
        ..MODEL
    },
];
