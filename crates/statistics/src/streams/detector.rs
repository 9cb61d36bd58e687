//! What all detectors that observe one by one have in common: settings, a state that can be stored, and that they forget
//! everything after a drift. It decides nothing.

use core::fmt::Debug;

use super::Signal;

/// How a detector decides: its settings.
pub trait Rule: Copy + Debug + Default + PartialEq {
    /// What is observed.
    type Observation;
    /// What it has seen; the default has seen nothing.
    type State: Copy + Debug + Default + PartialEq;

    /// Whether each setting is within its range.
    fn is_valid(&self) -> bool;

    /// Whether a detector can have become this.
    fn is_possible(state: &Self::State) -> bool;

    /// Observes.
    fn observe(&self, state: &mut Self::State, observation: Self::Observation);

    /// What was found at the last observation.
    fn signal(state: &Self::State) -> Signal;
}

/// A detector. It is its settings and its state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detector<R: Rule> {
    settings: R,
    state: R::State,
}

impl<R: Rule> Detector<R> {
    /// A detector that has seen nothing; `None` if a setting is out of its range.
    #[must_use]
    pub fn new(settings: R) -> Option<Detector<R>> {
        Detector::restored(settings, R::State::default())
    }

    /// A detector as it was stored; `None` if it cannot be one.
    #[must_use]
    pub fn restored(settings: R, state: R::State) -> Option<Detector<R>> {
        (settings.is_valid() && R::is_possible(&state)).then_some(Detector { settings, state })
    }

    /// Observes, and says what was found. After a drift it begins anew.
    pub fn update(&mut self, observation: R::Observation) -> Signal {
        if self.signal() == Signal::Drift {
            self.state = R::State::default();
        }
        self.settings.observe(&mut self.state, observation);
        self.signal()
    }

    /// What was found at the last observation.
    #[must_use]
    pub fn signal(&self) -> Signal {
        R::signal(&self.state)
    }

    /// What it takes to signal.
    #[must_use]
    pub fn settings(&self) -> &R {
        &self.settings
    }

    /// What it has seen.
    #[must_use]
    pub fn state(&self) -> &R::State {
        &self.state
    }
}
