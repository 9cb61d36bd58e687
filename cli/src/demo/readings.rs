//! What the filter says about a model, read from a scrape; names come from the catalogue, and nothing is estimated
//! but the median, as Prometheus would.

use driftline_labels::Outcome;
use driftline_metrics::{
    buckets::Buckets,
    catalogue::{Definition, Metric},
};
use driftline_testbed::scrape::{Scrape, Series};

/// Where the label `result` says that a request ended well.
const SUCCESS: (&str, &str) = ("result", "success");
/// What the label `feature` says of a model's output.
pub(super) const PREDICTION: &str = "prediction";
pub(super) const PPM: f64 = 1e6;
/// The window that the demo shows.
pub(super) const FAST: (&str, &str) = ("window", "fast");

/// What the filter counted for a language model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LlmReading {
    /// Requests by the outcome `complete`, and by all outcomes.
    pub(super) complete: u64,
    pub(super) ended: u64,
    pub(super) in_flight: u64,
    pub(super) output_tokens: u64,
    pub(super) ttft: Exact,
    pub(super) tpot: Exact,
    /// Interpolated within a bucket, as PromQL's `histogram_quantile` does it.
    pub(super) ttft_p50_ms: Option<f64>,
}

/// The exact sum and number of a histogram's samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Exact {
    pub(super) sum_us: f64,
    pub(super) count: u64,
}

/// What the filter says about a monitored column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ColumnReading {
    /// The feature's name, or [`PREDICTION`].
    pub(super) name: String,
    pub(super) psi: f64,
    /// The PSI that chance alone exceeds in 5 % of all windows of this many rows.
    pub(super) psi_critical: f64,
    /// The filter's own, which weighs more than PSI.
    pub(super) verdict: String,
    /// Values in the live window.
    pub(super) window_rows: u64,
}

/// What the filter counted for a predictive model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RainReading {
    pub(super) complete: u64,
    pub(super) ended: u64,
    pub(super) instances: u64,
    pub(super) predictions: u64,
    /// Times that the window was compared with the reference.
    pub(super) evaluations: u64,
    /// In the order of their names, the prediction last.
    pub(super) columns: Vec<ColumnReading>,
}

impl LlmReading {
    /// Reads what was counted between two scrapes, given as their [`Scrape::difference`].
    pub(super) fn of(difference: &Scrape, model: &str) -> LlmReading {
        let (complete, ended) = requests(difference, model);
        LlmReading {
            complete,
            ended,
            in_flight: count(difference, Metric::RequestsInFlight, model),
            output_tokens: count(difference, Metric::OutputTokens, model),
            ttft: Exact::of(difference, Metric::TimeToFirstToken, model),
            tpot: Exact::of(difference, Metric::TimePerOutputToken, model),
            ttft_p50_ms: median_us(difference, Metric::TimeToFirstToken, model)
                .map(|microseconds| microseconds / 1e3),
        }
    }
}

impl Exact {
    fn of(difference: &Scrape, metric: Metric, model: &str) -> Exact {
        let Some([sum, observations]) = metric.definition().companions() else {
            return Exact::default();
        };
        let labels = [("model", model), SUCCESS];
        let value = |name: &str| difference.value(name, &labels).unwrap_or(0.0);
        Exact { sum_us: value(&sum.name), count: value(&observations.name) as u64 }
    }

    /// The mean, in milliseconds; `None` without samples.
    pub(super) fn mean_ms(self) -> Option<f64> {
        (self.count != 0).then(|| self.sum_us / self.count as f64 / 1e3)
    }
}

impl RainReading {
    /// Reads what was counted between two scrapes; gauges are those of the later one.
    pub(super) fn of(difference: &Scrape, model: &str) -> RainReading {
        let (complete, ended) = requests(difference, model);
        let psi_name = Metric::FeaturePsi.definition().name;
        let mut columns: Vec<ColumnReading> = difference
            .samples()
            .filter(|(series, _)| series.matches(psi_name, &[("model", model), FAST]))
            .map(|(series, psi_ppm)| {
                let name = series.label("feature").unwrap_or_default();
                let role = series.label("role").unwrap_or_default();
                let labels = [("model", model), ("role", role), ("feature", name), FAST];
                let gauge = |metric: Metric| {
                    difference.value(metric.definition().name, &labels).unwrap_or(0.0)
                };
                ColumnReading {
                    name: name.to_owned(),
                    psi: psi_ppm / PPM,
                    psi_critical: gauge(Metric::FeaturePsiCritical) / PPM,
                    verdict: the_one(difference, Metric::FeatureVerdict, &labels)
                        .and_then(|series| series.label("verdict"))
                        .unwrap_or_default()
                        .to_owned(),
                    window_rows: gauge(Metric::FeatureWindowRows) as u64,
                }
            })
            .collect();
        columns.sort_by_key(|column| column.name == PREDICTION);
        let evaluations = Metric::Evaluations.definition().name;
        RainReading {
            complete,
            ended,
            instances: count(difference, Metric::Instances, model),
            predictions: count(difference, Metric::Predictions, model),
            evaluations: difference.value(evaluations, &[]).unwrap_or(0.0) as u64,
            columns,
        }
    }

    /// Whether each column's window holds exactly this many rows.
    pub(super) fn windows_hold(&self, rows: u64) -> bool {
        !self.columns.is_empty() && self.columns.iter().all(|column| column.window_rows == rows)
    }
}

fn requests(difference: &Scrape, model: &str) -> (u64, u64) {
    let name = Metric::Requests.definition().name;
    let complete = [("model", model), ("outcome", Outcome::Complete.name())];
    let value = |labels| difference.value(name, labels).unwrap_or(0.0) as u64;
    (value(&complete), value(&complete[..1]))
}

fn count(difference: &Scrape, metric: Metric, model: &str) -> u64 {
    difference.value(metric.definition().name, &[("model", model)]).unwrap_or(0.0) as u64
}

/// `histogram_quantile(0.5, ...)`: within the bucket that holds the middle, samples are taken to be spread evenly.
fn median_us(difference: &Scrape, metric: Metric, model: &str) -> Option<f64> {
    let Definition { name, scale, .. } = metric.definition();
    let name = format!("{name}_bucket");
    let up_to = |bound: &str| difference.value(&name, &[("model", model), SUCCESS, ("le", bound)]);
    let total = up_to("+Inf").filter(|total| 0.0 < *total)?;
    let (mut lower, mut below) = (0.0, 0.0);
    // Those of `envoy/stats.yaml`, which the demo's proxy has.
    for &bound in Buckets::Fine.bounds(scale?) {
        let upper = bound as f64;
        let within = up_to(&bound.to_string())?;
        if total / 2.0 <= within {
            return Some(lower + (upper - lower) * (total / 2.0 - below) / (within - below));
        }
        (lower, below) = (upper, within);
    }
    Some(lower)
}

/// The series with these labels whose gauge is 1.
pub(super) fn the_one<'s>(
    scrape: &'s Scrape,
    metric: Metric,
    labels: &[(&str, &str)],
) -> Option<&'s Series> {
    let name = metric.definition().name;
    let mut ones = scrape
        .samples()
        .filter(|(series, value)| *value == 1.0 && series.matches(name, labels))
        .map(|(series, _)| series);
    ones.next()
}

#[cfg(test)]
mod tests {
    use driftline_metrics::buckets::Scale;

    use super::*;

    const TEXT: &str = r#"
# TYPE driftline_requests_total counter
driftline_requests_total{model="demo-llm",outcome="complete"} 4
driftline_requests_total{model="demo-llm",outcome="timeout"} 1
driftline_requests_total{model="rain",outcome="complete"} 9
# TYPE driftline_time_to_first_token_microseconds_total counter
driftline_time_to_first_token_microseconds_total{model="demo-llm",result="success"} 330000
driftline_time_to_first_token_microseconds_total{model="demo-llm",result="failure"} 7
# TYPE driftline_time_to_first_token_observations_total counter
driftline_time_to_first_token_observations_total{model="demo-llm",result="success"} 4
# TYPE driftline_feature_psi_ppm gauge
driftline_feature_psi_ppm{model="rain",role="feature",feature="dew point",window="fast"} 4580000
driftline_feature_psi_ppm{model="rain",role="feature",feature="dew point",window="slow"} 7
# TYPE driftline_feature_verdict gauge
driftline_feature_verdict{model="rain",role="feature",feature="dew point",window="fast",verdict="drift"} 1
driftline_feature_verdict{model="rain",role="feature",feature="dew point",window="fast",verdict="ok"} 0
driftline_feature_verdict{model="rain",role="feature",feature="dew point",window="slow",verdict="ok"} 1
# TYPE driftline_feature_window_rows gauge
driftline_feature_window_rows{model="rain",role="feature",feature="dew point",window="fast"} 1000
driftline_feature_window_rows{model="rain",role="feature",feature="dew point",window="slow"} 2000
"#;

    #[test]
    fn only_the_model_and_the_successful_are_read() {
        let reading = LlmReading::of(&Scrape::parse(TEXT).unwrap(), "demo-llm");
        assert_eq!((reading.complete, reading.ended), (4, 5));
        assert_eq!(reading.ttft.mean_ms(), Some(82.5));
        assert_eq!(reading.tpot.mean_ms(), None);
    }

    #[test]
    fn a_column_has_its_gauges() {
        let reading = RainReading::of(&Scrape::parse(TEXT).unwrap(), "rain");
        let [dew_point] = &reading.columns[..] else { panic!("{reading:?}") };
        assert_eq!((dew_point.name.as_str(), dew_point.psi), ("dew point", 4.58));
        assert_eq!(dew_point.verdict, "drift");
        assert!(reading.windows_hold(1000) && !reading.windows_hold(999));
        assert!(!RainReading::default().windows_hold(0));
    }

    /// Cumulative counts by bound, as the text format has them; bounds that are not named repeat the one before.
    #[track_caller]
    fn median_of(counts: &[(u64, u64)], total: u64) -> Option<f64> {
        let mut text = String::new();
        let mut within = 0;
        for bound in Buckets::Fine.bounds(Scale::FirstToken) {
            within = counts.iter().find(|(at, _)| at == bound).map_or(within, |(_, count)| *count);
            text += &bucket(&bound.to_string(), within);
        }
        text += &bucket("+Inf", total);
        median_us(&Scrape::parse(&text).unwrap(), Metric::TimeToFirstToken, "m")
    }

    fn bucket(bound: &str, count: u64) -> String {
        let labels = format!(r#"model="m",result="success",le="{bound}""#);
        format!("driftline_time_to_first_token_microseconds_bucket{{{labels}}} {count}\n")
    }

    #[test]
    fn the_median_is_interpolated_as_prometheus_does_it() {
        assert_eq!(median_of(&[(100_000, 10)], 10), Some(90_000.0));
        assert_eq!(median_of(&[(80_000, 5), (100_000, 10)], 10), Some(80_000.0));
        assert_eq!(median_of(&[(80_000, 2), (100_000, 10)], 10), Some(87_500.0));
        assert_eq!(median_of(&[], 10), Some(160_000_000.0));
        assert_eq!(median_of(&[], 0), None);
    }
}
