//! When generated output arrived, and the time per output token that follows; it knows no bytes.

use crate::generative::{facts::Facts, usage::Usage};
use driftline_labels::TpotSkipped;
use driftline_statistics::time::Timestamp;

/// The moments of a streamed answer that count.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timeline {
    /// The first event with generated output of any kind.
    pub first: Option<Timestamp>,
    /// The first event with output that is not reasoning.
    pub first_visible: Option<Timestamp>,
    /// The last event with generated output.
    pub last: Option<Timestamp>,
    /// Different moments at which output came. Events of one read count once.
    pub chunks: u64,
}

impl Timeline {
    /// Takes note of an event at `now`. Returns the microseconds since the last piece of output, if this is another
    /// one.
    pub fn note(&mut self, now: Timestamp, event: &Facts) -> Option<u64> {
        if !event.has_output() {
            return None;
        }
        if event.has_visible {
            self.first_visible.get_or_insert(now);
        }
        self.first.get_or_insert(now);
        let before = self.last.replace(now);
        if before == Some(now) {
            return None;
        }
        self.chunks = self.chunks.saturating_add(1);
        before.map(|before| now.microseconds_since(before))
    }

    /// `(last - first) / (tokens - 1)` in microseconds, rounded to the nearest, or why there is none.
    ///
    /// Reasoning tokens that were counted but never streamed took their time before the first
    /// token, so they are left out of the count.
    pub fn per_token(&self, usage: Usage, answer: &Facts) -> Result<u64, TpotSkipped> {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return Err(TpotSkipped::TooFewTokens);
        };
        let Some(output) = usage.output else {
            return Err(TpotSkipped::UsageMissing);
        };
        if answer.has_choices {
            return Err(TpotSkipped::SeveralChoices);
        }
        let hidden = if answer.has_reasoning { 0 } else { usage.reasoning.unwrap_or(0) };
        let steps = output.saturating_sub(hidden).saturating_sub(1);
        if self.chunks < 2 {
            return if steps == 0 {
                Err(TpotSkipped::TooFewTokens)
            } else {
                Err(TpotSkipped::OneChunk)
            };
        }
        let half_step = steps.checked_div(2).unwrap_or(0);
        let window = last.microseconds_since(first).saturating_add(half_step);
        window.checked_div(steps).ok_or(TpotSkipped::TooFewTokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn visible() -> Facts {
        Facts { has_visible: true, ..Facts::default() }
    }

    fn usage(output: u64, reasoning: u64) -> Usage {
        Usage { output: Some(output), reasoning: Some(reasoning), ..Usage::default() }
    }

    /// A timeline with output at these milliseconds.
    fn at_ms(moments: &[u64]) -> Timeline {
        let mut timeline = Timeline::default();
        for moment in moments {
            timeline.note(Timestamp(moment * MS), &visible());
        }
        timeline
    }

    #[track_caller]
    fn check(moments: &[u64], output: u64, reasoning: u64, expected: Result<u64, TpotSkipped>) {
        assert_eq!(at_ms(moments).per_token(usage(output, reasoning), &visible()), expected);
    }

    #[test]
    fn the_window_is_divided_by_the_steps_between_tokens() {
        check(&[100, 150, 200], 3, 0, Ok(50_000));
        check(&[100, 200], 101, 0, Ok(1_000));
        check(&[0, 1], 4, 0, Ok(333));
        check(&[0, 2], 4, 0, Ok(667));
    }

    #[test]
    fn hidden_reasoning_is_left_out_of_the_count() {
        check(&[100, 200], 111, 10, Ok(1_000));
        let mut answer = visible();
        answer.has_reasoning = true;
        assert_eq!(
            at_ms(&[100, 200]).per_token(usage(101, 10), &answer),
            Ok(1_000),
            "reasoning that was streamed counts"
        );
    }

    #[test]
    fn what_cannot_be_divided_is_not() {
        check(&[], 5, 0, Err(TpotSkipped::TooFewTokens));
        check(&[100], 1, 0, Err(TpotSkipped::TooFewTokens));
        check(&[100], 5, 0, Err(TpotSkipped::OneChunk));
        check(&[100, 200], 1, 0, Err(TpotSkipped::TooFewTokens));
        check(&[100, 200], 5, 9, Err(TpotSkipped::TooFewTokens));
        let several = Facts { has_choices: true, ..visible() };
        assert_eq!(
            at_ms(&[1, 2]).per_token(usage(9, 0), &several),
            Err(TpotSkipped::SeveralChoices)
        );
        assert_eq!(
            at_ms(&[1, 2]).per_token(Usage::default(), &visible()),
            Err(TpotSkipped::UsageMissing)
        );
    }

    #[test]
    fn events_of_one_read_are_one_chunk() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.note(Timestamp(MS), &visible()), None, "the first has no gap");
        assert_eq!(timeline.note(Timestamp(MS), &visible()), None, "the same moment");
        assert_eq!(timeline.note(Timestamp(3 * MS), &visible()), Some(2_000));
        assert_eq!(timeline.note(Timestamp(9 * MS), &Facts::default()), None, "no output");
        assert_eq!((timeline.chunks, timeline.last), (2, Some(Timestamp(3 * MS))));
    }

    #[test]
    fn reasoning_starts_the_first_clock_only() {
        let mut timeline = Timeline::default();
        let thought = Facts { has_reasoning: true, ..Facts::default() };
        timeline.note(Timestamp(1), &thought);
        timeline.note(Timestamp(2), &visible());
        assert_eq!(timeline.first, Some(Timestamp(1)));
        assert_eq!(timeline.first_visible, Some(Timestamp(2)));
    }
}
