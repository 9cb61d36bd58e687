//! What detectors of concept drift say of streams of labels at ten rows a second.

use driftline_random::Random;
use serde_json::{Value, json};

use crate::proxy::{NOW, Proxy, TICK, TICK_ROWS, rain};

/// Ticks before the change.
const BEFORE: u64 = 60;

/// Feeds a stream that changes after [`BEFORE`] ticks, and looks at a detector of it: its change is found within so many
/// ticks, once, and the means are those of before and after.
#[track_caller]
fn check(
    labels: &str,
    ticks_max: u64,
    means: [f64; 2],
    tolerance: f64,
    mut record: impl FnMut(bool) -> Value,
) {
    let proxy = Proxy::new();
    let of = |name: &str| proxy.value(&format!("{name}{{{labels}}}"));
    let state = || proxy.one(&format!("concept_state{{{labels}"));
    let mut tick = |changed: bool| {
        proxy.send(&(0..TICK_ROWS).map(|_| record(changed)).collect::<Vec<_>>());
        proxy.tick_after(TICK);
    };
    for _ in 0..BEFORE {
        tick(false);
        assert_eq!((of("concept_changes_total"), of("concept_changed_timestamp_seconds")), (0, 0));
        assert_ne!(state(), "drift");
    }
    let mut delay = 0;
    while of("concept_changes_total") == 0 {
        tick(true);
        delay += 1;
        assert!(delay <= ticks_max, "{labels}: not found after {delay} ticks");
    }
    assert_eq!((of("concept_changes_total"), state().as_str()), (1, "drift"));
    assert_eq!(of("concept_changed_timestamp_seconds"), NOW + (BEFORE + delay) * TICK.as_secs());
    // It holds for the 100 seconds of the configuration.
    let mut held = 0;
    while state() == "drift" {
        tick(true);
        held += 1;
    }
    let found = ["concept_mean_before_ppm", "concept_mean_after_ppm"].map(|it| of(it) as f64 / 1e6);
    for (found, mean) in found.into_iter().zip(means) {
        assert!((found - mean).abs() <= tolerance, "{labels}: {found} is not {mean}");
    }
    assert_eq!((of("concept_changes_total"), held), (1, 20), "{labels}");
}

#[test]
fn a_jump_of_the_errors_is_found_by_each_detector() {
    for detector in ["adwin", "ddm", "page_hinkley"] {
        let mut random = Random::new(1);
        let labels = format!("model=rain,version=3,detector={detector}");
        check(&labels, 4, [0.1, 0.4], 0.05, |changed| {
            rain(random.uniform() < if changed { 0.4 } else { 0.1 })
        });
    }
}

#[test]
fn a_jump_of_a_figure_is_found() {
    for detector in ["adwin", "page_hinkley"] {
        let mut random = Random::new(2);
        // From 12 to 34 on average, of -10 to 100.
        let labels = format!("model=chat,kpi=revenue,detector={detector}");
        check(&labels, 7, [0.2, 0.4], 0.03, |changed| {
            let mean = if changed { 34.0 } else { 12.0 };
            json!({"model": "chat", "revenue": mean + 10.0 * (random.uniform() - 0.5)})
        });
    }
}

#[test]
fn a_jump_of_a_regressions_errors_is_found() {
    for detector in ["adwin", "page_hinkley"] {
        let mut random = Random::new(3);
        // In standard deviations of the label, which is 2.
        let labels = format!("model=price,detector={detector}");
        check(&labels, 4, [0.3, 1.2], 0.1, |changed| {
            let size = if changed { 1.2 } else { 0.3 };
            let error = 2.0 * (size + 0.4 * (random.uniform() - 0.5));
            let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
            json!({"model": "price", "label": 10, "prediction": 10.0 + sign * error})
        });
    }
}
