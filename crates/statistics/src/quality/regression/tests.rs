//! Sums of errors against the rows that were counted in them.

use super::*;
use driftline_random::Random;
use std::vec::Vec;

fn sums(scale: &TargetScale, rows: &[(f64, f64)]) -> RegressionSums {
    let each = rows.iter().map(|&(prediction, label)| scale.row(prediction, label).unwrap());
    each.fold(RegressionSums::default(), RegressionSums::plus)
}

#[test]
fn a_row_adds_its_errors() {
    let scale = TargetScale::new(10.0, 2.0).unwrap();
    let found = scale.row(7.0, 12.0).unwrap();
    let expected = RegressionSums {
        rows: 1,
        below: 2500,
        squares: 6,
        square_millionths: 250_000,
        label_above: 1000,
        label_squares: 1,
        relative_rows: 1,
        relative: 4167,
        ..RegressionSums::default()
    };
    assert_eq!(found, expected);
    let numbered = core::array::from_fn(|index| index as u64);
    assert_eq!(RegressionSums::of_counters(numbered).to_counters(), numbered);
}

/// Rows on the grid of the counters lose nothing.
#[test]
fn measures_are_exact_to_the_unit() {
    let mut random = Random::new(5);
    for scale in [(0.0, 1.0), (1e6, 0.25), (-3.0, 64.0)] {
        let scale = TargetScale::new(scale.0, scale.1).unwrap();
        let mut grid =
            |far: usize| (random.below(far * 2000) as f64 / 1000.0 - far as f64) * scale.deviation;
        let rows: Vec<(f64, f64)> = (0..500)
            .map(|_| {
                let label = scale.mean + grid(3) + 40.0 * scale.deviation;
                (label + grid(2), label)
            })
            .collect();
        let found = sums(&scale, &rows);
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            rows.iter().map(|&(p, y)| of(p, y)).sum::<f64>() / rows.len() as f64
        };
        let centre = mean(&|_, y| y);
        let (squares, spread) = (mean(&|p, y| (p - y).powi(2)), mean(&|_, y| (y - centre).powi(2)));
        for (found, expected) in [
            (found.mean_absolute_error(&scale), mean(&|p, y| (p - y).abs())),
            (found.bias(&scale), mean(&|p, y| p - y)),
            (found.mean_squared_error(&scale), squares),
            (found.root_mean_squared_error(&scale), squares.sqrt()),
            (found.r2(), 1.0 - squares / spread),
        ] {
            let found = found.unwrap();
            let error = (found - expected).abs();
            assert!(error < 1e-9 * expected.abs().max(1.0), "{found} {expected}");
        }
        let relative = mean(&|p, y| ((p - y) / y).abs());
        let error = found.mean_absolute_percentage_error().unwrap() - relative;
        assert!(error.abs() < 5e-5, "{error}");
    }
}

/// Rows off the grid are rounded to it.
#[test]
fn measures_of_any_rows_are_within_half_a_unit() {
    let mut random = Random::new(6);
    let scale = TargetScale::new(0.0, 1.0).unwrap();
    let rows: Vec<(f64, f64)> = (0..3000)
        .map(|_| {
            let label = random.irwin_hall();
            (label + random.irwin_hall() * 0.02, label)
        })
        .collect();
    let found = sums(&scale, &rows);
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        rows.iter().map(|&(p, y)| of(p, y)).sum::<f64>() / rows.len() as f64
    };
    for (found, expected) in [
        (found.mean_absolute_error(&scale), mean(&|p, y| (p - y).abs())),
        (found.bias(&scale), mean(&|p, y| p - y)),
        (found.root_mean_squared_error(&scale), mean(&|p, y| (p - y).powi(2)).sqrt()),
    ] {
        assert!((found.unwrap() - expected).abs() < 0.000_5, "{found:?} {expected}");
    }
}

#[test]
fn what_is_out_of_this_world_is_clamped_and_flagged() {
    let scale = TargetScale::new(0.0, 1.0).unwrap();
    for (prediction, label, clamped) in [
        (1001.0, 1.0, 0),
        (1001.5, 1.0, 1),
        (-1001.0, 1.0, 1),
        (1e9, 1e9, 1),
        (0.5, 1e-4, 1),
        (f64::MAX, -f64::MAX, 1),
        (0.0, 0.0, 0),
    ] {
        let found = scale.row(prediction, label).unwrap();
        assert_eq!(found.clamped, clamped, "{prediction} {label}");
        for (index, sum) in found.to_counters().into_iter().enumerate() {
            assert!(sum.checked_mul(1_000_000_000_000).is_some(), "{index}: {sum}");
        }
    }
    let extreme = TargetScale::new(f64::MAX, f64::MIN_POSITIVE).unwrap();
    let found = extreme.row(-f64::MAX, f64::MIN_POSITIVE).unwrap();
    assert_eq!((found.below, found.label_below, found.clamped), (1_000_000, 1_000_000, 1));
}

#[test]
fn what_is_not_defined_is_none() {
    let scale = TargetScale::new(0.0, 1.0).unwrap();
    for (mean, deviation) in
        [(0.0, 0.0), (0.0, -1.0), (f64::NAN, 1.0), (0.0, f64::NAN), (0.0, f64::INFINITY)]
    {
        assert_eq!(TargetScale::new(mean, deviation), None, "{mean} {deviation}");
    }
    assert_eq!([scale.row(f64::NAN, 0.0), scale.row(0.0, f64::INFINITY)], [None; 2]);
    let none = RegressionSums::default();
    assert_eq!([none.mean_absolute_error(&scale), none.bias(&scale), none.r2()], [None; 3]);
    // One label in all rows, far from the reference's mean: its variance is 0, not a rounding error.
    let constant = sums(&scale, &[(100.0, 100.1); 7]);
    assert_eq!(constant.r2(), None);
    let zeros = sums(&scale, &[(1.0, 0.0), (2.0, 0.0)]);
    assert_eq!(zeros.mean_absolute_percentage_error(), None);
    assert_eq!(sums(&scale, &[(1.0, 0.0), (3.0, 2.0)]).mean_absolute_percentage_error(), Some(0.5));
}

#[test]
fn full_counters_do_not_panic() {
    let scale = TargetScale::new(0.0, 1.0).unwrap();
    let full = RegressionSums::of_counters([u64::MAX; RegressionSums::COUNTERS]);
    assert_eq!(full.plus(full), full);
    assert!(full.mean_squared_error(&scale).unwrap().is_finite());
    assert!(full.r2().is_none_or(f64::is_finite));
}
