//! DDM, the drift detection method: has the error rate risen above the lowest that there was? It sees 0 and 1 only, and
//! never a rate that falls.
//!
//! While a model is as good as ever, its error rate `p` after `n` rows has the standard deviation `s = sqrt(p (1 - p) /
//! n)`. The detector keeps the smallest `p + s` so far, and compares with it: two deviations above are a warning, three
//! a drift.
//!
//! The smallest of many rates is smaller than the true one by chance. After the 30 rows that the paper asks for, a rate
//! is little more than a guess, and false alarms are frequent; so 500 rows are the default here.
//!
//! A model without any error before the warm start ends has a minimum of 0, and its first error is a drift. Where
//! errors are rarer than one in 100 rows, ask for a longer warm start.
//!
//! Reference: J. Gama, P. Medas, G. Castillo, P. Rodrigues (2004), "Learning with Drift Detection", Advances in
//! Artificial Intelligence, SBIA 2004.

use super::{Detector, Rule, Signal};

/// What it takes to signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Nothing is compared before there are more rows than this. 500 here; 30 in the paper and in river.
    pub warm_start_rows: u32,
    /// How many deviations above the minimum are a warning: 2. Not negative.
    pub warning_deviations: f64,
    /// How many deviations above the minimum are a drift: 3. Finite, and no fewer than for a warning.
    pub drift_deviations: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { warm_start_rows: 500, warning_deviations: 2.0, drift_deviations: 3.0 }
    }
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// Rows since the last drift.
    pub rows: u64,
    /// The share of errors in them, from 0 to 1.
    pub error_rate: f64,
    /// The rate when it and its deviation were smallest together; `None` during the warm start.
    pub minimum: Option<Minimum>,
    /// What was found at the last row.
    pub signal: Signal,
}

/// An error rate and its standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum {
    /// From 0 to 1.
    pub error_rate: f64,
    /// From 0 to 0.5.
    pub deviation: f64,
}

/// The detector. It takes less than 100 bytes, and a row costs one square root.
pub type Ddm = Detector<Settings>;

impl Rule for Settings {
    type Observation = bool;
    type State = State;

    fn is_valid(&self) -> bool {
        0.0 <= self.warning_deviations
            && self.warning_deviations <= self.drift_deviations
            && self.drift_deviations.is_finite()
    }

    fn is_possible(state: &State) -> bool {
        let has_minimum = state.minimum.is_some_and(|it| {
            (0.0..=1.0).contains(&it.error_rate) && (0.0..=0.5).contains(&it.deviation)
        });
        (0.0..=1.0).contains(&state.error_rate)
            && (has_minimum || (state.minimum.is_none() && state.signal == Signal::Stable))
            && (state.rows != 0 || *state == State::default())
    }

    fn signal(state: &State) -> Signal {
        state.signal
    }

    /// A row, which is an error or not.
    fn observe(&self, state: &mut State, is_error: bool) {
        state.rows = state.rows.saturating_add(1);
        let rows = state.rows as f64;
        let error = if is_error { 1.0 } else { 0.0 };
        // In river's order of operations, so that rates that are equal there are equal here. Rounding may pass 1.
        state.error_rate += (1.0 / rows) * (error - state.error_rate);
        state.error_rate = state.error_rate.clamp(0.0, 1.0);
        if state.rows <= u64::from(self.warm_start_rows) {
            return;
        }
        let error_rate = state.error_rate;
        let deviation = libm::sqrt(error_rate * (1.0 - error_rate) / rows);
        let now = error_rate + deviation;
        let minimum = state
            .minimum
            .filter(|it| it.error_rate + it.deviation < now)
            .unwrap_or(Minimum { error_rate, deviation });
        let exceeds = |deviations: f64| minimum.error_rate + deviations * minimum.deviation < now;
        state.signal = if exceeds(self.drift_deviations) {
            Signal::Drift
        } else if exceeds(self.warning_deviations) {
            Signal::Warning
        } else {
            Signal::Stable
        };
        state.minimum = Some(minimum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_ever_is_a_drift() {
        let mut ddm = Ddm::default();
        assert!((0..10_000).all(|_| ddm.update(false) == Signal::Stable));
        assert_eq!(ddm.update(true), Signal::Drift);
        assert_eq!(ddm.update(true), Signal::Stable);
        assert_eq!(ddm.state().rows, 1, "it begins anew");
    }

    #[test]
    fn impossible_settings_and_states_are_refused() {
        let with = |warning, drift| {
            Ddm::new(Settings {
                warning_deviations: warning,
                drift_deviations: drift,
                ..Settings::default()
            })
        };
        assert!(with(0.0, 0.0).is_some());
        for (warning, drift) in [(3.0, 2.0), (-1.0, 2.0), (f64::NAN, 3.0), (2.0, f64::INFINITY)] {
            assert_eq!(with(warning, drift), None, "{warning} {drift}");
        }
        let minimum = Some(Minimum { error_rate: 0.1, deviation: 0.01 });
        let some = State { rows: 900, error_rate: 0.1, minimum, signal: Signal::Warning };
        let restored = |state| Ddm::restored(Settings::default(), state);
        assert_eq!(restored(some).unwrap().state(), &some);
        for wrong in [
            State { rows: 0, ..some },
            State { error_rate: 1.5, ..some },
            State { error_rate: f64::NAN, ..some },
            State { minimum: None, ..some },
            State { minimum: Some(Minimum { error_rate: -0.1, deviation: 0.1 }), ..some },
            State { minimum: Some(Minimum { error_rate: 0.1, deviation: f64::NAN }), ..some },
        ] {
            assert_eq!(restored(wrong), None, "{wrong:?}");
        }
    }
}
