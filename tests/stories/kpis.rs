//! KPIs with a reference, from a file of outcomes to the verdict: over workers, updates and a recovery, in the built filter
//! without a network and in a real Envoy.

use std::time::Duration;

use driftline_profiler::{Options, Settings, to_text};
use driftline_profiler_files::from_csv;
use driftline_random::Random;
use driftline_support::labelled_profile;
use driftline_testbed::{client::Request, scrape::Scrape};
use host_sim::{Filter, World};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    expectation::PREFIX,
    feedback::{FEEDBACK, JSON, until},
    stage::{among_others, other_code, scrape, settings, start_envoy, world_of},
};

const WORKERS: usize = 2;
/// A tick of the world's time, and the records of it: 20,000 in a window.
const TICK: Duration = Duration::from_secs(10);
const WINDOW_SECONDS: u64 = 1_000;
const RECORDS: usize = 200;
const WINDOW_TICKS: usize = 100;

/// What came of an answer: a click, and what it brought.
fn outcome(random: &mut Random, rate: f64) -> (u8, f64) {
    let has_clicked = random.uniform() < rate;
    let revenue = if has_clicked { (4.0 + 40.0 * random.uniform()).round() / 4.0 } else { 0.0 };
    (u8::from(has_clicked), revenue)
}

/// The profile that `driftline profile` makes of 20,000 outcomes and nothing else.
fn profile() -> Value {
    let mut random = Random::new(1);
    let rows = (0..20_000).map(|_| {
        let (clicked, revenue) = outcome(&mut random, 0.02);
        format!("{clicked},{revenue}\n")
    });
    let csv = String::from("clicked,revenue\n") + &rows.collect::<String>();
    let options = Options {
        settings: Settings::of("shop"),
        kpis: ["clicked", "revenue"].map(String::from).into(),
        ..Options::default()
    };
    let made = from_csv(csv.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&to_text(&made.profile)).unwrap()
}

fn config(profile: &Value, bytes_max: u64) -> String {
    json!({
        "models": [{
            "name": "shop", "type": "language", "profile": profile,
            "kpis": [{"name": "clicked"}, {"name": "revenue", "maximum": 100, "unit": 0.01}],
        }],
        "feedback": {"bytes_max": bytes_max},
        "tick_milliseconds": 10_000, "window_seconds": WINDOW_SECONDS, "recovery_seconds": 500,
    })
    .to_string()
}

#[track_caller]
fn value(page: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = [&[("model", "shop")], labels].concat();
    let found = page.value(&format!("{PREFIX}{name}"), &labels);
    found.unwrap_or_else(|| panic!("no {name} with {labels:?}"))
}

fn verdict(page: &Scrape, kpi: &str) -> &'static str {
    let holds = |verdict: &&str| {
        let labels = [("window", "fast"), ("verdict", *verdict), ("kpi", kpi)];
        value(page, "kpi_verdict", &labels) == 1.0
    };
    let held: Vec<_> = ["ok", "drift", "insufficient"].into_iter().filter(holds).collect();
    let [verdict] = held[..] else { panic!("{held:?}") };
    verdict
}

/// Whether the verdict on a KPI is this.
fn is_verdict(page: &Scrape, kpi: &str, word: &str) -> bool {
    let labels = [("window", "fast"), ("kpi", kpi), ("verdict", word)];
    page.value(&format!("{PREFIX}kpi_verdict"), &labels) == Some(1.0)
}

/// Records of so many outcomes.
fn records(random: &mut Random, count: usize, rate: f64) -> String {
    let record = |_| {
        let (clicked, revenue) = outcome(random, rate);
        json!({"clicked": clicked, "revenue": revenue})
    };
    Value::from_iter((0..count).map(record)).to_string()
}

/// What the verdict on clicks was over so many windows at this rate, each time that it changed. Workers take turns.
fn verdicts(world: &World, random: &mut Random, windows: usize, rate: f64) -> Vec<&'static str> {
    let mut found = Vec::new();
    for tick in 0..windows * WINDOW_TICKS {
        let outcome = world
            .exchange(tick % WORKERS)
            .request("POST", FEEDBACK, &[JSON])
            .request_last_chunk(records(random, RECORDS, rate))
            .outcome();
        assert_eq!(outcome.status(), Some(202), "{}", outcome.text());
        world.advance(TICK).unwrap();
        let verdict = verdict(&scrape(world), "clicked");
        if found.last() != Some(&verdict) {
            found.push(verdict);
        }
    }
    found
}

#[test]
fn a_conversion_rate_that_halves_is_told_at_whatever_worker_and_whatever_is_updated() {
    let _among_others = among_others();
    let profile = profile();
    let mut world = world_of(WORKERS, &config(&profile, 1 << 20));
    let mut random = Random::new(2);
    world.advance(TICK).unwrap();
    assert_eq!(verdict(&scrape(&world), "clicked"), "insufficient");
    assert_eq!(verdicts(&world, &mut random, 2, 0.02), ["ok"]);
    assert_eq!(verdict(&scrape(&world), "revenue"), "ok");

    assert_eq!(verdicts(&world, &mut random, 1, 0.01), ["ok", "drift"]);
    let page = scrape(&world);
    let clicks = [("side", "high"), ("kpi", "clicked")];
    let reference = value(&page, "reference_kpi_mean_ppm", &clicks);
    let mean = value(&page, "kpi_mean_ppm", &[&clicks[..], &[("window", "fast")]].concat());
    assert!((18_000.0..22_000.0).contains(&reference), "{reference}");
    assert!(mean < 0.7 * reference, "{mean}");

    world.reconfigure(config(&profile, 1 << 21)).unwrap();
    world.update_code(&Filter::from_bytes(&other_code()).unwrap()).unwrap();
    assert_eq!(verdicts(&world, &mut random, 1, 0.01), ["drift"]);
    assert_eq!(verdicts(&world, &mut random, 2, 0.02), ["drift", "ok"]);

    let page = scrape(&world);
    let sent = (6 * WINDOW_TICKS * RECORDS) as f64;
    for kpi in ["clicked", "revenue"] {
        let bins = page.samples().filter(|(series, _)| {
            series.name == format!("{PREFIX}kpi_bin_rows_total") && series.label("kpi") == Some(kpi)
        });
        assert_eq!(bins.map(|(_, rows)| rows).sum::<f64>(), sent, "{kpi}");
        assert_eq!(value(&page, "kpi_rows_total", &[("kpi", kpi)]), sent, "{kpi}");
    }
}

/// In real time.
#[test]
fn a_real_envoy_tells_a_kpi_that_moves_away_from_its_reference() {
    let _among_others = among_others();
    let config = json!({
        "models": [{
            "name": "shop", "type": "language", "profile": labelled_profile::kpis(),
            "kpis": [{"name": "clicked"}],
        }],
        "feedback": {}, "tick_milliseconds": 100, "window_seconds": 3600,
    });
    let mut random = Random::new(3);
    Runtime::new().unwrap().block_on(async {
        let (_envoy, host) = start_envoy(&settings(&config.to_string()).workers(2)).await.unwrap();
        for (rate, expected) in [(0.02, "ok"), (0.15, "drift")] {
            let record = |_| json!({"clicked": u8::from(random.uniform() < rate)});
            let records = Value::from_iter((0..10_000).map(record)).to_string();
            let told = Request::post_json(FEEDBACK, records).send(host.listen()).await.unwrap();
            assert_eq!(told.status, 202, "{}", told.text());
            // A verdict turns gauge by gauge: between two of them none is 1.
            until(&host, expected, |page| is_verdict(page, "clicked", expected)).await;
        }
        let page = host.scrape().await.unwrap();
        let rows = value(&page, "kpi_rows_total", &[("kpi", "clicked")]);
        assert_eq!(rows, 20_000.0);
        let clicks = [("side", "high"), ("kpi", "clicked")];
        assert_eq!(value(&page, "reference_kpi_mean_ppm", &clicks), 20_000.0);
        let bins = ["00", "01"]
            .map(|bin| value(&page, "kpi_bin_rows_total", &[("bin", bin), ("kpi", "clicked")]));
        assert_eq!(bins[0] + bins[1], rows);
        let units = value(&page, "kpi_units_total", &clicks);
        assert_eq!(bins[1], units);
    });
}
