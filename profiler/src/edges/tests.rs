//! Where edges lie, with ties and without; what is counted in the bins is tested with the column.

use super::*;

#[test]
fn edges_lie_above_values_that_hold_their_share() {
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(edges(&hundred, 4, false), [25.5, 50.5, 75.5]);
    assert_eq!(edges(&[1.0, 2.0, 3.0], 2, false), [2.5]);
    assert_eq!(edges(&[1.0], 20, false), [1.0 + f64::from(f32::EPSILON)]);
    // 3000 * 3 / 20 is exactly 450; 3000 * 0.15 is not.
    let many: Vec<f64> = (1..=3000).map(f64::from).collect();
    assert_eq!(edges(&many, 20, false)[2], 450.5);
}

#[test]
fn norms_that_are_the_same_are_on_one_side_of_every_edge() {
    let unit = |jitter: i32| 1.0 + f64::from(jitter) * 1e-7;
    let mut sorted: Vec<f64> = (-3..=3).map(unit).collect();
    sorted.extend([1.5, 2.0, 2.0 + 1e-7]);
    // 2 and its neighbour are the largest norm.
    assert_eq!(
        edges(&sorted, 10, true),
        [(unit(3) + 1.5) / 2.0, 1.75, (2.0 + 1e-7) * (1.0 + 1.0 / 256.0)]
    );
    // A norm of its own has an edge of its own.
    assert_eq!(edges(&[1.0, 1.1, 1.2], 3, true), edges(&[1.0, 1.1, 1.2], 3, false));
}

#[test]
fn tied_values_share_one_edge() {
    assert_eq!(edges(&[0.0, 0.0, 0.0, 0.0, 1.0, 2.0], 6, false), [0.5, 1.5]);
}

#[test]
fn an_edge_above_all_values_is_above_what_they_are_rounded_to() {
    let edge = edges(&[0.5, 7.7, 7.7, 7.7], 4, false)[1];
    for precision in Precision::ALL {
        assert!(precision.round(7.7) <= edge && edge < 7.75, "{precision:?} {edge}");
    }
    // Half a number has no exponent for it.
    assert!((1e6..1.01e6).contains(&above(1e6)));
}

/// Random neighbours, close and far, at all sizes, those around powers of two included.
#[test]
fn an_edge_keeps_neighbours_apart_wherever_the_precision_does() {
    let mut state = 7_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (mut apart, mut merged) = (0, 0);
    for _ in 0..200_000 {
        let size = 2_f64.powi((random() * 50.0) as i32 - 30);
        let near_power = if random() < 0.5 { 1.0 } else { 1.0 + random() };
        let step = 2_f64.powi(-(random() * 30.0) as i32);
        let sign = if random() < 0.5 { -1.0 } else { 1.0 };
        let a = sign * size * (near_power - step * random());
        let b = sign * size * (near_power + step * random());
        let (low, high) = (a.min(b), a.max(b));
        if low == high {
            continue;
        }
        let edge = between(low, high);
        assert!(low <= edge && edge < high, "{low:e} {high:e} {edge:e}");
        for precision in Precision::ALL {
            let (rounded_low, rounded_high) = (precision.round(low), precision.round(high));
            if rounded_low < rounded_high {
                apart += 1;
                assert!(
                    rounded_low <= edge && edge < rounded_high,
                    "{precision:?}: {low:e} {high:e} {edge:e}"
                );
            } else {
                merged += 1;
            }
        }
    }
    assert!(100_000 < apart && 10_000 < merged, "{apart} {merged}");
}

const BINS: usize = 20;

/// Rows in each bin.
fn counted(sorted: &[f64], edges: &[f64]) -> Vec<usize> {
    let mut counts = vec![0; edges.len() + 1];
    sorted.iter().for_each(|x| counts[edges.partition_point(|edge| edge < x)] += 1);
    counts
}

/// So many rows of each value, then all different ones from `from` up.
fn tied(ties: &[(f64, usize)], others: usize, from: f64) -> Vec<f64> {
    let mut values: Vec<f64> =
        ties.iter().flat_map(|(value, rows)| std::iter::repeat_n(*value, *rows)).collect();
    values.extend((0..others).map(|n| from + n as f64 / 16.0));
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn distributions() -> Vec<(&'static str, Vec<f64>)> {
    vec![
        ("90 % zeros", tied(&[(0.0, 9_000)], 1_000, 1.0)),
        ("97 % zeros", tied(&[(0.0, 9_700)], 300, 1.0)),
        ("99.99 % zeros", tied(&[(0.0, 9_999)], 1, 1.0)),
        ("zeros in the middle", tied(&[(0.0, 9_700)], 300, -9.03)),
        ("heavy at the maximum", tied(&[(7.7, 9_000)], 1_000, -1_000.0)),
        ("two heavy values", tied(&[(0.3, 4_000), (20.1, 5_000)], 1_000, 0.33)),
        ("two heavy neighbours", tied(&[(0.3, 4_000), (0.31, 5_000)], 1_000, -5.0)),
        ("heavy only without the other", tied(&[(0.0, 9_700), (3.01, 40)], 260, 1.0)),
        (
            "nine heavy values",
            tied(&[1, 2, 3, 4, 5, 6, 7, 8, 9].map(|n| (f64::from(n) + 0.01, 600)), 160, 0.0),
        ),
        ("integers", (0..10_000).map(|n| f64::from(n * n / 1_000_000)).collect()),
        ("fewer values than bins", tied(&[(0.5, 10), (1.5, 1), (9.5, 300)], 0, 0.0)),
        ("all different", tied(&[], 10_000, 0.0)),
        ("constant", tied(&[(5.0, 100)], 0, 0.0)),
        ("one row", vec![0.1]),
    ]
}

/// The rows of each value that more than one part in `bins` of all rows have.
fn heavy(sorted: &[f64], bins: usize) -> Vec<(f64, usize)> {
    let runs = sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len()));
    runs.filter(|(_, rows)| sorted.len() < rows * bins).collect()
}

#[test]
fn a_heavy_value_is_alone_in_its_bin_and_no_row_is_lost() {
    for (name, sorted) in distributions() {
        let edges = edges(&sorted, BINS, false);
        assert!(edges.is_sorted_by(|a, b| a < b), "{name}: {edges:?}");
        let counts = counted(&sorted, &edges);
        assert!(counts.len() <= BINS, "{name}: {counts:?}");
        assert_eq!(counts.iter().sum::<usize>(), sorted.len(), "{name}");
        let heavy = heavy(&sorted, BINS);
        let (inner, last) = counts.split_at(counts.len() - 1);
        assert!(inner.iter().all(|count| *count != 0), "{name}: {counts:?}");
        // Only a largest value that is heavy has an empty bin above it.
        let is_heavy_at_the_top =
            heavy.last().is_some_and(|(value, _)| Some(value) == sorted.last());
        assert!(last[0] != 0 || is_heavy_at_the_top, "{name}: {counts:?}");
        for (value, rows) in heavy {
            let bin = edges.partition_point(|edge| *edge < value);
            assert_eq!(counts[bin], rows, "{name}: {value} in {edges:?}");
            for precision in Precision::ALL {
                let rounded = precision.round(value);
                let found = edges.partition_point(|edge| *edge < rounded);
                // Where a precision merges two neighbours, no edge keeps them apart.
                let is_merged =
                    sorted.iter().any(|x| *x != value && precision.round(*x) == rounded);
                assert!(found == bin || is_merged, "{name}: {precision:?} {value} {edges:?}");
            }
        }
    }
}

/// What is left over gets all bins that are left.
#[test]
fn ties_cost_the_other_rows_no_bins() {
    for (name, bins) in [
        ("90 % zeros", 20),
        ("97 % zeros", 20),
        ("zeros in the middle", 20),
        ("heavy at the maximum", 20),
        ("two heavy values", 20),
        ("two heavy neighbours", 20),
        ("heavy only without the other", 20),
        ("nine heavy values", 20),
        ("99.99 % zeros", 2),
        ("constant", 2),
    ] {
        let all = distributions();
        let (_, sorted) = all.iter().find(|(other, _)| *other == name).unwrap();
        let counts = counted(sorted, &edges(sorted, BINS, false));
        assert_eq!(counts.len(), bins, "{name}: {counts:?}");
    }
    // 300 rows in 19 bins, at most one more or less in each.
    let sorted = tied(&[(0.0, 9_700)], 300, 1.0);
    let counts = counted(&sorted, &edges(&sorted, BINS, false));
    assert_eq!(counts[0], 9_700);
    assert!(counts[1..].iter().all(|count| [15, 16].contains(count)), "{counts:?}");
}

/// Of 13 values with gaps between all of them, the gaps with the fewest rows have no bin of their own.
#[test]
fn more_heavy_values_than_bins_between_them_join_the_fewest_rows() {
    let ties: Vec<(f64, usize)> = (1..=13).map(|n| (f64::from(n), 700)).collect();
    let mut sorted = tied(&ties, 0, 0.0);
    for gap in 0..14_i32 {
        sorted.extend((0..=gap).map(|n| f64::from(gap) + 0.3 + f64::from(n) / 100.0));
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let edges = edges(&sorted, BINS, false);
    let counts = counted(&sorted, &edges);
    assert_eq!(counts.len(), BINS);
    assert_eq!(counts.iter().sum::<usize>(), sorted.len());
    assert_eq!(counts.iter().filter(|count| **count == 700).count(), 6, "{counts:?}");
    // The first seven gaps, of 1 to 7 rows, are with the value above them.
    assert_eq!(counts[..7], [701, 702, 703, 704, 705, 706, 707]);
}

/// The quantiles of `inverted_cdf`, as before there was anything special about ties.
#[test]
fn without_heavy_values_all_edges_are_quantiles() {
    let mut state = 3_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as usize
    };
    for rows in [400, 401, 2_999, 3_000] {
        for different in [50, 97, 1_000_000] {
            for bins in [2, 7, 20] {
                let mut sorted: Vec<f64> =
                    (0..rows).map(|_| (random() % different) as f64 / 7.0).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                if !heavy(&sorted, bins).is_empty() {
                    continue;
                }
                let mut expected: Vec<f64> = (1..bins)
                    .map(|k| {
                        let last = sorted[(rows * k).div_ceil(bins) - 1];
                        between(last, sorted[sorted.partition_point(|x| *x <= last)])
                    })
                    .collect();
                expected.dedup();
                assert_eq!(edges(&sorted, bins, false), expected, "{rows} {different} {bins}");
            }
        }
    }
}

/// The jitter of unit vectors is one value, wherever it lies.
#[test]
fn norms_that_are_the_same_are_one_heavy_value() {
    let unit = (0..9_000).map(|n| 1.0 + f64::from(n % 7 - 3) * 1e-7);
    for (from, bins) in [(2.0, 20), (0.5, 20), (0.01, 20)] {
        let mut sorted: Vec<f64> = unit.clone().collect();
        sorted.extend((0..1_000).map(|n| from + f64::from(n) / 2_000.0 + 1e-4));
        sorted.sort_unstable_by(f64::total_cmp);
        let counts = counted(&sorted, &edges(&sorted, BINS, true));
        assert_eq!(counts.len(), bins, "{from}: {counts:?}");
        assert!(counts.contains(&9_000), "{from}: {counts:?}");
        assert!(counts.iter().all(|count| *count == 9_000 || *count < 70), "{from}: {counts:?}");
    }
}
