//! Cohere's chat, version 1: streamed and whole. Tables only.
//!
//! Reference: Cohere API v1, "Chat" and "Chat with streaming". A stream has an event in each line, or server-sent events for
//! clients that ask for them; its last one repeats the answer and has the counts.

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    meaning::PromptField,
    meaning::RequestField,
    usage::Counted,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "cohere_chat_v1",
    paths: &["?/v1/chat"],
    request: &field_table![
        ("model", RequestField::Model),
        ("stream", RequestField::Stream),
        ("message", RequestField::Shape),
    ],
    prompt: &field_table![
        ("preamble", PromptField::Text),
        ("message", PromptField::Text),
        ("chat_history[]", PromptField::Message),
        ("chat_history[].message", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    kinds: &[("stream-end", EventKind::End)],
    ..Dialect::PLAIN
};

const ANSWER: FieldTable<Fact> = field_table![
    ("event_type", Fact::Kind),
    ("!is_finished", Fact::Nothing),
    ("text", Fact::Visible),
    ("tool_call_delta.name", Fact::Output),
    ("tool_call_delta.parameters", Fact::Output),
    ("tool_calls[].name", Fact::Output),
    ("finish_reason", Fact::Finish),
    ("meta.tokens.input_tokens", Fact::Tokens(Counted::Input)),
    ("meta.tokens.output_tokens", Fact::Tokens(Counted::Output)),
    ("response.meta=meta", Fact::Nothing),
    ("!response_id", Fact::Nothing),
    ("!generation_id", Fact::Nothing),
    ("!chat_history", Fact::Nothing),
    ("error", Fact::Error),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
