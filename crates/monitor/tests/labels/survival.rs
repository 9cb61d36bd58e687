//! Another VM goes on where the one before it stopped: it counts nothing twice, and says what that one would have said.

use std::collections::BTreeMap;

use driftline_random::Random;
use serde_json::{Value, json};

use crate::proxy::{Proxy, TICK, TICK_ROWS, WINDOW, rain};

/// Records of a tick: of all models, whose errors and figures change after a while.
fn records(random: &mut Random, tick: u64) -> Vec<Value> {
    let has_changed = 90 < tick;
    let rate = if has_changed { 0.4 } else { 0.1 };
    let mut all = Vec::new();
    for _ in 0..TICK_ROWS {
        let is_error = random.uniform() < rate;
        all.push(rain(is_error));
        let error = if is_error { 2.0 } else { 0.4 } * random.uniform();
        all.push(json!({"model": "price", "label": 10, "prediction": 10.0 + error}));
        let predicted = if is_error { "b" } else { "a" };
        all.push(json!({"model": "species", "label": "a", "prediction": predicted}));
        all.push(json!({"model": "chat", "revenue": 10.0 * random.uniform() + 30.0 * rate}));
        let revenue = if is_error { 10.0 + 60.0 * random.uniform() } else { 0.0 };
        let clicked = random.uniform() < rate / 5.0;
        all.push(json!({"model": "shop", "clicked": clicked, "revenue": revenue}));
    }
    all
}

/// What is seen after so many ticks, if another VM begins after some of them.
fn seen_after(ticks: u64, new_vms: &[u64]) -> BTreeMap<String, u64> {
    let (proxy, mut random) = (Proxy::new(), Random::new(5));
    for tick in 1..=ticks {
        proxy.send(&records(&mut random, tick));
        proxy.tick_after(TICK);
        if new_vms.contains(&tick) {
            proxy.begin_another_vm();
        }
    }
    let mut all = proxy.all();
    all.retain(|name, _| !name.starts_with("vm_memory"));
    all
}

/// Compares all gauges and counters whose name begins so with those of a VM that goes on.
#[track_caller]
fn check(ticks: u64, new_vms: &[u64], is_compared: impl Fn(&str) -> bool) {
    let [whole, parts] = [&[][..], new_vms].map(|new_vms| seen_after(ticks, new_vms));
    assert!(whole.keys().eq(parts.keys()));
    let differ = whole.iter().zip(&parts).filter(|(one, other)| one != other && is_compared(one.0));
    let differ: Vec<_> =
        differ.map(|((name, one), (_, other))| format!("{name}: {one}, {other}")).collect();
    assert!(differ.is_empty(), "{new_vms:?}: {differ:#?}");
    assert_eq!(
        parts["labels_total{model=rain,version=3,outcome=with_prediction}"],
        ticks * TICK_ROWS
    );
}

/// A step ends with every tenth tick, and then all is stored.
#[test]
fn after_a_step_all_that_is_seen_is_what_one_vm_would_show() {
    assert_eq!(WINDOW, 80 * TICK);
    check(75, &[40], |_| true);
    check(130, &[20, 90, 100], |_| true);
}

/// What came since the step ended enters detectors at once, so they may find a change a tick later.
#[test]
fn within_a_step_nothing_is_counted_twice() {
    check(130, &[13, 57, 96, 118], |name| {
        ["concept_mean", "concept_changed"].iter().all(|begin| !name.starts_with(begin))
    });
}

#[test]
fn a_change_is_counted_once_whenever_another_vm_begins() {
    for tick in 91..100 {
        check(105, &[tick], |name| name.starts_with("concept_changes"));
    }
}
