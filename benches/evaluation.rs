//! What one evaluation costs in the built filter, in time and in instructions: 100 features of 20 bins, later than two
//! windows after the start, so that all slots of the fast windows are there. The rows are asserted.
//!
//! `cargo xtask bench --bench evaluation` builds the filter first.

use std::{fmt::Write, fs, time::Duration};

use anyhow::{Context, Result, ensure};
use driftline_support::uniform_profile;
use driftline_testbed::pieces;
use host_sim::{Clock, Cost, Filter, World, WorldOptions};
use serde_json::{Value, json};

const FEATURES: usize = 100;
const BINS: usize = 20;
const ROWS: usize = 1000;
const EVALUATIONS: u64 = 200;
const STEPS: u64 = 15;
const WINDOW_SECONDS: u64 = 3600;
const STEP_SECONDS: u64 = WINDOW_SECONDS / 8;
/// A moment at which a window begins.
const WINDOW_BEGINS: u64 = WINDOW_SECONDS * 497_222;
const TICK: Duration = Duration::from_secs(1);
/// What one may take: a tick that is slow delays the traffic of its thread.
const BUDGET: Duration = Duration::from_millis(2);

fn main() -> Result<()> {
    let bytes = fs::read(pieces::filter()?)?;
    // To count instructions takes time, so the times are of a filter that does not.
    let (timed, metered) = (Filter::from_bytes(&bytes)?, Filter::metered(&bytes)?);
    let (time, counted) = (measure(&timed, true)?, measure(&metered, true)?);
    let idle = measure(&metered, false)?;
    println!("an evaluation of {FEATURES} features of {BINS} bins:");
    println!(
        "  {:.2?} and {} instructions in the median, {} of a tick on which nothing has changed",
        time.usual.time, counted.usual.instructions, idle.usual.instructions,
    );
    println!(
        "  {:.2?} and {} instructions where a step of the windows ends, {:.2?} and {} the first one",
        time.step_end.time,
        counted.step_end.instructions,
        time.first.time,
        counted.first.instructions,
    );
    for tick in [time.first, time.usual, time.step_end] {
        ensure!(tick.time < BUDGET, "more than {BUDGET:.2?}");
    }
    Ok(())
}

/// What ticks cost.
struct Ticks {
    /// The one on which the VM begins to evaluate.
    first: Cost,
    /// The median within a step.
    usual: Cost,
    /// The median of those that end a step.
    step_end: Cost,
}

/// The cost of ticks, with a row before each of them if they are busy. The VM with traffic ticks as well, and finds that
/// another one evaluates.
fn measure(filter: &Filter, is_busy: bool) -> Result<Ticks> {
    let mut options = WorldOptions::with_config(config().to_string());
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::from_secs(WINDOW_BEGINS));
    options.measure_cost = true;
    let world = World::new(filter, options)?;
    let predict = |rows| {
        world.exchange(0).post("/v1/models/m:predict", rows).answer(200, "{}").outcome();
    };
    let next_tick = || -> Result<Cost> {
        let before = ticks(&world)?;
        if is_busy {
            predict(request_of(1));
        }
        world.advance(TICK)?;
        let mut cost = ticks(&world)?;
        cost.instructions -= before.instructions;
        cost.time -= before.time;
        Ok(cost)
    };
    world.advance(TICK)?;
    let first = ticks(&world)?;
    world.advance(Duration::from_secs(3 * WINDOW_SECONDS))?;
    predict(request_of(ROWS));
    // What the rows change is evaluated until nothing changes any more.
    world.advance(Duration::from_secs(5))?;
    let usual = (0..EVALUATIONS).map(|_| next_tick()).collect::<Result<Vec<_>>>()?;
    let rows = world.stats().gauge_value(
        "driftline_feature_window_rows.model=.=m;.;role=.=feature;.;feature=.=feature number 007;.;window=.=fast;.;",
    );
    let expected = ROWS as u64 + if is_busy { EVALUATIONS } else { 0 };
    ensure!(rows == Some(expected), "{rows:?} rows in the window");
    world.advance(Duration::from_secs(STEP_SECONDS - EVALUATIONS - 10))?;
    let mut step_end = Vec::new();
    for _ in 0..STEPS {
        // One of the next ten ends a step.
        let ticks = (0..10).map(|_| next_tick()).collect::<Result<Vec<_>>>()?;
        let dearest = ticks.into_iter().max_by_key(|it| (it.instructions, it.time));
        step_end.push(dearest.context("there are ten")?);
        predict(request_of(if is_busy { ROWS } else { 1 }));
        world.advance(Duration::from_secs(STEP_SECONDS - 10))?;
    }
    Ok(Ticks { first, usual: median(&usual), step_end: median(&step_end) })
}

/// What all ticks have cost so far.
fn ticks(world: &World) -> Result<Cost> {
    world.costs().rows.get("proxy_on_tick").copied().context("no tick was measured")
}

/// The median of time, and that of instructions.
fn median(all: &[Cost]) -> Cost {
    let (mut instructions, mut time): (Vec<_>, Vec<_>) =
        all.iter().map(|it| (it.instructions, it.time)).unzip();
    instructions.sort_unstable();
    time.sort_unstable();
    let middle = all.len() / 2;
    let mut cost = Cost::default();
    (cost.instructions, cost.time) = (instructions[middle], time[middle]);
    cost
}

fn config() -> Value {
    json!({
        "models": [{"name": "m", "profile": uniform_profile::profile(FEATURES, BINS)}],
        "tick_milliseconds": 1000,
    })
}

/// One request whose values are spread over all bins, other ones for each feature.
fn request_of(rows: usize) -> String {
    let mut text = String::from("{\"instances\":[");
    for row in 0..rows {
        text.push_str(if row == 0 { "[" } else { ",[" });
        for feature in 0..FEATURES {
            let value = ((row * (feature + 3)) % (BINS * 10)) as f64 / 10.0;
            let _ = write!(text, "{}{value}", if feature == 0 { "" } else { "," });
        }
        text.push(']');
    }
    text + "]}"
}
