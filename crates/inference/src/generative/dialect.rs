//! What one provider's wire format means, as data; a dialect holds tables and no code.

use crate::generative::{
    meaning::Fact, meaning::PromptField, meaning::RequestField, usage::Excludes,
};
use driftline_labels::{FinishReason, Operation};
use driftline_wire::fields::FieldTable;

/// A dialect: how its requests are recognised, and which paths of its bodies mean what.
///
/// Made with `..Dialect::PLAIN`, so that a table holds what is particular to its dialect.
#[derive(Debug)]
pub struct Dialect {
    /// By which a configuration declares it.
    pub name: &'static str,
    /// Ends of the request paths that are recognised as this dialect: see
    /// [`Dialect::paths`](crate::dialect::Dialect::paths).
    pub paths: &'static [&'static str],
    /// What its requests ask for.
    pub operation: Operation,
    /// What is read from the request's body.
    pub request: FieldTable<RequestField>,
    /// What else is read from the request's body if requests are compared with a reference.
    pub prompt: FieldTable<PromptField>,
    /// How a streamed answer is cut into events.
    pub framing: Framing,
    /// What is read from each event of a streamed answer.
    pub event: FieldTable<Fact>,
    /// What is read from an answer that is one document.
    pub document: FieldTable<Fact>,
    /// What the words for an event's kind mean, in its data or in its frame. Others mean nothing.
    pub kinds: &'static [(&'static str, EventKind)],
    /// What the words for the end of a choice mean. Others are [`FinishReason::Other`].
    pub finish: &'static [(&'static str, FinishReason)],
    /// The data of the event that closes a stream and is no JSON; empty if there is none.
    pub end_mark: &'static [u8],
    /// Whether a stream says that it is over. If not, the end of the body is its end.
    pub announces_end: bool,
    /// Whether answers have output tokens to be reported.
    pub generates_tokens: bool,
    /// Every event with output is one token, so events are counted where no usage is given.
    pub has_token_per_event: bool,
    /// What its token counts leave out.
    pub excludes: Excludes,
}

/// How a stream is cut into events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// Server-sent events.
    ServerSentEvents,
    /// One JSON document per line.
    Ndjson,
    /// Server-sent events or, if the client did not ask for them, the elements of one JSON array.
    EventsOrJsonArray,
    /// Messages of an AWS event stream.
    AwsEventStream,
    /// Messages of an AWS event stream, each of which holds a model's own event as Base64.
    BedrockPayload,
}

/// What a word for an event's kind means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// Its delta is thought.
    Reasoning,
    /// In its delta, the model declines to answer.
    Refusal,
    /// Its delta is the call of a tool, or anything else that is no text for a user.
    Call,
    /// Its delta was sent before.
    Repeat,
    /// It closes the answer.
    End,
    /// It is an error in place of output.
    Error,
    /// A filter of the provider cut the answer or took its place.
    Filtered,
}

impl Dialect {
    /// What most dialects have in common.
    pub const PLAIN: Dialect = Dialect {
        name: "",
        paths: &[],
        operation: Operation::Chat,
        request: FieldTable::EMPTY,
        prompt: FieldTable::EMPTY,
        framing: Framing::ServerSentEvents,
        event: FieldTable::EMPTY,
        document: FieldTable::EMPTY,
        kinds: &[("error", EventKind::Error)],
        finish: &[],
        end_mark: b"",
        announces_end: true,
        generates_tokens: true,
        has_token_per_event: false,
        excludes: Excludes { cache: false, reasoning: false },
    };

    /// What this word for an event's kind means; `None` if it means nothing.
    pub fn kind(&self, word: &[u8]) -> Option<EventKind> {
        look_up(self.kinds, word)
    }

    /// What this word for the end of a choice means; `None` if the table does not have it.
    pub fn finish_reason(&self, word: &[u8]) -> Option<FinishReason> {
        look_up(self.finish, word)
    }
}

fn look_up<T: Copy>(table: &[(&str, T)], word: &[u8]) -> Option<T> {
    table.iter().find(|(name, _)| name.as_bytes() == word).map(|&(_, meaning)| meaning)
}
