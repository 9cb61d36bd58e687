//! What an event or a document of an answer says, gathered path by path; it keeps no text.

use crate::wire::fields::Value;

/// What a path of an answer means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fact {
    /// Generated output that a user or a program gets: text, a tool call, a refusal, audio.
    Visible,
    /// Generated output that is only thought.
    Reasoning,
    /// The answer's own word that a choice is finished.
    Finish,
    /// The number of the choice that an event belongs to.
    Choice,
    /// Tokens of the prompt, those from the cache included.
    InputTokens,
    /// Tokens of the prompt that came from a cache.
    CachedInputTokens,
    /// Generated tokens, those of reasoning included.
    OutputTokens,
    /// Generated tokens spent on reasoning.
    ReasoningTokens,
    /// An error in place of output.
    Error,
}

/// Token counts as the model server reports them; `None` where it says nothing, which is not 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Usage {
    pub(crate) input: Option<u64>,
    pub(crate) cached_input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) reasoning: Option<u64>,
}

impl Usage {
    /// Takes over what `newer` says; counts in a stream are cumulative, so the last one holds.
    fn update(&mut self, newer: Usage) {
        self.input = newer.input.or(self.input);
        self.cached_input = newer.cached_input.or(self.cached_input);
        self.output = newer.output.or(self.output);
        self.reasoning = newer.reasoning.or(self.reasoning);
    }
}

/// What was found so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Facts {
    pub(crate) has_visible: bool,
    pub(crate) has_reasoning: bool,
    pub(crate) is_finished: bool,
    pub(crate) has_error: bool,
    /// There is more than the one choice with index 0.
    pub(crate) has_choices: bool,
    pub(crate) usage: Usage,
}

impl Facts {
    /// Takes note of a value at a path that means `fact`.
    pub(crate) fn note(&mut self, fact: Fact, value: &Value<'_>) {
        // Role events open with an empty string and usage may be null: neither says anything.
        let is_given = match value {
            Value::String(text) => text.length != 0,
            Value::Null | Value::Bool(false) => false,
            _ => true,
        };
        match fact {
            Fact::Visible => self.has_visible |= matches!(value, Value::String(_)) && is_given,
            Fact::Reasoning => self.has_reasoning |= matches!(value, Value::String(_)) && is_given,
            Fact::Finish => self.is_finished |= is_given,
            Fact::Error => self.has_error |= is_given,
            Fact::Choice => self.has_choices |= matches!(*value, Value::Number(n) if 0.0 < n),
            Fact::InputTokens => self.usage.input = count(value).or(self.usage.input),
            Fact::CachedInputTokens => {
                self.usage.cached_input = count(value).or(self.usage.cached_input);
            }
            Fact::OutputTokens => self.usage.output = count(value).or(self.usage.output),
            Fact::ReasoningTokens => self.usage.reasoning = count(value).or(self.usage.reasoning),
        }
    }

    /// Whether there is generated output of any kind.
    pub(crate) fn has_output(self) -> bool {
        self.has_visible || self.has_reasoning
    }

    /// Adds what a later event says.
    pub(crate) fn update(&mut self, newer: Facts) {
        self.has_visible |= newer.has_visible;
        self.has_reasoning |= newer.has_reasoning;
        self.is_finished |= newer.is_finished;
        self.has_error |= newer.has_error;
        self.has_choices |= newer.has_choices;
        self.usage.update(newer.usage);
    }
}

/// A token count; `None` for anything that cannot be one.
///
/// The bound keeps a model server that reports nonsense from spoiling a counter for good.
fn count(value: &Value<'_>) -> Option<u64> {
    const TOKENS_MAX: f64 = 1e9;
    match *value {
        Value::Number(n) if (0.0..=TOKENS_MAX).contains(&n) => Some(n as u64),
        _ => None,
    }
}
