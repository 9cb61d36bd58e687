//! Cohere's chat, version 2: streamed and whole. Tables only.
//!
//! Reference: Cohere API, "Chat" and "Chat with streaming". The plan for calling tools counts as reasoning. Of the two
//! counts of tokens, the ones that the model read and wrote are taken, not the billed ones.

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    meaning::PromptField,
    meaning::RequestField,
    usage::Counted,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "cohere_chat",
    paths: &["/v2/chat"],
    request: &field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: &field_table![
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("messages[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    kinds: &[
        ("content-delta", EventKind::Text),
        ("content-start", EventKind::Text),
        ("message-end", EventKind::End),
        ("error", EventKind::Error),
    ],
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};

/// A document has the message whole that events have in pieces.
const ANSWER: FieldTable<Fact> = field_table![
    ("type", Fact::DeltaKind),
    ("!id", Fact::Nothing),
    ("!index", Fact::Nothing),
    ("delta.message.content.text", Fact::Delta),
    ("delta.message.content.thinking", Fact::Reasoning),
    ("delta.message.content.*reason*", Fact::Reasoning),
    ("delta.message.content.*think*", Fact::Reasoning),
    ("!delta.message.content.type", Fact::Nothing),
    ("delta.message.content.*", Fact::Unknown),
    ("delta.message.content.*.*", Fact::UnknownWithin),
    ("delta.message.content", Fact::Visible),
    ("delta.message.content[]=delta.message.content", Fact::Nothing),
    ("delta.message.tool_plan", Fact::Reasoning),
    ("delta.message.tool_calls.function.name", Fact::Output),
    ("delta.message.tool_calls.function.arguments", Fact::Output),
    ("delta.message.tool_calls[]=delta.message.tool_calls", Fact::Nothing),
    ("!delta.message.role", Fact::Nothing),
    ("!delta.message.citations", Fact::Nothing),
    ("delta.message.*reason*", Fact::Reasoning),
    ("delta.message.*think*", Fact::Reasoning),
    ("delta.message.*", Fact::Unknown),
    ("delta.message.*.*", Fact::UnknownWithin),
    ("delta.message.*[]", Fact::UnknownWithin),
    ("delta.finish_reason", Fact::Finish),
    ("delta.usage.tokens.input_tokens", Fact::Tokens(Counted::Input)),
    ("delta.usage.tokens.output_tokens", Fact::Tokens(Counted::Output)),
    ("delta.usage.tokens.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    ("delta.usage.tokens.total_tokens", Fact::Tokens(Counted::Total)),
    ("delta.usage.cached_tokens", Fact::Tokens(Counted::CachedInput)),
    ("delta.error", Fact::Error),
    ("message=delta.message", Fact::Nothing),
    ("finish_reason", Fact::Finish),
    ("usage=delta.usage", Fact::Nothing),
    ("error", Fact::Error),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
