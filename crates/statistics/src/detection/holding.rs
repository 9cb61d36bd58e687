//! A verdict that is given at once and taken back only when what it says has been gone for a while; it compares nothing.

use driftline_labels::DriftReason;

use crate::time::Timestamp;

/// Whether a window has drifted, since when, and why.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Holding {
    /// `None` if it has not.
    drift: Option<Drift>,
}

/// A drift.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Drift {
    since: Timestamp,
    reason: DriftReason,
    /// Since when it is gone; 0, which is long past, if it is there.
    gone: Timestamp,
}

/// While it is there.
const THERE: Timestamp = Timestamp(0);

/// Whether a verdict changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turned {
    /// It did not.
    No,
    /// To drift.
    Began,
    /// Back.
    Ended,
}

impl Holding {
    /// The reason, while it is a drift.
    #[must_use]
    pub fn reason(&self) -> Option<DriftReason> {
        self.drift.map(|it| it.reason)
    }

    /// When the drift began, while it is one.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.drift.map(|it| it.since)
    }

    /// Since when a drift is gone whose verdict still holds.
    #[must_use]
    pub fn gone(&self) -> Option<Timestamp> {
        self.drift.map(|it| it.gone).filter(|&gone| gone != THERE)
    }

    /// A drift as it was stored.
    #[must_use]
    pub fn restored(since: Timestamp, reason: DriftReason, gone: Option<Timestamp>) -> Holding {
        Holding { drift: Some(Drift { since, reason, gone: gone.unwrap_or(THERE) }) }
    }

    /// Notes what was found now. `is_still_there` is asked of a drift for which nothing was found; it ends when the answer
    /// has been no for `hold_ns`.
    pub fn note(
        &mut self,
        found: Option<DriftReason>,
        is_still_there: impl FnOnce() -> bool,
        now: Timestamp,
        hold_ns: u64,
    ) -> Turned {
        match (&mut self.drift, found) {
            (None, None) => Turned::No,
            (drift @ None, Some(reason)) => {
                *drift = Some(Drift { since: now, reason, gone: THERE });
                Turned::Began
            }
            (Some(drift), Some(reason)) => {
                (drift.reason, drift.gone) = (reason, THERE);
                Turned::No
            }
            (Some(drift), None) if is_still_there() => {
                drift.gone = THERE;
                Turned::No
            }
            (Some(drift), None) => {
                if drift.gone == THERE {
                    drift.gone = now;
                }
                if now.0.saturating_sub(drift.gone.0) < hold_ns {
                    return Turned::No;
                }
                self.drift = None;
                Turned::Ended
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_at_once_and_ends_after_a_while() {
        let mut it = Holding::default();
        let found = Some(DriftReason::Location);
        let mut note = |found, still, now| {
            let turned = it.note(found, || still, Timestamp(now), 10);
            (turned, it.since().map(|at| at.0))
        };
        assert_eq!(note(None, true, 1), (Turned::No, None));
        assert_eq!(note(found, false, 2), (Turned::Began, Some(2)));
        assert_eq!(note(None, false, 5), (Turned::No, Some(2)));
        assert_eq!(note(None, true, 14), (Turned::No, Some(2)), "it came back");
        assert_eq!(note(None, false, 15), (Turned::No, Some(2)));
        assert_eq!(note(None, false, 24), (Turned::No, Some(2)));
        assert_eq!(note(None, false, 25), (Turned::Ended, None));
    }
}
