//! Faults of proxies, the network, model servers and the filter.

use std::time::Duration;

use driftline_testbed::llm::Trouble;

use super::{Fault, Scenario};
use crate::stage::{Module, NAMES_MAX};

const SYSTEM: Scenario = Scenario { domain: "system", ..Scenario::USUAL };
/// As many clients as there may be.
const CROWD: usize = 32;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "hot-restart",
        about: "Envoy is restarted hot, and gauges of both processes add up: no fault",
        // For a second nothing can be scraped or counted, which is four minutes here, and more on a busy machine.
        artefacts: &["DriftlineScrapeLost", "DriftlineModelUnseen", "DriftlineNoTraffic"],
        domain: "none",
        ..SYSTEM
    },
    Scenario {
        name: "slow-first-tokens",
        about: "first tokens take 1.5 s in place of 40 ms",
        fault: Fault::Turned(|knobs| {
            knobs.pace.first_token = Duration::from_millis(1500);
            knobs.lanes = CROWD;
        }),
        alerts: &["DriftlineFirstTokenBudgetBurns", "DriftlineSlowFirstTokens"],
        ..SYSTEM
    },
    Scenario {
        name: "slow-tokens",
        about: "tokens come every 100 ms in place of every 4",
        fault: Fault::Turned(|knobs| {
            knobs.pace.gap = Duration::from_millis(100);
            knobs.lanes = CROWD;
        }),
        alerts: &["DriftlineTokenPaceBudgetBurns", "DriftlineLatencyBudgetBurnsSlowly"],
        ..SYSTEM
    },
    Scenario {
        name: "error-burst",
        about: "the language model refuses every second request with 503",
        fault: Fault::Turned(|knobs| knobs.trouble = Trouble::Refused(2)),
        alerts: &["DriftlineErrorBurst", "DriftlineAvailabilityBudgetBurnsFast"],
        ..SYSTEM
    },
    Scenario {
        name: "truncated-streams",
        about: "every third stream ends in the middle",
        fault: Fault::Turned(|knobs| knobs.trouble = Trouble::BrokenOff(3)),
        alerts: &["DriftlineTruncatedStreams", "DriftlineAvailabilityBudgetBurnsSlowly"],
        ..SYSTEM
    },
    Scenario {
        name: "connections-closed",
        about: "the language model closes every second connection without an answer",
        fault: Fault::Turned(|knobs| knobs.trouble = Trouble::HungUp(2)),
        alerts: &["DriftlineUpstreamFailures"],
        ..SYSTEM
    },
    Scenario {
        name: "usage-missing",
        about: "the language model no longer sends usage",
        fault: Fault::Turned(|knobs| knobs.pace.usage = false),
        alerts: &["DriftlineUsageMissing"],
        ..SYSTEM
    },
    Scenario {
        name: "unread-traffic",
        about: "every second stream has an event that is no JSON",
        fault: Fault::Turned(|knobs| knobs.trouble = Trouble::Garbled(2)),
        alerts: &["DriftlineUnreadTraffic"],
        ..SYSTEM
    },
    Scenario {
        name: "queues",
        about: "ten times as many clients, and a server that takes 3 s for a first token and says that its cache is full",
        fault: Fault::Turned(|knobs| {
            knobs.pace.first_token = Duration::from_secs(3);
            knobs.lanes = CROWD;
        }),
        alerts: &["DriftlineModelServerSaturated", "DriftlineRequestsPileUp"],
        ..SYSTEM
    },
    Scenario {
        name: "no-traffic",
        about: "all clients fall silent",
        fault: Fault::Turned(|knobs| {
            knobs.lanes = 0;
            knobs.are_rows_sent = false;
        }),
        alerts: &["DriftlineNoTraffic"],
        ..SYSTEM
    },
    Scenario {
        name: "filter-fails",
        about: "the filter's code traps at each request; traffic passes without it",
        fault: Fault::OtherFilter(Module::Failing),
        alerts: &["DriftlineFilterFailing"],
        ..SYSTEM
    },
    Scenario {
        name: "evaluator-stops",
        about: "the filter counts on, and none of its VMs ticks any more",
        fault: Fault::OtherFilter(Module::WithoutTicks),
        alerts: &["DriftlineEvaluatorStopped"],
        ..SYSTEM
    },
    Scenario {
        name: "scrape-lost",
        about: "the only proxy ends, and Prometheus scrapes nothing",
        fault: Fault::NoProxy,
        alerts: &["DriftlineScrapeLost", "DriftlineModelUnseen"],
        ..SYSTEM
    },
    Scenario {
        name: "no-room",
        about: "thousands of requests stop in the middle of their bodies, until the filter has no memory left",
        fault: Fault::TurnedUntilRestart(|knobs| knobs.held = 8000),
        alerts: &["DriftlineNoRoom", "DriftlineMemoryLow"],
        ..SYSTEM
    },
    Scenario {
        name: "names",
        about: "clients call the language model by as many names as may have series",
        fault: Fault::TurnedUntilRestart(|knobs| knobs.names = NAMES_MAX),
        alerts: &["DriftlineNamesFull"],
        ..SYSTEM
    },
];
