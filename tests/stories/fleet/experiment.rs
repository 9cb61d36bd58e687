//! What the generated rules say of two versions of one model, against what statsmodels says of the same rows. The
//! counters are made up, and no filter is asked.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::holds;

const RULES: &str = include_str!("../../../envoy/prometheus/experiment.rules.yml");
const MINUTES: usize = 60;
/// When one of the two pods is another one, whose counters begin at zero.
const RESTART: usize = 30;
const TOLERANCE: f64 = 1e-7;

/// A counter of one version, and by how much it grows in a minute.
type Growth<'c> = (&'c str, &'c str, u64);

/// Nine of ten right in 12 milliseconds, errors of half a deviation, which is 2, and one of four who buy.
const BASELINE: [Growth<'_>; 22] = [
    ("confusion_rows", "actual=\"a\",predicted=\"a\"", 6),
    ("confusion_rows", "actual=\"b\",predicted=\"b\"", 3),
    ("confusion_rows", "actual=\"a\",predicted=\"b\"", 1),
    ("confusion_rows", "actual=\"b\",predicted=\"a\"", 0),
    ("regression_rows", "", 10),
    ("regression_error_thousandths", "side=\"high\"", 3000),
    ("regression_error_thousandths", "side=\"low\"", 2000),
    ("regression_squared_error", "", 1),
    ("regression_squared_error_millionths", "", 1_900_000),
    ("kpi_rows", "kpi=\"revenue\"", 4),
    ("kpi_units", "kpi=\"revenue\",side=\"high\"", 100),
    ("kpi_units", "kpi=\"revenue\",side=\"low\"", 20),
    ("kpi_position_millionths", "kpi=\"revenue\"", 1_600_000),
    ("kpi_square_millionths", "kpi=\"revenue\"", 680_000),
    ("kpi_rows", "kpi=\"bought\"", 4),
    ("kpi_position_millionths", "kpi=\"bought\"", 1_000_000),
    ("kpi_square_millionths", "kpi=\"bought\"", 1_000_000),
    ("version_requests", "", 10),
    ("version_duration_microseconds", "", 120_000),
    ("version_duration_square_milliseconds", "", 1530),
    ("feature_bin", "role=\"prediction\",bin=\"00\"", 6),
    ("feature_bin", "role=\"prediction\",bin=\"01\"", 3),
];

/// Three of five right in 20 milliseconds, errors of half a deviation, which is 2.5, and no one buys. Its pods hide
/// counters that never moved.
const CANDIDATE: [Growth<'_>; 19] = [
    ("confusion_rows", "actual=\"a\",predicted=\"a\"", 2),
    ("confusion_rows", "actual=\"b\",predicted=\"b\"", 1),
    ("confusion_rows", "actual=\"a\",predicted=\"b\"", 1),
    ("confusion_rows", "actual=\"b\",predicted=\"a\"", 1),
    ("regression_rows", "", 4),
    ("regression_error_thousandths", "side=\"high\"", 1500),
    ("regression_error_thousandths", "side=\"low\"", 500),
    ("regression_squared_error_millionths", "", 1_360_000),
    ("kpi_rows", "kpi=\"revenue\"", 2),
    ("kpi_units", "kpi=\"revenue\",side=\"high\"", 10),
    ("kpi_position_millionths", "kpi=\"revenue\"", 600_000),
    ("kpi_square_millionths", "kpi=\"revenue\"", 200_000),
    ("kpi_rows", "kpi=\"bought\"", 4),
    ("version_requests", "", 4),
    ("version_duration_microseconds", "", 80_000),
    ("version_duration_square_milliseconds", "", 1700),
    ("feature_bin", "role=\"prediction\",bin=\"00\"", 2),
    ("feature_bin", "role=\"prediction\",bin=\"01\"", 2),
    ("feature_bin", "role=\"prediction\",bin=\"02\"", 1),
];

/// `python3 tests/data/experiment_known.py`: the difference, its standard error, the ends of its interval.
const KNOWN: [(&str, [f64; 4]); 5] = [
    (
        "accuracy",
        [-0.30000000000000004, 0.02190283690363611, -0.3428917638569154, -0.25725806705714666],
    ),
    (
        "mean_absolute_error",
        [0.24999999999999978, 0.03631497472428968, 0.17882395744090962, 0.32117604255908994],
    ),
    (
        "latency",
        [0.008000000000000004, 0.00024535884941460017, 0.007519105491859201, 0.008480894508140806],
    ),
    (
        "revenue",
        [-0.09999999999999992, 0.00795278092279371, -0.11558716418561281, -0.08441283581438704],
    ),
    ("bought", [-0.25, 0.019867985355975656, -0.2907966696728841, -0.21234529587463946]),
];

/// The same: how far apart the predictions are, and what chance keeps below.
const PREDICTIONS: [f64; 2] = [0.2, 0.06446911712104786];
const TWENTY_BINS: [f64; 2] = [0.0, 0.07425057785612299];

/// What promtool is asked.
#[derive(Default)]
struct Story {
    series: BTreeMap<String, String>,
    checks: Vec<Value>,
}

impl Story {
    /// A version whose counters grow so at each of two pods, of which one restarts.
    fn version(&mut self, model: &str, version: &str, growths: &[Growth<'_>]) {
        for (name, labels, growth) in growths {
            for pod in 0..2 {
                let comma = if labels.is_empty() { "" } else { "," };
                let series = format!(
                    "driftline_{name}_total{{model=\"{model}\",version=\"{version}\",pod=\"{pod}\"{comma}{labels}}}"
                );
                let values = match pod {
                    0 => format!("0+{growth}x{MINUTES}"),
                    _ => format!("0+{growth}x{} 0+{growth}x{}", RESTART - 1, MINUTES - RESTART),
                };
                self.series.insert(series, values);
            }
        }
    }

    /// What the profile of a version says: the label's deviation in millionths, and which bins predictions have.
    fn profile(&mut self, model: &str, version: &str, deviation: u64, bins: u64) {
        for (name, value) in
            [("regression_label_deviation_ppm", deviation), ("prediction_bins_fingerprint", bins)]
        {
            let series = format!("driftline_{name}{{model=\"{model}\",version=\"{version}\"}}");
            self.series.insert(series, format!("{value}x{MINUTES}"));
        }
    }

    fn check(&mut self, expression: String, value: Option<u64>) {
        let samples: Vec<Value> =
            value.into_iter().map(|value| json!({"labels": "{}", "value": value})).collect();
        self.checks.push(json!({
            "expr": expression, "eval_time": format!("{MINUTES}m"), "exp_samples": samples,
        }));
    }

    /// A rule says this number in the end, over an hour and over six.
    fn says(&mut self, rule: &str, selected: &str, value: f64) {
        for window in ["1h", "6h"] {
            let rule = format!("driftline:experiment:{rule}{window}{{{selected}}}");
            self.check(format!("sum(abs({rule} - {value}) < bool {TOLERANCE})"), Some(1));
        }
    }

    #[track_caller]
    fn holds(self) {
        let Story { series, checks } = self;
        let series: Vec<Value> = series
            .into_iter()
            .map(|(series, values)| json!({"series": series, "values": values}))
            .collect();
        holds(RULES, |rules| {
            json!({
                "rule_files": rules,
                "evaluation_interval": "10m",
                "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": checks}],
            })
        });
    }
}

/// The labels of a pair of versions, and of a figure or a KPI.
fn pair(model: &str, baseline: &str, candidate: &str, name: &str) -> String {
    let figure = match name {
        "revenue" | "bought" => format!("figure=\"kpi\",kpi=\"{name}\""),
        _ => format!("figure=\"{name}\""),
    };
    format!("model=\"{model}\",baseline=\"{baseline}\",candidate=\"{candidate}\",{figure}")
}

#[test]
fn a_worse_version_has_the_intervals_of_statsmodels() {
    let mut story = Story::default();
    story.version("m", "1", &BASELINE);
    story.version("m", "1", &[("feature_bin", "role=\"prediction\",bin=\"02\"", 1)]);
    story.profile("m", "1", 2_000_000, 7);
    story.version("m", "2", &CANDIDATE);
    story.profile("m", "2", 2_500_000, 7);
    for (name, [difference, error, lower, upper]) in KNOWN {
        let there = pair("m", "1", "2", name);
        for (rule, value) in [
            ("difference", difference),
            ("standard_error", error),
            ("lower", lower),
            ("upper", upper),
        ] {
            story.says(rule, &there, value);
        }
        let back = pair("m", "2", "1", name);
        for (rule, value) in [
            ("difference", -difference),
            ("standard_error", error),
            ("lower", -upper),
            ("upper", -lower),
        ] {
            story.says(rule, &back, value);
        }
    }
    for figure in ["accuracy", "mean_absolute_error", "latency"] {
        for (baseline, candidate, worse, better) in [("1", "2", 1.0, 0.0), ("2", "1", 0.0, 1.0)] {
            story.says("worse", &pair("m", baseline, candidate, figure), worse);
            story.says("better", &pair("m", baseline, candidate, figure), better);
        }
    }
    // No one says whether more of a KPI is better.
    story.check("count(driftline:experiment:worse1h)".to_owned(), Some(2 * 3));
    for (version, mean) in [("1", 20.0), ("2", 5.0)] {
        let selected = format!("version=\"{version}\",kpi=\"revenue\"");
        story.says("kpi_mean_units", &selected, mean);
    }
    for (side, rows) in [("candidate", 119.0 * 5.0), ("baseline", 119.0 * 10.0)] {
        let selected = format!("{},statistic=\"rows\"", pair("m", "1", "2", "accuracy"));
        story.says(side, &selected, rows);
    }
    let [distance, critical] = PREDICTIONS;
    for selected in ["candidate=\"1\",baseline=\"2\"", "candidate=\"2\",baseline=\"1\""] {
        story.says("prediction_distance", selected, distance);
        story.says("prediction_critical", selected, critical);
    }
    story.holds();
}

#[test]
fn chance_of_many_bins_is_less_than_that_of_each() {
    let mut story = Story::default();
    let labels: Vec<String> =
        (0..20).map(|bin| format!("role=\"prediction\",bin=\"{bin:02}\"")).collect();
    let growths: Vec<Growth<'_>> =
        labels.iter().map(|labels| ("feature_bin", &**labels, 1)).collect();
    for version in ["1", "2"] {
        story.version("m", version, &growths);
        story.profile("m", version, 0, 7);
    }
    let [distance, critical] = TWENTY_BINS;
    story.says("prediction_distance", "baseline=\"1\"", distance);
    story.says("prediction_critical", "baseline=\"1\"", critical);
    story.holds();
}

#[test]
fn equal_versions_are_neither_worse_nor_better() {
    let mut story = Story::default();
    for version in ["1", "2"] {
        story.version("m", version, &BASELINE);
        story.profile("m", version, 2_000_000, 7);
    }
    for rule in ["worse1h", "better1h"] {
        story.check(format!("count(driftline:experiment:{rule} == 0)"), Some(2 * 3));
        story.check(format!("sum(driftline:experiment:{rule})"), Some(0));
    }
    story.says("prediction_distance", "baseline=\"1\"", 0.0);
    story.check("count(driftline:experiment:lower1h >= 0)".to_owned(), None);
    story.check("count(driftline:experiment:upper1h <= 0)".to_owned(), None);
    story.check("count(driftline:experiment:difference1h)".to_owned(), Some(2 * 5));
    story.holds();
}

#[test]
fn versions_without_traffic_or_with_little_have_no_sample() {
    let mut story = Story::default();
    let idle = BASELINE.map(|(name, labels, _)| (name, labels, 0));
    for (version, growths) in [("1", &BASELINE), ("2", &idle)] {
        story.version("m", version, growths);
        story.profile("m", version, 2_000_000, 7);
    }
    // One row less than it takes.
    let few = "driftline_version_requests_total{model=\"m\",version=\"3\"}";
    story.series.insert(few.to_owned(), format!("0 29x{}", MINUTES - 1));
    story.version("m", "", &[("confusion_rows", "actual=\"a\",predicted=\"a\"", 5)]);
    let rules = "candidate|baseline|difference|lower|upper|worse|better|prediction_distance";
    story.check(format!("count({{__name__=~\"driftline:experiment:({rules}).*\"}})"), None);
    story.check("count(driftline:experiment:mean1h{version=\"1\"})".to_owned(), Some(5));
    story.check("count(driftline:experiment:mean1h{version!=\"1\"})".to_owned(), None);
    story.holds();
}

#[test]
fn a_version_that_gets_everything_wrong_is_worse() {
    let mut story = Story::default();
    story.version("m", "1", &BASELINE);
    story.version("m", "2", &[("confusion_rows", "actual=\"a\",predicted=\"b\"", 1)]);
    story.says("difference", &pair("m", "1", "2", "accuracy"), -0.9);
    story.says("worse", &pair("m", "1", "2", "accuracy"), 1.0);
    story.holds();
}

#[test]
fn errors_and_predictions_of_versions_that_cannot_be_compared_are_not() {
    let mut story = Story::default();
    story.version("m", "1", &BASELINE);
    story.profile("m", "1", 2_000_000, 7);
    story.version("m", "2", &BASELINE);
    // Its deviation is below a millionth of the label's unit, and its predictions have other bins.
    story.profile("m", "2", 0, 8);
    story.check(
        "count(driftline:experiment:difference1h{figure=\"mean_absolute_error\"})".to_owned(),
        None,
    );
    story.check(
        "count({__name__=~\"driftline:experiment:prediction_(distance|critical)1h\"})".to_owned(),
        None,
    );
    story.check("count(driftline:experiment:difference1h{figure=\"latency\"})".to_owned(), Some(2));
    story.holds();
}

#[test]
fn four_versions_of_many_take_turns_as_the_baseline() {
    let mut story = Story::default();
    let latency = |requests: u64| {
        [
            ("version_requests", "", requests),
            ("version_duration_microseconds", "", 12_000 * requests),
            ("version_duration_square_milliseconds", "", 153 * requests),
        ]
    };
    for (version, requests) in [("1", 10), ("2", 10), ("3", 10), ("4", 10), ("5", 1)] {
        story.version("m", version, &latency(requests));
    }
    story.version("other", "1", &latency(10));
    story.check("count(driftline:experiment:difference1h)".to_owned(), Some(4 * 4));
    story.check(
        "count(count by (baseline) (driftline:experiment:difference1h))".to_owned(),
        Some(4),
    );
    story.check("count(driftline:experiment:difference1h{baseline=\"5\"})".to_owned(), None);
    story.holds();
}
