//! Ollama's `/api/chat`: one JSON document per line, or one in all. Tables only.
//!
//! Reference: Ollama, "Generate a chat message", and its `api/types.go`. Counts of 0 are left out, such as the
//! prompt's when all of it was cached. Its OpenAI-compatible endpoints use OpenAI's dialects.

use super::ollama::{FINISH, REQUEST};
use crate::generative::{
    dialect::{Dialect, Framing},
    meaning::Fact,
    meaning::PromptField,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "ollama_chat",
    paths: &["/api/chat"],
    request: REQUEST,
    prompt: field_table![
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("options.num_predict", PromptField::MaxTokens),
        ("options.temperature", PromptField::Temperature),
    ],
    framing: Framing::Ndjson,
    event: ANSWER,
    document: ANSWER,
    finish: FINISH,
    ..Dialect::PLAIN
};

/// A line has the shape of the whole answer.
const ANSWER: FieldTable<Fact> = field_table![
    ("message.content", Fact::Visible),
    ("message.thinking", Fact::Reasoning),
    ("message.tool_calls[].function.name", Fact::Output),
    ("done", Fact::End),
    ("done_reason", Fact::Finish),
    ("prompt_eval_count", Fact::InputTokens),
    ("eval_count", Fact::OutputTokens),
    ("error", Fact::Error),
];
