//! Token counts as a model server reports them, gathered name by name, and what they amount to. It reads no paths.

use super::{Excludes, Usage};
use driftline_wire::fields::Value;

/// What a token count counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counted {
    /// Tokens of the prompt.
    Input,
    /// Tokens that tools added to the prompt, where they are counted apart.
    ToolInput,
    /// Tokens of the prompt that were read from a cache.
    CachedInput,
    /// Tokens of the prompt that were written to a cache.
    CacheWrite,
    /// Generated tokens.
    Output,
    /// Generated tokens spent on reasoning.
    Reasoning,
    /// All of them together.
    Total,
}

/// Token counts in the provider's own meaning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reported {
    /// By [`Counted`]: the bits of those that the server gives, because saying nothing is not 0.
    given: u8,
    counts: [u32; Counted::Total as usize + 1],
}

/// The bound keeps a nonsensical report of a model server out of the counters.
const TOKENS_MAX: f64 = 1e9;

/// Token counts in Driftline's meaning, and whether the server's own contradict each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Settled {
    /// The counts.
    pub usage: Usage,
    /// The total is not the sum of the parts, whichever way they are counted.
    pub is_inconsistent: bool,
}

impl Reported {
    /// Whether it says nothing, or nothing but 0.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// Takes a count over, if the value is one. A 0 says nothing where there is a count already: of several names or
    /// places, servers fill one.
    #[inline(never)]
    pub fn note(&mut self, counted: Counted, value: &Value<'_>) {
        if let Value::Number(n) = *value
            && (0.0..=TOKENS_MAX).contains(&n)
        {
            self.set(counted, n as u32);
        }
    }

    /// Takes over what `newer` says. Counts in a stream are cumulative, so the last one holds; but a count is never taken
    /// back, so a later 0 only says that the server left it out.
    #[inline]
    pub fn update(&mut self, newer: &Reported) {
        if newer.given != 0 {
            self.take_over(newer);
        }
    }

    #[inline(never)]
    fn take_over(&mut self, newer: &Reported) {
        let has = |counted| newer.get(counted).is_some();
        if (has(Counted::Input) || has(Counted::Output)) && !has(Counted::Total) {
            // The total belongs to counts that are replaced.
            self.given &= !Counted::Total.bit();
        }
        for counted in COUNTS {
            if let Some(count) = newer.get(counted) {
                self.set(counted, count as u32);
            }
        }
    }

    /// What the counts amount to: the input includes all that the model was given, cached or not; the output includes all
    /// that it generated, reasoning as well.
    ///
    /// Whether caches and reasoning are within the input and the output or beside them, the total tells if there is one,
    /// and otherwise the dialect, but for a part that is larger than the whole.
    pub fn settle(&self, excludes: Excludes, generates_tokens: bool) -> Settled {
        let total = self.get(Counted::Total);
        let (cached, written) = (self.get(Counted::CachedInput), self.get(Counted::CacheWrite));
        let reasoning = self.get(Counted::Reasoning);
        let tools = self.get(Counted::ToolInput).unwrap_or(0);
        let rest = |part: Option<u64>| Some(total?.saturating_sub(part?)).filter(|rest| *rest != 0);
        // A provider that counts reasoning apart may report nothing else: the model reasoned and wrote nothing.
        let only_reasoning = reasoning.filter(|_| excludes.reasoning).map(|_| 0);
        let output = self.get(Counted::Output).or(only_reasoning);
        let input = self.get(Counted::Input);
        let (input, output) = if generates_tokens {
            let given = input.map(|input| input.saturating_add(tools));
            (input.or_else(|| rest(output)), output.or_else(|| rest(given)))
        } else {
            (input.or(total), output)
        };
        let parts = Parts {
            input: input.unwrap_or(0),
            tools,
            cached: cached.unwrap_or(0),
            written: written.unwrap_or(0),
            output: output.unwrap_or(0),
            reasoning: reasoning.unwrap_or(0),
        };
        let mut usual = if excludes.cache { CACHED | WRITTEN } else { 0 };
        usual |= if excludes.reasoning { REASONING } else { 0 };
        usual |= parts.larger();
        let checked = total.filter(|_| input.is_some() && output.is_some());
        let fitting = checked.and_then(|total| {
            let mut ways = WAYS.iter().map(|way| usual ^ way);
            ways.find(|beside| parts.is_sum(*beside, total) && parts.larger() & !beside == 0)
        });
        let beside = fitting.unwrap_or(usual);
        let usage = Usage {
            input: input.map(|_| parts.all_input(beside)),
            cached_input: cached,
            cache_write: written,
            output: output.map(|_| parts.all_output(beside)),
            reasoning,
        };
        Settled { usage, is_inconsistent: checked.is_some() && fitting.is_none() }
    }

    fn get(&self, counted: Counted) -> Option<u64> {
        let count = self.counts.get(counted as usize).filter(|_| self.given & counted.bit() != 0);
        count.map(|count| u64::from(*count))
    }

    fn set(&mut self, counted: Counted, count: u32) {
        let is_given = self.given & counted.bit() != 0;
        if let Some(slot) = self.counts.get_mut(counted as usize)
            && (count != 0 || !is_given)
        {
            *slot = count;
            self.given |= counted.bit();
        }
    }
}

impl Counted {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// All that a token count can count.
const COUNTS: [Counted; Counted::Total as usize + 1] = [
    Counted::Input,
    Counted::ToolInput,
    Counted::CachedInput,
    Counted::CacheWrite,
    Counted::Output,
    Counted::Reasoning,
    Counted::Total,
];

/// The counts of which a total consists.
#[derive(Clone, Copy, Debug)]
struct Parts {
    input: u64,
    tools: u64,
    cached: u64,
    written: u64,
    output: u64,
    reasoning: u64,
}

/// Counts that are beside the input or the output, and not within it: a bit for each.
type Beside = u8;

const REASONING: Beside = 1;
const CACHED: Beside = 2;
const WRITTEN: Beside = 4;

/// What may be otherwise than a dialect has it, the likelier ones before others.
const WAYS: [Beside; 8] = [
    0,
    REASONING,
    CACHED | WRITTEN,
    CACHED | WRITTEN | REASONING,
    CACHED,
    CACHED | REASONING,
    WRITTEN,
    WRITTEN | REASONING,
];

impl Parts {
    fn all_input(&self, beside: Beside) -> u64 {
        let cached = if beside & CACHED != 0 { self.cached } else { 0 };
        let written = if beside & WRITTEN != 0 { self.written } else { 0 };
        self.input.saturating_add(self.tools).saturating_add(cached).saturating_add(written)
    }

    fn all_output(&self, beside: Beside) -> u64 {
        self.output.saturating_add(if beside & REASONING != 0 { self.reasoning } else { 0 })
    }

    /// Whether the counts have this total. What tools added is in some totals and not in others.
    #[inline(never)]
    fn is_sum(&self, beside: Beside, total: u64) -> bool {
        let sum = self.all_input(beside).saturating_add(self.all_output(beside));
        sum == total || sum == total.saturating_add(self.tools)
    }

    /// Those that are larger than what they would be within, and must be beside it.
    fn larger(&self) -> Beside {
        let bit = |bit, is_larger| if is_larger { bit } else { 0 };
        bit(CACHED, self.input < self.cached)
            | bit(WRITTEN, self.input < self.written)
            | bit(REASONING, self.output < self.reasoning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENAI: Excludes = Excludes { cache: false, reasoning: false };
    const ANTHROPIC: Excludes = Excludes { cache: true, reasoning: false };
    const GEMINI: Excludes = Excludes { cache: false, reasoning: true };

    fn reported(counts: &[(Counted, u32)]) -> Reported {
        let mut reported = Reported::default();
        for (counted, count) in counts {
            reported.note(*counted, &Value::Number(f64::from(*count)));
        }
        reported
    }

    /// Input and output in Driftline's meaning, and whether all sums agree.
    #[track_caller]
    fn check(
        excludes: Excludes,
        counts: &[(Counted, u32)],
        expected: (Option<u64>, Option<u64>, bool),
    ) {
        let Settled { usage, is_inconsistent } = reported(counts).settle(excludes, true);
        assert_eq!((usage.input, usage.output, !is_inconsistent), expected, "{counts:?}");
    }

    use Counted::{CacheWrite, CachedInput, Input, Output, Reasoning, ToolInput, Total};

    #[test]
    fn without_a_total_the_dialect_says_what_counts_include() {
        let counts = [(Input, 9), (CachedInput, 4), (CacheWrite, 2), (Output, 7), (Reasoning, 3)];
        check(OPENAI, &counts, (Some(9), Some(7), true));
        check(ANTHROPIC, &counts, (Some(15), Some(7), true));
        check(GEMINI, &counts, (Some(9), Some(10), true));
        check(GEMINI, &[(Input, 9), (ToolInput, 5), (Reasoning, 40)], (Some(14), Some(40), true));
        check(ANTHROPIC, &[(CachedInput, 3)], (None, None, true));
        check(OPENAI, &[], (None, None, true));
    }

    #[test]
    fn a_total_says_what_counts_include() {
        let counts = [(Input, 32), (Output, 9), (Reasoning, 94), (Total, 135)];
        check(OPENAI, &counts, (Some(32), Some(103), true));
        let counts = [(Input, 10), (CachedInput, 4), (Output, 9), (Reasoning, 5)];
        for (total, input, output) in [(19, 10, 9), (24, 10, 14), (23, 14, 9), (28, 14, 14)] {
            let counts = [&counts[..], &[(Total, total)]].concat();
            for excludes in [OPENAI, ANTHROPIC, GEMINI] {
                check(excludes, &counts, (Some(input), Some(output), true));
            }
        }
    }

    #[test]
    fn sums_that_contradict_each_other_are_told() {
        check(OPENAI, &[(Input, 10), (Output, 5), (Total, 20)], (Some(10), Some(5), false));
        check(
            OPENAI,
            &[(Input, 33), (Output, 7), (Reasoning, 70), (Total, 40)],
            (Some(33), Some(77), false),
        );
        check(
            GEMINI,
            &[(Input, 9), (Output, 4), (Reasoning, 8), (Total, 99)],
            (Some(9), Some(12), false),
        );
    }

    #[test]
    fn a_part_that_is_larger_than_the_whole_is_beside_it() {
        check(OPENAI, &[(Input, 10), (CachedInput, 64), (Output, 5)], (Some(74), Some(5), true));
        check(OPENAI, &[(Input, 10), (Output, 5), (Reasoning, 6)], (Some(10), Some(11), true));
    }

    #[test]
    fn a_total_stands_in_for_the_part_that_is_not_given() {
        check(OPENAI, &[(Input, 10), (Total, 15)], (Some(10), Some(5), true));
        check(OPENAI, &[(Output, 5), (Total, 15)], (Some(10), Some(5), true));
        check(OPENAI, &[(Input, 8), (Total, 8)], (Some(8), None, true));
        let settled = reported(&[(Total, 15)]).settle(OPENAI, false);
        assert_eq!((settled.usage.input, settled.usage.output), (Some(15), None));
    }

    #[test]
    fn the_last_count_holds_but_for_a_later_0() {
        let mut counts = reported(&[(Input, 15), (Output, 1), (Total, 16)]);
        counts.update(&reported(&[(Input, 0), (CachedInput, 0), (Output, 9)]));
        let Settled { usage, is_inconsistent } = counts.settle(OPENAI, true);
        assert_eq!((usage.input, usage.output, usage.cached_input), (Some(15), Some(9), Some(0)));
        assert!(!is_inconsistent, "a total of earlier counts says nothing of later ones");
        let mut counts = reported(&[(Input, 15), (Total, 15)]);
        counts.update(&Reported::default());
        assert_eq!(counts, reported(&[(Input, 15), (Total, 15)]));
        assert_eq!(reported(&[(Input, 7), (Input, 0)]), reported(&[(Input, 7)]));
    }

    #[test]
    fn what_is_no_count_is_none() {
        let mut counts = Reported::default();
        for value in [Value::Number(-1.0), Value::Number(1e12), Value::NotFinite, Value::Null] {
            counts.note(Input, &value);
        }
        assert_eq!(counts, Reported::default());
    }
}
