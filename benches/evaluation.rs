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
const EVALUATIONS: u32 = 200;
/// What one may take: a tick that is slow delays the traffic of its thread.
const BUDGET: Duration = Duration::from_millis(2);

fn main() -> Result<()> {
    let bytes = fs::read(pieces::filter()?)?;
    // To count instructions takes time, so the times are of a filter that does not.
    let (timed, metered) = (Filter::from_bytes(&bytes)?, Filter::metered(&bytes)?);
    let (busy, counted) = (measure(&timed, true)?, measure(&metered, true)?);
    let idle = measure(&metered, false)?;
    let time = busy.time / EVALUATIONS;
    let each = |cost: Cost| cost.instructions / u64::from(EVALUATIONS);
    println!(
        "an evaluation of {FEATURES} features of {BINS} bins: {time:.2?}, the longest {:.2?}; {} instructions, {} of a \
         tick on which nothing has changed",
        busy.time_max,
        each(counted),
        each(idle),
    );
    ensure!(time < BUDGET, "more than {BUDGET:.2?}");
    Ok(())
}

/// The cost of ticks, with a row before each of them if they are busy. The VM with traffic ticks as well, and finds that
/// another one evaluates.
fn measure(filter: &Filter, is_busy: bool) -> Result<Cost> {
    let mut options = WorldOptions::with_config(config().to_string());
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.measure_cost = true;
    let world = World::new(filter, options)?;
    let predict = |rows| {
        world.exchange(0).post("/v1/models/m:predict", rows).answer(200, "{}").outcome();
    };
    let ticks = || {
        let costs = world.costs();
        costs.rows.get("proxy_on_tick").copied().context("no tick was measured")
    };
    world.advance(Duration::from_secs(3 * 3600))?;
    predict(request_of(ROWS));
    // What the rows change is evaluated until nothing changes any more.
    world.advance(Duration::from_secs(5))?;
    let before = ticks()?;
    for _ in 0..EVALUATIONS {
        if is_busy {
            predict(request_of(1));
        }
        world.advance(Duration::from_secs(1))?;
    }
    let rows = world.stats().gauge_value(
        "driftline_feature_window_rows.model=.=m;.;role=.=feature;.;feature=.=feature number 007;.;window=.=fast;.;",
    );
    let expected = ROWS as u64 + if is_busy { u64::from(EVALUATIONS) } else { 0 };
    ensure!(rows == Some(expected), "{rows:?} rows in the window");
    let mut cost = ticks()?;
    cost.instructions -= before.instructions;
    cost.time -= before.time;
    Ok(cost)
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
