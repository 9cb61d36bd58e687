//! The Page-Hinkley test: has the mean of a stream moved away from its own past? It never stores an observation.
//!
//! Two sums add up how far observations are from the mean so far, one less and one more a small tolerance. A sum that
//! has climbed by more than the threshold from its lowest point is a drift upwards; one that has fallen by as much from
//! its highest is a drift downwards. Each step forgets a little of the sums.
//!
//! Tolerance and threshold are in units of the observations, whatever their deviation. The defaults are for errors of 0
//! and 1; divide other numbers by a scale first, so that most of them are between 0 and 1. A threshold of 50 is for
//! error rates of up to about 0.1: the larger the rate, the larger the deviation, and the more false alarms.
//!
//! Reference: E. S. Page (1954), "Continuous Inspection Schemes", Biometrika 41(1/2).

use super::{Detector, Rule, Signal, signal::is_usable};

/// What it takes to signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Nothing is compared before there are this many observations: 30.
    pub observations_min: u32,
    /// The distance from the mean that is tolerated, in units of the observations: 0.005.
    pub delta: f64,
    /// How far a sum must move, in units of the observations: 50. The literature's lambda.
    pub threshold: f64,
    /// What is left of the sums after each observation, from 0 to 1: 0.9999.
    pub alpha: f64,
    /// Which way a mean that moves is a drift: both.
    pub direction: Direction,
}

/// Which way a mean moves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// It rises.
    Up,
    /// It falls.
    Down,
    /// It does either.
    Both,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            observations_min: 30,
            delta: 0.005,
            threshold: 50.0,
            alpha: 0.9999,
            direction: Direction::Both,
        }
    }
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// Observations since the last drift.
    pub observations: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum that rises when the mean does.
    pub rising: f64,
    /// The least that it was.
    pub rising_min: f64,
    /// The sum that falls when the mean does.
    pub falling: f64,
    /// The most that it was.
    pub falling_max: f64,
    /// What was found at the last observation: stable or drift.
    pub signal: Signal,
}

/// The detector. It takes about 100 bytes, and an observation costs one division.
pub type PageHinkley = Detector<Settings>;

impl Rule for Settings {
    type Observation = f64;
    type State = State;

    fn is_valid(&self) -> bool {
        0.0 <= self.delta
            && is_usable(self.delta)
            && 0.0 < self.threshold
            && self.threshold.is_finite()
            && (0.0..=1.0).contains(&self.alpha)
    }

    fn is_possible(state: &State) -> bool {
        let numbers =
            [state.mean, state.rising, state.rising_min, state.falling, state.falling_max];
        numbers.iter().all(|it| it.is_finite())
            && state.rising_min <= state.rising
            && state.falling <= state.falling_max
            && state.signal != Signal::Warning
            && (state.observations != 0 || *state == State::default())
    }

    fn signal(state: &State) -> Signal {
        state.signal
    }

    /// A number. One beyond [`VALUE_MAX`](super::VALUE_MAX) or that is none is ignored.
    fn observe(&self, state: &mut State, value: f64) {
        if !is_usable(value) {
            return;
        }
        let Settings { delta, alpha, threshold, .. } = *self;
        state.observations = state.observations.saturating_add(1);
        state.mean += (1.0 / state.observations as f64) * (value - state.mean);
        let deviation = value - state.mean;
        state.rising = alpha * state.rising + deviation - delta;
        state.falling = alpha * state.falling + deviation + delta;
        state.rising_min = state.rising_min.min(state.rising);
        state.falling_max = state.falling_max.max(state.falling);
        if u64::from(self.observations_min) <= state.observations {
            let rose = threshold < state.rising - state.rising_min;
            let fell = threshold < state.falling_max - state.falling;
            let is_drift = match self.direction {
                Direction::Up => rose,
                Direction::Down => fell,
                Direction::Both => rose || fell,
            };
            state.signal = if is_drift { Signal::Drift } else { Signal::Stable };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a step from 0 to `to` is a drift within a hundred observations.
    fn finds(direction: Direction, to: f64) -> bool {
        let settings = Settings { direction, ..Settings::default() };
        let mut test = PageHinkley::new(settings).unwrap();
        assert!((0..1000).all(|_| test.update(0.0) == Signal::Stable));
        (0..100).any(|_| test.update(to) == Signal::Drift)
    }

    #[test]
    fn each_direction_finds_its_own() {
        use Direction::{Both, Down, Up};
        assert_eq!([Up, Down, Both].map(|it| finds(it, 1.0)), [true, false, true]);
        assert_eq!([Up, Down, Both].map(|it| finds(it, -1.0)), [false, true, true]);
    }

    #[test]
    fn what_is_not_a_number_is_ignored() {
        let mut test = PageHinkley::default();
        test.update(1.0);
        let before = test.clone();
        for value in [f64::NAN, f64::INFINITY, -1e101] {
            assert_eq!(test.update(value), Signal::Stable);
        }
        assert_eq!(test, before);
    }

    #[test]
    fn impossible_settings_and_states_are_refused() {
        let usual = Settings::default();
        for wrong in [
            Settings { delta: -0.1, ..usual },
            Settings { delta: f64::NAN, ..usual },
            Settings { threshold: 0.0, ..usual },
            Settings { threshold: f64::INFINITY, ..usual },
            Settings { alpha: 1.1, ..usual },
        ] {
            assert_eq!(PageHinkley::new(wrong), None, "{wrong:?}");
        }
        let some = State {
            observations: 50,
            mean: 0.2,
            rising: 1.0,
            rising_min: -2.0,
            falling: -1.0,
            falling_max: 3.0,
            signal: Signal::Drift,
        };
        let restored = |state| PageHinkley::restored(usual, state);
        assert_eq!(restored(some).unwrap().state(), &some);
        for wrong in [
            State { observations: 0, ..some },
            State { mean: f64::NAN, ..some },
            State { rising: -3.0, ..some },
            State { falling: 4.0, ..some },
            State { falling_max: f64::INFINITY, ..some },
            State { signal: Signal::Warning, ..some },
        ] {
            assert_eq!(restored(wrong), None, "{wrong:?}");
        }
    }
}
