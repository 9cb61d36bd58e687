//! The edges of quantile bins over sorted values, without interpolation; it keeps no values.

use driftline_statistics::value::Precision;

/// The edges of `bins` bins over `sorted`, which is in ascending order and not empty.
///
/// The last value below edge `k` is the smallest one that at least `k/bins` of the values do not exceed, for `k` from 1
/// to `bins - 1`; equal edges become one. The edge lies [between](between) it and the next larger value. Among norms it
/// lies in the widest gap within their [tolerance](Precision::tolerance) above that value, so that norms that are the same
/// are on one side of it.
pub(crate) fn edges(sorted: &[f64], bins: usize, are_norms: bool) -> Vec<f64> {
    let mut values: Vec<f64> = (1..bins)
        .filter_map(|k| {
            // Whole numbers throughout: 3000 * 0.15 in floating point may exceed 450.
            let rank = (sorted.len() as u128 * k as u128).div_ceil(bins as u128) as usize;
            sorted.get(rank.saturating_sub(1)).copied()
        })
        .collect();
    values.dedup();
    let edge = |value: f64| {
        let next = sorted.partition_point(|other| *other <= value);
        sorted.get(next).map_or_else(|| above(value), |next| between(value, *next))
    };
    let edge_of_norms = |value: f64| match widest_gap(sorted, value) {
        Some(value) => edge(value),
        None => {
            sorted.last().map_or(value, |last| last + last * Precision::BrainNorm.tolerance() / 2.0)
        }
    };
    let mut edges: Vec<f64> = match are_norms {
        true => values.into_iter().map(edge_of_norms).collect(),
        false => values.into_iter().map(edge).collect(),
    };
    edges.dedup();
    edges
}

/// The value below the widest gap between neighbours, of those that are the same norm as this one and not less; `None` if
/// the largest value is one of them.
fn widest_gap(sorted: &[f64], value: f64) -> Option<f64> {
    let from = sorted.partition_point(|other| *other < value);
    let same = sorted.get(from..).unwrap_or_default();
    let end = same.partition_point(|other| Precision::Norm.same(*other, value));
    // With the first one that is another norm.
    let gaps = same.get(..=end)?.windows(2).filter_map(|pair| match pair {
        [low, high] => Some((*low, high - low)),
        _ => None,
    });
    gaps.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(low, _)| low)
}

/// An edge that keeps two neighbours apart, in every precision that keeps them apart: `low` and what it is rounded to do
/// not exceed it, `high` and what it is rounded to do. Their middle nearly always does.
fn between(low: f64, high: f64) -> f64 {
    let (mut least, mut beyond) = (low, high);
    for precision in Precision::ALL {
        let (rounded_low, rounded_high) = (precision.round(low), precision.round(high));
        if rounded_low < rounded_high {
            least = least.max(rounded_low);
            beyond = beyond.min(rounded_high);
        }
    }
    let middle = |a: f64, b: f64| a + (b - a) / 2.0;
    let edge = middle(low, high);
    match edge {
        edge if least <= edge && edge < beyond => edge,
        // Only where a precision has fewer places below a power of two than above it.
        _ if least < beyond => least.max(middle(least, beyond).min(beyond.next_down())),
        // Doubles that are neighbours have nothing between them.
        _ => low,
    }
}

/// An edge above the largest value: what that is rounded to does not exceed it, nor what was rounded to that as a single.
fn above(value: f64) -> f64 {
    let last_place = value.abs() * f64::from(f32::EPSILON);
    let rounded = Precision::ALL.map(|precision| precision.round(value));
    rounded.into_iter().filter(|rounded| rounded.is_finite()).fold(value + last_place, f64::max)
}

#[cfg(test)]
mod tests {
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
}
