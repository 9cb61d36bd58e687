//! Versions side by side: every number of two versions, computed here from their counters. That the intervals are those of
//! statsmodels is what `tests/stories/fleet/experiment.rs` shows.

use driftline_operations::settings::Settings;

use crate::{
    settings::config,
    story::{Label, Story},
};

/// Long enough that the longer of both lookbacks is full.
const LAST: usize = 400;
const QUANTILE: f64 = 1.959_963_985;
const ONE_SIDED: f64 = 1.644_853_627;
/// The millionths of a squared deviation.
const MILLION: f64 = 1e6;

/// What a version counts: of each figure rows, sum and sum of squares, and predictions by bin.
struct Version {
    name: &'static str,
    /// Labelled rows, and those predicted right.
    labelled: [u64; 2],
    /// Rows of a regression, thousandths of errors too high and too low, and millionths of squares.
    errors: [u64; 4],
    /// Records of a KPI, millionths of positions, millionths of squares, units above and below 0.
    kpi: [u64; 5],
    /// Requests, microseconds, squared milliseconds.
    requests: [u64; 3],
    predictions: [u64; 2],
}

const BASELINE: Version = Version {
    name: "1",
    labelled: [100, 90],
    errors: [100, 30_000, 20_000, 29_000_000],
    kpi: [200, 50_000_000, 50_000_000, 6000, 1000],
    requests: [150, 1_800_000, 22_950],
    predictions: [120, 60],
};
const CANDIDATE: Version = Version {
    name: "2",
    labelled: [80, 56],
    errors: [60, 18_000, 12_000, 20_000_000],
    kpi: [100, 40_000_000, 40_000_000, 2500, 0],
    requests: [90, 1_800_000, 36_900],
    predictions: [50, 40],
};
const DEVIATION: f64 = 4.0;

impl Version {
    fn labels<'l>(&self, more: &[Label<'l>]) -> Vec<Label<'l>> {
        [&[("model", "m"), ("version", self.name)], more].concat()
    }

    fn record(&self, story: &mut Story, times: u64) {
        let mut counter = |name: &str, more: &[Label<'_>], grows: u64| {
            story.counter(&format!("driftline_{name}_total"), &self.labels(more), grows * times);
        };
        let [rows, right] = self.labelled;
        counter("confusion_rows", &[("actual", "a"), ("predicted", "a")], right);
        counter("confusion_rows", &[("actual", "a"), ("predicted", "b")], rows - right);
        let [rows, high, low, squares] = self.errors;
        counter("regression_rows", &[], rows);
        counter("regression_error_thousandths", &[("side", "high")], high);
        counter("regression_error_thousandths", &[("side", "low")], low);
        counter("regression_squared_error", &[], 1);
        counter("regression_squared_error_millionths", &[], squares - 1_000_000);
        let [rows, positions, squares, high, low] = self.kpi;
        let kpi = ("kpi", "bought");
        counter("kpi_rows", &[kpi], rows);
        counter("kpi_position_millionths", &[kpi], positions);
        counter("kpi_square_millionths", &[kpi], squares);
        counter("kpi_units", &[kpi, ("side", "high")], high);
        counter("kpi_units", &[kpi, ("side", "low")], low);
        let [requests, microseconds, squares] = self.requests;
        counter("version_requests", &[], requests);
        counter("version_duration_microseconds", &[], microseconds);
        counter("version_duration_square_milliseconds", &[], squares);
        for (bin, predictions) in ["00", "01"].into_iter().zip(self.predictions) {
            let more = [("role", "prediction"), ("feature", "prediction"), ("bin", bin)];
            counter("feature_bin", &more, predictions);
        }
        let deviation = (DEVIATION * MILLION) as u64;
        story.gauge("driftline_regression_label_deviation_ppm", &self.labels(&[]), deviation);
        story.gauge("driftline_prediction_bins_fingerprint", &self.labels(&[]), 7);
    }

    /// Rows, sum and sum of squares of each figure, in its own unit.
    fn figures(&self) -> [(Vec<Label<'static>>, Figure); 4] {
        let whole = |count: u64| count as f64;
        let [rows, right] = self.labelled.map(whole);
        let accuracy = Figure { rows, sum: right, squares: right, is_share: true };
        let [rows, high, low, squares] = self.errors.map(whole);
        let errors = Figure {
            rows,
            sum: (high + low) / 1e3 * DEVIATION,
            squares: squares / MILLION * DEVIATION * DEVIATION,
            is_share: false,
        };
        let [rows, positions, squares, ..] = self.kpi.map(whole);
        let kpi =
            Figure { rows, sum: positions / MILLION, squares: squares / MILLION, is_share: true };
        let [rows, microseconds, squares] = self.requests.map(whole);
        let latency = Figure {
            rows,
            sum: microseconds / MILLION,
            squares: squares / MILLION,
            is_share: false,
        };
        [
            (vec![("figure", "accuracy")], accuracy),
            (vec![("figure", "mean_absolute_error")], errors),
            (vec![("figure", "kpi"), ("kpi", "bought")], kpi),
            (vec![("figure", "latency")], latency),
        ]
    }
}

#[derive(Clone, Copy)]
struct Figure {
    rows: f64,
    sum: f64,
    squares: f64,
    is_share: bool,
}

impl Figure {
    fn mean(self) -> f64 {
        self.sum / self.rows
    }

    fn error(self) -> f64 {
        ((self.squares / self.rows - self.mean() * self.mean()).max(0.0) / (self.rows - 1.0)).sqrt()
    }

    /// How far below and above the mean the true one may lie: Wilson's interval of shares, else the normal one.
    fn ends(self) -> [f64; 2] {
        if !self.is_share {
            return [QUANTILE * self.error(); 2];
        }
        let (share, square) = (self.mean(), QUANTILE * QUANTILE);
        let half = QUANTILE * (share * (1.0 - share) * self.rows + square / 4.0).sqrt();
        [-1.0, 1.0].map(|sign| (half + sign * square * (0.5 - share)) / (self.rows + square))
    }
}

#[test]
fn every_number_of_two_versions_is_known() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let mut story = Story::of("experiment", &Settings::of(&config)).lasting(10, LAST);
    BASELINE.record(&mut story, 1);
    CANDIDATE.record(&mut story, 1);
    // Two others have fewer rows of each, which are enough, and one has none.
    for (name, rows) in [("3", 40), ("4", 35)] {
        let labels = [("model", "m"), ("version", name)];
        story.counter("driftline_version_requests_total", &labels, rows);
        story.counter("driftline_version_duration_microseconds_total", &labels, rows * 12_000);
        story.counter("driftline_version_duration_square_milliseconds_total", &labels, rows * 150);
    }
    Version { name: "idle", ..BASELINE }.record(&mut story, 0);
    for span in ["1h", "6h"] {
        let of = |rule: &str| format!("driftline:experiment:{rule}{span}");
        for version in [&BASELINE, &CANDIDATE] {
            alone(&mut story, version, &of);
        }
        for (turn, version, rows) in [
            ("first", "1", 200.0),
            ("second", "2", 100.0),
            ("third", "3", 40.0),
            ("fourth", "4", 35.0),
        ] {
            story.says(&of(turn), &[("model", "m"), ("version", version)], rows);
        }
        differences(&mut story, &of);
        predictions(&mut story, &of);
        let idle = ["confusion", "sum", "squares", "predicted", "prediction_bins"].map(of);
        story.only_of(span, &[("version", "idle")], &idle.each_ref().map(String::as_str));
    }
    story.holds();
}

/// The numbers of one version.
fn alone(story: &mut Story, version: &Version, of: &impl Fn(&str) -> String) {
    let right = version.labels(&[("actual", "a"), ("predicted", "a")]);
    story.says(&of("confusion"), &right, version.labelled[1] as f64);
    for (labels, figure) in version.figures() {
        let labels = version.labels(&labels);
        let [below, above] = figure.ends();
        for (rule, value) in [
            ("rows", figure.rows),
            ("sum", figure.sum),
            ("squares", figure.squares),
            ("mean", figure.mean()),
            ("mean_error", figure.error()),
            ("below", below),
            ("above", above),
        ] {
            story.says(&of(rule), &labels, value);
            if rule == "mean" {
                let labels = [&labels[..], &[("statistic", rule)]].concat();
                story.says(&of("version"), &labels, value);
            }
        }
        if figure.is_share {
            story.says(&of("share"), &labels, figure.mean());
        }
    }
    let [rows, _, _, high, low] = version.kpi.map(|it| it as f64);
    story.says(&of("kpi_mean_units"), &version.labels(&[("kpi", "bought")]), (high - low) / rows);
    let [first, second] = version.predictions.map(|it| it as f64);
    story.says(&of("predicted"), &version.labels(&[("bin", "01")]), second);
    story.says(&of("predictions"), &version.labels(&[]), first + second);
    story.says(&of("prediction_bins"), &version.labels(&[]), 7.0);
}

fn differences(story: &mut Story, of: &impl Fn(&str) -> String) {
    let pair = [("model", "m"), ("baseline", "1"), ("candidate", "2")];
    for ((labels, baseline), (_, candidate)) in
        BASELINE.figures().into_iter().zip(CANDIDATE.figures())
    {
        let labels = [&pair[..], &labels].concat();
        let difference = candidate.mean() - baseline.mean();
        let ([cb, ca], [bb, ba]) = (candidate.ends(), baseline.ends());
        let (lower, upper) = (difference - cb.hypot(ba), difference + ca.hypot(bb));
        for (rule, value) in [
            ("difference", difference),
            ("standard_error", candidate.error().hypot(baseline.error())),
            ("lower", lower),
            ("upper", upper),
        ] {
            story.says(&of(rule), &labels, value);
        }
        let of_mean = [&labels[..], &[("statistic", "mean")]].concat();
        story.says(&of("candidate"), &of_mean, candidate.mean());
        story.says(&of("baseline"), &of_mean, baseline.mean());
        let (worse, better) = match labels.iter().find(|(label, _)| *label == "figure").unwrap().1 {
            "accuracy" => (upper < 0.0, 0.0 < lower),
            "kpi" => continue,
            _ => (0.0 < lower, upper < 0.0),
        };
        story.says(&of("worse"), &labels, f64::from(u8::from(worse)));
        story.says(&of("better"), &labels, f64::from(u8::from(better)));
    }
}

fn predictions(story: &mut Story, of: &impl Fn(&str) -> String) {
    let pair = [("model", "m"), ("baseline", "1"), ("candidate", "2")];
    let [baseline, candidate] =
        [&BASELINE, &CANDIDATE].map(|it| it.predictions.map(|it| it as f64));
    let [of_baseline, of_candidate] = [baseline, candidate].map(|[first, second]| first + second);
    let distance = (baseline[0] / of_baseline - candidate[0] / of_candidate).abs();
    let noise = 1.0 / of_baseline + 1.0 / of_candidate;
    let pooled = (baseline[0] + candidate[0]) / (of_baseline + of_candidate);
    let spread = 2.0 * (pooled * (1.0 - pooled)).sqrt() * noise.sqrt();
    let average = (2.0 / std::f64::consts::PI).sqrt() / 2.0;
    let critical = (QUANTILE / 2.0 * spread).min(average * spread + ONE_SIDED / 2.0 * noise.sqrt());
    for (rule, value) in [
        ("prediction_distance", distance),
        ("prediction_noise", noise),
        ("prediction_spread", spread),
        ("prediction_critical", critical),
    ] {
        story.says(&of(rule), &pair, value);
    }
    story.says(&of("prediction_pooled"), &[&pair[..], &[("bin", "00")]].concat(), pooled);
}
