//! Drift over all pods: every measure against the answers of numpy and scipy in `tests/data/vectors`, and against the core's
//! own functions where those files have none.

use std::{collections::BTreeMap, fs};

use driftline_labels::{DriftReason, Unbinned};
use driftline_operations::settings::Settings;
use driftline_statistics::{
    bins::{Bins, OTHER},
    detection::{
        ASSUMED, ASSUMED_DEGREES, LiveRows, Reference, SURPRISE_MAX, debiased_psi,
        evidence::{TwoShares, split},
        total,
    },
    drift::{
        Histograms, NullCounts, chi_square, hellinger, jensen_shannon, kolmogorov_smirnov,
        kullback_leibler, l_infinity, null_ratio,
        probability::{chi_square_log_survival, chi_square_quantile},
        psi, total_variation,
    },
    profile::Column,
};
use serde_json::Value;

use crate::{
    settings::{categories, numbers, profile, with_profile},
    story::{END, Label, Story},
};

const MODEL: &str = "m";
/// Its pods hide counters that never moved.
const HIDDEN: &str = "hidden";
const IDLE: &str = "idle";
const STEADY: &str = "steady";
/// What a drift of these models needs, in thousandths of a decimal logarithm.
const NEEDED: u64 = 4000;
/// The files have eleven digits or more.
const OF_FILES: f64 = 1e-9;
/// Series are cut off where they are exact to this.
const OF_SERIES: f64 = 1e-6;
/// A column whose rows have no value, or one that is none.
const BROKEN: &str = "broken";
const FLAG: &str = "flag";
const COLOUR: &str = "colour";
const VALUES: &str = "values";
const CONSTANT: &str = "constant";

/// Live rows of a column.
struct Live {
    bins: Vec<u64>,
    tails: [u64; 2],
    unbinned: [u64; Unbinned::ALL.len()],
}

impl Live {
    fn of(bins: &[u64]) -> Live {
        Live { bins: bins.to_vec(), tails: [0; 2], unbinned: [0; Unbinned::ALL.len()] }
    }

    fn unset(&self) -> u64 {
        self.of_reasons([Unbinned::Null, Unbinned::Missing])
    }

    fn unusable(&self) -> u64 {
        self.of_reasons([Unbinned::WrongType, Unbinned::NotFinite])
    }

    fn of_reasons(&self, reasons: [Unbinned; 2]) -> u64 {
        reasons.iter().map(|&reason| self.unbinned[reason as usize]).sum()
    }

    fn rows(&self) -> u64 {
        total(&self.bins) + self.unset() + self.unusable()
    }
}

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/vectors/binned.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

fn counts(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect()
}

/// A column of numbers of the files: where the file does not say where its bins lie, they are a deviation apart.
fn of_case(case: &Value) -> (Column, Live) {
    let (reference, live) = (counts(&case["ref_counts"]), counts(&case["cur_counts"]));
    let mut live = Live::of(&live);
    let variants = &case["w1_variants_normed_by_ref_std"];
    if !variants.is_object() {
        let means: Vec<f64> = (0..reference.len()).map(|bin| bin as f64).collect();
        let edges = means.iter().skip(1).map(|mean| mean - 0.5).collect();
        live.tails = [live.bins[0] * 700, live.bins.last().unwrap() * 200];
        return (numbers(Bins::Quantile { edges }, &reference, &means, 1.0), live);
    }
    let (edges, means) = (list(&case["edges"]), list(&variants["ref_bin_means"]));
    let deviation = variants["ref_std"].as_f64().unwrap();
    let of_live = list(&variants["cur_bin_means"]);
    let thousandths =
        |distance: f64, rows: u64| (distance / deviation * 1e3 * rows as f64).round() as u64;
    live.tails = [
        thousandths(edges[0] - of_live[0], live.bins[0]),
        thousandths(of_live.last().unwrap() - edges.last().unwrap(), *live.bins.last().unwrap()),
    ];
    (numbers(Bins::Quantile { edges }, &reference, &means, deviation), live)
}

/// Columns that the files have none of.
fn others() -> Vec<(&'static str, Column, Live)> {
    let ten: Vec<f64> = (0..10).map(f64::from).collect();
    let reference = [&[100; 10][..], &[0]].concat();
    let values = numbers(Bins::Values { values: ten.clone() }, &reference, &ten, 2.872);
    let mut odd = Live::of(&[0, 20, 40, 80, 100, 100, 100, 80, 60, 40, 30, 20, 130]);
    odd.tails = [20 * 400, 130 * 1700];
    let mut broken = Live::of(&[300, 80, 20, 0]);
    broken.unbinned = [50, 30, 400, 120];
    let names =
        |names: &[&str]| Bins::Categories { names: names.iter().map(|&it| it.into()).collect() };
    let mut far = Live::of(&[300, 0, 10, 190]);
    far.tails = [10 * 250, 190 * 500];
    let broken_column = categories(names(&["red", "blue", "teal"]), &[500, 300, 150, 30]);
    vec![
        (VALUES, values, odd),
        (
            FLAG,
            numbers(Bins::Values { values: vec![0.0, 1.0] }, &[900, 100, 0], &[0.0, 1.0], 0.3),
            Live::of(&[300, 700, 0, 0, 0]),
        ),
        (CONSTANT, numbers(Bins::Values { values: vec![-200.0] }, &[500, 0], &[-200.0], 0.0), far),
        (
            COLOUR,
            categories(names(&["red", "blue", "teal"]), &[400, 590, 10, 2]),
            Live::of(&[380, 420, 180, 20]),
        ),
        (BROKEN, Column { nulls: 20, ..broken_column }, broken),
    ]
}

/// The labels of a column's series.
fn of_column<'l>(model: &'l str, feature: &'l str) -> [Label<'l>; 4] {
    [("model", model), ("version", "1"), ("role", "feature"), ("feature", feature)]
}

/// The series of a column at the pods of a model, without those that never moved if they are hidden.
fn record(
    story: &mut Story,
    model: &str,
    feature: &str,
    column: &Column,
    live: &Live,
    hides: bool,
) {
    let labels = of_column(model, feature);
    let with = |label: Label<'_>| -> Vec<(String, String)> {
        [&labels[..], &[label]]
            .concat()
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    };
    let mut counter = |name: &str, label: Label<'_>, grows: u64| {
        if !hides || grows != 0 {
            let labels = with(label);
            let labels: Vec<Label<'_>> =
                labels.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            story.counter(name, &labels, grows);
        }
    };
    for (bin, &rows) in live.bins.iter().enumerate() {
        counter("driftline_feature_bin_total", ("bin", &column.bins.label(bin)), rows);
    }
    for reason in Unbinned::ALL {
        counter(
            "driftline_feature_unbinned_total",
            ("reason", reason.name()),
            live.unbinned[reason as usize],
        );
    }
    if column.numbers.is_some() {
        for (side, sum) in ["low", "high"].into_iter().zip(live.tails) {
            counter("driftline_feature_tail_excess_thousandths_total", ("side", side), sum);
        }
    }
    for (bin, &rows) in column.counts.iter().enumerate() {
        let bin = column.bins.label(bin);
        let labels = [&labels[..], &[("bin", &*bin)]].concat();
        story.gauge("driftline_reference_bin_rows", &labels, rows);
    }
    if column.nulls != 0 {
        story.gauge("driftline_reference_unset_rows", &labels, column.nulls);
    }
}

/// What the core says of a column, by rule, of which this many live bins are counted; nothing is known of clusters.
fn known(column: &Column, live: &Live, bins: usize) -> BTreeMap<&'static str, f64> {
    let reference = Reference::of(column);
    let rows = reference.rows();
    let live_rows = LiveRows {
        bins: &live.bins,
        binned: total(&live.bins),
        unset: live.unset(),
        unusable: live.unusable(),
        outside: 0,
        tail_distance: live.tails,
    };
    let positions = reference.positions.as_ref();
    let both = Histograms::on(positions, &reference.bins, &live.bins).unwrap();
    let (n, m) = (both.live_rows(), both.reference_rows());
    let effective = n / ASSUMED;
    let mut known = BTreeMap::new();
    let degrees = both.degrees_of_freedom();
    let kl = kullback_leibler(&both);
    let index = psi(&both);
    known.extend([
        ("reference", m),
        ("bins", both.bins() as f64),
        ("filled", column.counts.iter().filter(|&&it| it != 0).count() as f64),
        ("half_degrees", degrees / 2.0),
        ("reference_unset", column.nulls as f64),
        ("reference_rows", m + column.nulls as f64),
        ("live1h", n),
        ("unset1h", live.unset() as f64),
        ("unusable1h", live.unusable() as f64),
        ("rows1h", live.rows() as f64),
        ("told_degrees1h", 0.0),
        ("told_chi_square1h", 0.0),
        ("overdispersion1h", ASSUMED),
        ("effective1h", effective),
        ("all_effective1h", live.rows() as f64 / ASSUMED),
        ("unset_effective1h", live.unset() as f64 / ASSUMED),
        ("unusable_effective1h", live.unusable() as f64 / ASSUMED),
        ("noise1h", 1.0 / effective + 1.0 / m),
        ("psi1h", index.value),
        ("psi_critical1h", index.critical(chi_square_quantile(0.05, degrees))),
        ("kl_live_from_reference1h", kl.live_from_reference),
        ("kl_reference_from_live1h", kl.reference_from_live),
        ("jensen_shannon1h", jensen_shannon(&both)),
        ("hellinger1h", hellinger(&both)),
        ("total_variation1h", total_variation(&both)),
        ("l_infinity1h", l_infinity(&both).value),
    ]);
    let debiased = debiased_psi(&rows, &live_rows, effective);
    let noise = 1.0 / effective + 1.0 / m;
    known.extend([
        ("psi_debiased1h", debiased),
        (
            "psi_sure1h",
            debiased - 2.0 * (4.0 * debiased * noise + 2.0 * bins as f64 * noise * noise).sqrt(),
        ),
    ]);
    let ratio: f64 = reference
        .bins
        .iter()
        .zip(&live.bins)
        .map(|(&r, &l)| split(r as f64, l as f64 / ASSUMED, effective / (effective + m)))
        .sum();
    known.insert("bins_ratio1h", ratio.max(0.0));
    let unbinned = |of_reference: u64, of_live: u64| {
        let shares = TwoShares {
            reference: (of_reference as f64, m + column.nulls as f64),
            live: (of_live as f64 / ASSUMED, live.rows() as f64 / ASSUMED),
        };
        shares.nats()
    };
    known.insert("nulls_nats1h", unbinned(column.nulls, live.unset()));
    known.insert("types_nats1h", unbinned(0, live.unusable()));
    let sides = [
        NullCounts { nulls: column.nulls, rows: total(&column.counts) + column.nulls },
        NullCounts { nulls: live.unset() + live.unusable(), rows: live.rows() },
    ];
    let nulls = null_ratio(sides[0], sides[1]).unwrap();
    known.extend([
        ("null_ratio1h", sides[1].nulls as f64 / sides[1].rows as f64),
        ("null_ratio_change1h", nulls.change),
        ("null_ratio_z1h", nulls.z),
    ]);
    if let Some(positions) = positions {
        let ks = kolmogorov_smirnov(&both);
        let root = (n * m / (n + m)).sqrt();
        known.extend([
            ("kolmogorov_smirnov1h", ks.statistic),
            ("ks_scaled1h", (root + 0.12 + 0.11 / root) * ks.statistic),
            ("deviation", positions.deviation()),
            ("unit", positions.unit()),
        ]);
        let distance = positions.wasserstein(&reference.bins, &live.bins, live.tails).unwrap();
        known.insert("wasserstein1h", distance);
        let deviation = positions.deviation();
        known.insert(
            "wasserstein_deviations1h",
            if deviation == 0.0 { 0.0 } else { distance / deviation },
        );
    }
    known
}

/// P-values of the core, which rules have from series that are cut off.
fn p_values(column: &Column, live: &Live) -> Vec<(&'static str, f64, f64)> {
    let reference = Reference::of(column);
    let both = Histograms::on(reference.positions.as_ref(), &reference.bins, &live.bins).unwrap();
    let mut found = Vec::new();
    for (name, taken_for) in [
        ("chi_square", driftline_statistics::drift::Reference::Sample),
        ("chi_square_fit", driftline_statistics::drift::Reference::Law),
    ] {
        let Some(test) = chi_square(&both, taken_for) else { continue };
        found.push((name, test.statistic, test.significance));
    }
    if reference.positions.is_some() {
        let ks = kolmogorov_smirnov(&both);
        found.push(("ks", ks.statistic, ks.significance));
    }
    found
}

#[test]
fn all_measures_of_all_columns_are_those_of_the_core_and_of_scipy() {
    let file = vectors();
    let mut columns: Vec<(String, Column, Live)> = Vec::new();
    for (name, case) in file["cases"].as_object().unwrap() {
        let (column, live) = of_case(case);
        columns.push((name.clone(), column, live));
    }
    columns
        .extend(others().into_iter().map(|(name, column, live)| (name.to_owned(), column, live)));
    let all = columns.iter().map(|(name, column, _)| (name.clone(), column.clone())).collect();
    let mut config = with_profile(MODEL, profile(all));
    for name in [HIDDEN, IDLE] {
        let mut other = config.models[0].clone();
        other.name = name.to_owned();
        config.models.push(other);
    }
    let settings = Settings::of(&config);
    let mut story = Story::of("drift", &settings);
    for (name, column, live) in &columns {
        record(&mut story, MODEL, name, column, live, false);
        record(&mut story, HIDDEN, name, column, live, true);
        let none = Live::of(&vec![0; live.bins.len()]);
        record(&mut story, IDLE, name, column, &none, false);
        let counted = live.bins.len();
        // Bins that neither side has a series for are none.
        let shown = |&(bin, &rows): &(usize, &u64)| rows != 0 || bin < column.counts.len();
        let shown = live.bins.iter().enumerate().filter(shown).count();
        for (model, bins) in [(MODEL, counted), (HIDDEN, shown)] {
            expect(&mut story, model, name, column, live, bins);
        }
        if let Some(case) = file["cases"].get(name) {
            expect_of_file(&mut story, name, case);
        }
    }
    for model in [MODEL, HIDDEN, IDLE] {
        let labels = [("model", model), ("version", "1")];
        story.gauge("driftline_drift_evidence_needed_thousandths", &labels, NEEDED);
        let nats = NEEDED as f64 / 1e3 * std::f64::consts::LN_10;
        story.says("driftline:model:nats_needed", &labels, nats);
    }
    let overdispersion = [("model", MODEL)];
    story.says("driftline:model:overdispersion1h", &overdispersion, ASSUMED);
    by_bin(&mut story);
    verdicts(&mut story);
    clusters(&mut story);
    story.only(
        &[("model", IDLE)],
        &[
            "driftline:bin:reference",
            "driftline:bin:reference_share",
            "driftline:bin:reference_up_to",
            "driftline:bin:step",
            "driftline:bin:tail",
            "driftline:bin:live1h",
            "driftline:bin:folded1h",
            "driftline:bin:class_reference1h",
            "driftline:cell:rows10m",
            "driftline:feature:reference",
            "driftline:feature:bins",
            "driftline:feature:filled",
            "driftline:feature:half_degrees",
            "driftline:feature:reference_unset",
            "driftline:feature:reference_rows",
            "driftline:feature:reference_placed",
            "driftline:feature:unit",
            "driftline:feature:deviation",
            "driftline:feature:tail_usual",
            "driftline:feature:tail_reference_share",
            "driftline:feature:tail_rows1h",
            "driftline:feature:values1h",
            "driftline:feature:unset1h",
            "driftline:feature:unusable1h",
            "driftline:feature:tail_farther1h",
            "driftline:model:nats_needed",
        ],
    );
    story.holds();
}

/// What all rules of a column say.
fn expect(story: &mut Story, model: &str, name: &str, column: &Column, live: &Live, bins: usize) {
    let labels = of_column(model, name);
    for (rule, value) in known(column, live, bins) {
        story.says(&format!("driftline:feature:{rule}"), &labels, value);
    }
    for (name, statistic, significance) in p_values(column, live) {
        let of = |suffix: &str| format!("driftline:feature:{name}{suffix}1h");
        if name != "ks" {
            story.says(&of(""), &labels, statistic);
            story.says(&of("_half"), &labels, statistic / 2.0);
        }
        let p = 10_f64.powf(-significance);
        story.says_within(&of("_significance"), &labels, significance, OF_SERIES);
        story.says_within(&of("_nats"), &labels, significance * std::f64::consts::LN_10, OF_SERIES);
        story.says_within(&of("_p_value"), &labels, p, OF_SERIES);
    }
}

/// What numpy and scipy say.
fn expect_of_file(story: &mut Story, name: &str, case: &Value) {
    let labels = of_column(MODEL, name);
    let mut says = |rule: &str, value: &Value, tolerance: f64| {
        if let Some(value) = value.as_f64() {
            story.says_within(&format!("driftline:feature:{rule}1h"), &labels, value, tolerance);
        }
    };
    for (rule, key) in [
        ("psi", "psi_laplace_0.5_both"),
        ("kl_live_from_reference", "kl_cur_ref_laplace0.5_nats"),
        ("kl_reference_from_live", "kl_ref_cur_laplace0.5_nats"),
        ("jensen_shannon", "js_distance_nats"),
        ("hellinger", "hellinger"),
        ("total_variation", "tvd"),
        ("l_infinity", "l_infinity"),
    ] {
        assert!(case[key].is_number(), "{name} {key}");
        says(rule, &case[key], OF_FILES);
    }
    let [sample, law] =
        ["chi2_two_sample", "chi2_gof (current vs reference proportions)"].map(|it| &case[it]);
    says("chi_square", &sample["stat"], OF_FILES);
    says("chi_square_p_value", &sample["p"], OF_SERIES);
    says("chi_square_degrees", &sample["df"], OF_FILES);
    let half = sample["df"].as_f64().map_or(Value::Null, |degrees| Value::from(degrees / 2.0));
    says("chi_square_half_degrees", &half, OF_FILES);
    says("chi_square_fit", &law["stat"], OF_FILES);
    says("chi_square_fit_p_value", &law["p"], OF_SERIES);
    says("kolmogorov_smirnov", &case["ks_binned"]["stat"], OF_FILES);
    says("ks_p_value", &case["ks_binned"]["p_stephens"], OF_SERIES);
    if !counts(&case["ref_counts"]).contains(&0) {
        // The files know no bins that the reference leaves empty.
        says("psi_critical", &case["psi_null_mean_and_crit"]["crit_5pct"], OF_FILES);
    }
    // Sums of distances are rounded to thousandths of a deviation of each row.
    says("wasserstein_deviations", &case["w1_variants_normed_by_ref_std"]["w1_tail_means"], 1e-3);
}

/// Rules by bin and the pieces of measures, where the answer is easily seen.
fn by_bin(story: &mut Story) {
    let bin = |feature: &'static str, bin: &'static str| {
        [&of_column(MODEL, feature)[..], &[("bin", bin)]].concat()
    };
    let side = |feature: &'static str, side: &'static str| {
        [&of_column(MODEL, feature)[..], &[("side", side)]].concat()
    };
    let case = "hand_5bins";
    for (rule, of, value) in [
        ("reference", bin(case, "02"), 40.0),
        ("reference_share", bin(case, "02"), 0.4),
        ("reference_up_to", bin(case, "02"), 0.7),
        ("live1h", bin(case, "02"), 40.0),
        ("live_share1h", bin(case, "03"), 0.25),
        ("live_up_to1h", bin(case, "01"), 0.2),
        ("ahead1h", bin(case, "01"), -0.1),
        ("effective1h", bin(case, "03"), 25.0 / ASSUMED),
        ("step", bin(case, "03"), 1.0),
        ("tail", bin(case, "04"), 1.0),
        ("folded1h", bin(VALUES, OTHER), 30.0 + 20.0 + 130.0),
        ("live_up_to1h", bin(VALUES, "01"), (20.0 + 0.0 + 20.0) / 800.0),
        ("tail", bin(VALUES, "above"), 1.0),
        ("class_reference1h", bin(VALUES, "below"), 0.0),
        ("class_reference1h", bin(COLOUR, "teal"), 10.0),
    ] {
        story.says(&format!("driftline:bin:{rule}"), &of, value);
    }
    for (rule, of, value) in [
        ("values1h", of_column(MODEL, VALUES).to_vec(), 10.0),
        ("below_share1h", of_column(MODEL, VALUES).to_vec(), 20.0 / 800.0),
        ("above_share1h", of_column(MODEL, VALUES).to_vec(), 130.0 / 800.0),
        ("between_surplus1h", of_column(MODEL, VALUES).to_vec(), 15.0 / 800.0),
        ("between_half1h", of_column(MODEL, VALUES).to_vec(), 15.0 / 800.0),
        ("below_share1h", of_column(MODEL, case).to_vec(), 0.0),
        ("placed1h", of_column(MODEL, VALUES).to_vec(), 770.0 / 800.0),
        ("placed1h", of_column(MODEL, case).to_vec(), 1.0),
        ("reference_placed", of_column(MODEL, VALUES).to_vec(), 1.0),
        // The mean of the first bin is half a deviation below the edge, that of its live rows 0.7.
        ("tail_usual", side(case, "low"), 0.5),
        ("tail_rows1h", side(case, "high"), 15.0),
        ("tail_share1h", side(case, "high"), 0.15),
        ("tail_share1h", side(VALUES, "high"), 130.0 / 770.0),
        ("tail_reference_share", side(case, "high"), 0.1),
        ("tail_reference_share", side(VALUES, "high"), 0.0),
        ("tail_farther1h", side(case, "low"), 0.2),
        ("tail_farther1h", side(case, "high"), -0.3),
        ("tail_farther1h", side(VALUES, "high"), 1.7),
        // Of the shares .05 and .15, and .1 of the reference: 0.2 * 0.05 - 0.3 * (0.05 - 0.1).
        ("wasserstein_tails1h", of_column(MODEL, case).to_vec(), 0.025),
        ("wasserstein_bins1h", of_column(MODEL, case).to_vec(), 0.05 + 0.1 + 0.1 + 0.05),
        (
            "unbinned_ratio1h",
            [&of_column(MODEL, BROKEN)[..], &[("reason", "wrong_type")]].concat(),
            0.4,
        ),
    ] {
        story.says(&format!("driftline:feature:{rule}"), &of, value);
    }
    let nothing = [&of_column(MODEL, VALUES)[..], &[("bin", "00")]].concat();
    story.says("driftline:cell:rows10m", &nothing, 0.0);
    story.says(
        "driftline:cell:rows10m",
        &[&of_column(MODEL, BROKEN)[..], &[("cell", "unusable")]].concat(),
        520.0,
    );
    // What the reference never had is infinitely far from it as a law.
    let novel = "driftline:feature:chi_square_fit1h{model=\"m\",feature=\"zero_in_reference (novel category)\"}";
    story.holds_at(END, format!("sum({novel} == bool Inf)"), 1.0);
}

fn verdicts(story: &mut Story) {
    let columns = others();
    let (_, colour, live) = columns.iter().find(|(name, ..)| *name == COLOUR).unwrap();
    let shares = |bin: usize| TwoShares {
        reference: (colour.counts[bin] as f64, total(&colour.counts) as f64),
        live: (live.bins[bin] as f64 / ASSUMED, total(&live.bins) as f64 / ASSUMED),
    };
    let teal = [&of_column(MODEL, COLOUR)[..], &[("bin", "teal")]].concat();
    story.says("driftline:bin:class_nats1h", &teal, shares(2).nats());
    let surest = shares(2).nats() - 4_f64.ln();
    story.says("driftline:feature:class_nats1h", &of_column(MODEL, COLOUR), surest);
    let (_, flag, live) = columns.iter().find(|(name, ..)| *name == FLAG).unwrap();
    let ratio = known(flag, live, live.bins.len())["bins_ratio1h"];
    let nats = -chi_square_log_survival(2.0 * ratio, 1.0);
    assert!(5.0 < nats, "{nats}");
    story.says_within("driftline:feature:bins_nats1h", &of_column(MODEL, FLAG), nats, OF_SERIES);
    for (feature, reason, drifted) in [
        (FLAG, "bins", 1.0),
        (BROKEN, DriftReason::Types.name(), 1.0),
        (BROKEN, DriftReason::Nulls.name(), 0.0),
        ("deciles/same", "bins", 0.0),
    ] {
        let labels = [&of_column(MODEL, feature)[..], &[("reason", reason)]].concat();
        story.says("driftline:feature:drift_reason1h", &labels, drifted);
    }
    for (feature, drifted) in [(FLAG, 1.0), (BROKEN, 1.0), ("deciles/same", 0.0)] {
        story.says("driftline:feature:drift1h", &of_column(MODEL, feature), drifted);
    }
}

/// Rows that come thirty and ten by turns: from one ten minutes to the next they differ by a chi-square of 20.
fn clusters(story: &mut Story) {
    for (bin, first, then) in [("00", 30, 10), ("01", 10, 30)] {
        let labels = [&of_column(STEADY, "turns")[..], &[("bin", bin)]].concat();
        let mut samples = vec![0_u64];
        for stretch in 0..END / 10 {
            let by = if stretch % 2 == 0 { first } else { then };
            let last = samples.last().copied().unwrap();
            samples.extend((1..=10).map(|minute| last + by * minute / 10));
        }
        let samples: Vec<String> = samples.iter().map(u64::to_string).collect();
        story.series("driftline_feature_bin_total", &labels, samples.join(" "));
        story.gauge("driftline_reference_bin_rows", &labels, 500);
    }
    let of_feature = of_column(STEADY, "turns");
    // Five pairs ended an hour ago or before, each with one degree of freedom.
    let (pairs, chi_square) = (5.0, 20.0_f64);
    let limited = chi_square.min(f64::from(SURPRISE_MAX) * ASSUMED);
    let of_model = (ASSUMED * ASSUMED_DEGREES + pairs * limited) / (ASSUMED_DEGREES + pairs);
    let overdispersion = (pairs * limited + ASSUMED_DEGREES * of_model) / (ASSUMED_DEGREES + pairs);
    for (rule, value) in [
        ("pair_degrees10m", 1.0),
        ("pair_chi_square10m", chi_square),
        ("pair_limited10m", chi_square.min(f64::from(SURPRISE_MAX) * overdispersion)),
        ("told_degrees1h", pairs),
        ("told_chi_square1h", pairs * limited),
        ("overdispersion1h", overdispersion),
    ] {
        story.says(&format!("driftline:feature:{rule}"), &of_feature, value);
    }
    story.says("driftline:model:overdispersion1h", &[("model", STEADY)], of_model);
}
