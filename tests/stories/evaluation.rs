//! Live drift: the gauges are what anybody computes from the counters on the same page.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use driftline_testbed::scrape::Scrape;
use host_sim::{Clock, World, WorldOptions};

use crate::{
    expectation::PREFIX,
    phrases::{CONFIG, predict},
    script::Script,
    stage::{Host, Network, among_others, filter, run, scrape, settings, stats_config},
};

/// numpy's values for the rows of [`rows`] against the profile of [`CONFIG`]: see tests/data/psi_known.py.
const KNOWN: [(&str, f64); 3] = [
    ("temperature", 0.240_023_967_591_917_85),
    ("dew point", 0.015_707_151_767_556_632),
    ("prediction", 0.864_041_396_362_125_2),
];

/// A gauge is a whole number of parts per million, so half of one is lost in rounding.
const TOLERANCE: f64 = 1e-6;

const WAIT_LIMIT: Duration = Duration::from_secs(15);

/// Seven rows: temperature 1, 2, 4 by bin; dew point 4, 3; prediction 2, 4, 1.
fn rows() -> Script {
    predict(r#"{"instances": [[-5, 0], [1, 1], [10, -1], [11, 0.5], [20, 2], [30, 3], [12, 4]]}"#)
        .answers(200, r#"{"predictions": [0, 1, 1, 0, 1, 1, 2]}"#)
}

/// A world with this many workers that ticks every second.
fn ticking_world(workers: usize, window_seconds: u64) -> World {
    // A training set of a hundred rows, and traffic that tells little about clusters: few rows are worth much.
    let config = CONFIG
        .replacen('{', "{\"rows_min\": 20,", 1)
        .replace("60000", "1000")
        .replace("\"window_seconds\": 3600", &format!("\"window_seconds\": {window_seconds}"));
    let mut options = WorldOptions::with_config(config);
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.stats = stats_config();
    options.workers = workers;
    World::new(filter(), options).unwrap_or_else(|error| panic!("{error}"))
}

fn seconds(world: &World, seconds: u64) {
    world.advance(Duration::from_secs(seconds)).unwrap();
}

/// The population stability index in plain arithmetic, as `psi_known.py` has it.
fn psi(reference: &[f64], live: &[f64]) -> f64 {
    let share = |counts: &[f64], bin: usize| {
        (counts[bin] + 0.5) / (counts.iter().sum::<f64>() + 0.5 * counts.len() as f64)
    };
    (0..reference.len())
        .map(|bin| (share(reference, bin), share(live, bin)))
        .map(|(p, q)| (q - p) * (q / p).ln())
        .sum()
}

/// The index of a feature, computed from the counters and the reference of a page. Live bins that the reference does not
/// have count as its bin `other`.
fn recomputed(page: &Scrape, feature: &str) -> f64 {
    let by_bin = |name: &str| -> BTreeMap<String, f64> {
        let name = format!("{PREFIX}{name}");
        let of_it =
            page.samples().filter(|(series, _)| series.matches(&name, &[("feature", feature)]));
        of_it.map(|(series, value)| (series.label("bin").unwrap().to_owned(), value)).collect()
    };
    let reference = by_bin("reference_bin_rows");
    let mut live: BTreeMap<&str, f64> = BTreeMap::new();
    let counted = by_bin("feature_bin_total");
    for (bin, &rows) in &counted {
        let bin = if reference.contains_key(bin) { bin } else { "other" };
        *live.entry(bin).or_default() += rows;
    }
    let reference: Vec<f64> = reference.into_values().collect();
    psi(&reference, &live.into_values().collect::<Vec<_>>())
}

fn gauge(page: &Scrape, name: &str, feature: &str) -> f64 {
    let labels = [("model", "rain"), ("feature", feature), ("window", "fast")];
    page.value(&format!("{PREFIX}{name}"), &labels)
        .unwrap_or_else(|| panic!("no {name} of {feature}"))
}

fn live_psi(page: &Scrape, feature: &str) -> f64 {
    gauge(page, "feature_psi_ppm", feature) / 1e6
}

/// The gauges of a page whose window holds all rows there ever were are those of its own counters.
#[track_caller]
fn check_gauges(case: &str, page: &Scrape) {
    for (feature, _) in KNOWN {
        let (found, expected) = (live_psi(page, feature), recomputed(page, feature));
        assert!(
            (found - expected).abs() <= TOLERANCE,
            "{case}, {feature}: {found}, expected {expected}"
        );
    }
}

#[test]
fn an_index_is_that_of_the_counters_and_of_numpy() {
    let world = ticking_world(1, 60);
    run(&world, 0, &rows());
    seconds(&world, 1);
    let page = scrape(&world);
    check_gauges("world", &page);
    for (feature, known) in KNOWN {
        let found = live_psi(&page, feature);
        assert!((found - known).abs() <= TOLERANCE, "{feature}: {found}, numpy says {known}");
        assert_eq!(gauge(&page, "feature_window_rows", feature), 7.0, "{feature}");
    }
}

#[test]
fn rows_that_are_older_than_the_window_leave_it() {
    let world = ticking_world(1, 60);
    let rows_after = |script: Option<Script>, wait_seconds: u64| {
        if let Some(script) = script {
            run(&world, 0, &script);
        }
        seconds(&world, wait_seconds);
        gauge(&scrape(&world), "feature_window_rows", "temperature")
    };
    assert_eq!(rows_after(Some(rows()), 30), 7.0);
    assert_eq!(rows_after(Some(one_row()), 10), 8.0);
    // Now the first rows are 70 s old, and the last one 40 s.
    assert_eq!(rows_after(None, 30), 1.0);
    assert_eq!(rows_after(None, 60), 0.0);
    assert_eq!(live_psi(&scrape(&world), "temperature"), 0.0, "an empty window says nothing");
}

#[test]
fn the_rows_of_two_workers_add_up() {
    let (one, two) = (ticking_world(1, 60), ticking_world(2, 60));
    for worker in [0, 0, 0] {
        run(&one, worker, &rows());
    }
    for worker in [0, 1, 1] {
        run(&two, worker, &rows());
    }
    seconds(&one, 2);
    seconds(&two, 2);
    let (one, two) = (scrape(&one), scrape(&two));
    check_gauges("two workers", &two);
    assert_eq!(gauge(&two, "feature_window_rows", "temperature"), 21.0);
    assert_eq!(one.compare("one worker", &two, "two workers"), "");
}

#[test]
fn exactly_one_vm_evaluates_on_each_tick() {
    let world = ticking_world(3, 60);
    let evaluations =
        || scrape(&world).value(&format!("{PREFIX}evaluations_total"), &[]).unwrap_or(0.0);
    for tick in 1..=10 {
        seconds(&world, 1);
        // A VM with traffic must not begin to evaluate beside the one without.
        run(&world, tick, &rows());
        assert_eq!(evaluations(), tick as f64);
    }
}

/// What the windows hold after rows, an update, a row more and a tick.
fn after_an_update(update: impl FnOnce(&mut World)) -> [f64; 2] {
    let mut world = ticking_world(2, 60);
    run(&world, 0, &rows());
    seconds(&world, 20);
    update(&mut world);
    // Before the first tick of whoever evaluates from now on, who takes the lease over at that tick.
    run(&world, 1, &one_row());
    seconds(&world, 1);
    let page = scrape(&world);
    assert_eq!(page.value(&format!("{PREFIX}instances_total"), &[("model", "rain")]), Some(8.0));
    let rows = ["temperature", "dew point"].map(|it| gauge(&page, "feature_window_rows", it));
    // The first seven are older than a window by now, and the update has not made them younger than by a step.
    seconds(&world, 48);
    let later = gauge(&scrape(&world), "feature_window_rows", "temperature");
    assert_eq!(later, 1.0, "rows keep their age");
    rows
}

fn one_row() -> Script {
    predict(r#"{"instances": [[5, 0]]}"#).answers(200, r#"{"predictions": [0]}"#)
}

/// The configuration of [`ticking_world`], with this in place of that.
fn changed(from: &str, to: &str) -> String {
    let config = CONFIG
        .replace("60000", "1000")
        .replace("\"window_seconds\": 3600", "\"window_seconds\": 60");
    assert!(config.contains(from), "{from}");
    config.replace(from, to)
}

#[test]
fn windows_survive_another_configuration() {
    let update = |world: &mut World| {
        world
            .reconfigure(changed("\"event_bytes_max\": 1024", "\"event_bytes_max\": 2048"))
            .unwrap();
    };
    assert_eq!(after_an_update(update), [8.0, 8.0]);
}

#[test]
fn windows_survive_other_code() {
    assert_eq!(after_an_update(|world| world.update_code(filter()).unwrap()), [8.0, 8.0]);
}

#[test]
fn a_feature_with_other_bins_begins_anew_and_the_others_go_on() {
    let update = |world: &mut World| {
        world.reconfigure(changed("\"edges\": [0, 10]", "\"edges\": [0, 11]")).unwrap();
    };
    assert_eq!(after_an_update(update), [1.0, 8.0]);
}

/// A verdict or a place of a feature: which gauge says 1, or what the gauge says.
fn held(page: &Scrape, name: &str, feature: &str) -> String {
    let name = format!("{PREFIX}{name}");
    let holds = |verdict: &&str| {
        let labels = [("feature", feature), ("verdict", *verdict)];
        page.samples().any(|(it, value)| {
            value == 1.0 && it.matches(&name, &labels) && it.label("window") != Some("slow")
        })
    };
    ["ok", "drift", "insufficient"].into_iter().filter(holds).collect::<Vec<_>>().join(" and ")
}

/// So many rows of which temperatures are far beyond the reference, while dew points are spread as there.
fn hot_rows(rows: usize) -> Script {
    let instances: Vec<String> = (0..rows).map(|row| format!("[29, {}]", row % 2 * 2)).collect();
    let predictions = vec!["0"; rows].join(",");
    predict(&format!("{{\"instances\": [{}]}}", instances.join(",")))
        .answers(200, format!("{{\"predictions\": [{predictions}]}}"))
}

#[test]
fn skew_is_that_of_the_first_rows_whatever_comes_later_and_survives_an_update() {
    let world = ticking_world(1, 60);
    for _ in 0..10 {
        run(&world, 0, &hot_rows(100));
        seconds(&world, 1);
    }
    let live = live_psi(&scrape(&world), "temperature") * 1e6;
    seconds(&world, 49);
    let skew = |feature: &str| {
        let page = scrape(&world);
        let labels = [("feature", feature)];
        let psi = page.value(&format!("{PREFIX}feature_skew_psi_ppm"), &labels).unwrap();
        (held(&page, "feature_skew_verdict", feature), psi)
    };
    assert_eq!(skew("temperature"), ("insufficient".into(), 0.0), "no whole window yet");
    seconds(&world, 1);
    assert_eq!(skew("temperature"), ("drift".into(), live));
    assert_eq!(skew("dew point").0, "ok");
    world.reconfigure(changed("\"event_bytes_max\": 1024", "\"event_bytes_max\": 2048")).unwrap();
    run(&world, 0, &rows());
    seconds(&world, 120);
    assert_eq!(skew("temperature"), ("drift".into(), live));
    assert_eq!(held(&scrape(&world), "feature_verdict", "temperature"), "insufficient");
}

#[test]
fn a_feature_that_drifts_is_told_apart_ranked_and_counted() {
    let world = ticking_world(2, 60);
    let spread: Vec<String> =
        (0..100).map(|row| format!("[{}, {}]", [-5, 5, 5, 5, 20][row % 5], row % 2 * 2)).collect();
    let as_trained = predict(&format!("{{\"instances\": [{}]}}", spread.join(",")))
        .answers(200, format!("{{\"predictions\": [{}]}}", vec!["0"; 100].join(",")));
    // What is known of clusters, batches have told.
    for _ in 0..10 {
        run(&world, 0, &as_trained);
        seconds(&world, 1);
    }
    seconds(&world, 50);
    for _ in 0..10 {
        run(&world, 1, &hot_rows(100));
        seconds(&world, 1);
    }
    let page = scrape(&world);
    assert_eq!(held(&page, "feature_verdict", "temperature"), "drift");
    assert_eq!(held(&page, "feature_verdict", "dew point"), "ok");
    let value = |name: &str, labels: &[(&str, &str)]| {
        page.value(&format!("{PREFIX}{name}"), labels).unwrap_or(f64::NAN)
    };
    assert_eq!(value("drifted_features", &[("model", "rain"), ("window", "fast")]), 1.0);
    for since in ["training", "window_before"] {
        let places = ["temperature", "dew point"]
            .map(|it| value("feature_rank", &[("feature", it), ("since", since)]));
        assert_eq!(places, [1.0, 2.0], "since {since}");
    }
    // 24 windows of a minute are no day.
    let since = [("feature", "temperature"), ("since", "slow_window_before")];
    assert_eq!(value("feature_rank", &since), 0.0, "nothing came so long ago");
}

#[test]
fn the_window_before_is_found_a_slow_window_later() {
    let config = changed("\"window_seconds\": 60", "\"window_seconds\": 60, \"slow_windows\": 3");
    let mut options = WorldOptions::with_config(config);
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::from_secs(6_000));
    options.stats = stats_config();
    let world = World::new(filter(), options).unwrap();
    // A window each: three of the usual, and then one that is hot. The slow window before ended three windows earlier.
    let spread = predict(&format!(
        "{{\"instances\": [{}]}}",
        vec!["[-5, 0], [5, 2], [20, 0], [5, 2]"; 20].join(",")
    ))
    .answers(200, format!("{{\"predictions\": [{}]}}", vec!["0"; 80].join(",")));
    for hot in [false, false, false, true] {
        run(&world, 0, &if hot { hot_rows(80) } else { spread.clone() });
        seconds(&world, 60);
    }
    let page = scrape(&world);
    let value = |name: &str, labels: &[(&str, &str)]| {
        page.value(&format!("{PREFIX}{name}"), labels).unwrap_or(f64::NAN)
    };
    let since = [("feature", "temperature"), ("since", "slow_window_before")];
    let moved = value("feature_moved_psi_ppm", &since) / 1e6;
    let expected = psi(&[20.0, 40.0, 20.0], &[0.0, 0.0, 80.0]);
    assert!((moved - expected).abs() <= TOLERANCE, "{moved}, expected {expected}");
    assert_eq!(value("feature_rank", &since), 1.0);
    let slow = value("feature_window_rows", &[("feature", "temperature"), ("window", "slow")]);
    assert_eq!(
        slow, 160.0,
        "the slow window has its last three, of which the current one is empty"
    );
}

#[test]
fn both_hosts_evaluate_what_they_count_and_forget_it() {
    let _among_others = among_others();
    let config =
        CONFIG.replace("60000", "250").replace("\"window_seconds\": 3600", "\"window_seconds\": 4");
    let network = Network::start(settings(&config).workers(2));
    let both = [&network.envoy, &network.embedded];
    network.block_on(async {
        for host in both {
            host.play(&rows()).await.unwrap();
            let full = wait_for_rows(host, 7.0).await;
            check_gauges(host.name(), &full);
            for (feature, known) in KNOWN {
                let found = live_psi(&full, feature);
                assert!((found - known).abs() <= TOLERANCE, "{}: {feature}: {found}", host.name());
            }
        }
        for host in both {
            let empty = wait_for_rows(host, 0.0).await;
            assert_eq!(live_psi(&empty, "temperature"), 0.0, "{}", host.name());
        }
    });
}

#[test]
fn the_evaluations_of_both_hosts_follow_one_clock() {
    const TICK: Duration = Duration::from_millis(200);
    let _among_others = among_others();
    let network = Network::start(settings(&CONFIG.replace("60000", "200")).workers(2));
    for host in [&network.envoy, &network.embedded] {
        network.block_on(async {
            let evaluations = async || {
                let page = host.scrape().await.unwrap();
                page.value(&format!("{PREFIX}evaluations_total"), &[]).unwrap_or(0.0)
            };
            let started = Instant::now();
            let before = evaluations().await;
            tokio::time::sleep(10 * TICK).await;
            let made = evaluations().await - before;
            // A VM more would make it twice as many. A late tick makes it fewer, never more.
            let ticks = started.elapsed().as_secs_f64() / TICK.as_secs_f64();
            assert!(1.0 <= made && made <= ticks + 1.0, "{}: {made} in {ticks} ticks", host.name());
        });
    }
}

async fn wait_for_rows(host: &Host, rows: f64) -> Scrape {
    let started = Instant::now();
    loop {
        let page = host.scrape().await.unwrap();
        let found = gauge(&page, "feature_window_rows", "temperature");
        if found == rows {
            return page;
        }
        assert!(started.elapsed() < WAIT_LIMIT, "{}: {found} rows, expected {rows}", host.name());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
