//! The rules of regressions: errors in the unit of the label, as `crates/statistics/src/quality/regression.rs` has them.
//!
//! Counters are in standard deviations of the label, which each version has its own of, so a model's versions are apart.

use driftline_labels::QualityMeasure;
use driftline_metrics::catalogue::{Label, Metric};
use driftline_statistics::drift::Tail;

use super::{By, measure};
use crate::{
    promql::{increase, selected, settled},
    rules::{Rule, rule},
};

const ROWS: &str = "driftline:model:regression_rows@";
const DEVIATION: &str = "driftline:model:label_deviation@";

/// All of them.
pub(super) fn rules(By { model, .. }: &By) -> Vec<Rule> {
    let sum = |series: &str| format!("sum by ({model}) ({})", increase(series));
    let of = |metric: Metric| sum(metric.definition().name);
    // A counter that is not there has counted nothing.
    let plus = |a: &str, sign: &str, b: &str| {
        format!("({a} {sign} {b}\n  or {a}\n  or 0 {sign} {b}\n  or {ROWS} * 0)")
    };
    let sides = |metric: Metric, sign: &str| {
        let [high, low] = [Tail::High, Tail::Low].map(|side| {
            sum(&selected(metric.definition().name, &[(Label::Side.name(), "=", side.name())]))
        });
        plus(&high, sign, &low)
    };
    let squares = |whole: Metric, millionths: Metric| {
        plus(&of(whole), "+", &format!("{} / 1e6", of(millionths)))
    };
    let errors = squares(Metric::RegressionSquares, Metric::RegressionSquareMillionths);
    let labels = squares(Metric::RegressionLabelSquares, Metric::RegressionLabelSquareMillionths);
    let deviation = settled(Metric::RegressionDeviation.definition().name, "@");
    let mean = |total: &str| format!("{total}\n/ 1000 / {ROWS} * {DEVIATION}");
    let spread =
        format!("({labels} - ({} / 1000) ^ 2 / {ROWS} > 0)", sides(Metric::RegressionLabel, "-"));
    let mse = format!("driftline:{}", measure(QualityMeasure::Mse));
    vec![
        rule("model:regression_rows@", format!("{} > 0", of(Metric::RegressionRows))),
        rule("model:label_deviation@", format!("max by ({model}) ({deviation}) / 1e6 > 0")),
        rule(&measure(QualityMeasure::Mae), mean(&sides(Metric::RegressionError, "+"))),
        // Above 0 if predictions are too high. A proxy has two gauges for the two signs.
        rule("model:bias@", mean(&sides(Metric::RegressionError, "-"))),
        rule(&measure(QualityMeasure::Mse), format!("{errors}\n/ {ROWS} * {DEVIATION} ^ 2")),
        rule(&measure(QualityMeasure::Rmse), format!("sqrt({mse})")),
        rule("model:r_squared@", format!("1 - {errors} / {spread}")),
        rule(
            &measure(QualityMeasure::Mape),
            format!(
                "({} or {rows} * 0) / 10000 / ({rows} > 0)",
                of(Metric::RegressionRelative),
                rows = of(Metric::RegressionRelativeRows)
            ),
        ),
    ]
}
