//! The faults, and which alerts each of them must fire. It plays none.

use std::time::Duration;

use driftline_testbed::llm::Trouble;

use crate::knobs::Knobs;

/// A fault and what must come of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What is wrong, for people.
    pub about: &'static str,
    /// What is done.
    pub fault: Fault,
    /// The alerts that must fire, and end.
    pub alerts: &'static [&'static str],
    /// Whose domain it is.
    pub domain: &'static str,
}

/// What is done to the world.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Knobs are turned.
    Turned(fn(&mut Knobs)),
    /// A configuration is deployed whose reference is not what is served.
    SkewedReference,
    /// The filter's code is replaced by one that fails.
    BrokenFilter,
    /// The proxy ends.
    NoProxy,
    /// The proxy is restarted hot: no fault, so nothing may fire.
    HotRestart,
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "slow-first-tokens",
        about: "first tokens take 1.5 s in place of 40 ms",
        fault: Fault::Turned(|knobs| knobs.pace.first_token = Duration::from_millis(1500)),
        alerts: &[],
        domain: "system",
    },
    Scenario {
        name: "error-burst",
        about: "the language model refuses every second request with 503",
        fault: Fault::Turned(|knobs| knobs.trouble = Trouble::Refused(2)),
        alerts: &[],
        domain: "system",
    },
];
