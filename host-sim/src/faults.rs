//! What goes wrong in a share of all exchanges, by a seed: the same seed breaks the same exchanges in the same way.

use crate::{Recording, Step, random::Random};

/// A source of faults.
#[derive(Clone, Debug)]
pub struct Faults {
    random: Random,
    per_cent: u8,
}

impl Faults {
    /// Breaks `per_cent` of a hundred exchanges on average.
    #[must_use]
    pub fn new(seed: u64, per_cent: u8) -> Faults {
        Faults { random: Random::new(seed), per_cent }
    }

    /// Breaks the exchange, or leaves it whole: a client that hangs up, an
    /// upstream that breaks off, cannot be reached or is silent for too long.
    /// True if it was broken.
    ///
    /// It breaks after any of its steps, the request's head included; what
    /// followed is dropped.
    pub fn break_some(&mut self, recording: &mut Recording) -> bool {
        if usize::from(self.per_cent) <= self.random.below(100) {
            return false;
        }
        let at = self.random.below(recording.steps.len());
        let at_us = recording.steps.get(at).map_or(0, Step::at_us);
        recording.steps.truncate(at);
        let answered = recording.steps.iter().any(|step| matches!(step, Step::Response { .. }));
        recording.steps.push(match self.random.below(4) {
            0 => Step::UpstreamResets { at_us },
            1 => Step::TimesOut { at_us },
            // An upstream that has answered was reachable.
            2 if !answered => Step::UpstreamUnreachable { at_us },
            _ => Step::ClientAborts { at_us },
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_and_the_seed_decides() {
        let broken = |seed| {
            let mut faults = Faults::new(seed, 20);
            let mut recording = || {
                let mut recording = Recording::new("GET", "/");
                recording.steps = (0..9).map(|at_us| Step::RequestEnd { at_us }).collect();
                faults.break_some(&mut recording);
                recording
            };
            (0..1_000).map(|_| recording()).collect::<Vec<_>>()
        };
        let is_broken = |recording: &&Recording| {
            recording.steps.iter().any(|step| !matches!(step, Step::RequestEnd { .. }))
        };
        let count = broken(1).iter().filter(is_broken).count();
        assert!((150..250).contains(&count), "{count}");
        assert_eq!(broken(1), broken(1));
        assert_ne!(broken(1), broken(2));
    }
}
