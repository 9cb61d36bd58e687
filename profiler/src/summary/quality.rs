//! Says in one line how good the model was on the reference; the measures are those of the statistics crate.

use driftline_statistics::{
    profile::quality::{Classes, Quality, Regression, Task},
    quality::{BinnedScores, Confusion, TargetScale},
};

use super::short;

/// The measures and the rows, such as `accuracy .861, AUC .905 over 3,000 labelled rows`.
pub(super) fn line(quality: &Quality) -> String {
    let (measures, rows) = match &quality.task {
        Task::Classes(classes) => of_classes(classes),
        Task::Regression(regression) => (of_regression(regression), regression.sums.rows),
    };
    let known = measures.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
    format!("{} over {} labelled rows", known.collect::<Vec<_>>().join(", "), thousands(rows))
}

fn of_classes(classes: &Classes) -> ([(&'static str, Option<String>); 3], u64) {
    let confusion = Confusion::new(&classes.confusion, classes.names.len());
    let accuracy = confusion.and_then(|it| it.accuracy()).map(share);
    let f1 = confusion.and_then(|it| it.macro_average()).map(|average| share(average.f1));
    let scores = classes.scores.as_ref();
    let area = scores.and_then(|it| BinnedScores::new(&it.positives, &it.negatives)?.auc_roc());
    let others = match scores {
        Some(scores) => [
            ("AUC", area.map(|it| share(it.value))),
            ("Brier score", scores.losses.brier().map(share)),
        ],
        None => [("macro F1", f1), ("", None)],
    };
    let [second, third] = others;
    ([("accuracy", accuracy), second, third], confusion.map_or(0, |it| it.rows()))
}

fn of_regression(regression: &Regression) -> [(&'static str, Option<String>); 3] {
    let Regression { mean, deviation, sums, .. } = regression;
    let scale = TargetScale::new(*mean, *deviation);
    [
        ("MAE", scale.and_then(|scale| sums.mean_absolute_error(&scale)).map(short)),
        ("RMSE", scale.and_then(|scale| sums.root_mean_squared_error(&scale)).map(short)),
        ("R²", sums.r2().map(share)),
    ]
}

/// Three digits after the point, without a zero before it.
fn share(x: f64) -> String {
    let text = format!("{x:.3}");
    text.strip_prefix("0.").map(|rest| format!(".{rest}")).unwrap_or(text)
}

/// A whole number with commas between thousands.
#[must_use]
pub fn thousands(x: u64) -> String {
    let digits = x.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use driftline_statistics::{
        profile::quality::Scores,
        quality::{LossSums, RegressionSums},
    };

    use super::*;

    #[test]
    fn numbers_are_short() {
        let shares = [0.8614, 1.0, 0.0, -0.25].map(share);
        assert_eq!(shares, [".861", "1.000", ".000", "-0.250"]);
        let rows = [0, 999, 1_000, 12_345_678].map(thousands);
        assert_eq!(rows, ["0", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn a_line_has_the_measures_of_its_task() {
        let scores = Scores {
            positive: 1,
            threshold: 0.5,
            edges: vec![0.5],
            positives: vec![100, 900],
            negatives: vec![1_800, 200],
            sums: vec![0, 0],
            losses: LossSums { rows: 3_000, squared_error: 300_000_000, log_loss: 0 },
        };
        let mut classes = Classes {
            names: vec!["0".into(), "1".into()],
            confusion: vec![1_800, 200, 100, 900],
            scores: Some(scores),
        };
        let said = |task| line(&Quality { task, segments: Vec::new() });
        assert_eq!(
            said(Task::Classes(classes.clone())),
            "accuracy .900, AUC .900, Brier score .100 over 3,000 labelled rows"
        );
        classes.scores = None;
        assert_eq!(
            said(Task::Classes(classes)),
            "accuracy .900, macro F1 .890 over 3,000 labelled rows"
        );
        let sums = RegressionSums {
            rows: 4,
            above: 1_000,
            below: 1_000,
            squares: 2,
            label_squares: 4,
            ..RegressionSums::default()
        };
        let regression = Regression {
            mean: 0.0,
            deviation: 3.0,
            sums,
            error_edges: vec![1.0],
            error_counts: vec![2, 2],
        };
        assert_eq!(
            said(Task::Regression(regression)),
            "MAE 1.5000, RMSE 2.1213, R² .500 over 4 labelled rows"
        );
    }
}
