//! What an event or a document of an answer says, gathered path by path; it keeps no text.

use core::mem;

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    usage::Reported,
    words::{self, Finish, PartKind},
};
use driftline_labels::FinishReason;
use driftline_wire::fields::Value;

/// What was found so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    pub has_visible: bool,
    pub has_reasoning: bool,
    /// There is a token, whether or not it has text for a user.
    pub has_token: bool,
    /// Output came in pieces.
    pub has_pieces: bool,
    /// The output is not a sequence of tokens.
    pub is_tokenless: bool,
    /// A choice has come to its end; usage and marks may follow.
    pub is_finished: bool,
    /// The answer itself says that it is over.
    pub is_ended: bool,
    /// No mark ends an answer of this form.
    pub is_endless: bool,
    pub has_error: bool,
    /// There is more than the one choice with index 0.
    pub has_choices: bool,
    /// The client is to call a tool.
    pub calls_tool: bool,
    /// There is output, if an empty one, where the dialect has it.
    pub has_place: bool,
    /// There is something there that no table has.
    pub has_unknown: bool,
    /// There is something elsewhere that no table has.
    pub has_foreign: bool,
    /// The last word on why the model stopped.
    pub(in crate::generative) finish: Option<FinishReason>,
    /// As reported, in the provider's own meaning.
    pub usage: Reported,
    /// Likewise where a dialect usually has no usage. It counts if there is none at its own place.
    pub usage_elsewhere: Reported,
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
    /// The kind is no word of the dialect, and says that the delta is this.
    delta: Option<PartKind>,
    has_part: bool,
    part_characters: u64,
    part: Option<PartKind>,
    /// From here on, what comes is output as a whole.
    is_whole: bool,
    /// From here on, token counts are of a usage that is not at its own place.
    is_usage_elsewhere: bool,
    whole_visible: bool,
    whole_reasoning: bool,
    whole_characters: u64,
}

impl Facts {
    /// Takes note of a value at a path that means `fact`.
    pub fn note(&mut self, dialect: &Dialect, fact: Fact, value: &Value<'_>) {
        let is_given = is_given(value);
        let is_text = matches!(value, Value::String(_)) && is_given;
        let characters = if fact.is_counted() { characters(value) } else { 0 };
        match fact {
            Fact::Visible => self.note_visible(is_text, characters),
            Fact::Reasoning => self.note_reasoning(is_text),
            Fact::Refusal => self.note_refusal(is_text, characters),
            Fact::Output => self.note_visible(is_given, 0),
            Fact::Tokenless => {
                self.note_visible(is_given, 0);
                self.is_tokenless |= is_given;
            }
            Fact::Token => self.has_token |= is_given,
            Fact::Pieces | Fact::Whole => {
                self.begin_output(fact == Fact::Whole);
                if is_text {
                    self.note_visible(true, characters);
                }
            }
            Fact::Delta => {
                self.open.has_delta |= is_text;
                add(&mut self.open.delta_characters, characters);
            }
            Fact::Part => {
                self.settle_part();
                self.open.has_part = is_text;
                self.open.part_characters = characters;
            }
            Fact::PartText => {
                self.open.has_part |= is_text;
                add(&mut self.open.part_characters, characters);
            }
            Fact::PartOutput => self.open.has_part |= is_given,
            Fact::PartKind => {
                if let Value::String(word) = value {
                    self.open.part = Some(words::part(word.bytes));
                }
            }
            Fact::PartIsThought => {
                if is_given {
                    self.open.part = Some(PartKind::Thought);
                    self.open.has_part |= is_text;
                }
            }
            _ => self.note_state(dialect, fact, value),
        }
    }

    /// Takes note of a value that is not output.
    fn note_state(&mut self, dialect: &Dialect, fact: Fact, value: &Value<'_>) {
        let is_given = is_given(value);
        let is_text = matches!(value, Value::String(_)) && is_given;
        match fact {
            Fact::Kind | Fact::DeltaKind => {
                if let Value::String(word) = value {
                    match dialect.kind(word.bytes) {
                        None if fact == Fact::DeltaKind => {
                            self.open.delta = Some(words::part(word.bytes));
                        }
                        None => {}
                        kind => self.open.kind = kind,
                    }
                }
            }
            Fact::ToolCall => self.calls_tool |= is_given,
            Fact::Finish | Fact::Status => self.note_finish(fact, value),
            Fact::Blocked if is_given => self.end_choice(FinishReason::ContentFilter),
            Fact::End => {
                // The answer that comes with an end may be an empty string.
                let is_over = !matches!(value, Value::Null | Value::Bool(false));
                self.is_finished |= is_over;
                self.is_ended |= is_over;
            }
            Fact::Error => self.has_error |= is_given,
            Fact::ErrorText => self.has_error |= is_text,
            Fact::ErrorCode => self.has_error |= matches!(*value, Value::Number(n) if 400.0 <= n),
            Fact::Choice => self.has_choices |= matches!(*value, Value::Number(n) if 0.0 < n),
            Fact::Usage => self.open.is_usage_elsewhere = false,
            Fact::UsageElsewhere => self.open.is_usage_elsewhere = true,
            Fact::Tokens(counted) if self.open.is_usage_elsewhere => {
                self.usage_elsewhere.note(counted, value);
            }
            Fact::Tokens(counted) => self.usage.note(counted, value),
            Fact::Unknown => self.has_unknown |= is_text,
            Fact::UnknownWithin => self.has_unknown |= is_given,
            Fact::Foreign => self.has_foreign |= is_text,
            Fact::ForeignWithin => self.has_foreign |= is_given,
            Fact::Endless => self.is_endless = true,
            _ => {}
        }
    }

    /// Ends the event. `name` is what its frame calls it, which counts if its data do not say. Output as a whole repeats
    /// pieces that came before, which `after_pieces` says.
    pub fn settle(&mut self, dialect: &Dialect, name: &[u8], after_pieces: bool) {
        self.settle_part();
        let open = mem::take(&mut self.open);
        let kind = open.kind.or_else(|| dialect.kind(name));
        if kind.is_some() || open.has_delta {
            self.settle_delta(&open, kind, name);
        }
        if (open.whole_visible || open.whole_reasoning) && !(after_pieces || self.has_pieces) {
            self.has_visible |= open.whole_visible;
            self.has_reasoning |= open.whole_reasoning;
            add(&mut self.characters, open.whole_characters);
        }
        self.pieces = u64::from(self.has_output());
    }

    /// Whether there is generated output of any kind.
    pub fn has_output(&self) -> bool {
        self.has_visible || self.has_reasoning || self.has_token
    }

    /// Token counts as the model server reports them.
    pub fn reported(&self) -> &Reported {
        if self.usage.is_empty() && !self.usage_elsewhere.is_empty() {
            &self.usage_elsewhere
        } else {
            &self.usage
        }
    }

    /// Why the model stopped, if the answer says so. A model that calls a tool waits for the result, whatever it says;
    /// after a call that a limit cut, it waits for nothing.
    pub fn finish(&self) -> Option<FinishReason> {
        match self.finish {
            Some(FinishReason::Stop) if self.calls_tool => Some(FinishReason::ToolCalls),
            finish => finish,
        }
    }

    /// Adds what a later event says.
    pub fn update(&mut self, newer: &Facts) {
        self.has_visible |= newer.has_visible;
        self.has_reasoning |= newer.has_reasoning;
        self.has_token |= newer.has_token;
        self.has_pieces |= newer.has_pieces;
        self.is_tokenless |= newer.is_tokenless;
        self.is_finished |= newer.is_finished;
        self.is_ended |= newer.is_ended;
        self.is_endless |= newer.is_endless;
        self.has_error |= newer.has_error;
        self.has_choices |= newer.has_choices;
        self.calls_tool |= newer.calls_tool;
        self.has_place |= newer.has_place;
        self.has_unknown |= newer.has_unknown;
        self.has_foreign |= newer.has_foreign;
        if let Some(finish) = newer.finish {
            self.set_finish(finish);
        }
        self.usage.update(&newer.usage);
        self.usage_elsewhere.update(&newer.usage_elsewhere);
        add(&mut self.pieces, newer.pieces);
        add(&mut self.characters, newer.characters);
    }

    /// What comes from here on is a piece of the output, or output as a whole.
    fn begin_output(&mut self, is_whole: bool) {
        if self.open.has_part {
            self.settle_part();
        }
        self.open.is_whole = is_whole;
    }

    /// Output that a user gets, at a place where the dialect has it.
    fn note_visible(&mut self, is_given: bool, characters: u64) {
        self.has_place = true;
        if self.open.is_whole {
            self.open.whole_visible |= is_given;
            add(&mut self.open.whole_characters, characters);
        } else {
            self.has_visible |= is_given;
            self.has_pieces |= is_given;
            add(&mut self.characters, characters);
        }
    }

    fn note_reasoning(&mut self, is_given: bool) {
        if self.open.is_whole {
            self.open.whole_reasoning |= is_given;
        } else {
            self.has_reasoning |= is_given;
            self.has_pieces |= is_given;
        }
    }

    /// Output of a kind that no table has: nothing says that a user sees it.
    fn note_unknown(&mut self, is_given: bool) {
        self.has_unknown |= is_given;
        self.has_token |= is_given;
    }

    fn note_refusal(&mut self, has_text: bool, characters: u64) {
        self.note_visible(has_text, characters);
        if has_text {
            self.set_finish(FinishReason::Refusal);
        }
    }

    /// Takes note of a word for why the model stopped, or for how the answer stands.
    fn note_finish(&mut self, fact: Fact, value: &Value<'_>) {
        let finish = match value {
            Value::String(word) if !word.is_empty() => words::finish(word.bytes),
            Value::Number(_) | Value::NotFinite | Value::Bool(true) => Finish::Unknown,
            // What an object says of it stands at paths of its own.
            _ => return,
        };
        match finish {
            Finish::Because(reason) => self.end_choice(reason),
            Finish::Unknown if fact == Fact::Finish => self.end_choice(FinishReason::Other),
            Finish::Unknown | Finish::Unfinished => {}
        }
    }

    fn end_choice(&mut self, reason: FinishReason) {
        self.is_finished = true;
        self.set_finish(reason);
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

    /// What the event's kind makes of its delta, and of the answer.
    fn settle_delta(&mut self, open: &OpenFacts, kind: Option<EventKind>, name: &[u8]) {
        if open.has_delta {
            let characters = open.delta_characters;
            match kind {
                Some(EventKind::Repeat) => {}
                Some(EventKind::Reasoning) => self.note_reasoning(true),
                Some(EventKind::Refusal) => self.note_refusal(true, characters),
                Some(EventKind::Call) => self.note_visible(true, 0),
                Some(_) => self.note_visible(true, characters),
                None => self.note_delta(open, name),
            }
        }
        match kind {
            Some(EventKind::End) => {
                self.is_finished = true;
                self.is_ended = true;
            }
            Some(EventKind::Error) => self.has_error = true,
            Some(EventKind::Filtered) => self.end_choice(FinishReason::ContentFilter),
            _ => {}
        }
    }

    /// A delta of no known kind: nothing says that a user sees it, unless there is no word at all.
    #[cold]
    fn note_delta(&mut self, open: &OpenFacts, name: &[u8]) {
        let part = open.delta.or_else(|| (!name.is_empty()).then(|| words::part(name)));
        match part {
            None => self.note_visible(true, open.delta_characters),
            Some(PartKind::Thought) => self.note_reasoning(true),
            Some(PartKind::Text | PartKind::Unknown) => self.note_unknown(true),
        }
    }

    fn settle_part(&mut self) {
        let has_part = mem::take(&mut self.open.has_part);
        let characters = mem::take(&mut self.open.part_characters);
        // A part that does not say what it is is what its event is.
        match mem::take(&mut self.open.part).or(self.open.delta) {
            Some(PartKind::Thought) => self.note_reasoning(has_part),
            Some(PartKind::Unknown) => self.note_unknown(has_part),
            None | Some(PartKind::Text) if has_part => self.note_visible(true, characters),
            None | Some(PartKind::Text) => {}
        }
    }
}

/// Role events open with an empty string, and usage may be null: neither is anything.
fn is_given(value: &Value<'_>) -> bool {
    match value {
        Value::String(text) => text.length != 0,
        Value::Null | Value::Bool(false) => false,
        _ => true,
    }
}

/// How many characters a text has.
fn characters(value: &Value<'_>) -> u64 {
    match value {
        Value::String(text) => text.characters(),
        _ => 0,
    }
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
