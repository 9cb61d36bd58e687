//! An alert of each domain is fired and silenced on a real Envoy and a real Prometheus, and no other domain is named. The
//! other scenarios take an hour: `cargo xtask alerts`.

use std::time::Duration;

use driftline_rehearsal::{play, report, scenario::Scenario, stage::Pieces};
use driftline_testbed::machine;

const MACHINE_TOLERANCE: Duration = Duration::from_millis(100);

/// One of the system, one of the data, one of the model.
const PLAYED: [&str; 3] = ["error-burst", "null-burst", "accuracy-falls"];

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_fires_the_alerts_of_its_domain_and_no_others() {
    // A scrape that takes longer than a quarter of a second is lost, and two alerts say so.
    let Some(machine) = machine::watch(MACHINE_TOLERANCE) else { return };
    let pieces = Pieces::find().unwrap();
    let mut faults = Vec::new();
    for scenario in Scenario::all().filter(|it| PLAYED.contains(&it.name)) {
        let played = play::play(&pieces, scenario).await.unwrap();
        println!("{}", report::line(scenario, &played));
        faults.extend(report::faults(scenario, &played));
    }
    assert!(faults.is_empty() || !machine.kept_time(), "\n{}", faults.join("\n"));
}

#[test]
fn each_alert_has_a_scenario() {
    let played: Vec<&str> = Scenario::all().flat_map(|it| it.alerts).copied().collect();
    let alerts = driftline_operations::alerts::all().map(|(_, alert)| alert.name);
    let missing: Vec<&str> = alerts.filter(|name| !played.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn each_scenario_plays_alerts_of_its_domain() {
    for scenario in Scenario::all() {
        for name in scenario.alerts {
            let found = driftline_operations::alerts::all().find(|(_, alert)| alert.name == *name);
            let domain = found.map(|(domain, _)| domain.name());
            assert_eq!(domain, Some(scenario.domain), "{name} of {}", scenario.name);
        }
    }
}
