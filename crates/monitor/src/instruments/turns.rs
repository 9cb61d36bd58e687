//! Which columns have their slow window measured and their records stored in an evaluation. It measures and stores nothing.

use core::ops::Range;

/// How many columns of all models have their turn in one evaluation, if steps are long enough for all of them.
const AT_ONCE: usize = 12;

/// The turns of a model's columns: each has one in every step. They follow each other, so that the tick on which a step
/// ends costs little more than any other one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    columns: usize,
    /// How many have had theirs in this round.
    had: usize,
    /// Whether a step has ended since the round began.
    is_next_due: bool,
}

impl Turns {
    /// Those of as many columns, of which none is waiting.
    pub(super) fn of(columns: usize) -> Turns {
        Turns { columns, had: columns, is_next_due: false }
    }

    /// The columns that have theirs in this evaluation: no more than are `left`, which becomes less by as many. A round
    /// that is under way when a step ends goes on, and the next one follows.
    pub(super) fn next(&mut self, step_ended: bool, left: &mut usize) -> Range<usize> {
        self.is_next_due |= step_ended;
        if self.had == self.columns && self.is_next_due {
            (self.had, self.is_next_due) = (0, false);
        }
        let begin = self.had;
        self.had = begin.saturating_add(*left).min(self.columns);
        *left = left.saturating_sub(self.had.saturating_sub(begin));
        begin..self.had
    }

    /// Whether any column waits for the next evaluation.
    pub(super) fn are_waiting(&self) -> bool {
        self.had < self.columns || self.is_next_due
    }
}

/// How many of as many columns have their turn in one evaluation, so that all have had theirs when the next step ends.
pub(crate) fn turns_at_once(columns: usize, tick_milliseconds: u64, step_seconds: u64) -> usize {
    let step_milliseconds = step_seconds.saturating_mul(1000).max(1);
    let columns_of_ticks =
        u64::try_from(columns).unwrap_or(u64::MAX).saturating_mul(tick_milliseconds);
    let needed = usize::try_from(columns_of_ticks.div_ceil(step_milliseconds));
    // A tick that comes late must not cost a column its turn.
    needed.unwrap_or(usize::MAX).saturating_mul(2).max(AT_ONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_its_turn_once_a_step() {
        let mut turns = Turns::of(30);
        let mut next = |step_ended| {
            let range = turns.next(step_ended, &mut AT_ONCE.clone());
            (range, turns.are_waiting())
        };
        assert_eq!(next(false), (30..30, false));
        assert_eq!(next(true), (0..12, true));
        assert_eq!(next(false), (12..24, true));
        assert_eq!(next(false), (24..30, false));
        assert_eq!(next(true), (0..12, true));
        assert_eq!(next(true), (12..24, true), "the round goes on");
        assert_eq!(next(false), (24..30, true), "and another one follows");
        assert_eq!(next(false), (0..12, true));
    }

    #[test]
    fn models_share_the_turns_of_an_evaluation() {
        let (mut one, mut other, mut left) = (Turns::of(8), Turns::of(8), 12);
        assert_eq!(one.next(true, &mut left), 0..8);
        assert_eq!((other.next(true, &mut left), left), (0..4, 0));
        let mut left = 12;
        assert_eq!((one.next(false, &mut left), other.next(false, &mut left)), (8..8, 4..8));
        assert_eq!(left, 8);
    }

    #[test]
    fn short_steps_have_more_turns_at_once() {
        assert_eq!(turns_at_once(100, 5000, 450), 12);
        assert_eq!(turns_at_once(100, 30_000, 450), 14);
        assert_eq!(turns_at_once(100, 30_000, 8), 750);
        assert_eq!(turns_at_once(usize::MAX, u64::MAX, 0), usize::MAX);
    }
}
