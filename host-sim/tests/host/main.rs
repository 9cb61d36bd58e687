//! host-sim as its users meet it: worlds in memory, and the proxy on real sockets; no test knows Driftline.

mod abi;
mod acting;
mod callouts;
mod envoy_calls;
mod envoy_traces;
mod exchanges;
mod failures;
mod foreign;
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
    filter_of(include_str!("filter.wat"))
}

/// A filter in WebAssembly's text form.
#[track_caller]
fn filter_of(text: &str) -> Filter {
    Filter::from_bytes(&module_of(text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The binary form, which is all that the host loads.
#[track_caller]
fn module_of(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The callbacks that one VM logged.
fn callbacks(log: &Log, vm: &str) -> Vec<String> {
    log.lines().into_iter().filter(|line| line.vm == vm).map(|line| line.message).collect()
}
