//! Data over all pods: values without a bin, breaches of the schema, ages and skew.

use driftline_operations::settings::Settings;

use crate::{
    settings::config,
    story::{END, Label, Story},
};

const IDLE: &str = "idle";
/// Its pods hide counters that never moved.
const HIDDEN: &str = "hidden";

fn feature(name: &str) -> [Label<'_>; 4] {
    [("model", "m"), ("version", "1"), ("role", "feature"), ("feature", name)]
}

fn with<'l>(labels: &[Label<'l>], more: &[Label<'l>]) -> Vec<Label<'l>> {
    [labels, more].concat()
}

/// Of 400 values 300 have a bin, 60 are null, 20 missing, 16 of the wrong type and 4 not finite.
fn values(story: &mut Story, name: &str, times: u64) {
    let labels = feature(name);
    for (bin, values) in [("00", 200), ("01", 100), ("02", 0)] {
        story.counter(
            "driftline_feature_bin_total",
            &with(&labels, &[("bin", bin)]),
            values * times,
        );
    }
    for (reason, values) in [("null", 60), ("missing", 20), ("wrong_type", 16), ("not_finite", 4)] {
        story.counter(
            "driftline_feature_unbinned_total",
            &with(&labels, &[("reason", reason)]),
            values * times,
        );
    }
    story.counter(
        "driftline_feature_outside_total",
        &with(&labels, &[("reason", "out_of_range")]),
        30 * times,
    );
    story.counter(
        "driftline_schema_violations_total",
        &with(&labels, &[("reason", "required_null")]),
        60 * times,
    );
    let ages = [("3600", 150), ("86400", 130), ("604800", 20), ("+Inf", 0)];
    story.histogram(
        "driftline_feature_age_seconds",
        &labels,
        &ages.map(|(bound, values)| (bound, values * times)),
    );
    story.counter("driftline_feature_in_future_total", &labels, 100 * times);
}

#[test]
fn what_is_missing_new_old_or_skewed_is_told_of_each_feature() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let mut story = Story::of("data", &Settings::of(&config));
    values(&mut story, "f", 1);
    values(&mut story, IDLE, 0);
    story.counter("driftline_feature_bin_total", &with(&feature(HIDDEN), &[("bin", "00")]), 50);
    let of_model = [("model", "m"), ("version", "1")];
    story.counter("driftline_instances_total", &of_model, 400);
    story.counter(
        "driftline_schema_violations_total",
        &with(&of_model, &[("reason", "extra_column")]),
        100,
    );
    skew(&mut story);
    let labels = feature("f");
    let reason = |name| with(&labels, &[("reason", name)]);
    let quantile = |name| with(&labels, &[("quantile", name)]);
    for (rule, labels, value) in [
        ("values1h", labels.to_vec(), 400.0),
        ("unbinned_ratio1h", reason("missing"), 0.05),
        ("unbinned_ratio1h", reason("not_finite"), 0.01),
        ("null_ratio1h", labels.to_vec(), 0.2),
        ("null_ratio1h", feature(HIDDEN).to_vec(), 0.0),
        ("outside_ratio1h", reason("out_of_range"), 0.075),
        ("violations_per_value1h", reason("required_null"), 0.15),
        ("violations_per_row1h", with(&of_model, &[("reason", "extra_column")]), 0.25),
        ("age_seconds1h", quantile("0.5"), 3600.0),
        ("age_seconds1h", quantile("0.95"), 518_400.0_f64.min(86_400.0 + 518_400.0 * 0.25)),
        ("age_seconds1h", quantile("0.99"), 86_400.0 + 518_400.0 * 0.85),
        ("stale_ratio1h", labels.to_vec(), 20.0 / 300.0),
        ("in_future_ratio1h", labels.to_vec(), 0.25),
    ] {
        story.says(&format!("driftline:data:{rule}"), &labels, value);
    }
    story.only(&[("feature", IDLE)], &[]);
    story.holds();
}

/// Of one pod the first rows had drifted, of the other they had not; a third one still gathers them.
fn skew(story: &mut Story) {
    let labels = feature("f");
    for (pod, verdict, psi) in
        [("a", "drift", 700_000), ("b", "ok", 100_000), ("c", "insufficient", 0)]
    {
        for other in ["drift", "ok", "insufficient"] {
            let labels = with(&labels, &[("verdict", other), ("pod", pod)]);
            // While the first one restarts hot, the gauges of both of its processes add up.
            let processes = if pod == "a" { 2 } else { 1 };
            let value = u64::from(other == verdict) * processes;
            story.series("driftline_feature_skew_verdict", &labels, format!("{value}x{END}"));
        }
        let psi = if pod == "a" { 2 * psi } else { psi };
        story.series(
            "driftline_feature_skew_psi_ppm",
            &with(&labels, &[("pod", pod)]),
            format!("{psi}x{END}"),
        );
    }
    story.says("driftline:data:skewed_ratio", &labels, 2.0 / 3.0);
    story.says("driftline:data:skew_psi", &labels, (2.0 * 0.7 + 0.1) / 3.0);
}
