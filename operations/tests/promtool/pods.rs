//! Single pods: the filter's gauges in natural units, whatever a hot restart or a first scrape makes of them, and what each
//! pod serves.

use driftline_operations::settings::Settings;

use crate::{
    settings::config,
    story::{END, Label, Story},
};

/// Its two processes of a hot restart speak at once.
const RESTARTING: &str = "restarting";
const STEADY: &str = "steady";
/// It has not evaluated anything yet.
const NEW: &str = "new";

const MILLION: f64 = 1e6;
const WINDOW: &[&str] = &["model", "version", "role", "feature", "window"];
const MEASURE: &[&str] = &["model", "version", "window", "measure"];
const ROWS: &[&str] = &["model", "version", "window", "measure", "rows"];
const DETECTOR: &[&str] = &["model", "version", "kpi", "detector"];

/// Gauges, their labels, and how many of their units are one.
const GAUGES: [(&str, &[&str], f64); 36] = [
    ("feature_psi_ppm", WINDOW, MILLION),
    ("feature_psi_critical_ppm", WINDOW, MILLION),
    ("feature_kl_live_from_reference_ppm", WINDOW, MILLION),
    ("feature_kl_reference_from_live_ppm", WINDOW, MILLION),
    ("feature_jensen_shannon_ppm", WINDOW, MILLION),
    ("feature_hellinger_ppm", WINDOW, MILLION),
    ("feature_total_variation_ppm", WINDOW, MILLION),
    ("feature_l_infinity_ppm", WINDOW, MILLION),
    ("feature_ks_statistic_ppm", WINDOW, MILLION),
    ("feature_ks_p_value_ppm", WINDOW, MILLION),
    ("feature_ks_significance_thousandths", WINDOW, 1e3),
    ("feature_chi_square_ppm", WINDOW, MILLION),
    ("feature_chi_square_p_value_ppm", WINDOW, MILLION),
    ("feature_chi_square_significance_thousandths", WINDOW, 1e3),
    ("feature_chi_square_fit_ppm", WINDOW, MILLION),
    ("feature_chi_square_fit_p_value_ppm", WINDOW, MILLION),
    ("feature_wasserstein_ppm", WINDOW, MILLION),
    ("feature_wasserstein_deviations_ppm", WINDOW, MILLION),
    ("feature_null_ratio_increase_ppm", WINDOW, MILLION),
    ("feature_null_ratio_decrease_ppm", WINDOW, MILLION),
    ("feature_null_ratio_z_ppm", WINDOW, MILLION),
    ("feature_moved_psi_ppm", &["model", "version", "role", "feature", "since"], MILLION),
    ("feature_skew_psi_ppm", &["model", "version", "role", "feature"], MILLION),
    ("regression_label_deviation_ppm", &["model", "version"], MILLION),
    ("label_coverage_ppm", &["model", "version", "window"], MILLION),
    ("quality_ppm", MEASURE, MILLION),
    ("class_quality_ppm", &["model", "version", "window", "measure", "class"], MILLION),
    ("reference_quality_ppm", &["model", "version", "measure"], MILLION),
    ("concept_mean_before_ppm", DETECTOR, MILLION),
    ("concept_mean_after_ppm", DETECTOR, MILLION),
    ("estimated_quality_ppm", ROWS, MILLION),
    ("estimated_quality_error_ppm", ROWS, MILLION),
    ("estimate_shortfall_ppm", MEASURE, MILLION),
    ("estimate_excess_ppm", MEASURE, MILLION),
    ("reference_kpi_mean_ppm", &["model", "version", "side", "kpi"], MILLION),
    ("kpi_mean_ppm", &["model", "version", "window", "side", "kpi"], MILLION),
];

/// What model servers said last; no verdict tells how many processes speak of it.
const SERVER: [(&str, f64); 6] = [
    ("server_cpu_utilization_ppm", MILLION),
    ("server_memory_utilization_ppm", MILLION),
    ("server_application_utilization_ppm", MILLION),
    ("server_kv_cache_usage_ppm", MILLION),
    ("server_request_rate_millihertz", 1e3),
    ("server_error_rate_millihertz", 1e3),
];

/// The rule of a gauge.
fn of(gauge: &str) -> String {
    let units = ["_ppm", "_thousandths", "_millihertz"];
    let stem = units.iter().fold(gauge, |name, unit| name.strip_suffix(unit).unwrap_or(name));
    format!("driftline:pod:{stem}")
}

/// Values of labels: of each the one that there is here.
fn labelled<'l>(labels: &[&'l str], pod: &'l str) -> Vec<Label<'l>> {
    let value = |label: &'l str| match label {
        "window" => "fast",
        "side" => "high",
        other => other,
    };
    let labels = labels.iter().map(|&label| (label, value(label)));
    labels.chain([("pod", pod)]).collect()
}

/// What says how many processes speak: one verdict holds in each.
fn verdicts(story: &mut Story, pod: &str, [ok, other]: [u64; 2]) {
    for (name, labels, label, words) in [
        ("feature_verdict", WINDOW, "verdict", ["ok", "insufficient"]),
        ("feature_skew_verdict", &WINDOW[..4], "verdict", ["ok", "insufficient"]),
        ("labels_state", &WINDOW[..2], "state", ["live", "none"]),
    ] {
        for (word, value) in words.into_iter().zip([ok, other]) {
            let labels = [&labelled(labels, pod)[..], &[(label, word)]].concat();
            story.series(&format!("driftline_{name}"), &labels, format!("{value}x{END}"));
        }
    }
}

#[test]
fn gauges_of_each_pod_have_natural_units_whatever_restarts() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let mut story = Story::of("pods", &Settings::of(&config));
    // While a process hands over, the new one has too few rows yet, and gauges of both add up.
    for (pod, processes, said) in [(STEADY, [1, 0], 1), (RESTARTING, [1, 1], 2), (NEW, [0, 0], 0)] {
        verdicts(&mut story, pod, processes);
        for (number, (gauge, labels, per_unit)) in (1..).zip(GAUGES) {
            let value = 125_000 * number;
            let labels = labelled(labels, pod);
            let values = format!("{}x{END}", value * said);
            story.series(&format!("driftline_{gauge}"), &labels, values);
            let mut labels = labels;
            if gauge.contains("kpi") {
                labels.retain(|(label, _)| *label != "side");
                let low = [&labels[..], &[("side", "low")]].concat();
                story.series(
                    &format!("driftline_{gauge}"),
                    &low,
                    format!("{}x{END}", 25_000 * said),
                );
            }
            let less = if gauge.contains("kpi") { 25_000 } else { 0 };
            if pod != NEW {
                story.says(&of(gauge), &labels, f64::from(value - less) / per_unit);
            }
        }
    }
    story.only(&[("pod", NEW), ("version", "version")], &[]);
    serving(&mut story);
    story.holds();
}

/// A pod that serves, and one that does not.
fn serving(story: &mut Story) {
    let pods = [("one", 1), ("idle", 0)];
    for (pod, times) in pods {
        let labels = [("model", "m"), ("route", "r"), ("instance", pod)];
        let with = |more: &[Label<'static>]| [&labels[..], more].concat();
        // The story's second pod is the same one here, before and after a restart.
        for (outcome, requests) in [("complete", 60), ("timeout", 20)] {
            story.counter(
                "driftline_requests_total",
                &with(&[("outcome", outcome)]),
                requests * times,
            );
        }
        for time in ["time_to_first_token", "time_per_output_token", "request_duration"] {
            let labels = with(&[("result", "success")]);
            let buckets = [("80000", 30), ("100000", 60), ("+Inf", 0)];
            let buckets = buckets.map(|(bound, samples)| (bound, samples * times));
            story.histogram(&format!("driftline_{time}_microseconds"), &labels, &buckets);
        }
        let labels = with(&[("result", "success")]);
        story.counter(
            "driftline_request_duration_microseconds_total",
            &labels,
            360_000_000 * times,
        );
        story.counter("driftline_load_reports_total", &labels[..3], 6 * times);
        for (gauge, per_unit) in SERVER {
            story.gauge(&format!("driftline_{gauge}"), &labels[..3], 500 * times);
            if pod == "one" {
                let labels = [("instance", pod), ("pod", "two")];
                story.says(&of(gauge), &labels, 500.0 / per_unit);
            }
        }
    }
    let one = [("instance", "one"), ("pod", "two")];
    for (span, seconds) in [("5m", 300.0), ("1h", 3600.0)] {
        let of = |rule: &str| format!("driftline:pod:{rule}{span}");
        // Two thirds of all is at the pod that restarts.
        story.says(&of("requests_per_second"), &one, 54.0 / seconds);
        story.says(&of("failed_ratio"), &one, 14.0 / 54.0);
        story.says(&of("concurrency"), &one, 240.0 / seconds);
        for time in ["time_to_first_token", "time_per_output_token", "request_duration"] {
            let of = of(&format!("{time}_seconds"));
            story.says(&of, &[&one[..], &[("quantile", "0.5")]].concat(), 0.085);
        }
    }
    let rates = ["requests_per_second", "concurrency"];
    let rates = ["5m", "1h"].map(|span| rates.map(|rule| format!("driftline:pod:{rule}{span}")));
    let rates = rates.concat();
    let rates: Vec<&str> = rates.iter().map(String::as_str).collect();
    story.only(&[("instance", "idle"), ("pod", "two")], &rates);
}
