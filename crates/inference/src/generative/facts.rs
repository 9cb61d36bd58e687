//! What an event or a document of an answer says, gathered path by path; it keeps no text.

use core::mem;

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    usage::Usage,
};
use driftline_labels::FinishReason;
use driftline_wire::fields::Value;

/// What was found so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    pub has_visible: bool,
    pub has_reasoning: bool,
    /// There is a token, whether or not it has text.
    pub has_token: bool,
    /// The output is not a sequence of tokens.
    pub is_tokenless: bool,
    /// A choice has come to its end; usage and marks may follow.
    pub is_finished: bool,
    /// The answer itself says that it is over.
    pub is_ended: bool,
    pub has_error: bool,
    /// There is more than the one choice with index 0.
    pub has_choices: bool,
    /// The last word on why the model stopped.
    pub finish: Option<FinishReason>,
    /// As reported, in the provider's own meaning.
    pub usage: Usage,
    /// Events that brought output.
    pub pieces: u64,
    /// Characters of text that a user gets.
    pub characters: u64,
    /// What only the end of the event can settle.
    pub(in crate::generative) open: OpenFacts,
}

/// What an event said, where another of its fields may change the meaning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::generative) struct OpenFacts {
    has_delta: bool,
    delta_characters: u64,
    kind: Option<EventKind>,
    has_part: bool,
    part_characters: u64,
    part_is_thought: bool,
}

impl Facts {
    /// Takes note of a value at a path that means `fact`.
    pub fn note(&mut self, dialect: &Dialect, fact: Fact, value: &Value<'_>) {
        // Role events open with an empty string, and usage may be null: neither is output.
        let is_given = match value {
            Value::String(text) => text.length != 0,
            Value::Null | Value::Bool(false) => false,
            _ => true,
        };
        let is_text = matches!(value, Value::String(_)) && is_given;
        let characters = || match value {
            Value::String(text) => text.characters(),
            _ => 0,
        };
        match fact {
            Fact::Visible => {
                self.has_visible |= is_text;
                add(&mut self.characters, characters());
            }
            Fact::Reasoning => self.has_reasoning |= is_text,
            Fact::Refusal => {
                self.note_refusal(is_text);
                add(&mut self.characters, characters());
            }
            Fact::Output => self.has_visible |= is_given,
            Fact::Tokenless => {
                self.has_visible |= is_given;
                self.is_tokenless |= is_given;
            }
            Fact::Token => self.has_token |= is_given,
            Fact::Delta => {
                self.open.has_delta |= is_text;
                add(&mut self.open.delta_characters, characters());
            }
            Fact::Kind => {
                if let Value::String(word) = value {
                    self.open.kind = dialect.kind(word.bytes).or(self.open.kind);
                }
            }
            Fact::Part => self.settle_part(),
            Fact::PartText => {
                self.open.has_part |= is_text;
                add(&mut self.open.part_characters, characters());
            }
            Fact::PartOutput => self.open.has_part |= is_given,
            Fact::PartIsThought => self.open.part_is_thought |= is_given,
            Fact::ToolCall | Fact::Finish | Fact::Status | Fact::Blocked => {
                if is_given {
                    self.note_finish(dialect, fact, value);
                }
            }
            Fact::End => {
                // The answer that comes with an end may be an empty string.
                let is_over = !matches!(value, Value::Null | Value::Bool(false));
                self.is_finished |= is_over;
                self.is_ended |= is_over;
            }
            Fact::Error => self.has_error |= is_given,
            Fact::Choice => self.has_choices |= matches!(*value, Value::Number(n) if 0.0 < n),
            Fact::InputTokens => set(&mut self.usage.input, value),
            Fact::ToolInputTokens => set(&mut self.usage.tool_input, value),
            Fact::CachedInputTokens => set(&mut self.usage.cached_input, value),
            Fact::CacheWriteTokens => set(&mut self.usage.cache_write, value),
            Fact::OutputTokens => set(&mut self.usage.output, value),
            Fact::ReasoningTokens => set(&mut self.usage.reasoning, value),
        }
    }

    /// Ends the event. `kind` is what its frame calls it, which counts if its data do not say.
    pub fn settle(&mut self, kind: Option<EventKind>) {
        self.settle_part();
        let open = mem::take(&mut self.open);
        let kind = open.kind.or(kind);
        match kind {
            Some(EventKind::Reasoning) => self.has_reasoning |= open.has_delta,
            Some(EventKind::Refusal) => self.note_refusal(open.has_delta),
            Some(EventKind::Repeat) => {}
            _ => self.has_visible |= open.has_delta,
        }
        match kind {
            Some(EventKind::Reasoning | EventKind::Repeat | EventKind::Call) => {}
            _ => add(&mut self.characters, open.delta_characters),
        }
        match kind {
            Some(EventKind::End) => {
                self.is_finished = true;
                self.is_ended = true;
            }
            Some(EventKind::Error) => self.has_error = true,
            Some(EventKind::Filtered) => {
                self.is_finished = true;
                self.set_finish(FinishReason::ContentFilter);
            }
            _ => {}
        }
        self.pieces = u64::from(self.has_output());
    }

    /// Whether there is generated output of any kind.
    pub fn has_output(self) -> bool {
        self.has_visible || self.has_reasoning || self.has_token
    }

    /// Adds what a later event says.
    pub fn update(&mut self, newer: Facts) {
        self.has_visible |= newer.has_visible;
        self.has_reasoning |= newer.has_reasoning;
        self.has_token |= newer.has_token;
        self.is_tokenless |= newer.is_tokenless;
        self.is_finished |= newer.is_finished;
        self.is_ended |= newer.is_ended;
        self.has_error |= newer.has_error;
        self.has_choices |= newer.has_choices;
        if let Some(finish) = newer.finish {
            self.set_finish(finish);
        }
        self.usage.update(newer.usage);
        add(&mut self.pieces, newer.pieces);
        add(&mut self.characters, newer.characters);
    }

    /// Takes note of a value that says why the model stopped, if it does.
    fn note_finish(&mut self, dialect: &Dialect, fact: Fact, value: &Value<'_>) {
        let reason = match fact {
            // After a call that a limit cut, the model waits for nothing.
            Fact::ToolCall if matches!(self.finish, None | Some(FinishReason::Stop)) => {
                self.finish = Some(FinishReason::ToolCalls);
                return;
            }
            Fact::Finish => Some(finish_reason(dialect, value).unwrap_or(FinishReason::Other)),
            Fact::Status => finish_reason(dialect, value),
            Fact::Blocked => Some(FinishReason::ContentFilter),
            _ => None,
        };
        if let Some(reason) = reason {
            self.is_finished = true;
            self.set_finish(reason);
        }
    }

    fn note_refusal(&mut self, has_text: bool) {
        if has_text {
            self.has_visible = true;
            self.set_finish(FinishReason::Refusal);
        }
    }

    /// A reason that the output itself gave (a refusal, a tool call, a filter) holds: a later word that the model
    /// stopped adds nothing.
    fn set_finish(&mut self, finish: FinishReason) {
        use FinishReason::{ContentFilter, Refusal, Stop, ToolCalls};
        let is_known = matches!(self.finish, Some(Refusal | ToolCalls | ContentFilter));
        if !(is_known && finish == Stop) {
            self.finish = Some(finish);
        }
        self.has_error |= finish == FinishReason::Error;
    }

    fn settle_part(&mut self) {
        let has_part = mem::take(&mut self.open.has_part);
        let characters = mem::take(&mut self.open.part_characters);
        if mem::take(&mut self.open.part_is_thought) {
            self.has_reasoning |= has_part;
        } else {
            self.has_visible |= has_part;
            add(&mut self.characters, characters);
        }
    }
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

/// Takes a token count over, if the value is one.
fn set(slot: &mut Option<u64>, value: &Value<'_>) {
    *slot = count(value).or(*slot);
}

/// What a word for the end of a choice means; `None` if the dialect does not have it.
fn finish_reason(dialect: &Dialect, value: &Value<'_>) -> Option<FinishReason> {
    match value {
        Value::String(word) => dialect.finish_reason(word.bytes),
        _ => None,
    }
}

/// A token count; `None` for anything that cannot be one.
///
/// The bound keeps a nonsensical report of a model server out of the counters.
fn count(value: &Value<'_>) -> Option<u64> {
    const TOKENS_MAX: f64 = 1e9;
    match *value {
        Value::Number(n) if (0.0..=TOKENS_MAX).contains(&n) => Some(n as u64),
        _ => None,
    }
}
