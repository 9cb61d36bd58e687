//! A running Envoy gets another configuration or other code: the windows of the weather go on, and so do the gauges.

use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use driftline_testbed::{
    envoy::{Envoy, Update},
    machine,
};
use tokio::runtime::Runtime;

use crate::{
    expectation::PREFIX,
    stage::{Host, among_others, other_code, settings, start_envoy},
    weather::{self, PRESSURE, gauge, verdict},
};

const TICK: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_secs(25);
/// What Envoy lets an old listener go on for: less than [`WATCHED`], so that its end is seen too.
const DRAIN_SECONDS: u32 = 2;
/// Longer than the draining and three ticks.
const WATCHED: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(10);
/// Ticks of a machine that is later than this come when they come.
const MACHINE_TOLERANCE: Duration = Duration::from_millis(100);

fn config() -> String {
    weather::config(WINDOW.as_secs(), 500)
}

/// What is seen of the evaluation meanwhile.
struct Watched {
    /// The longest time without an evaluation.
    pause: Duration,
    /// How many there were.
    evaluations: f64,
    /// What was said of sea-level pressure, each time that it changed.
    verdicts: Vec<&'static str>,
}

async fn watch(host: &Host, duration: Duration) -> Watched {
    let name = format!("{PREFIX}evaluations_total");
    let first = host.scrape().await.unwrap().value(&name, &[]).unwrap();
    let (started, mut last, mut last_at) = (Instant::now(), first, Instant::now());
    let mut watched = Watched { pause: Duration::ZERO, evaluations: 0.0, verdicts: Vec::new() };
    while started.elapsed() < duration {
        tokio::time::sleep(POLL).await;
        let page = host.scrape().await.unwrap();
        let evaluations = page.value(&name, &[]).unwrap();
        if evaluations != last {
            (last, last_at) = (evaluations, Instant::now());
        }
        watched.pause = watched.pause.max(last_at.elapsed());
        watched.evaluations = evaluations - first;
        let verdict = verdict(&page, PRESSURE);
        if watched.verdicts.last() != Some(&verdict) {
            watched.verdicts.push(verdict);
        }
    }
    watched
}

async fn until_rows(host: &Host, rows: f64, limit: Duration) {
    let started = Instant::now();
    loop {
        let page = host.scrape().await.unwrap();
        let found =
            gauge(&page, "feature_window_rows", &[("feature", PRESSURE), ("window", "fast")]);
        if found == rows {
            return;
        }
        assert!(started.elapsed() < limit, "{found} rows are in the window, expected {rows}");
        tokio::time::sleep(POLL).await;
    }
}

/// Sends days, updates, sends others, and looks at the windows. `verdicts` is what sea-level pressure is said to be
/// from the update on.
async fn goes_on(update: impl AsyncFnOnce(&mut Envoy) -> Update, verdicts: &[&str]) {
    let Some(machine) = machine::watch(MACHINE_TOLERANCE) else { return };
    let settings = settings(&config()).workers(2).drain(DRAIN_SECONDS);
    let (mut envoy, host) = start_envoy(&settings).await.unwrap();
    let days = weather::all_days();
    let send = async |days| host.pass(&weather::asks(days)).await.unwrap();
    // In batches, which tell how days are clustered.
    for days in days[12_000..12_300].chunks(100) {
        send(days).await;
        tokio::time::sleep(TICK).await;
    }
    until_rows(&host, 300.0, LIMIT).await;
    let at_first = Instant::now();
    // Until a VM that starts now is taken for one of an update.
    tokio::time::sleep(Duration::from_secs(3)).await;

    assert_eq!(update(&mut envoy).await, Update::Accepted);
    // The new VM takes over at its first tick; until then the old one evaluates, by the old configuration.
    let handover = watch(&host, 2 * TICK).await;
    send(&days[12_300..12_500]).await;
    until_rows(&host, 500.0, LIMIT).await;
    let watched = watch(&host, WATCHED).await;
    if !machine.kept_time() {
        return;
    }
    assert_ne!(handover.evaluations, 0.0, "no evaluation while the new VM takes over");
    assert!(watched.pause < 3 * TICK, "no evaluation for {:?}", watched.pause);
    let ticks = WATCHED.as_secs_f64() / TICK.as_secs_f64();
    assert!(watched.evaluations <= ticks + 2.0, "{} in {ticks} ticks", watched.evaluations);
    assert_eq!(watched.verdicts, verdicts);

    // The first ones leave the window when they would have without the update, give or take a step and a tick.
    until_rows(&host, 200.0, 2 * WINDOW).await;
    let age = at_first.elapsed();
    if !machine.kept_time() {
        return;
    }
    assert!(WINDOW.mul_f64(0.85) < age && age < WINDOW.mul_f64(1.25), "they left after {age:?}");
    let page = host.scrape().await.unwrap();
    assert_eq!(page.value(&format!("{PREFIX}instances_total"), &[]), Some(500.0));
}

#[test]
fn a_running_envoys_windows_survive_another_configuration() {
    let _among_others = among_others();
    let other = config()
        .replace("\"material_psi\":0.25", "\"material_psi\":100.0,\"material_wasserstein\":1000.0");
    assert_ne!(other, config());
    let update = async |envoy: &mut Envoy| envoy.update_filter_config(&other).await.unwrap();
    // Whoever evaluates by the old one falls silent at once.
    Runtime::new().unwrap().block_on(goes_on(update, &["ok"]));
}

#[test]
fn a_running_envoys_windows_survive_other_code() {
    let _among_others = among_others();
    let file = write_other_code();
    let update = async |envoy: &mut Envoy| envoy.update_filter_module(&file).await.unwrap();
    Runtime::new().unwrap().block_on(goes_on(update, &["drift"]));
    fs::remove_file(file).unwrap();
}

fn write_other_code() -> PathBuf {
    let file = env::temp_dir().join(format!("driftline-other-{}.wasm", std::process::id()));
    fs::write(&file, other_code()).unwrap();
    file
}
