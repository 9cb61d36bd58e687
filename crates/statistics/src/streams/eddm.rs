//! EDDM, the early drift detection method: do errors come closer together than they once did? It sees 0 and 1 only, and
//! never a count.
//!
//! It needs the rows in their true order. Fed from counters it means nothing: the distances between errors that are
//! spread evenly over a tick have no variance of their own. It is here for those who have the rows, and the filter has
//! none.
//!
//! It compares the mean distance plus two standard deviations with the largest that this was. After 30 errors both are
//! little more than guesses, so false alarms are frequent: river's own answers have 13 in 5,000 rows with a constant
//! error rate of 0.2.
//!
//! Reference: M. Baena-García, J. del Campo-Ávila, R. Fidalgo, A. Bifet, R. Gavaldà, R. Morales-Bueno (2006), "Early
//! Drift Detection Method", Fourth International Workshop on Knowledge Discovery from Data Streams.

use super::{Detector, Rule, Signal};

/// What it takes to signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Nothing is compared before there are more errors than this, and no maximum is taken before there are more rows:
    /// 30.
    pub warm_start: u32,
    /// Below which share of the maximum it warns, from 0 to 1: 0.95. The paper's alpha.
    pub warning_level: f64,
    /// Below which share of the maximum it is a drift, from 0 to the level of a warning: 0.9. The paper's beta.
    pub drift_level: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { warm_start: 30, warning_level: 0.95, drift_level: 0.9 }
    }
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// Rows since the last drift.
    pub rows: u64,
    /// Errors among them.
    pub errors: u64,
    /// The number of the last row that was an error, the first row being 1; 0 before the first error.
    pub last_error: u64,
    /// The mean distance of an error from the one before it, in rows. The first error counts from the beginning.
    pub distance_mean: f64,
    /// The sum of squared deviations of distances from their mean.
    pub distance_squared_deviations: f64,
    /// The largest mean distance plus two standard deviations; 0 before the first.
    pub maximum: f64,
    /// What was found at the last error.
    pub signal: Signal,
}

/// The detector. It takes less than 100 bytes; an error costs one square root, other rows nothing.
pub type Eddm = Detector<Settings>;

impl Rule for Settings {
    type Observation = bool;
    type State = State;

    fn is_valid(&self) -> bool {
        0.0 <= self.drift_level
            && self.drift_level <= self.warning_level
            && self.warning_level <= 1.0
    }

    fn is_possible(state: &State) -> bool {
        let positive = [state.distance_mean, state.distance_squared_deviations, state.maximum];
        positive.iter().all(|it| it.is_finite() && 0.0 <= *it)
            && state.errors <= state.last_error
            && state.last_error <= state.rows
            && (state.errors == 0) == (state.last_error == 0)
            && (state.signal == Signal::Stable || state.maximum != 0.0)
    }

    fn signal(state: &State) -> Signal {
        state.signal
    }

    /// A row, which is an error or not.
    fn observe(&self, state: &mut State, is_error: bool) {
        state.rows = state.rows.saturating_add(1);
        if !is_error {
            return;
        }
        state.errors = state.errors.saturating_add(1);
        let distance = state.rows.saturating_sub(state.last_error) as f64;
        state.last_error = state.rows;
        let from_former_mean = distance - state.distance_mean;
        state.distance_mean += (1.0 / state.errors as f64) * from_former_mean;
        state.distance_squared_deviations += from_former_mean * (distance - state.distance_mean);
        let warm_start = u64::from(self.warm_start);
        if state.rows <= warm_start {
            return;
        }
        let degrees = state.errors.saturating_sub(1).max(1) as f64;
        let deviation = libm::sqrt((state.distance_squared_deviations / degrees).max(0.0));
        let now = state.distance_mean + 2.0 * deviation;
        // As in river, a new maximum leaves a warning as it is.
        if state.maximum < now {
            state.maximum = now;
        } else if warm_start < state.errors {
            let level = now / state.maximum;
            state.signal = if level < self.drift_level {
                Signal::Drift
            } else if level < self.warning_level {
                Signal::Warning
            } else {
                Signal::Stable
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_come_closer_together_are_a_drift() {
        let mut eddm = Eddm::default();
        let mut every = |distance: u32, rows: u32| {
            (1..=rows).map(|row| eddm.update(row % distance == 0)).max().unwrap()
        };
        assert_eq!(every(20, 2000), Signal::Stable);
        // Those few mixed with many make the deviation grow first, and later the mean shrinks.
        assert_eq!(every(2, 4000), Signal::Drift);
    }

    #[test]
    fn impossible_settings_and_states_are_refused() {
        let with = |warning_level, drift_level| {
            Eddm::new(Settings { warning_level, drift_level, ..Settings::default() })
        };
        assert!(with(1.0, 0.0).is_some());
        for (warning, drift) in [(0.9, 0.95), (1.1, 0.9), (0.9, -0.1), (f64::NAN, 0.1)] {
            assert_eq!(with(warning, drift), None, "{warning} {drift}");
        }
        let some = State {
            rows: 100,
            errors: 10,
            last_error: 99,
            distance_mean: 9.9,
            distance_squared_deviations: 50.0,
            maximum: 15.0,
            signal: Signal::Warning,
        };
        let restored = |state| Eddm::restored(Settings::default(), state);
        assert_eq!(restored(some).unwrap().state(), &some);
        for wrong in [
            State { rows: 98, ..some },
            State { errors: 100, ..some },
            State { errors: 0, ..some },
            State { last_error: 0, ..some },
            State { distance_mean: f64::NAN, ..some },
            State { distance_squared_deviations: -1.0, ..some },
            State { maximum: f64::INFINITY, ..some },
            State { maximum: 0.0, ..some },
        ] {
            assert_eq!(restored(wrong), None, "{wrong:?}");
        }
    }
}
