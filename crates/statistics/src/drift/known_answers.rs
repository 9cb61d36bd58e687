//! Every measure against the answers of numpy and scipy: see tests/data/vectors/README.md. Nothing here is computed by us.

use std::{collections::BTreeSet, string::String, vec, vec::Vec};

use driftline_random::Random;
use serde_json::Value;

use super::{chi_square::Reference, probability::*, *};

const TOLERANCE: f64 = 1e-9;

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn binned() -> Value {
    file(include_str!("../../../../tests/data/vectors/binned.json"))
}

fn samples() -> Value {
    file(include_str!("../../../../tests/data/vectors/samples.json"))
}

fn distributions() -> Value {
    file(include_str!("../../../../tests/data/vectors/distributions.json"))
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn counts(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect()
}

/// Absolute, or relative for numbers beyond 1.
#[track_caller]
fn near(found: f64, expected: f64, what: &str) {
    let close = (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0);
    assert!(close, "{what}: {found:e}, expected {expected:e}");
}

/// As small as they may be, p-values agree in their digits, not only in being small.
#[track_caller]
fn near_relative(found: f64, expected: f64, what: &str) {
    let close = (found - expected).abs() <= TOLERANCE * expected.abs();
    assert!(close, "{what}: {found:e}, expected {expected:e}");
}

/// Compares every measure of two histograms; returns how many answers there were.
fn check_histograms(name: &str, case: &Value) -> usize {
    let (reference, live) = (counts(&case["ref_counts"]), counts(&case["cur_counts"]));
    let histograms = Histograms::new(&reference, &live).unwrap();
    let divergence = kullback_leibler(&histograms);
    let largest = l_infinity(&histograms);
    let ks = kolmogorov_smirnov(&histograms);
    let index = psi(&histograms);
    let distance = jensen_shannon(&histograms);
    let mut answers = vec![
        ("psi_laplace_0.5_both", index.value),
        ("kl_cur_ref_laplace0.5_nats", divergence.live_from_reference),
        ("kl_ref_cur_laplace0.5_nats", divergence.reference_from_live),
        ("js_distance_nats", distance),
        ("js_divergence_nats", distance * distance),
        ("hellinger", hellinger(&histograms)),
        ("tvd", total_variation(&histograms)),
        ("l_infinity", largest.value),
    ];
    for (key, found) in answers.drain(..) {
        near(found, number(&case[key]), &std::format!("{name} {key}"));
    }
    // Which of several equal bins comes first is a matter of rounding.
    let shares: Vec<f64> = histograms.shares().map(|(p, q)| (p - q).abs()).collect();
    let named = case["l_infinity_bin"].as_u64().unwrap() as usize;
    near(shares[largest.bin], shares[named], &std::format!("{name} l_infinity_bin"));
    let mut compared = 9;
    let known = &case["ks_binned"];
    if known.is_object() {
        near(ks.statistic, number(&known["stat"]), &std::format!("{name} ks"));
        near_relative(ks.p_value, number(&known["p_stephens"]), &std::format!("{name} ks p"));
        compared += 2;
    }
    for (key, taken_for) in [
        ("chi2_two_sample", Reference::Sample),
        ("chi2_gof (current vs reference proportions)", Reference::Law),
    ] {
        let known = &case[key];
        let Some(test) = chi_square(&histograms, taken_for).filter(|_| known.is_object()) else {
            assert!(known.is_null(), "{name} {key}: no answer, expected {known}");
            continue;
        };
        near(test.statistic, number(&known["stat"]), &std::format!("{name} {key}"));
        near_relative(test.p_value, number(&known["p"]), &std::format!("{name} {key} p"));
        near(test.degrees_of_freedom, number(&known["df"]), &std::format!("{name} {key} df"));
        compared += 3;
    }
    let known = &case["psi_null_mean_and_crit"];
    let degrees = number(&known["df"]);
    // The files know no bins that the reference leaves empty: these are no degree of freedom, and add a constant.
    let unfilled = index.critical(0.0);
    let filled = histograms.degrees_of_freedom();
    assert!(filled == degrees || reference.contains(&0), "{name}: {filled}");
    let expected = filled * number(&known["scale_1/n+1/N"]) + unfilled;
    near(index.expected_without_drift, expected, name);
    for (exceeded, key) in [(0.05, "crit_5pct"), (0.01, "crit_1pct")] {
        let critical = index.critical(chi_square_quantile(exceeded, degrees)) - unfilled;
        near(critical, number(&known[key]), &std::format!("{name} {key}"));
    }
    compared + 3
}

#[test]
fn of_histograms() {
    let file = binned();
    let cases = file["cases"].as_object().unwrap();
    let compared: usize = cases.iter().map(|(name, case)| check_histograms(name, case)).sum();
    assert_eq!((cases.len(), compared), (19, 19 * 20 - 2 * 3));
}

#[test]
fn of_categories() {
    let file = samples();
    let cases = file["categorical"].as_object().unwrap();
    let compared: usize =
        cases.iter().map(|(name, case)| check_histograms(name, &case["binned"])).sum();
    assert_eq!((cases.len(), compared), (5, 5 * 20 - 3));
}

/// Wasserstein with the means of the reference on both sides, with the live means of the outer bins, and with all.
#[test]
fn of_binned_distances() {
    let file = binned();
    let mut compared = 0;
    for (name, case) in file["cases"].as_object().unwrap() {
        let variants = &case["w1_variants_normed_by_ref_std"];
        if !variants.is_object() {
            continue;
        }
        let (reference, live) = (counts(&case["ref_counts"]), counts(&case["cur_counts"]));
        if case["w1_binned"].is_number() {
            let at = numbers(&case["representatives"]);
            let points = |weights| Points { at: &at, weights };
            let distance = wasserstein(points(&reference), points(&live)).unwrap();
            near(distance, number(&case["w1_binned"]), &std::format!("{name} w1_binned"));
            compared += 1;
        }
        let (own, other) =
            (numbers(&variants["ref_bin_means"]), numbers(&variants["cur_bin_means"]));
        let mut tails = own.clone();
        let last = tails.len() - 1;
        (tails[0], tails[last]) = (other[0], other[last]);
        for (key, at) in
            [("w1_ref_means", &own), ("w1_tail_means", &tails), ("w1_all_means", &other)]
        {
            let distance = wasserstein(
                Points { at: &own, weights: &reference },
                Points { at, weights: &live },
            );
            let found = distance.unwrap() / number(&variants["ref_std"]);
            near(found, number(&variants[key]), &std::format!("{name} {key}"));
            compared += 1;
        }
    }
    assert_eq!(compared, 36 + 6);
}

/// Rows themselves, each value with a bin of its own: then the binned measures are exact.
#[test]
fn of_samples() {
    let file = samples();
    let mut compared = 0;
    for (name, case) in file["numeric"].as_object().unwrap() {
        let sides = match (&case["ref"], &case["cur"]) {
            (Value::Array(_), Value::Array(_)) => [numbers(&case["ref"]), numbers(&case["cur"])],
            (Value::String(_), Value::String(_)) => {
                [vec![1.0; 50], [vec![1.0; 49], vec![2.0]].concat()]
            }
            _ => [generated(&case["ref_spec"]), generated(&case["cur_spec"])],
        };
        let mut values: Vec<f64> = sides.concat();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let [reference, live] = sides.each_ref().map(|side| {
            let of = |value: &f64| side.iter().filter(|x| *x == value).count() as u64;
            values.iter().map(of).collect::<Vec<u64>>()
        });
        // A test needs two bins, and identical constants have one.
        let histograms = Histograms::new(&reference, &live).unwrap();
        let ks = kolmogorov_smirnov(&histograms);
        near(ks.statistic, number(&case["ks"]["stat"]), name);
        near_relative(ks.p_value, number(&case["ks"]["p_stephens"]), name);
        near(values[ks.bin], number(&case["ks"]["location"]), name);
        let distance = wasserstein(
            Points { at: &values, weights: &reference },
            Points { at: &values, weights: &live },
        );
        let (distance, known) = (distance.unwrap(), &case["wasserstein"]);
        near(distance, number(&known["raw"]), name);
        compared += 4;
        // Without a deviation, there is nothing to measure the distance in.
        let deviation = number(&known["ref_std_ddof0"]);
        if deviation != 0.0 {
            near(distance / deviation, number(&known["normed_by_ref_std"]), name);
            compared += 1;
        }
    }
    assert_eq!(compared, 40 + 9);
}

/// The portable generators of tests/data/vectors/versions.json.
fn generated(spec: &Value) -> Vec<f64> {
    let argument = |index: usize| number(&spec[index]);
    let mut random = Random::new(spec[1].as_u64().unwrap());
    let mut values = Vec::new();
    for _ in 0..argument(2) as usize {
        let x = random.irwin_hall();
        values.push(match spec[0].as_str().unwrap() {
            "ih_list" => x * argument(3) + argument(4),
            "tail_list" => x + if random.uniform() < argument(3) { argument(4) } else { 0.0 },
            other => panic!("no generator {other}"),
        });
    }
    values
}

#[test]
fn of_distributions() {
    let file = distributions();
    let mut compared = BTreeSet::new();
    let mut each = |table: &str, found: &dyn Fn(&[f64]) -> f64| {
        for (key, expected) in file[table].as_object().unwrap() {
            let arguments: Vec<f64> = key
                .split(',')
                .map(|part| part.rsplit('=').next().unwrap().parse().unwrap())
                .collect();
            near_relative(found(&arguments), number(expected), &std::format!("{table} {key}"));
            compared.insert(String::from(key) + table);
        }
    };
    each("chi2_isf", &|a| chi_square_quantile(a[1], a[0]));
    each("chi2_sf", &|a| chi_square_survival(a[1], a[0]));
    each("kolmogorov_sf", &|a| kolmogorov_survival(a[0]));
    each("normal_sf", &|a| normal_survival(a[0]));
    let critical = "psi_critical (1/n+1/N)*chi2.isf(alpha,B-1)";
    each(critical, &|a| (1.0 / a[0] + 1.0 / a[1]) * chi_square_quantile(a[3], a[2] - 1.0));
    assert_eq!(compared.len(), 32 + 18 + 12 + 6 + 48);
    // Quantiles of Kolmogorov's distribution, which nothing here computes, back to what exceeds them.
    for (exceeded, at) in file["kolmogorov_isf"].as_object().unwrap() {
        near_relative(kolmogorov_survival(number(at)), exceeded.parse().unwrap(), "kolmogorov_isf");
    }
    for (key, known) in file["wilson_hilferty_vs_exact"].as_object().unwrap() {
        assert_eq!(known["exact"], file["chi2_isf"][key], "{key}: compared above");
    }
}
