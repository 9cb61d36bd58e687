//! A simulated proxy whose callbacks are measured, for the benches of rows and of labels. It measures nothing by itself.

use std::time::Duration;

use anyhow::Result;
use host_sim::{Clock, Filter, World, WorldOptions};
use serde_json::Value;

/// Runs the filter with this configuration, by a clock that only the bench moves.
pub(crate) fn world(filter: &Filter, config: &Value) -> Result<World> {
    let mut options = WorldOptions::with_config(config.to_string());
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.measure_cost = true;
    Ok(World::new(filter, options)?)
}
