//! What one evaluation costs in the built filter, in time and in instructions: 100 features of 20 bins, both windows full.
//! The rows are asserted.
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
/// What one may take: a tick that is slow delays the traffic of its thread.
const BUDGET: Duration = Duration::from_millis(2);

fn main() -> Result<()> {
    let bytes = fs::read(pieces::filter()?)?;
    let evaluated = measure(&Filter::from_bytes(&bytes)?, true)?;
    // Those on which nothing has changed; counting instructions takes time, so the times above are without it.
    let filter = Filter::metered(&bytes)?;
    let [metered, idle] = [true, false].map(|is_busy| measure(&filter, is_busy));
    let each = |cost: Cost| cost.instructions / EVALUATIONS;
    let time = evaluated.time / u32::try_from(EVALUATIONS)?;
    println!(
        "an evaluation of {FEATURES} features of {BINS} bins: {time:.2?}, the longest {:.2?}; {} instructions, {} if \
         nothing has changed",
        evaluated.time_max,
        each(metered?),
        each(idle?),
    );
    ensure!(time < BUDGET, "more than {BUDGET:.2?}");
    Ok(())
}

/// The cost of all ticks, a row before each of them if it is busy. The VM with traffic ticks as well, and finds that
/// another one evaluates.
fn measure(filter: &Filter, is_busy: bool) -> Result<Cost> {
    let mut options = WorldOptions::with_config(config().to_string());
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.measure_cost = true;
    let world = World::new(filter, options)?;
    let predict = |rows| {
        world.exchange(0).post("/v1/models/m:predict", rows).answer(200, "{}").outcome();
    };
    predict(request_of(ROWS));
    for _ in 0..EVALUATIONS {
        if is_busy {
            predict(request_of(1));
        }
        world.advance(Duration::from_secs(1))?;
    }
    let rows = world.stats().gauge_value(
        "driftline_feature_window_rows.model=.=m;.;role=.=feature;.;feature=.=feature number 007;.;window=.=fast;.;",
    );
    let expected = ROWS as u64 + if is_busy { EVALUATIONS } else { 0 };
    ensure!(rows == Some(expected), "{rows:?} rows in the window");
    world.costs().rows.get("proxy_on_tick").copied().context("no tick was measured")
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
