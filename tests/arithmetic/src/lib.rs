//! What the core computes from tests/data/vectors, to the bit, on whatever it was compiled for; it judges no answer.
//!
//! Natively it is a library. `cargo xtask build` makes a filter of it as well, with the profile of the real one, that
//! leaves the text of [`lines`] in the host's shared data; a story compares the two.

#[cfg(target_arch = "wasm32")]
mod filter;
mod numbers;

use std::{collections::BTreeMap, fmt::Write};

use driftline_statistics::{
    bins::Bins,
    drift::{
        BinPositions, Histograms, NullCounts, Points, Reference, chi_square, hellinger,
        jensen_shannon, kolmogorov_smirnov, kullback_leibler, l_infinity, null_ratio,
        probability::{
            chi_square_log_survival, chi_square_quantile, chi_square_survival,
            kolmogorov_log_survival, kolmogorov_survival, normal_survival,
        },
        psi, total_variation, wasserstein,
    },
};
use serde_json::Value;

use crate::numbers::{counted, counts, generated, number, numbers};

/// Under which name the filter leaves its text.
pub const SHARED_KEY: &str = "arithmetic";

/// What was computed, by case and measure.
type Answers = BTreeMap<String, f64>;

/// Every measure of every case, one to a line, sorted: its name, and the bits of the number in hexadecimal digits.
///
/// `vectors` is one JSON object with the three files as its members `binned`, `samples` and `distributions`. What is
/// not there is left out: who compares also counts.
#[must_use]
pub fn lines(vectors: &[u8]) -> String {
    let vectors: Value = serde_json::from_slice(vectors).unwrap_or_default();
    let mut answers = Answers::new();
    for (name, case) in cases(&vectors["binned"]["cases"]) {
        let name = format!("binned {name}");
        of_histograms(&mut answers, &name, case);
        of_bins(&mut answers, &name, case);
    }
    for (name, case) in cases(&vectors["samples"]["categorical"]) {
        of_histograms(&mut answers, &format!("categorical {name}"), &case["binned"]);
    }
    for (name, case) in cases(&vectors["samples"]["numeric"]) {
        of_samples(&mut answers, &format!("numeric {name}"), case);
    }
    of_distributions(&mut answers, &vectors["distributions"]);
    answers.iter().fold(String::new(), |mut text, (name, answer)| {
        let _ = writeln!(text, "{name} {:016x}", answer.to_bits());
        text
    })
}

fn cases(group: &Value) -> impl Iterator<Item = (&str, &Value)> {
    group.as_object().into_iter().flatten().map(|(name, case)| (name.as_str(), case))
}

fn of_histograms(answers: &mut Answers, name: &str, case: &Value) {
    let (reference, live) = (counts(&case["ref_counts"]), counts(&case["cur_counts"]));
    let Some(histograms) = Histograms::new(&reference, &live) else {
        return;
    };
    let mut put = |measure: &str, answer: f64| {
        answers.insert(format!("{name} {measure}"), answer);
    };
    let index = psi(&histograms);
    put("psi", index.value);
    put("psi without drift", index.expected_without_drift);
    let degrees = number(&case["psi_null_mean_and_crit"]["df"]);
    for exceeded in [0.05, 0.01, 0.0002] {
        let critical = index.critical(chi_square_quantile(exceeded, degrees));
        put(&format!("psi at {exceeded}"), critical);
    }
    let divergence = kullback_leibler(&histograms);
    put("kl of live", divergence.live_from_reference);
    put("kl of reference", divergence.reference_from_live);
    put("js", jensen_shannon(&histograms));
    put("hellinger", hellinger(&histograms));
    put("tvd", total_variation(&histograms));
    let largest = l_infinity(&histograms);
    put("l infinity", largest.value);
    put("l infinity bin", largest.bin as f64);
    let ks = kolmogorov_smirnov(&histograms);
    put("ks", ks.statistic);
    put("ks bin", ks.bin as f64);
    put("ks p", ks.p_value);
    for (kind, taken_for) in [("sample", Reference::Sample), ("law", Reference::Law)] {
        if let Some(test) = chi_square(&histograms, taken_for) {
            put(&format!("chi2 {kind}"), test.statistic);
            put(&format!("chi2 {kind} p"), test.p_value);
            put(&format!("chi2 {kind} df"), test.degrees_of_freedom);
        }
    }
    // The files have no nulls: the first bin of either side stands for them.
    let presence = |counts: &[u64]| NullCounts { nulls: counts[0], rows: counts.iter().sum() };
    if let Some(change) = null_ratio(presence(&reference), presence(&live)) {
        put("null ratio", change.change);
        put("null ratio z", change.z);
    }
}

/// What needs to know where bins lie.
fn of_bins(answers: &mut Answers, name: &str, case: &Value) {
    let variants = &case["w1_variants_normed_by_ref_std"];
    if !variants.is_object() {
        return;
    }
    let mut put = |measure: &str, answer: f64| {
        answers.insert(format!("{name} {measure}"), answer);
    };
    let (reference, live) = (counts(&case["ref_counts"]), counts(&case["cur_counts"]));
    let own = numbers(&variants["ref_bin_means"]);
    let other = numbers(&variants["cur_bin_means"]);
    for (means, at) in [("own", &own), ("live", &other)] {
        let sides = (Points { at: &own, weights: &reference }, Points { at, weights: &live });
        if let Some(distance) = wasserstein(sides.0, sides.1) {
            put(&format!("w1 with {means} means"), distance);
        }
    }
    let edges = numbers(&case["edges"]);
    let means: Vec<Option<f64>> = own.iter().copied().map(Some).collect();
    let scale = BinPositions::of_edges(&edges, &means, number(&variants["ref_std"]));
    let bins = Bins::Quantile { edges };
    let (mut found, mut tail_distance) = (vec![0; bins.count()], [0, 0]);
    for x in generated(&case["cur_spec"]) {
        found[bins.of(x)] += 1;
        if let Some((side, thousandths)) = scale.tail_distance(x) {
            tail_distance[side as usize] += thousandths;
        }
    }
    for (bin, &rows) in found.iter().enumerate() {
        put(&format!("rows of bin {bin:02}"), f64::from(rows));
    }
    put("tail_distance low", tail_distance[0] as f64);
    put("tail_distance high", tail_distance[1] as f64);
    if let Some(distance) = scale.wasserstein(&reference, &live, tail_distance) {
        put("w1 with tails", distance);
        put("w1 with tails, in deviations", distance / scale.deviation());
    }
}

/// Rows themselves, each value with a bin of its own.
fn of_samples(answers: &mut Answers, name: &str, case: &Value) {
    let (values, [reference, live]) = counted(case);
    let mut put = |measure: &str, answer: f64| {
        answers.insert(format!("{name} {measure}"), answer);
    };
    if let Some(histograms) = Histograms::new(&reference, &live) {
        let ks = kolmogorov_smirnov(&histograms);
        put("ks", ks.statistic);
        put("ks at", values[ks.bin]);
        put("ks p", ks.p_value);
        put("psi", psi(&histograms).value);
        put("js", jensen_shannon(&histograms));
    }
    let points = |weights| Points { at: &values, weights };
    if let Some(distance) = wasserstein(points(&reference), points(&live)) {
        put("w1", distance);
        put("w1, in deviations", distance / number(&case["wasserstein"]["ref_std_ddof0"]));
    }
}

fn of_distributions(answers: &mut Answers, file: &Value) {
    let mut each = |table: &str, what: &str, of: &dyn Fn(&[f64]) -> f64| {
        for (key, _) in cases(&file[table]) {
            let argument = |part: &str| part.rsplit('=').next().and_then(|it| it.parse().ok());
            let arguments: Vec<f64> = key.split(',').filter_map(argument).collect();
            answers.insert(format!("{table} {key}{what}"), of(&arguments));
        }
    };
    each("chi2_isf", "", &|a| chi_square_quantile(a[1], a[0]));
    each("chi2_sf", "", &|a| chi_square_survival(a[1], a[0]));
    each("chi2_sf", " log", &|a| chi_square_log_survival(a[1], a[0]));
    each("kolmogorov_sf", "", &|a| kolmogorov_survival(a[0]));
    each("kolmogorov_sf", " log", &|a| kolmogorov_log_survival(a[0]));
    each("normal_sf", "", &|a| normal_survival(a[0]));
    let critical = "psi_critical (1/n+1/N)*chi2.isf(alpha,B-1)";
    each(critical, "", &|a| (1.0 / a[0] + 1.0 / a[1]) * chi_square_quantile(a[3], a[2] - 1.0));
}
