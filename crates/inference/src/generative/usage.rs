//! Token counts as model servers report them, and what Driftline takes them to mean; it counts nothing itself.

/// Token counts as the model server reports them; `None` where it says nothing, which is not 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Tokens that tools added to the prompt, where they are counted apart.
    pub tool_input: Option<u64>,
    /// Tokens of the prompt that were read from a cache.
    pub cached_input: Option<u64>,
    /// Tokens of the prompt that were written to a cache.
    pub cache_write: Option<u64>,
    /// Generated tokens.
    pub output: Option<u64>,
    /// Generated tokens spent on reasoning.
    pub reasoning: Option<u64>,
}

/// What a provider does not include in its counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Excludes {
    /// The input does not include tokens that were read from a cache or written to it.
    pub cache: bool,
    /// The output does not include reasoning tokens.
    pub reasoning: bool,
}

impl Usage {
    /// Takes over what `newer` says. Counts in a stream are cumulative, so the last one holds.
    pub fn update(&mut self, newer: Usage) {
        self.input = newer.input.or(self.input);
        self.tool_input = newer.tool_input.or(self.tool_input);
        self.cached_input = newer.cached_input.or(self.cached_input);
        self.cache_write = newer.cache_write.or(self.cache_write);
        self.output = newer.output.or(self.output);
        self.reasoning = newer.reasoning.or(self.reasoning);
    }

    /// The counts in Driftline's meaning: the input includes all that the model was given, cached or not; the output
    /// includes all that it generated, reasoning as well.
    pub fn canonical(self, excludes: Excludes) -> Usage {
        let also = |count: Option<u64>, is_left_out: bool| {
            if is_left_out { count.unwrap_or(0) } else { 0 }
        };
        let plus = |count: u64, more: u64| count.saturating_add(more);
        let input = self.input.map(|input| {
            let cache = plus(
                also(self.cached_input, excludes.cache),
                also(self.cache_write, excludes.cache),
            );
            plus(plus(input, cache), also(self.tool_input, true))
        });
        // A provider that counts reasoning apart may report nothing else: the model reasoned and wrote nothing.
        let output = self
            .output
            .or(self.reasoning.filter(|_| excludes.reasoning).map(|_| 0))
            .map(|output| plus(output, also(self.reasoning, excludes.reasoning)));
        Usage { input, tool_input: None, output, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANTHROPIC: Excludes = Excludes { cache: true, reasoning: false };
    const GEMINI: Excludes = Excludes { cache: false, reasoning: true };

    #[test]
    fn counts_that_hold_everything_stay() {
        let usage = Usage {
            input: Some(9),
            cached_input: Some(4),
            output: Some(7),
            reasoning: Some(3),
            ..Usage::default()
        };
        assert_eq!(usage.canonical(Excludes::default()), usage);
    }

    #[test]
    fn a_cache_that_is_left_out_is_added() {
        let usage = Usage {
            input: Some(9),
            cached_input: Some(100),
            cache_write: Some(20),
            ..Usage::default()
        };
        assert_eq!(usage.canonical(ANTHROPIC).input, Some(129));
        assert_eq!(
            usage.canonical(ANTHROPIC).cached_input,
            Some(100),
            "it is counted apart as well"
        );
    }

    #[test]
    fn thoughts_that_are_left_out_are_added() {
        let usage = Usage { output: Some(9), reasoning: Some(40), ..Usage::default() };
        assert_eq!(usage.canonical(GEMINI).output, Some(49));
        let thoughts = Usage { reasoning: Some(40), ..Usage::default() };
        assert_eq!(thoughts.canonical(GEMINI).output, Some(40));
    }

    #[test]
    fn what_is_not_reported_stays_missing() {
        assert_eq!(Usage::default().canonical(ANTHROPIC), Usage::default());
        let only_cache = Usage { cached_input: Some(3), ..Usage::default() };
        assert_eq!(only_cache.canonical(ANTHROPIC).input, None);
    }

    #[test]
    fn tools_are_input() {
        let usage = Usage { input: Some(9), tool_input: Some(5), ..Usage::default() };
        assert_eq!(usage.canonical(GEMINI).input, Some(14));
    }
}
