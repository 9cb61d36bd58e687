//! The claims of docs/detection.md, as far as a few minutes of simulation show them: always the same ones. The command
//! `cargo xtask detection` simulates the rest.

#![cfg(feature = "claims")]

use driftline_detection::{
    Size, agreement,
    claims::{self, Claim},
    delays, healthy, injected, settings,
};

/// On two threads, because the tests differ in length.
const THREADS: usize = 2;

#[track_caller]
fn check(claims: &[Claim]) {
    assert!(!claims.is_empty());
    let failed: Vec<&Claim> = claims.iter().filter(|claim| !claim.holds).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn healthy_traffic_is_rarely_called_drift() {
    let found = healthy::run(settings::all(), Size::Replay, THREADS).unwrap();
    check(&claims::of_healthy(&found));
}

#[test]
fn changes_are_found_in_time() {
    check(&claims::of_delays(&delays::run(Size::Replay, THREADS).unwrap()));
}

#[test]
fn injected_drifts_are_called_what_they_are() {
    check(&claims::of_injected(&injected::run(Size::Replay, THREADS).unwrap()));
}

#[test]
fn the_same_change_has_the_same_verdict_at_few_rows_and_at_many() {
    check(&claims::of_agreement(&agreement::run(Size::Replay, THREADS).unwrap()));
}
