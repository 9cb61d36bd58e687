//! The change of the share of rows without a value, and how surprising it is; it does not ask which rows they are.
//!
//! Reference: the pooled z-test of two proportions, as in J. L. Fleiss, B. Levin, M. C. Paik (2003), "Statistical
//! Methods for Rates and Proportions", 3rd edition, chapter 3.

use super::{Compared, NullCounts};

/// How the share of nulls changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NullRatio {
    /// Live share less reference share, from -1 to 1.
    pub change: f64,
    /// The change in standard errors: beyond 3 in either direction it is hardly chance. 0 where both sides have no
    /// null at all, or nothing but nulls.
    pub z: f64,
}

/// Compares the two shares; `None` if either side has no rows, or more nulls than rows.
#[must_use]
pub fn null_ratio(reference: NullCounts, live: NullCounts) -> Option<NullRatio> {
    let share = |side: NullCounts| {
        (side.rows != 0 && side.nulls <= side.rows).then(|| side.nulls as f64 / side.rows as f64)
    };
    let change = share(live)? - share(reference)?;
    let (reference_rows, live_rows) = (reference.rows as f64, live.rows as f64);
    let pooled = (reference.nulls as f64 + live.nulls as f64) / (reference_rows + live_rows);
    let variance = pooled * (1.0 - pooled) * (1.0 / reference_rows + 1.0 / live_rows);
    let z = if variance == 0.0 { 0.0 } else { change / libm::sqrt(variance) };
    Some(NullRatio { change, z })
}

/// By how much the share rose, by how much it fell, and how many standard errors that is.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 3] {
    let found = null_ratio(compared.reference_presence, compared.live_presence);
    found.map_or([0.0; 3], |it| [it.change.max(0.0), (-it.change).max(0.0), libm::fabs(it.z)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: (u64, u64), live: (u64, u64), change: f64, z: f64) {
        let side = |(nulls, rows)| NullCounts { nulls, rows };
        let found = null_ratio(side(reference), side(live)).unwrap();
        assert!((found.change - change).abs() < 1e-12, "{found:?}");
        assert!((found.z - z).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn known_answers() {
        // statsmodels.stats.proportion.proportions_ztest([20, 10], [100, 200]): 4.082482904638631
        check((10, 200), (20, 100), 0.15, 4.082_482_904_638_631);
        check((20, 100), (10, 200), -0.15, -4.082_482_904_638_631);
    }

    #[test]
    fn sides_that_never_differ_have_no_z() {
        check((0, 9), (0, 5), 0.0, 0.0);
        check((9, 9), (5, 5), 0.0, 0.0);
    }

    #[test]
    fn nothing_can_be_said_without_rows() {
        let (some, none) = (NullCounts { nulls: 0, rows: 5 }, NullCounts { nulls: 0, rows: 0 });
        assert_eq!(null_ratio(some, none), None);
        assert_eq!(null_ratio(none, some), None);
        assert_eq!(null_ratio(some, NullCounts { nulls: 6, rows: 5 }), None);
    }
}
