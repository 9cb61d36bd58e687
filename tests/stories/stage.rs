//! Carries stories out, on every stage, and shows what an operator sees there. Stories know nothing of stages.
//!
//! | stage | what it is | time |
//! | --- | --- | --- |
//! | native | `driftline-monitor`, its session driven as Envoy drives a filter | virtual, exact |
//! | world | the built filter in the embedded host, without a network | virtual, exact |
//! | embedded proxy | the built filter in the embedded host's proxy, with real sockets | real |
//! | Envoy | the built filter in a real Envoy | real |
//!
//! On the last two the same traffic runs at the same time, and both must have counted the same.

mod host;
mod native;
mod network;
mod simulated;
mod world;

pub(crate) use self::{
    host::{Host, settings, start_envoy},
    native::Native,
    network::{Network, compare},
    world::{
        STATS_YAML, draining_world, filter, other_code, run, scrape, stats_config, traced_world,
        world, world_of,
    },
};

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{
    expectation::{Seen, problems},
    phrases::{CONFIG, healthy},
    script::Script,
};

/// What [`healthy`] looks like on any stage.
const HEALTHY: &[&str] = &[
    "requests_total{model=demo-llm,outcome=complete} 1",
    "answers_finished_total{model=demo-llm,reason=stop} 1",
    "request_duration_microseconds_total{model=demo-llm,result=success} 120 ms",
    "time_to_first_token_microseconds_total{model=demo-llm,result=success} 60 ms",
    "time_per_output_token_microseconds_total{model=demo-llm,result=success} 60 ms",
    "inter_chunk_gap_observations_total{model=demo-llm} 1",
    "input_tokens_total{model=demo-llm} 4",
    "output_tokens_total{model=demo-llm} 2",
];

/// Tells a story on every stage and compares what is seen with these lines. Then tells one of a healthy request,
/// which must look as if nothing had happened before.
#[track_caller]
pub(crate) fn tell(script: Script, lines: &[&str]) {
    let (next, next_lines) = match script.has_upstream() {
        true => (healthy(), HEALTHY),
        // Where nobody answers, nobody answers the next one either.
        false => (script.clone(), lines),
    };
    carry_out(CONFIG, [(&script, lines), (&next, next_lines)]);
}

/// Tells a story twice on every stage under a configuration of its own; both times this must be seen.
#[track_caller]
pub(crate) fn tell_under(config: &str, script: Script, lines: &[&str]) {
    carry_out(config, [(&script, lines), (&script, lines)]);
}

#[track_caller]
fn carry_out(config: &str, [(first, lines), (next, next_lines)]: [(&Script, &[&str]); 2]) {
    let _among_others = among_others();
    let scripts = [first, next];
    let mut wrong = Vec::new();
    let mut check = |seen: &[Seen]| {
        wrong.extend(problems(&seen[0], lines));
        let after = problems(&seen[1], next_lines);
        wrong.extend(after.into_iter().map(|problem| format!("the next request: {problem}")));
    };
    check(&native::play(config, scripts));
    check(&world::play(config, scripts));
    if let Some([first, second]) = network::play(config, scripts) {
        let disagreement = compare(&first) + &compare(&second);
        let ([envoy, embedded], [next_envoy, next_embedded]) = (first, second);
        check(&[envoy, next_envoy]);
        check(&[embedded, next_embedded]);
        wrong.extend(disagreement.lines().map(|line| format!("the hosts disagree: {line}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Who measures time wants a quiet machine: no other story runs meanwhile.
static QUIET: RwLock<()> = RwLock::new(());

/// Holds back [`alone`]. Not to be called twice by one test.
pub(crate) fn among_others() -> RwLockReadGuard<'static, ()> {
    QUIET.read().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no other story runs, and holds all others back.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    QUIET.write().unwrap_or_else(PoisonError::into_inner)
}
