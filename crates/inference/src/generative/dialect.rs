//! What one provider's wire format means, as data; a dialect holds tables and no code.

use crate::generative::{
    meaning::Fact, meaning::PromptField, meaning::RequestField, usage::Excludes,
};
use driftline_labels::Operation;
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
    pub request: &'static FieldTable<RequestField>,
    /// What else is read from the request's body if requests are compared with a reference.
    pub prompt: &'static FieldTable<PromptField>,
    /// How a streamed answer is cut into events.
    pub framing: Framing,
    /// What is read from each event of a streamed answer.
    pub event: &'static FieldTable<Fact>,
    /// What is read from an answer that is one document.
    pub document: &'static FieldTable<Fact>,
    /// What the words for an event's kind mean, in its data or in its frame. Of others, the delta is no text for a user.
    pub kinds: &'static [(&'static str, EventKind)],
    /// The data of the event that closes a stream and is no JSON; empty if there is none.
    pub end_mark: &'static [u8],
    /// Whether a stream says that it is over. If not, the end of the body is its end.
    pub announces_end: bool,
    /// Whether answers have output tokens to be reported.
    pub generates_tokens: bool,
    /// Every event with output is one token, so events are counted where no usage is given.
    pub has_token_per_event: bool,
    /// What its token counts leave out, if no total says otherwise.
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
    /// Its delta is text for a user.
    Text,
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
        request: &FieldTable::EMPTY,
        prompt: &FieldTable::EMPTY,
        framing: Framing::ServerSentEvents,
        event: &FieldTable::EMPTY,
        document: &FieldTable::EMPTY,
        kinds: &[("error", EventKind::Error), ("exception", EventKind::Error)],
        end_mark: b"",
        announces_end: true,
        generates_tokens: true,
        has_token_per_event: false,
        excludes: Excludes { cache: false, reasoning: false },
    };

    /// What this word for an event's kind means; `None` if it means nothing.
    pub fn kind(&self, word: &[u8]) -> Option<EventKind> {
        self.kinds.iter().find(|(name, _)| name.as_bytes() == word).map(|&(_, kind)| kind)
    }
}
