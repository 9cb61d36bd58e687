//! The dashboard of models: whether labels say that they are still right, and what is known without labels.

mod versions;

use driftline_labels::{DetectorState, EstimateOf, LabelOutcome, LabelsState, QualityMeasure};
use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::drift::Tail;

use super::{
    Dashboard,
    grid::row,
    panel::{Panel, unit},
    queries::{Queries, average, chosen, fast, largest, legend, most, ratio, slow},
    variables,
    words::{DETECTOR, GREEN, LABELS, RED, SEGMENT_RANK, VERDICT, YELLOW},
};
use crate::promql::{differs, equals, one_of};

const VERSION: &[Label] = &[Label::Model, Label::Version];
const MEASURED: &[Label] = &[Label::Model, Label::Version, Label::Measure];
const SEGMENT: &[Label] = &[Label::Model, Label::Version, Label::Feature, Label::Bin];
const KPI: &[Label] = &[Label::Model, Label::Version, Label::Kpi];

pub(super) fn dashboard(of: &Queries) -> Dashboard {
    Dashboard {
        name: "model",
        title: "Model",
        about: "Are the models still right, where are they wrong, and is a new version better?",
        variables: vec![
            variables::measure(QualityMeasure::Accuracy.name()),
            variables::baseline(),
            variables::figure(),
        ],
        rows: vec![
            row("Quality", quality(of)),
            row("What scores let expect, and concept drift", expected(of)),
            row("Segments", segments(of)),
            row("Labels", labels(of)),
            row("Business figures", kpis(of)),
            row("Candidates against $baseline", versions::panels(of)),
        ],
    }
}

/// Labels that count.
pub(super) fn counted() -> String {
    one_of(Label::Outcome, &[LabelOutcome::Joined.name(), LabelOutcome::WithPrediction.name()])
}

/// Measures of which more is better.
pub(super) fn higher_is_better() -> String {
    let measures =
        [QualityMeasure::Accuracy, QualityMeasure::F1, QualityMeasure::AucRoc, QualityMeasure::R2];
    one_of(Label::Measure, &measures.map(QualityMeasure::name))
}

/// The quality that labels show, where there are any.
pub(super) fn realised(of: &Queries, more: &[String]) -> String {
    format!(
        "({} and ignoring ({}) {} > 0)",
        of.millionths(Metric::Quality, more),
        Label::Measure.name(),
        of.of(Metric::LabelledRows, &[]),
    )
}

fn quality(of: &Queries) -> Vec<Panel> {
    let measure = chosen(Label::Measure);
    let reference =
        |more: &[String]| most(MEASURED, &of.millionths(Metric::ReferenceQuality, more));
    let live = |more: &[String]| average(MEASURED, &realised(of, more));
    vec![
        Panel::lines(
            "Quality and that of the reference",
            "The chosen measure as labels show it, of both windows. The dashed line is the same measure of the reference.",
            unit::NONE,
        )
        .ask("{{model}} {{version}} fast", live(&[measure.clone(), fast()]))
        .ask("{{model}} {{version}} slow", live(&[measure.clone(), slow()]))
        .ask_dashed("{{model}} {{version}} reference", reference(&[measure]))
        .below_zero()
        .decimals(3)
        .sized(10, 9),
        Panel::table(
            "All measures",
            "Of the labels that came in both windows, beside the reference. Errors of a regression are in the unit of the \
             label.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Version.name(), "version")
        .label(Label::Measure.name(), "measure")
        .column("reference", unit::NONE, reference(&[]))
        .column("fast", unit::NONE, live(&[fast()]))
        .column("slow", unit::NONE, live(&[slow()]))
        .decimals(3)
        .sized(14, 9),
        Panel::states(
            "Verdict on quality",
            "Whether a model is worse than on the reference, beyond chance and by enough to matter, by window.",
            VERDICT,
        )
        .ask(
            "{{model}} {{version}} {{window}}",
            of.verdict(
                &[Label::Model, Label::Version, Label::Window],
                Metric::QualityVerdict,
                &[],
            ),
        )
        .if_empty("no labels")
        .sized(10, 7),
        Panel::table(
            "Classes and predictions",
            "Labelled rows in the time shown, by what they are and what was predicted.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Version.name(), "version")
        .label(Label::Actual.name(), "is")
        .label(Label::Predicted.name(), "was predicted")
        .column(
            "rows",
            unit::NONE,
            of.growth(
                &[Label::Model, Label::Version, Label::Actual, Label::Predicted],
                Metric::ConfusionRows,
                &[],
            ),
        )
        .decimals(0)
        .sorted_by("rows", true)
        .sized(14, 7),
    ]
}

fn expected(of: &Queries) -> Vec<Panel> {
    let estimated = |more: &[String]| {
        let of_predictions =
            [&[fast(), equals(Label::Rows, EstimateOf::Predictions.name())], more].concat();
        average(MEASURED, &of.millionths(Metric::EstimatedQuality, &of_predictions))
    };
    let errors = [equals(Label::Kpi, "")];
    vec![
        Panel::lines(
            "Quality that scores let expect",
            "The chosen measure: what the scores of the fast window let expect without labels, beside what labels show. An estimate does not see \
             concept drift: where it stays and the labels fall, the world has changed.",
            unit::NONE,
        )
        .ask(
            "{{model}} {{version}} realised",
            average(MEASURED, &realised(of, &[chosen(Label::Measure), fast()])),
        )
        .ask_dashed("{{model}} {{version}} expected", estimated(&[chosen(Label::Measure)]))
        .below_zero()
        .decimals(3)
        .if_empty("no scores, or a measure that is not estimated")
        .sized(8, 8),
        Panel::lines(
            "Shortfall of labels",
            "By how much labels fall short of what the scores of the same rows let expect; below 0 they exceed it.",
            unit::NONE,
        )
        .ask(
            "{{model}} {{version}} {{measure}}",
            average(
                MEASURED,
                &format!(
                    "({} - {})",
                    of.millionths(Metric::EstimateShortfall, &[fast()]),
                    of.millionths(Metric::EstimateExcess, &[fast()])
                ),
            ),
        )
        .below_zero()
        .decimals(3)
        .sized(8, 8),
        Panel::states(
            "Detectors",
            "What ADWIN, DDM and Page-Hinkley say of the stream of errors.",
            DETECTOR,
        )
        .ask(
            "{{model}} {{version}} {{detector}}",
            of.state(
                &[Label::Model, Label::Version, Label::Detector],
                Metric::ConceptState,
                &DetectorState::WORDS,
                &errors,
            ),
        )
        .sized(8, 8),
        Panel::table(
            "Changes that detectors found",
            "How often in the time shown, when last, and the mean before and after: the share of errors, or the absolute error \
             in standard deviations of the label, or where a KPI lies between its bounds.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Version.name(), "version")
        .label(Label::Kpi.name(), "KPI")
        .label(Label::Detector.name(), "detector")
        .column("changes", unit::NONE, of.growth(STREAM, Metric::ConceptChanges, &[]))
        .whole()
        .column(
            "last change",
            unit::DAYS_AGO,
            format!(
                "{} * 1000",
                most(STREAM, &format!("({} > 0)", of.gauge(Metric::ConceptChanged, &[])))
            ),
        )
        .column("mean before", unit::NONE, average(STREAM, &of.millionths(Metric::ConceptBefore, &[])))
        .column("mean after", unit::NONE, average(STREAM, &of.millionths(Metric::ConceptAfter, &[])))
        .decimals(3)
        .sorted_by("changes", true)
        .sized(24, 8),
    ]
}

/// What detectors watch.
const STREAM: &[Label] = &[Label::Model, Label::Version, Label::Kpi, Label::Detector];

fn segments(of: &Queries) -> Vec<Panel> {
    let errors = ratio(
        &format!("{} / 1000", of.growth(SEGMENT, Metric::SegmentErrors, &[])),
        &of.growth(SEGMENT, Metric::SegmentRows, &[]),
    );
    vec![
        Panel::bars(
            "Error by segment",
            "Of labelled rows in the time shown: the share of wrong rows, or the absolute error in standard deviations of the \
             label. The ten largest.",
            unit::NONE,
        )
        .ask(&legend(SEGMENT), largest(10, &errors))
        .decimals(3)
        .colours(GREEN, [(0.25, YELLOW), (0.5, RED)])
        .sized(10, 9),
        Panel::table(
            "Segments that got worse",
            "The rank is 1 where errors rose most beyond chance; those where they did not have no rank.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Version.name(), "version")
        .label(Label::Feature.name(), "segment")
        .label(Label::Bin.name(), "bin")
        .column_of_words(
            "rank",
            unit::NONE,
            SEGMENT_RANK,
            most(SEGMENT, &of.gauge(Metric::SegmentRank, &[])),
        )
        .whole()
        .column("error", unit::NONE, errors)
        .column("rows", unit::NONE, of.growth(SEGMENT, Metric::SegmentRows, &[]))
        .whole()
        .decimals(2)
        .sorted_by("error", true)
        .sized(14, 9),
    ]
}

fn labels(of: &Queries) -> Vec<Panel> {
    let counted = [counted()];
    vec![
        Panel::states(
            "Do labels come?",
            "None: all that is known is an estimate. Late: too few, or later than a window. Live: enough, and soon enough.",
            LABELS,
        )
        .ask(
            "{{model}} {{version}}",
            of.state(VERSION, Metric::LabelsState, &LabelsState::WORDS, &[]),
        )
        .sized(8, 7),
        Panel::lines(
            "Label coverage",
            "Labels that count, in parts of the predictions of the same time. It is more than 1 while labels come faster than \
             predictions do.",
            unit::SHARE,
        )
        .ask(
            "{{model}} {{version}}",
            ratio(
                &of.rate(VERSION, Metric::Labels, &counted),
                &of.rate(VERSION, Metric::Predictions, &[]),
            ),
        )
        .sized(8, 7),
        Panel::lines(
            "Label delay",
            "From a prediction to its label, where both moments are known.",
            unit::SECONDS,
        )
        .ask("{{model}} p50", of.quantile(0.5, &[Label::Model], Metric::LabelDelay, &[]))
        .ask("{{model}} p95", of.quantile(0.95, &[Label::Model], Metric::LabelDelay, &[]))
        .ask_dashed("{{model}} mean", of.mean(&[Label::Model], Metric::LabelDelay, &[]))
        .sized(8, 7),
        Panel::stacked(
            "Labels by what became of them",
            "Joined with their prediction by id, counted with the prediction that they brought, unmatched, or a duplicate.",
            unit::PER_SECOND,
        )
        .ask("{{model}} {{outcome}}", of.rate_of_occurring(&[Label::Model, Label::Outcome], Metric::Labels, &[]))
        .sized(8, 7),
        Panel::lines(
            "Predictions that wait for labels",
            "Predictions noted by id, those overwritten before any label came, and those that took the place of one with the \
             same id.",
            unit::PER_SECOND,
        )
        .ask("{{model}} noted", of.rate(&[Label::Model], Metric::PredictionsTracked, &[]))
        .ask("{{model}} overwritten", of.rate(&[Label::Model], Metric::PredictionsEvicted, &[]))
        .ask("{{model}} replaced", of.rate(&[Label::Model], Metric::PredictionsReplaced, &[]))
        .sized(8, 7),
        Panel::stacked(
            "Feedback that was refused",
            "Records of feedback that could not be used, by reason, of all models.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate_of_occurring(&[Label::Reason], Metric::FeedbackRefused, &[]))
        .sized(8, 7),
    ]
}

fn kpis(of: &Queries) -> Vec<Panel> {
    let side = |side: Tail| of.rate(KPI, Metric::KpiUnits, &[equals(Label::Side, side.name())]);
    let records = of.rate(KPI, Metric::KpiRows, &[]);
    let of_reference = |side: Tail| {
        let condition = [equals(Label::Side, side.name())];
        average(KPI, &of.millionths(Metric::ReferenceKpiMean, &condition))
    };
    let reference = format!("{} - {}", of_reference(Tail::High), of_reference(Tail::Low));
    vec![
        Panel::lines(
            "KPIs",
            "The mean of each in its unit, of the records that came. The dashed line is the mean of the reference, of KPIs that \
             the profile has.",
            unit::NONE,
        )
            .ask(
                "{{kpi}} ({{model}} {{version}})",
                ratio(&format!("({} - {})", side(Tail::High), side(Tail::Low)), &records),
            )
            .ask_dashed("{{kpi}} ({{model}} {{version}}) reference", reference)
            .below_zero()
            .sized(12, 7),
        Panel::lines(
            "Records with KPIs",
            "Records of feedback that have the KPI.",
            unit::PER_SECOND,
        )
        .ask("{{kpi}} ({{model}} {{version}})", records)
        .sized(12, 7),
        Panel::states(
            "Verdict on KPIs",
            "Whether a KPI has moved away from the reference, up or down, beyond chance and by enough to matter, in the fast \
             window.",
            VERDICT,
        )
        .ask("{{kpi}} ({{model}} {{version}})", of.verdict(KPI, Metric::KpiVerdict, &[fast()]))
        .if_empty("no KPI in a profile")
        .sized(12, 7),
        Panel::states(
            "Detectors of change in KPIs",
            "What ADWIN and Page-Hinkley say of the stream of values.",
            DETECTOR,
        )
        .ask(
            "{{kpi}} {{detector}} ({{model}} {{version}})",
            of.state(
                STREAM,
                Metric::ConceptState,
                &DetectorState::WORDS,
                &[differs(Label::Kpi, "")],
            ),
        )
        .sized(12, 7),
    ]
}
