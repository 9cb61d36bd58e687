//! Alerts on the data of models: what requests bring, and the labels that come later. An incident of the system inhibits
//! them: rows that were cut off or refused look like data that changed.

use driftline_labels::{FeedbackOutcome, LabelOutcome, Unbinned, Verdict};
use driftline_metrics::catalogue::{Label, Metric};

use super::{
    Alert, Dashboard, Scope, Severity,
    expression::{
        DAY, Expressions, FEATURE, FEATURES, HOUR, MINUTE, MODEL, NOT_SET, NOVEL_CATEGORY,
        OF_SHAPE, OUT_OF_RANGE, ROWS_MIN, VERSIONS, companions, series, words,
    },
    incidents::{CARRIES_QUALITY, CAUSE, causes_in_data},
    verdicts::{QUALITY_FOR, drift, quality_falls},
};
use crate::{
    promql::{differs, equals, one_of},
    slo::{self, Slo},
};

/// In the order in which they are evaluated; [`CARRIES_QUALITY`] comes last, because it asks for all others.
pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: "DriftlineFeatureDrift",
        question: "Does a feature no longer look like the training data?",
        expression: |of| drift(of, FEATURE),
        for_seconds: 5 * MINUTE,
        summary: "{{ $labels.feature }} of {{ $labels.model }} has drifted from its training data.",
        is_real: (
            Dashboard::Data,
            "Reference and live values by bin",
            "live bars of the feature differ from those of the reference.",
        ),
        at_once: "If quality has fallen too, go back to the fallback of the model. Otherwise nothing at night.",
        cause: "What moved (driftline-data, \"What moved in them\"), since when, and which clients or pipelines changed then.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineNullBurst",
        severity: Severity::Page,
        question: "Does a feature suddenly have no value?",
        expression: |of| {
            let share = of.feature_share(
                Metric::FeatureUnbinned,
                &words([Unbinned::Null, Unbinned::Missing]),
                10 * MINUTE,
            );
            let (unset, bins) =
                (Metric::ReferenceUnset.shape().name, Metric::ReferenceBinRows.shape().name);
            let unset = format!("max by ({FEATURES}) ({unset})");
            let bins = format!("sum by ({FEATURES}) (max by ({FEATURES}, bin) ({bins}))");
            format!(
                "{share}\n- ({unset} / ({unset} + {bins})\n  or on ({FEATURES}) {share} * 0) > 0.2"
            )
        },
        looks_back: |_| 10 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $labels.feature }} of {{ $labels.model }} is null or missing in {{ $value | humanizePercentage }} more of the rows than in training.",
        is_real: (
            Dashboard::Data,
            "Values that are null or missing",
            "the line of the feature steps up.",
        ),
        at_once: "Stop or roll back the source of the feature; let the model run on its fallback.",
        cause: "Whether all clients send nulls or one: a join that finds nothing, a renamed column, a source that is down.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineTypeChange",
        severity: Severity::Page,
        question: "Does a feature come as another type?",
        expression: |of| {
            let unusable = words([Unbinned::WrongType, Unbinned::NotFinite]);
            let share = of.feature_share(Metric::FeatureUnbinned, &unusable, 10 * MINUTE);
            format!("{share} > 0.05")
        },
        looks_back: |_| 10 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the values of {{ $labels.feature }} of {{ $labels.model }} are of a wrong type.",
        is_real: (
            Dashboard::Data,
            "Values in no bin, by reason",
            "wrong_type or not_finite rises from 0.",
        ),
        at_once: "Roll back the client or pipeline that was deployed last; models make something of such values, seldom the right thing.",
        cause: "A serializer that writes numbers as texts, a decimal comma, or an overflow to infinity.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineNovelCategories",
        question: "Does a feature have values that training never saw?",
        expression: |of| {
            let share = of.feature_share(Metric::FeatureOutside, &[NOVEL_CATEGORY], 30 * MINUTE);
            format!("{share} > 0.05")
        },
        looks_back: |_| 30 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the values of {{ $labels.feature }} of {{ $labels.model }} are categories that training never saw.",
        is_real: (
            Dashboard::Data,
            "Values that the schema does not allow",
            "novel_category rises for the feature.",
        ),
        at_once: "Map new spellings back in the client. The model treats all new categories alike.",
        cause: "Capture some requests to see the values: a new product is news, a new spelling is a fault.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineOutOfRange",
        question: "Are values beyond the range of the training data?",
        expression: |of| {
            let share = of.feature_share(Metric::FeatureOutside, &[OUT_OF_RANGE], 30 * MINUTE);
            format!("{share} > 0.05")
        },
        looks_back: |_| 30 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the values of {{ $labels.feature }} of {{ $labels.model }} are beyond the range of the training data.",
        is_real: (
            Dashboard::Data,
            "Values that the schema does not allow",
            "out_of_range rises for the feature.",
        ),
        at_once: "If the unit has changed, roll back the source. Clip values in the client if the model cannot extrapolate.",
        cause: "How far beyond (driftline-data, \"How far beyond the outermost bins\"): a thousand times is a unit, a little is the world.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineRequiredMissing",
        question: "Do rows lack what the profile requires?",
        expression: |of| {
            let breaches = series(
                Metric::SchemaViolations,
                &[equals(Label::Role, FEATURE), one_of(Label::Reason, &NOT_SET)],
            );
            let breaches = of.grown(FEATURES, &breaches, 15 * MINUTE);
            let rows = of.feature_rows(15 * MINUTE);
            format!("{breaches}\n/ ({rows} >= {ROWS_MIN}) > 0.01\nand {breaches} >= 10")
        },
        looks_back: |_| 15 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the rows of {{ $labels.model }} lack {{ $labels.feature }}, which its profile requires.",
        is_real: (
            Dashboard::Data,
            "Breaches of the schema by reason",
            "required_missing or required_null rises.",
        ),
        at_once: "Have the client send the feature again. Until then its rows are predicted from a default.",
        cause: "missing is a name that changed; null is a source that had nothing.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineSchemaBroken",
        question: "Do rows have another shape, or columns that nobody asked for?",
        expression: |of| {
            let by = "model, version, reason";
            let breaches = series(Metric::SchemaViolations, &[one_of(Label::Reason, &OF_SHAPE)]);
            let breaches = of.grown(by, &breaches, 15 * MINUTE);
            let rows = of.grown(VERSIONS, Metric::Instances.shape().name, 15 * MINUTE);
            format!(
                "{breaches}\n/ on ({VERSIONS}) group_left () ({rows} >= {ROWS_MIN}) > 0.01\nand {breaches} >= 10"
            )
        },
        looks_back: |_| 15 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "There are {{ $value | printf \"%.2f\" }} breaches of {{ $labels.reason }} for each row of {{ $labels.model }}.",
        is_real: (
            Dashboard::Data,
            "Breaches of the schema by reason",
            "extra_column or wrong_shape rises.",
        ),
        at_once: "wrong_shape: roll back the client, because columns may be read by position. extra_column: nothing at night.",
        cause: "A client that was built for another version of the model.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineStaleData",
        question: "Are the timestamps that requests bring older than they were?",
        expression: |of| {
            let [sum, count] = companions(Metric::FeatureAge);
            let recent = 15 * MINUTE;
            let now = [&sum, &count].map(|counter| of.grown(FEATURES, counter, recent));
            let before = [&sum, &count].map(|it| of.grown_before(FEATURES, it, DAY, recent));
            let [now, before] =
                [now, before].map(|[sum, count]| format!("({sum}\n  / ({count} >= 20))"));
            format!("{now} > 2 * {before}\nand {now} - {before} > 60")
        },
        looks_back: |_| 15 * MINUTE,
        for_seconds: 10 * MINUTE,
        summary: "{{ $labels.feature }} of {{ $labels.model }} is {{ $value | humanizeDuration }} old in the mean, twice as old as on the day before.",
        is_real: (
            Dashboard::Data,
            "Age of timestamps",
            "the line of the feature climbs by a second each second, or has stepped up.",
        ),
        at_once: "Restart the job or stream that brings the feature; if it is old by design, use the last good batch.",
        cause: "An age that climbs steadily is a source that stopped; a step is a slower pipeline or another time zone.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineFreshnessBudgetBurns",
        question: "Are so many rows too old that the freshness budget is gone within days?",
        expression: |of| of.burns(&[Slo::Freshness], slo::Severity::Page),
        looks_back: |_| HOUR,
        for_seconds: 5 * MINUTE,
        summary: "Rows of {{ $labels.model }} are too old {{ $value | printf \"%.0f\" }} times as often as the freshness objective allows.",
        is_real: (
            Dashboard::Overview,
            "Error budgets left",
            "the budget of freshness falls steeply.",
        ),
        at_once: "Find the oldest feature and restart what brings it.",
        cause: "The feature whose ages moved beyond the objective, then its pipeline.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineTimestampsInFuture",
        question: "Do requests bring timestamps from the future?",
        expression: |of| {
            let [_, aged] = companions(Metric::FeatureAge);
            let future = of.grown(FEATURES, Metric::FeatureInFuture.shape().name, 15 * MINUTE);
            let aged = of.grown(FEATURES, &aged, 15 * MINUTE);
            format!("{future}\n/ ({future} + {aged}\n  or {future} > 0) > 0.01\nand {future} >= 10")
        },
        looks_back: |_| 15 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the timestamps {{ $labels.feature }} of {{ $labels.model }} are later than their requests.",
        is_real: (
            Dashboard::Data,
            "Timestamps in the future",
            "the line of the feature is above 0.",
        ),
        at_once: "If the model is served features that it could not know in time, its quality in training was an illusion: tell its owners.",
        cause: "A time zone, seconds taken for milliseconds, a clock that is wrong, or a label that leaked into the features.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineSkew",
        question: "Did serving differ from training from the first rows on?",
        expression: |of| {
            let skew = series(
                Metric::FeatureSkewVerdict,
                &[equals(Label::Role, FEATURE), equals(Label::Verdict, Verdict::Drift.name())],
            );
            let day = of.span(DAY);
            format!(
                "max by ({FEATURES}) ({skew}) > 0\nunless max by ({FEATURES}) ({skew} offset {day}) > 0"
            )
        },
        for_seconds: 5 * MINUTE,
        summary: "{{ $labels.feature }} of {{ $labels.model }} has differed from training since this profile came into use.",
        is_real: (Dashboard::Data, "Training-serving skew", "the verdict of the feature is drift."),
        at_once: "Roll the model back if it was deployed within the last day: it was trained on other data than it is asked about.",
        cause: "The code that makes the feature in training and the one in serving; or a profile of another data set.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineLabelsStopped",
        question: "Do labels no longer come, while predictions go on?",
        expression: labels_stopped,
        looks_back: |_| HOUR,
        for_seconds: 15 * MINUTE,
        summary: "No label of {{ $labels.model }} has come when they always came, and predictions go on.",
        is_real: (
            Dashboard::Model,
            "Labels by what became of them",
            "joined and with_prediction fall to 0 while predictions do not.",
        ),
        at_once: "Quality is unknown from now on; watch the estimate. Start the job that sends labels.",
        cause: "Whether feedback arrives and is refused, arrives for ids that nobody knows, or does not arrive.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineLabelsUnmatched",
        opens_incident: false,
        question: "Do labels no longer find their predictions?",
        expression: |of| {
            let unmatched =
                series(Metric::Labels, &[equals(Label::Outcome, LabelOutcome::Unmatched.name())]);
            let labels = Metric::Labels.shape().name;
            let now = format!(
                "{} / ({} >= 20)",
                of.grown(VERSIONS, &unmatched, HOUR),
                of.grown(VERSIONS, labels, HOUR)
            );
            let before = format!(
                "{} / ({} > 0)",
                of.grown_before(VERSIONS, &unmatched, DAY, HOUR),
                of.grown_before(VERSIONS, labels, DAY, HOUR)
            );
            format!("({now})\n- ({before}\n  or {now} * 0) > 0.2")
        },
        looks_back: |_| HOUR,
        for_seconds: 15 * MINUTE,
        summary: "{{ $value | humanizePercentage }} more of the labels of {{ $labels.model }} than on the day before find no prediction.",
        is_real: (
            Dashboard::Model,
            "Labels by what became of them",
            "unmatched grows at the cost of joined.",
        ),
        at_once: "Send the labels with their predictions: such records need no table of ids.",
        cause: "Labels that come later than predictions are kept, reach another proxy, or name another id.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineFeedbackRefused",
        scope: Scope::Fleet,
        opens_incident: false,
        question: "Is feedback refused?",
        expression: feedback_refused,
        looks_back: |_| 15 * MINUTE,
        for_seconds: 5 * MINUTE,
        summary: "{{ $value | humanizePercentage }} of the feedback is refused as {{ $labels.reason }}.",
        is_real: (Dashboard::Model, "Feedback that was refused", "the reason of the alert grows."),
        at_once: "Stop the job that sends it, and keep its records: what is refused is not kept anywhere.",
        cause: "The answer to each request names the first five records that were refused, and why.",
        ..Alert::USUAL
    },
    Alert {
        name: "DriftlineLabelBudgetBurns",
        opens_incident: false,
        question: "Do too few predictions get their labels?",
        expression: |of| of.burns(&[Slo::Labels], slo::Severity::Ticket),
        looks_back: |_| 6 * HOUR,
        for_seconds: 15 * MINUTE,
        summary: "Predictions of {{ $labels.model }} lack labels {{ $value | printf \"%.1f\" }} times as often as the objective of its label pipeline allows.",
        is_real: (
            Dashboard::Overview,
            "Error budgets left",
            "the budget of labels falls faster than the 30 days pass.",
        ),
        at_once: "Nothing at night. A verdict on quality rests on fewer rows; say so where it is used.",
        cause: "Labels that are late, unmatched, refused, or of some segments only.",
        ..Alert::USUAL
    },
    Alert {
        name: CARRIES_QUALITY,
        severity: Severity::Page,
        question: "Have data changed, and is the model worse since?",
        needs: &[(CAUSE, |of| causes_in_data(of))],
        expression: |of| {
            format!(
                "max by ({MODEL}) (\n{}\n)\nand on ({MODEL}) max_over_time({CAUSE}[{}])",
                quality_falls(of),
                of.span(of.drift_window() + QUALITY_FOR)
            )
        },
        for_seconds: 5 * MINUTE,
        summary: "The data of {{ $labels.model }} have an incident, and its quality has fallen.",
        is_real: (
            Dashboard::Overview,
            "Is the model still right?",
            "it says worse, and \"Has the data changed?\" says yes.",
        ),
        at_once: "Go back to the fallback or to the version before; block the source if one client causes it.",
        cause: "The other alerts on data of this model name the feature; driftline_segment_rank names the part that suffers.",
        ..Alert::USUAL
    },
];

/// Models with predictions and no labels, where labels came in almost each of the six hours before, or on the day before.
/// A day before at the same time there were some, too, or this is a habit.
fn labels_stopped(of: &Expressions<'_>) -> String {
    let counted = words([LabelOutcome::Joined, LabelOutcome::WithPrediction]);
    let labels = series(Metric::Labels, &[one_of(Label::Outcome, &counted)]);
    let predictions = Metric::Predictions.shape().name;
    let none = format!("{} == 0", of.grown(VERSIONS, &labels, HOUR));
    let asked = format!("{} >= 20", of.grown(VERSIONS, predictions, HOUR));
    let hour = of.span(HOUR);
    let each_hour = format!(
        "count_over_time(({} >= 5)[{}:{hour}] offset {hour}) >= 5",
        of.grown(VERSIONS, &labels, HOUR),
        of.span(6 * HOUR)
    );
    let habit = format!("{} == 0", of.grown_before(VERSIONS, &labels, HOUR, DAY));
    // What comes once a day comes an hour or two later now and then.
    let of_a_day = format!(
        "{} == 0 and {} >= 20",
        of.grown(VERSIONS, &labels, 30 * HOUR),
        of.grown_before(VERSIONS, &labels, DAY, 30 * HOUR)
    );
    let stopped = format!("{none} and {each_hour} unless {habit}\nor {of_a_day}");
    let held = of.held_while(VERSIONS, &stopped, "DriftlineLabelsStopped", &none);
    format!("({held})\nand {asked}")
}

/// The share of records that were refused, by reason, and of requests with feedback that were not accepted. What the
/// system lacks room for, or a client breaks off, is no matter of the data.
fn feedback_refused(of: &Expressions<'_>) -> String {
    let recent = 15 * MINUTE;
    let reason = Label::Reason.name();
    let refused = of.grown(reason, Metric::FeedbackRefused.shape().name, recent);
    let labels = of.growth(Metric::Labels.shape().name, recent);
    let all = of.growth(Metric::FeedbackRefused.shape().name, recent);
    let outcomes = words([
        FeedbackOutcome::Malformed,
        FeedbackOutcome::TooLarge,
        FeedbackOutcome::Unauthorized,
        FeedbackOutcome::OtherMethod,
    ]);
    let requests = series(Metric::FeedbackRequests, &[one_of(Label::Outcome, &outcomes)]);
    let outcome = Label::Outcome.name();
    let requests = format!(
        "label_replace({}, \"{reason}\", \"$1\", \"{outcome}\", \"(.*)\")",
        of.growth(&requests, recent)
    );
    let accepted = series(
        Metric::FeedbackRequests,
        &[differs(Label::Outcome, FeedbackOutcome::NoRoom.name())],
    );
    format!(
        "{refused}\n/ on () group_left () sum({all} or {labels}) > 0.05\nand {refused} >= 10\n\
         or sum by ({reason}) ({requests})\n/ on () group_left () sum({}) > 0.1\n\
         and sum by ({reason}) ({requests}) >= 3",
        of.growth(&accepted, recent)
    )
}
