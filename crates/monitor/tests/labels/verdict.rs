//! Whether a model is called worse than on its reference, and in which segment.

use driftline_random::Random;
use serde_json::{Value, json};

use crate::proxy::{Proxy, TICK, TICK_ROWS, WINDOW, rain};

/// Ten rows a second for so many windows, and what the verdict says of the fast window, each time that it changes.
#[track_caller]
fn verdicts(
    proxy: &Proxy,
    model: &str,
    windows: u64,
    mut record: impl FnMut() -> Value,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for _ in 0..windows * WINDOW.as_secs() / TICK.as_secs() {
        proxy.send(&(0..TICK_ROWS).map(|_| record()).collect::<Vec<_>>());
        proxy.tick_after(TICK);
        let verdict = proxy.one(&format!("quality_verdict{{model={model},window=fast"));
        if found.last() != Some(&verdict) {
            found.push(verdict);
        }
    }
    found
}

const RAIN: &str = "rain,version=3";

#[test]
fn a_classifier_that_gets_worse_is_a_drift_until_it_recovers() {
    let (proxy, mut random) = (Proxy::new(), Random::new(1));
    proxy.tick_after(TICK);
    assert_eq!(proxy.one("quality_verdict{model=rain,version=3,window=fast"), "insufficient");
    let mut at = |windows, rate| verdicts(&proxy, RAIN, windows, || rain(random.uniform() < rate));
    assert_eq!(at(4, 0.1), ["insufficient", "ok"]);
    assert_eq!(at(2, 0.25), ["ok", "drift"]);
    assert_eq!(at(3, 0.1), ["drift", "ok"]);
}

#[test]
fn a_classifier_that_gets_better_is_no_drift() {
    let (proxy, mut random) = (Proxy::new(), Random::new(2));
    let mut at = |windows, rate| verdicts(&proxy, RAIN, windows, || rain(random.uniform() < rate));
    assert_eq!(at(2, 0.1), ["insufficient", "ok"]);
    assert_eq!(at(5, 0.01), ["ok"]);
    assert_eq!(proxy.one("quality_verdict{model=rain,version=3,window=slow"), "ok");
}

#[test]
fn one_that_was_better_and_is_as_the_reference_again_is_no_drift() {
    let (proxy, mut random) = (Proxy::new(), Random::new(6));
    let better = verdicts(&proxy, RAIN, 6, || rain(random.uniform() < 0.002));
    assert_eq!(better, ["insufficient", "ok"]);
    // So many labels that the window is as the reference at once, while what began before still holds.
    for _ in 0..10 {
        let rows: Vec<_> = (0..200 * TICK_ROWS).map(|number| rain(number % 9 == 0)).collect();
        proxy.send(&rows);
        proxy.tick_after(TICK);
        assert_eq!(proxy.one("quality_verdict{model=rain,version=3,window=fast"), "ok");
    }
}

#[test]
fn a_drift_holds_until_it_recovers_and_then_there_are_no_labels() {
    let (proxy, mut random) = (Proxy::new(), Random::new(7));
    let mut at = |windows, rate| verdicts(&proxy, RAIN, windows, || rain(random.uniform() < rate));
    assert_eq!(at(2, 0.1), ["insufficient", "ok"]);
    assert_eq!(at(1, 0.5), ["ok", "drift"]);
    let mut found = vec!["drift".to_string()];
    for _ in 0..2 * WINDOW.as_secs() / TICK.as_secs() {
        proxy.tick_after(TICK);
        let verdict = proxy.one("quality_verdict{model=rain,version=3,window=fast");
        if found.last() != Some(&verdict) {
            found.push(verdict);
        }
    }
    assert_eq!(found, ["drift", "insufficient"]);
    assert_eq!(proxy.value("labelled_rows{model=rain,version=3,window=fast}"), 0);
    assert_eq!(proxy.value("quality_ppm{model=rain,version=3,window=fast,measure=accuracy}"), 0);
}

#[test]
fn a_regression_is_judged_by_how_far_it_is_off() {
    let (proxy, mut random) = (Proxy::new(), Random::new(3));
    let mut at = |windows, half: f64| {
        verdicts(&proxy, "price", windows, || {
            let error = if random.uniform() < half { 1.0 } else { 0.2 };
            json!({"model": "price", "label": 10, "prediction": 10.0 + error})
        })
    };
    assert_eq!(at(3, 0.5), ["insufficient", "ok"]);
    assert_eq!(at(3, 0.1), ["ok"], "better");
    assert_eq!(at(2, 0.8), ["ok", "drift"]);
    assert_eq!(at(3, 0.5), ["drift", "ok"]);
}

#[test]
fn the_segment_that_got_worse_has_the_first_place() {
    let (proxy, mut random) = (Proxy::new(), Random::new(4));
    let rank =
        |bin| proxy.value(&format!("segment_rank{{model=rain,version=3,feature=dew,bin={bin}}}"));
    let mut feed = |rates: [f64; 2]| {
        for _ in 0..WINDOW.as_secs() / TICK.as_secs() {
            let row = |number| {
                let segment = number as usize % 2;
                let mut row = rain(random.uniform() < rates[segment]);
                row["dew"] = json!([0.5, 2.0][segment]);
                row
            };
            proxy.send(&(0..TICK_ROWS).map(row).collect::<Vec<_>>());
            proxy.tick_after(TICK);
        }
        ["00", "01", "none"].map(rank)
    };
    assert_eq!(feed([0.1, 0.1]), [0, 0, 0]);
    assert_eq!(feed([0.1, 0.3]), [0, 1, 0]);
    assert_eq!(feed([0.4, 0.3]), [1, 2, 0], "the one where the error rose most comes first");
    assert_eq!(feed([0.02, 0.1]), [0, 0, 0]);
}
