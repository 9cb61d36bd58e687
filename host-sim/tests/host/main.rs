//! host-sim as its users meet it: worlds in memory, and the proxy on real sockets; no test knows Driftline.

mod abi;
mod acting;
mod callouts;
#[cfg(feature = "cli")]
mod command;
mod envoy_calls;
mod envoy_traces;
mod exchanges;
mod failures;
mod foreign;
mod guest;
mod holding;
#[cfg(feature = "cli")]
#[path = "../input/mod.rs"]
mod input;
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
    Filter::from_bytes(include_bytes!("filter.wat")).unwrap()
}

/// The callbacks that one VM logged.
fn callbacks(log: &Log, vm: &str) -> Vec<String> {
    log.lines().into_iter().filter(|line| line.vm == vm).map(|line| line.message).collect()
}
