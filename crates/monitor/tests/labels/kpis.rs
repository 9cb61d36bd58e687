//! What the verdict says of KPIs that the profile knows, tick by tick, and what is counted of them.

use std::iter::repeat_n;

use driftline_random::Random;
use serde_json::{Value, json};

use crate::proxy::{Proxy, TICK, WINDOW, config};

/// Rows of a tick: 20,000 in a fast window.
const ROWS: u64 = 250;

fn clicked(random: &mut Random, rate: f64) -> Value {
    json!({"model": "shop", "clicked": random.uniform() < rate})
}

/// A window of so many records a tick for each of these rates; what the verdict says of the fast window, each time that it
/// changes.
fn verdicts(proxy: &Proxy, seed: u64, rates: &[f64]) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut found: Vec<String> = Vec::new();
    let ticks = WINDOW.as_secs() / TICK.as_secs();
    for rate in rates.iter().flat_map(|&rate| repeat_n(rate, ticks as usize)) {
        proxy.send(&(0..ROWS).map(|_| clicked(&mut random, rate)).collect::<Vec<_>>());
        proxy.tick_after(TICK);
        let verdict = verdict(proxy, "fast", "clicked");
        if found.last() != Some(&verdict) {
            found.push(verdict);
        }
    }
    found
}

#[track_caller]
fn verdict(proxy: &Proxy, window: &str, kpi: &str) -> String {
    let holds = ["insufficient", "ok", "drift"].into_iter().filter(|verdict| {
        let labels = format!("model=shop,window={window},verdict={verdict},kpi={kpi}");
        proxy.value(&format!("kpi_verdict{{{labels}}}")) == 1
    });
    let holds: Vec<_> = holds.collect();
    let [one] = holds[..] else { panic!("{holds:?}") };
    one.into()
}

#[test]
fn a_conversion_rate_that_halves_is_a_drift_until_it_recovers() {
    let proxy = Proxy::new();
    proxy.tick_after(TICK);
    assert_eq!(verdict(&proxy, "fast", "clicked"), "insufficient");
    assert_eq!(verdicts(&proxy, 1, &[0.02, 0.02]), ["ok"]);
    assert_eq!(verdicts(&proxy, 2, &[0.01]), ["ok", "drift"]);
    let mean =
        |name: &str| proxy.value(&format!("{name}{{model=shop,{}kpi=clicked}}", "side=high,"));
    assert_eq!(mean("reference_kpi_mean_ppm"), 20_000);
    let found = proxy.value("kpi_mean_ppm{model=shop,window=fast,side=high,kpi=clicked}");
    assert!((9_000..12_000).contains(&found), "{found}");
    assert_eq!(verdicts(&proxy, 3, &[0.02, 0.02, 0.02]), ["drift", "ok"]);
    // Nothing came of the other one.
    assert_eq!(verdict(&proxy, "fast", "revenue"), "insufficient");
}

#[test]
fn a_better_one_is_a_drift_too() {
    let proxy = Proxy::new();
    assert_eq!(verdicts(&proxy, 4, &[0.02, 0.04]), ["ok", "drift"]);
    assert_eq!(verdict(&proxy, "slow", "clicked"), "drift");
}

/// Another reference of one KPI, as after a new profile, leaves the windows of the other one as they are.
#[test]
fn an_update_begins_anew_only_what_it_changes() {
    let proxy = Proxy::new();
    assert_eq!(verdicts(&proxy, 5, &[0.02, 0.04]), ["ok", "drift"]);
    let revenues = |_| json!({"model": "shop", "revenue": 0});
    proxy.send(&(0..ROWS).map(revenues).collect::<Vec<_>>());
    // A step ends with every tenth tick, and then all is stored.
    for _ in 0..10 {
        proxy.tick_after(TICK);
    }
    assert_eq!(verdict(&proxy, "fast", "revenue"), "ok");
    let mut updated = config();
    let profile = &mut updated["models"].as_array_mut().unwrap().last_mut().unwrap()["profile"];
    profile["kpis"][1]["bins"]["counts"] = json!([9900, 50, 50]);
    proxy.update(&updated);
    for _ in 0..10 {
        proxy.tick_after(TICK);
    }
    assert_eq!(verdict(&proxy, "fast", "clicked"), "drift");
    assert_eq!(verdict(&proxy, "fast", "revenue"), "insufficient");
}

#[test]
fn values_count_in_the_bins_of_the_profile_and_by_how_far_they_lie_beyond_it() {
    let proxy = Proxy::new();
    let revenues = [0.0, 0.0, 5.0, 10.0, 30.0, 50.0, 151.271_927_008_453_16];
    let records = revenues.iter().map(|revenue| json!({"model": "shop", "revenue": revenue}));
    let clicks = [json!(true), json!(0), json!(0.5)];
    let clicks = clicks.iter().map(|clicked| json!({"model": "shop", "clicked": clicked}));
    proxy.send(&records.chain(clicks).collect::<Vec<_>>());
    let counted = |name: &str, by: &str, kpi: &str| {
        proxy.value(&format!("{name}{{model=shop,{by}kpi={kpi}}}"))
    };
    let bins = |name: &str, bins: &[&str], kpi: &str| {
        bins.iter().map(|bin| counted(name, &format!("bin={bin},"), kpi)).collect::<Vec<_>>()
    };
    assert_eq!(bins("kpi_bin_rows_total", &["00", "01", "02"], "revenue"), [3, 2, 2]);
    assert_eq!(bins("reference_kpi_bin_rows", &["00", "01", "02"], "revenue"), [9800, 100, 100]);
    let of_values = ["00", "01", "other", "below", "above"];
    assert_eq!(bins("kpi_bin_rows_total", &of_values, "clicked"), [1, 1, 1, 0, 0]);
    assert_eq!(bins("reference_kpi_bin_rows", &of_values[..3], "clicked"), [9800, 200, 0]);
    let beyond = |kpi: &str| counted("kpi_outside_total", "", kpi);
    assert_eq!((beyond("revenue"), beyond("clicked")), (1, 0));
    let excess = |side: &str| {
        counted("kpi_tail_excess_thousandths_total", &format!("side={side},"), "revenue")
    };
    let deviation = 5.063_596_350_422_658;
    let expected = ((50.0 - 30.0) / deviation * 1e3_f64).round()
        + ((revenues[6] - 30.0) / deviation * 1e3).round();
    // Those in the first bin lie below its edge: 0, 0 and the edge itself.
    assert_eq!([excess("high"), excess("low")], [expected as u64, 2 * 987]);
    assert_eq!(counted("kpi_rows_total", "", "clicked"), 3);
}

#[test]
fn a_kpi_without_a_reference_has_no_verdict() {
    let proxy = Proxy::new();
    let all = proxy.all();
    let of_chat = all.keys().filter(|it| it.contains("model=chat") && it.contains("kpi=revenue"));
    let of_chat: Vec<_> = of_chat.collect();
    assert!(of_chat.iter().any(|it| it.starts_with("kpi_mean_ppm")));
    for begin in ["kpi_verdict", "kpi_bin_rows", "reference_kpi"] {
        assert!(!of_chat.iter().any(|it| it.starts_with(begin)), "{begin}");
        assert!(all.keys().any(|it| it.starts_with(begin)), "{begin}");
    }
}

/// The columns of a model, its quality and its KPIs share its false alarms.
#[test]
fn all_verdicts_on_a_model_share_its_false_alarms() {
    let proxy = Proxy::new();
    let needed = |model: &str| {
        proxy.value(&format!("drift_evidence_needed_thousandths{{model={model}}}")) as f64 / 1e3
    };
    let looks = 86_400.0 / TICK.as_secs() as f64 * 49.0;
    for (model, sharing) in [("rain,version=3", 3.0), ("price", 3.0), ("shop", 2.0)] {
        let expected = (looks * sharing / 0.01_f64).log10();
        assert!((needed(model) - expected).abs() < 6e-4, "{model}: {}", needed(model));
    }
}
