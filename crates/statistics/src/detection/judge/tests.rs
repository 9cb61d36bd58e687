//! Reasons of shifts and of deviations that change, by expected counts of a normal law.

use alloc::vec::Vec;

use super::{super::total, *};
use crate::drift::probability::{normal_quantile, normal_survival};

const BINS: usize = 20;

/// What is found of 4,000 rows of a normal law with this mean and deviation, in bins of equal shares of a standard one.
fn found(mean: f64, deviation: f64) -> Option<DriftReason> {
    let beyond = |bin: usize| {
        let exceeded = 1.0 - bin as f64 / BINS as f64;
        let upper =
            |it: f64| if it <= 0.5 { normal_quantile(it) } else { -normal_quantile(1.0 - it) };
        match bin {
            0 => 1.0,
            BINS => 0.0,
            _ => normal_survival((upper(exceeded) - mean) / deviation),
        }
    };
    let live: Vec<u64> =
        (0..BINS).map(|bin| (4000.0 * (beyond(bin) - beyond(bin + 1))) as u64).collect();
    let reference = ReferenceRows {
        bins: &[1000; BINS],
        binned: 20_000,
        effective: 20_000.0,
        unset: 0,
        positions: None,
        has_classes: false,
        is_on_line: true,
        has_range: false,
        by_hour: None,
    };
    let live = LiveRows {
        bins: &live,
        binned: total(&live),
        unset: 0,
        unusable: 0,
        outside: 0,
        tail_distance: [0, 0],
    };
    let limits = Limits { nats: 20.0, rows_min: 50, materiality: Materiality::DEFAULT };
    let judge = Judge::new(&limits, &reference);
    judge.look(&reference, &live, Clusters { found: 1.0, assumed: 1.0 }, 2.0)
}

#[test]
fn a_shift_is_one_of_location_however_large() {
    assert_eq!(found(0.0, 1.0), None);
    for mean in [0.5, 1.0, 2.0, 3.0, 10.0] {
        assert_eq!(found(mean, 1.0), Some(DriftReason::Location), "+{mean}");
        assert_eq!(found(-mean, 1.0), Some(DriftReason::Location), "-{mean}");
    }
}

#[test]
fn a_deviation_that_changes_is_one_of_spread() {
    for deviation in [0.01, 0.5, 1.6, 3.0, 100.0] {
        assert_eq!(found(0.0, deviation), Some(DriftReason::Spread), "x {deviation}");
        assert_eq!(found(0.1, deviation), Some(DriftReason::Spread), "x {deviation}, +.1");
    }
}
