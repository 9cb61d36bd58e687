//! How much of everything fits into the time that there is; it never goes below what the checks need.

use std::time::Duration;

use driftline_testbed::llm::Pace;

/// Below this the chapters cannot be distinguished with certainty.
pub(super) const SECONDS_MIN: u64 = 55;
pub(super) const SECONDS_DEFAULT: u64 = 80;
/// Beyond this the demo shows nothing new.
pub(super) const SECONDS_MAX: u64 = 3600;

/// Streams of the first chapter that are compared one by one.
pub(super) const PAIRS_MIN: u32 = 50;

/// How many clients ask at the same time in the second half of a chapter.
pub(super) const LANES: u32 = 3;

const TTFT_HEALTHY: Duration = Duration::from_millis(80);
const TTFT_SLOW: Duration = Duration::from_millis(600);
const GAP: Duration = Duration::from_millis(12);
/// Fewer tokens make a time per token that hangs on two packets.
const TOKENS: (u32, u32) = (8, 40);
/// Starting, the weather, its labels and the closing, which take the same time whatever the budget.
const FIXED: Duration = Duration::from_secs(34);
/// Timers round up, and between two streams the counters are read.
const OVERHEAD: f64 = 1.08;

/// The work of a chapter with the language model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LlmAmount {
    pub(super) pace: Pace,
    /// Streams one after another, each compared with the filter on its own.
    pub(super) one_by_one: u32,
    /// Requests by [`LANES`] clients at the same time.
    pub(super) together: u32,
}

/// The work of the whole demo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Amount {
    pub(super) healthy: LlmAmount,
    pub(super) slow: LlmAmount,
}

impl Amount {
    /// What fits into about this many seconds, at least [`SECONDS_MIN`]: first more tokens, then more streams.
    pub(super) fn within(seconds: u64) -> Amount {
        let budget = Duration::from_secs(seconds.max(SECONDS_MIN)).saturating_sub(FIXED);
        let fits = |amount: &Amount| amount.duration() <= budget;
        let smallest = Amount::new(TOKENS.0, 1);
        let more_tokens = (TOKENS.0..=TOKENS.1).map(|tokens| Amount::new(tokens, 1));
        let more_streams = (2..).map(|times| Amount::new(TOKENS.1, times));
        more_tokens.chain(more_streams).take_while(fits).last().unwrap_or(smallest)
    }

    fn new(tokens: u32, times: u32) -> Amount {
        let pace = |first_token| Pace { first_token, gap: GAP, tokens, ..Pace::default() };
        Amount {
            healthy: LlmAmount {
                pace: pace(TTFT_HEALTHY),
                one_by_one: PAIRS_MIN * times,
                together: 8 * LANES * times,
            },
            slow: LlmAmount {
                pace: pace(TTFT_SLOW),
                one_by_one: 6 * times,
                together: 3 * LANES * times,
            },
        }
    }

    /// How long the chapters with the language model take.
    fn duration(&self) -> Duration {
        [self.healthy, self.slow]
            .iter()
            .map(LlmAmount::duration)
            .sum::<Duration>()
            .mul_f64(OVERHEAD)
    }
}

impl LlmAmount {
    fn duration(&self) -> Duration {
        let answer = self.pace.first_token + self.pace.gap * (self.pace.tokens - 1);
        answer * (self.one_by_one + self.together.div_ceil(LANES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_fits_into_the_time() {
        for seconds in [55, 60, 80, 100, 180, 600, SECONDS_MAX] {
            let amount = Amount::within(seconds);
            let total = amount.duration() + FIXED;
            assert!(total <= Duration::from_secs(seconds), "{seconds} s: {total:?}");
            assert!(Duration::from_secs(seconds) <= total * 3 / 2, "{seconds} s: {total:?}");
            assert!(PAIRS_MIN <= amount.healthy.one_by_one, "{seconds} s");
        }
    }

    #[test]
    fn too_little_time_gives_the_least_that_tells_something() {
        assert_eq!(Amount::within(1), Amount::within(SECONDS_MIN));
        assert!(TOKENS.0 <= Amount::within(0).slow.pace.tokens);
    }

    #[test]
    fn only_the_first_token_is_slower_in_the_second_chapter() {
        let Amount { healthy, slow } = Amount::within(SECONDS_DEFAULT);
        assert_eq!(Pace { first_token: healthy.pace.first_token, ..slow.pace }, healthy.pace);
        assert!(healthy.pace.first_token * 5 < slow.pace.first_token);
    }
}
