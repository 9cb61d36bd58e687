//! Carries scenarios out in the simulator, on a virtual clock; there is no network here.

use std::{mem, time::Duration};

use driftline_testbed::{by_hand::Protocol, scrape::Scrape};
use host_sim::{Exchange, Trace, World, flags, trace::Line};

use super::{
    calls::Calls,
    scenario::{Answer, Scenario, Step, borrowed},
};
use crate::stage::{scrape, traced_world};

/// What passes between two steps. On a network it is never nothing, either.
const STEP: Duration = Duration::from_millis(1);

/// Flags by the names that access logs have for them, in the order in which Envoy sets them.
const FLAGS: [(u64, &str); 10] = [
    (flags::UPSTREAM_RETRY_LIMIT_EXCEEDED, "URX"),
    (flags::NO_HEALTHY_UPSTREAM, "UH"),
    (flags::UPSTREAM_REQUEST_TIMEOUT, "UT"),
    (flags::UPSTREAM_REMOTE_RESET, "UR"),
    (flags::UPSTREAM_CONNECTION_FAILURE, "UF"),
    (flags::UPSTREAM_CONNECTION_TERMINATION, "UC"),
    (flags::DOWNSTREAM_CONNECTION_TERMINATION, "DC"),
    (flags::DOWNSTREAM_PROTOCOL_ERROR, "DPE"),
    (flags::UPSTREAM_PROTOCOL_ERROR, "UPE"),
    (flags::DOWNSTREAM_REMOTE_RESET, "DR"),
];

pub(super) struct Simulated {
    world: World,
    trace: Trace,
}

impl Simulated {
    pub(super) fn start(config: &str) -> Simulated {
        Simulated::of(traced_world(config))
    }

    /// A world that is traced, whatever its filter is.
    pub(super) fn of(world: World) -> Simulated {
        let trace = world.trace().clone();
        Simulated { world, trace }
    }

    /// The calls since the last time it was asked, the main thread's first.
    pub(super) fn take_calls(&self) -> Calls {
        calls(&self.trace.take())
    }

    pub(super) fn scrape(&self) -> Scrape {
        scrape(&self.world)
    }

    /// Stops, and returns the last calls.
    pub(super) fn stop(self) -> Calls {
        self.world.stop().unwrap_or_else(|error| panic!("shutdown: {error}"));
        calls(&self.trace.take())
    }

    /// Returns how each stream ended, as `%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%`.
    pub(super) fn play(&self, scenario: &Scenario) -> Vec<String> {
        let mut endings = Vec::new();
        let mut exchange = self.exchange(scenario);
        let mut fresh = true;
        for step in &scenario.steps {
            if matches!(step, Step::Asks { .. }) && !mem::take(&mut fresh) {
                let next = self.exchange(scenario);
                endings.push(finish(scenario, mem::replace(&mut exchange, next)));
            }
            self.world.advance(STEP).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            exchange = carry_out(exchange, step);
        }
        endings.push(finish(scenario, exchange));
        endings
    }

    fn exchange(&self, scenario: &Scenario) -> Exchange {
        let exchange = self.world.exchange(0);
        let exchange = match scenario.retries {
            None => exchange,
            Some(count) => exchange.retries(count),
        };
        let exchange = match scenario.client {
            Protocol::Http1 => exchange,
            Protocol::Http2 => exchange.http2(),
        };
        match scenario.upstream {
            Protocol::Http1 => exchange,
            Protocol::Http2 => exchange.upstream_http2(),
        }
    }
}

fn finish(scenario: &Scenario, exchange: Exchange) -> String {
    let outcome = exchange.outcome();
    assert!(outcome.over && outcome.error.is_none(), "{}: {outcome:?}", scenario.name);
    let flags: Vec<_> = FLAGS.iter().filter(|(bit, _)| outcome.flags & bit != 0).collect();
    let known = flags.iter().fold(0, |all, (bit, _)| all | bit);
    assert_eq!(outcome.flags, known, "{}: a flag without a name", scenario.name);
    let names: Vec<_> = flags.iter().map(|(_, name)| *name).collect();
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    let details = or_dash(outcome.details.clone().unwrap_or_default());
    format!("{} {details} {}", outcome.status().unwrap_or(0), or_dash(names.join(",")))
}

fn calls(lines: &[Line]) -> Calls {
    let of_thread = |main: bool| {
        let lines = lines.iter().filter(|line| (line.thread == 0) == main);
        Calls::of_thread(&lines.map(|line| format!("{line}\n")).collect::<String>())
    };
    of_thread(true).and(of_thread(false))
}

fn carry_out(exchange: Exchange, step: &Step) -> Exchange {
    match step {
        Step::Asks { method, path, headers, ended } => {
            let headers = borrowed(headers);
            if headers.contains(&("upgrade", "websocket")) {
                let own = ["upgrade", "connection"];
                let rest: Vec<_> =
                    headers.into_iter().filter(|(name, _)| !own.contains(name)).collect();
                return exchange.websocket(path, &rest);
            }
            match ended {
                false => exchange.request(method, path, &headers),
                true => exchange.request_without_body(method, path, &headers),
            }
        }
        Step::SendsGarbage => exchange.garbage(),
        Step::OmitsHost => exchange.without_host(),
        Step::ClientSends { data, ended: false } => exchange.request_chunk(data.clone()),
        Step::ClientSends { data, ended: true } => exchange.request_last_chunk(data.clone()),
        Step::ClientSendsTrailers(trailers) => exchange.request_trailers(&borrowed(trailers)),
        Step::ClientLeaves => exchange.client_aborts(),
        Step::ClientSendsGarbage => exchange.client_breaks_the_protocol(),
        // Envoy takes a half for the whole.
        Step::ClientHangsUp | Step::ClientHalfCloses => exchange.client_disconnects(),
        Step::Informs(status) => exchange.informational(*status),
        Step::AttemptFails => exchange.attempt_fails(),
        Step::Responds { status: 101, headers, .. } => {
            exchange.switches_protocols(&borrowed(headers))
        }
        Step::Responds { status, headers, ended: false } => {
            exchange.response(*status, &borrowed(headers))
        }
        Step::Responds { status, headers, ended: true } => {
            exchange.response_without_body(*status, &borrowed(headers))
        }
        Step::Sends { data, ended: false } => exchange.response_chunk(data.clone()),
        Step::Sends { data, ended: true } if data.is_empty() => exchange.response_end(),
        Step::Sends { data, ended: true } => exchange.response_last_chunk(data.clone()),
        Step::SendsTrailers(trailers) => exchange.response_trailers(&borrowed(trailers)),
        Step::UpstreamBreaksOff => exchange.upstream_resets(),
        Step::UpstreamHangsUp => exchange.upstream_disconnects(),
        Step::UpstreamSendsGarbage => exchange.upstream_breaks_the_protocol(),
        Step::ProxyAnswers(Answer::Direct(status, body)) => {
            exchange.direct_response(*status, *body)
        }
        Step::ProxyAnswers(Answer::Redirect(location)) => exchange.redirect(location),
        Step::ProxyAnswers(Answer::Unreachable) => exchange.upstream_is_unreachable(),
        Step::ProxyTimesOut => exchange.times_out(),
        Step::FilterLetsGo => {
            assert!(!exchange.request_is_held(), "the filter has not let go");
            exchange
        }
        Step::AnswersWhole(status, body) => exchange.answer(*status, *body),
        Step::FilterAnswers(status) => {
            assert!(exchange.is_over(), "the filter has not answered");
            assert_eq!(exchange.so_far().status(), Some(*status));
            exchange
        }
    }
}
