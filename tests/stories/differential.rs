//! A real Envoy and the simulator, told the same scenarios in the same run with the built filter: both must make the
//! same calls in the same order and count the same. It never judges what the filter measures; that is for the stories.
//!
//! Each scenario is data, and told once. On Envoy a client and an upstream are moved by hand, one step after the other,
//! each step awaited at the other end, so that Envoy reads what was written and nothing melts together by chance. Then
//! its `wasm:trace` is compared with the simulator's, once by callbacks and once with every host call between them, and
//! the `driftline_` page of the one with that of the other.
//!
//! What is not compared is what real time decides: the values of increments and samples in traces (the page has them),
//! and on the page sums of times, buckets, and sums of histograms.

mod scenario;
mod table;

mod calls;
mod ends;
mod real;
mod routes;
mod simulated;
mod stopping;

pub(crate) use self::routes::cluster;

use std::collections::{BTreeMap, BTreeSet};

use driftline_testbed::machine;
use tokio::runtime::Runtime;

use self::{calls::Calls, real::Real, scenario::Scenario, simulated::Simulated};
use crate::{phrases::CONFIG, stage::among_others};

/// What of a scenario is compared.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Aspect {
    /// Which callbacks came in which order, with arguments and answers.
    Callbacks,
    /// The callbacks, and every call of the filter in between, with arguments and statuses.
    HostCalls,
    /// Status, details and flags of each stream, as an access log has them.
    Ending,
    /// Every counter and gauge, and the counts of histograms.
    Stats,
}

/// Where the simulator is not as Envoy, and why. Whatever is listed here and does not deviate fails the test, too.
const DEVIATIONS: &[(&str, Aspect, &str)] = &[];

/// What was found to deviate, and how.
type Found = BTreeMap<(&'static str, Aspect), String>;

#[test]
fn envoy_and_the_simulator_make_the_same_calls_and_count_the_same() {
    let _among_others = among_others();
    let runtime = Runtime::new().expect("a tokio runtime");
    let scenarios = table::scenarios();
    assert!(25 <= scenarios.len(), "{} scenarios", scenarios.len());
    let simulated = Simulated::start(CONFIG);
    let mut found = Found::new();
    let is_compared = runtime.block_on(async {
        let mut real = Real::start(CONFIG).await.unwrap_or_else(|error| panic!("{error:#}"));
        check_calls(&mut found, "startup", &real.take_calls(), &simulated.take_calls());
        let mut endings = Vec::new();
        for scenario in &scenarios {
            endings
                .push((scenario.name, compare(&mut found, scenario, &mut real, &simulated).await));
            if real.has_ticked() {
                return false;
            }
        }
        let stopped = real.stop().await.unwrap_or_else(|error| panic!("shutdown: {error:#}"));
        check_calls(&mut found, "shutdown", &stopped.calls, &simulated.stop());
        let mut theirs = &stopped.access_log[..];
        for (name, ours) in endings {
            let (of_this, rest) = theirs.split_at(theirs.len().min(ours.len()));
            theirs = rest;
            note(&mut found, name, Aspect::Ending, of_this, &ours);
        }
        assert!(theirs.is_empty(), "streams that no scenario has: {theirs:?}");
        true
    });
    if !is_compared {
        return machine::skip(
            "this machine is too slow: the filter evaluates before all is compared",
        );
    }

    let names: BTreeSet<_> = scenarios.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), scenarios.len(), "a name stands for one scenario");
    let listed: BTreeSet<_> = DEVIATIONS.iter().map(|&(name, aspect, _)| (name, aspect)).collect();
    let mut wrong: Vec<String> = listed
        .iter()
        .filter(|listed| !found.contains_key(*listed))
        .map(|(name, aspect)| format!("{name}: listed as deviating in {aspect:?}, and does not"))
        .collect();
    for ((name, aspect), text) in found {
        if !listed.contains(&(name, aspect)) {
            wrong.push(format!("{name} deviates in {aspect:?}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// Carries a scenario out on both, and notes what differs. Returns how the simulator's streams ended, for Envoy writes
/// its access log last.
async fn compare(
    found: &mut Found,
    scenario: &Scenario,
    real: &mut Real,
    simulated: &Simulated,
) -> Vec<String> {
    let name = scenario.name;
    let before = simulated.scrape();
    let endings = simulated.play(scenario);
    let ours = simulated.scrape().difference(&before);
    let stats = match real.play(scenario, &ours).await {
        Ok(difference) => difference,
        Err(error) => {
            let begun = real.take_calls();
            panic!("{name}: {error:#}\nEnvoy's calls so far:\n{}", begun.callbacks().join("\n"));
        }
    };
    if !stats.is_empty() {
        found.insert((name, Aspect::Stats), stats);
    }
    let (theirs, ours) = (real.take_calls(), simulated.take_calls());
    if scenario.reads_coalesce {
        let (theirs, ours) = (theirs.with_whole_bodies(), ours.with_whole_bodies());
        note(found, name, Aspect::Callbacks, &theirs, &ours);
    } else {
        check_calls(found, name, &theirs, &ours);
    }
    endings
}

fn check_calls(found: &mut Found, name: &'static str, theirs: &Calls, ours: &Calls) {
    if note(found, name, Aspect::Callbacks, &theirs.callbacks(), &ours.callbacks()) {
        note(found, name, Aspect::HostCalls, theirs.all(), ours.all());
    }
}

/// Whether both are the same. They never are if there are none.
fn note(
    found: &mut Found,
    name: &'static str,
    aspect: Aspect,
    theirs: &[String],
    ours: &[String],
) -> bool {
    let same = theirs == ours && !theirs.is_empty();
    if !same {
        found.insert((name, aspect), calls::difference(theirs, ours));
    }
    same
}
