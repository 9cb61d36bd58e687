//! The faults, and which alerts each of them must fire. It plays none.

mod data;
mod model;
mod system;

use std::time::Duration;

use crate::{knobs::Knobs, stage::Module};

/// A fault and what must come of it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What is wrong, for people.
    pub about: &'static str,
    /// How long the world is healthy before it.
    pub healthy: Duration,
    /// What is done.
    pub fault: Fault,
    /// The alerts that must fire, and end.
    pub alerts: &'static [&'static str],
    /// Alerts that may fire only because everything is so much shorter than true.
    pub artefacts: &'static [&'static str],
    /// Whose domain it is; every alert that fires must be of it.
    pub domain: &'static str,
}

/// What is done to the world.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Knobs are turned.
    Turned(fn(&mut Knobs)),
    /// Knobs are turned, and when they are turned back the proxy begins anew.
    TurnedUntilRestart(fn(&mut Knobs)),
    /// A configuration is deployed whose reference is not what is served.
    SkewedReference,
    /// The filter's code is replaced.
    OtherFilter(Module),
    /// The proxy ends.
    NoProxy,
    /// The proxy is restarted hot: no fault, so nothing may fire.
    HotRestart,
}

impl Scenario {
    /// Two hours of the rules without a fault, which is what most alerts need.
    const USUAL: Scenario = Scenario {
        name: "",
        about: "",
        healthy: Duration::from_secs(30),
        fault: Fault::HotRestart,
        alerts: &[],
        artefacts: &[],
        domain: "",
    };

    /// All of them, by domain.
    pub fn all() -> impl Iterator<Item = &'static Scenario> {
        [system::SCENARIOS, data::SCENARIOS, model::SCENARIOS].into_iter().flatten()
    }
}
