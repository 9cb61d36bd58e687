//! The dashboard of data: which features moved, how far, and since when.

use driftline_labels::{Baseline, Unbinned, Verdict, Window};
use driftline_metrics::catalogue::{Label, Metric};

use super::{
    Dashboard,
    grid::row,
    panel::{Panel, unit},
    queries::{Queries, chosen, fast, largest, legend, most, ratio, recorded_1h, share, slow, sum},
    variables,
    words::{GREEN, MOVED, RED, VERDICT, Word, YELLOW},
};
use crate::promql::{equals, labels, one_of};

/// What tells columns apart.
const COLUMN: &[Label] = &[Label::Model, Label::Version, Label::Feature];
/// What the recording rules say.
const FLEET: &[Word] = &[(0, "ok", GREEN), (1, "drift", RED)];
const FEATURE: &[Label] = &[Label::Model, Label::Feature];

pub(super) fn dashboard(of: &Queries) -> Dashboard {
    Dashboard {
        name: "data",
        title: "Data",
        about: "Which features and predictions differ from the training data, how far, and since when?",
        variables: vec![variables::feature()],
        rows: vec![
            row("What moved", moved(of)),
            row("Verdicts", verdicts(of)),
            row("One feature: $feature", one_feature(of).into_iter().chain(tails_and_rows(of))),
            row(
                "Values that are missing, and the schema",
                values(of).into_iter().chain(breaches(of)),
            ),
            row("Ages, and skew after a deployment", ages_and_skew(of)),
        ],
    }
}

/// PSI in parts of what noise alone exceeds in one of twenty windows: a ratio, which holds also while a proxy restarts.
pub(super) fn relative_psi(of: &Queries, by: &[Label]) -> String {
    let critical = of.of(Metric::FeaturePsiCritical, &[fast()]);
    most(by, &ratio(&of.of(Metric::FeaturePsi, &[fast()]), &critical))
}

fn moved(of: &Queries) -> Vec<Panel> {
    let since_before = [equals(Label::Since, Baseline::WindowBefore.name())];
    let since_training = [equals(Label::Since, Baseline::Training.name())];
    let rank =
        |since: &[String]| most(COLUMN, &format!("({} > 0)", of.gauge(Metric::FeatureRank, since)));
    vec![
        Panel::bars(
            "Furthest from the training data",
            "PSI of the fast window, in parts of what noise alone exceeds in one of twenty windows. The ten features that are \
             furthest.",
            unit::TIMES,
        )
        .ask(&legend(FEATURE), largest(10, &relative_psi(of, FEATURE)))
        .colours(GREEN, [(1.0, YELLOW), (5.0, RED)])
        .decimals(1)
        .sized(8, 9),
        Panel::bars(
            "Moved most since the window before",
            "PSI of the fast window against the one before it: what changed now, and not long ago.",
            "none",
        )
        .ask(
            &legend(FEATURE),
            largest(10, &most(FEATURE, &of.millionths(Metric::FeatureMovedPsi, &since_before))),
        )
        .colours(GREEN, [(0.1, YELLOW), (0.25, RED)])
        .decimals(3)
        .sized(8, 9),
        Panel::lines(
            "Columns that have drifted",
            "Features and predictions whose verdict is drift in any pod, of both windows.",
            unit::COUNT,
        )
        .ask("{{model}} {{window}}", drifted_by_window(of))
        .decimals(0)
        .sized(8, 9),
        Panel::table(
            "Features",
            "Ranks are places among all columns of a model: 1 moved most. The fast window is worth as many rows as are \
             independent of each other.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Version.name(), "version")
        .label(Label::Feature.name(), "feature")
        .column_of_words(
            "verdict",
            unit::NONE,
            VERDICT,
            of.verdict(COLUMN, Metric::FeatureVerdict, &[fast()]),
        )
        .column("rank since training", unit::NONE, rank(&since_training)).whole()
        .column("rank since the window before", unit::NONE, rank(&since_before)).whole()
        .column("PSI, fast", unit::NONE, most(COLUMN, &of.millionths(Metric::FeaturePsi, &[fast()])))
        .column("PSI, slow", unit::NONE, most(COLUMN, &of.millionths(Metric::FeaturePsi, &[slow()])))
        .column("PSI / critical", unit::TIMES, relative_psi(of, COLUMN))
        .column("rows are worth", unit::COUNT, sum(COLUMN, &of.gauge(Metric::FeatureEffectiveRows, &[])))
        .whole()
        .column(
            "drift began",
            unit::DAYS_AGO,
            most(COLUMN, &format!("({} > 0)", of.gauge(Metric::FeatureDriftStarted, &[]))) + " * 1000",
        )
        .decimals(2)
        .sorted_by("PSI / critical", true)
        .sized(24, 9),
    ]
}

fn drifted_by_window(of: &Queries) -> String {
    let column = [Label::Model, Label::Version, Label::Role, Label::Feature, Label::Window];
    let drift = of.of(Metric::FeatureVerdict, &[equals(Label::Verdict, Verdict::Drift.name())]);
    sum(&[Label::Model, Label::Window], &most(&column, &format!("{drift} > bool 0")))
}

fn verdicts(of: &Queries) -> Vec<Panel> {
    let by_reason = &[Label::Model, Label::Feature, Label::Reason];
    vec![
        Panel::states(
            "Verdicts of the fast window",
            "Drift is beyond chance and material. It is drift if one pod says so.",
            VERDICT,
        )
        .ask(&legend(COLUMN), of.verdict(COLUMN, Metric::FeatureVerdict, &[fast()]))
        .sized(12, 10),
        Panel::states(
            "What moved in them",
            "Location, spread and tail of numbers, shares of categories, novel values, nulls, or types. Only what has moved \
             in the time shown has a line.",
            MOVED,
        )
        .ask(
            "{{feature}}: {{reason}} ({{model}})",
            format!(
                "{reasons} > bool 0 and on ({on}) max_over_time(({reasons})[$__range:]) > 0",
                on = labels(by_reason),
                reasons = most(by_reason, &of.of(Metric::FeatureDriftReason, &[])),
            ),
        )
        .sized(12, 10),
        Panel::states(
            "Verdicts over all proxies, of an hour",
            "By the recording rules, which sum up the counters of all proxies.",
            FLEET,
        )
        .ask(&legend(COLUMN), most(COLUMN, &recorded_1h("feature:drift", &[])))
        .if_empty("no rules or no traffic")
        .sized(12, 10),
        Panel::bars(
            "PSI over all proxies, of an hour",
            "Less what noise adds to it, by the recording rules: the ten features that are furthest.",
            unit::NONE,
        )
        .ask(
            &legend(FEATURE),
            largest(10, &format!("{} > 0", most(FEATURE, &recorded_1h("feature:psi_debiased", &[])))),
        )
        .colours(GREEN, [(0.1, YELLOW), (0.25, RED)])
        .decimals(3)
        .if_empty("no rules or no traffic")
        .sized(12, 10),
    ]
}

fn one_feature(of: &Queries) -> Vec<Panel> {
    let feature = [chosen(Label::Feature)];
    let in_window = |window: Window| [chosen(Label::Feature), equals(Label::Window, window.name())];
    let fast = in_window(Window::Fast);
    let measure = |metric: Metric| most(COLUMN, &of.millionths(metric, &fast));
    let bin = &[Label::Bin];
    let growth = |by: &[Label]| of.growth(by, Metric::FeatureBin, &feature);
    let rows = |by: &[Label]| sum(by, &of.of(Metric::ReferenceBinRows, &feature));
    vec![
        Panel::groups(
            "Reference and live values by bin",
            "Shares of the values of the chosen feature, of the training data and of the time that is shown. Choose one model \
             if several have a feature of this name.",
            unit::SHARE,
            Label::Bin.name(),
        )
        .ask("reference", format!("{} / on () group_left () ({} > 0)", rows(bin), rows(&[])))
        .ask("live", format!("{} / on () group_left () ({} > 0)", growth(bin), growth(&[])))
        .sized(12, 9),
        Panel::lines(
            "PSI and what noise makes of it",
            "The fast window against the reference. The dashed line is what noise alone exceeds in one of twenty windows.",
            unit::NONE,
        )
        .ask("{{model}} {{version}}", measure(Metric::FeaturePsi))
        .ask_dashed("{{model}} {{version}} critical", measure(Metric::FeaturePsiCritical))
        .sized(6, 9),
        Panel::lines(
            "Other distances",
            "Jensen-Shannon and Hellinger distance, total variation, and the statistic of Kolmogorov and Smirnov.",
            unit::NONE,
        )
        .ask("{{model}} {{version}} Jensen-Shannon", measure(Metric::FeatureJensenShannon))
        .ask("{{model}} {{version}} Hellinger", measure(Metric::FeatureHellinger))
        .ask("{{model}} {{version}} total variation", measure(Metric::FeatureTotalVariation))
        .ask("{{model}} {{version}} KS", measure(Metric::FeatureKsStatistic))
        .sized(6, 9),
    ]
}

/// Of the same feature.
fn tails_and_rows(of: &Queries) -> Vec<Panel> {
    let feature = [chosen(Label::Feature)];
    vec![
        Panel::lines(
            "How far beyond the outermost bins",
            "In standard deviations of the reference, of the average value, below and above.",
            unit::NONE,
        )
        .ask(
            "{{model}} {{version}} {{side}}",
            share(
                &format!(
                    "{} / 1000",
                    of.rate(
                        &[Label::Model, Label::Version, Label::Side],
                        Metric::FeatureTailExcess,
                        &feature
                    )
                ),
                &of.rate(&[Label::Model, Label::Version], Metric::FeatureBin, &feature),
                &[Label::Model, Label::Version],
            ),
        )
        .sized(12, 7),
        Panel::lines(
            "Rows in the windows",
            "Values of the chosen feature in both windows, over all pods.",
            unit::COUNT,
        )
        .ask(
            "{{model}} {{version}} {{window}}",
            sum(
                &[Label::Model, Label::Version, Label::Window],
                &of.gauge(Metric::FeatureWindowRows, &feature),
            ),
        )
        .sized(12, 7),
    ]
}

fn values(of: &Queries) -> Vec<Panel> {
    let unset = [one_of(Label::Reason, &[Unbinned::Null.name(), Unbinned::Missing.name()])];
    vec![
        Panel::lines(
            "Values that are null or missing",
            "In parts of the rows that were asked for.",
            unit::SHARE,
        )
        .ask(
            &legend(COLUMN),
            share(
                &format!("({})", of.rate_of_occurring(COLUMN, Metric::FeatureUnbinned, &unset)),
                &of.rate(&[Label::Model, Label::Version], Metric::Instances, &[]),
                &[Label::Model, Label::Version],
            ),
        )
        .sized(8, 8),
        Panel::stacked(
            "Values in no bin, by reason",
            "Null or missing, of the wrong type, or not finite.",
            unit::PER_SECOND,
        )
        .ask("{{model}} {{reason}}", of.rate_of_occurring(&[Label::Model, Label::Reason], Metric::FeatureUnbinned, &[]))
        .sized(8, 8),
        Panel::lines(
            "Values that the schema does not allow",
            "Values within a bin that are out of range, or of a category that the reference does not have, in parts of all \
             rows.",
            unit::SHARE,
        )
        .ask(
            "{{feature}}: {{reason}} ({{model}} {{version}})",
            share(
                &format!(
                    "({} > 0)",
                    of.rate(
                        &[Label::Model, Label::Version, Label::Feature, Label::Reason],
                        Metric::FeatureOutside,
                        &[]
                    )
                ),
                &of.rate(&[Label::Model, Label::Version], Metric::Instances, &[]),
                &[Label::Model, Label::Version],
            ),
        )
        .sized(8, 8),
    ]
}

fn breaches(of: &Queries) -> Vec<Panel> {
    vec![
        Panel::stacked(
            "Breaches of the schema by reason",
            "Of features, of the prediction, and of rows as a whole: extra columns and wrong shapes.",
            unit::PER_SECOND,
        )
        .ask("{{model}} {{reason}}", of.rate_of_occurring(&[Label::Model, Label::Reason], Metric::SchemaViolations, &[]))
        .sized(12, 8),
        Panel::table(
            "Breaches of the schema in the time shown",
            "By feature and reason. Without a feature, it is the row as a whole.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Feature.name(), "feature")
        .label(Label::Reason.name(), "reason")
        .column(
            "breaches",
            unit::NONE,
            format!(
                "{} > 0",
                of.growth(
                    &[Label::Model, Label::Feature, Label::Reason],
                    Metric::SchemaViolations,
                    &[]
                )
            ),
        )
        .decimals(0)
        .sorted_by("breaches", true)
        .sized(12, 8),
    ]
}

fn ages_and_skew(of: &Queries) -> Vec<Panel> {
    vec![
        Panel::lines(
            "Age of timestamps",
            "How old data is when a request comes, of features that are timestamps.",
            unit::SECONDS,
        )
        .ask("{{feature}} p50 ({{model}})", of.quantile(0.5, FEATURE, Metric::FeatureAge, &[]))
        .ask("{{feature}} p95 ({{model}})", of.quantile(0.95, FEATURE, Metric::FeatureAge, &[]))
        .sized(8, 8),
        Panel::lines(
            "Timestamps in the future",
            "Timestamps later than their request, which have no age.",
            unit::PER_SECOND,
        )
        .ask(&legend(FEATURE), of.rate(FEATURE, Metric::FeatureInFuture, &[]))
        .sized(6, 8),
        Panel::table(
            "Training-serving skew",
            "The first rows under a profile against it. It stays as it is, and shows what was wrong from the start.",
        )
        .label(Label::Model.name(), "model")
        .label(Label::Version.name(), "version")
        .label(Label::Feature.name(), "feature")
        .column_of_words(
            "verdict",
            unit::NONE,
            VERDICT,
            of.verdict(COLUMN, Metric::FeatureSkewVerdict, &[]),
        )
        .column("PSI", unit::NONE, most(COLUMN, &of.millionths(Metric::FeatureSkewPsi, &[])))
        .decimals(3)
        .sorted_by("PSI", true)
        .sized(10, 8),
    ]
}
