//! Ollama's `/api/chat`: one JSON document per line, or one in all. Tables only.
//!
//! Reference: Ollama, "Generate a chat message", and its `api/types.go`. Counts of 0 are left out, such as the
//! prompt's when all of it was cached. Its OpenAI-compatible endpoints use OpenAI's dialects.

use super::ollama::REQUEST;
use crate::generative::{
    dialect::{Dialect, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::Counted,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "ollama_chat",
    paths: &["/api/chat"],
    request: &REQUEST,
    prompt: &field_table![
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("options.num_predict", PromptField::MaxTokens),
        ("options.temperature", PromptField::Temperature),
    ],
    framing: Framing::Ndjson,
    event: &ANSWER,
    document: &ANSWER,
    ..Dialect::PLAIN
};

/// A line has the shape of the whole answer.
const ANSWER: FieldTable<Fact> = field_table![
    ("message.content", Fact::Visible),
    ("message.thinking", Fact::Reasoning),
    ("message.tool_calls[].function.name", Fact::Output),
    ("message.images[]", Fact::Output),
    ("!message.role", Fact::Nothing),
    ("!message.tool_name", Fact::Nothing),
    ("message.*reason*", Fact::Reasoning),
    ("message.*think*", Fact::Reasoning),
    ("message.*", Fact::Unknown),
    ("message.*.*", Fact::UnknownWithin),
    ("message.*[]", Fact::UnknownWithin),
    ("done", Fact::End),
    ("done_reason", Fact::Finish),
    ("prompt_eval_count", Fact::Tokens(Counted::Input)),
    ("eval_count", Fact::Tokens(Counted::Output)),
    ("error", Fact::Error),
    ("!model", Fact::Nothing),
    ("!created_at", Fact::Nothing),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
