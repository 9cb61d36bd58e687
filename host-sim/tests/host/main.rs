//! host-sim as its users meet it: worlds in memory, and the proxy on real sockets; no test knows Driftline.

mod abi;
mod acting;
mod callouts;
mod draining;
mod envoy_calls;
mod envoy_traces;
mod exchanges;
mod failures;
#[path = "../guest/mod.rs"]
mod guest;
mod holding;
mod limits;
mod playing;
mod proxy;
mod recording;
mod start;
mod statuses;
mod upgrades;
mod world;

use host_sim::{Filter, Log};

/// The filter of these tests, see `filter.wat`.
fn filter() -> Filter {
    guest::filter_of(include_str!("filter.wat"))
}

/// The callbacks that one VM logged.
fn callbacks(log: &Log, vm: &str) -> Vec<String> {
    log.lines().into_iter().filter(|line| line.vm == vm).map(|line| line.message).collect()
}
