//! What one evaluation costs in the built filter: 100 features of 20 bins, both windows full. The rows are asserted.
//!
//! `cargo xtask bench --bench evaluation` builds the filter first.

use std::{fmt::Write, fs, time::Duration};

use anyhow::{Context, Result, ensure};
use driftline_support::uniform_profile;
use driftline_testbed::pieces;
use host_sim::{Clock, Filter, World, WorldOptions};
use serde_json::{Value, json};

const FEATURES: usize = 100;
const BINS: usize = 20;
const ROWS: usize = 1000;
const EVALUATIONS: u64 = 200;
/// What one may take: a tick that is slow delays the traffic of its thread.
const BUDGET: Duration = Duration::from_millis(2);

fn main() -> Result<()> {
    let filter = Filter::from_bytes(&fs::read(pieces::filter()?)?)?;
    let mut options = WorldOptions::with_config(config().to_string());
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.measure_cost = true;
    let world = World::new(&filter, options)?;
    let predict = |rows| {
        world.exchange(0).post("/v1/models/m:predict", rows).answer(200, "{}").outcome();
    };
    predict(request_of(ROWS));
    for _ in 0..EVALUATIONS {
        // A tick on which nothing has moved evaluates nothing.
        predict(request_of(1));
        world.advance(Duration::from_secs(1))?;
    }
    let rows = world.stats().gauge_value(
        "driftline_feature_window_rows.model=.=m;.;role=.=feature;.;feature=.=feature number 007;.;window=.=fast;.;",
    );
    ensure!(rows == Some(ROWS as u64 + EVALUATIONS), "{rows:?} rows in the window");
    let costs = world.costs();
    let ticks = costs.rows.get("proxy_on_tick").context("no tick was measured")?;
    // The VM with traffic ticks as well, and finds that another one evaluates.
    let each = ticks.time / u32::try_from(EVALUATIONS)?;
    println!(
        "an evaluation of {FEATURES} features of {BINS} bins: {each:.2?}, the longest {:.2?}",
        ticks.time_max
    );
    ensure!(each < BUDGET, "more than {BUDGET:.2?}");
    Ok(())
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
