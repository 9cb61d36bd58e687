//! Ollama's `/api/chat`: one JSON document per line, or one in all. Tables only.
//!
//! Reference: Ollama, "Generate a chat message", and its `api/types.go`. Counts that are 0 are left out, as that of the
//! prompt is when all of it was cached. Its OpenAI-compatible endpoints speak the dialects of OpenAI.

use super::ollama::{FINISH, REQUEST};
use crate::inference::generative::{
    dialect::{Dialect, Framing},
    facts::Fact,
    path::Pattern,
    prompt::PromptField,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "ollama_chat",
    paths: &[Pattern::new("/api/chat")],
    request: REQUEST,
    prompt: &[
        Field::at("messages[]", PromptField::Message),
        Field::at("messages[].content", PromptField::Text),
        Field::at("tools[]", PromptField::Tool),
        Field::at("options.num_predict", PromptField::MaxTokens),
        Field::at("options.temperature", PromptField::Temperature),
    ],
    framing: Framing::Lines,
    event: ANSWER,
    document: ANSWER,
    finish: FINISH,
    ..Dialect::PLAIN
};

/// A line has the shape of the whole answer.
const ANSWER: &[Field<Fact>] = &[
    Field::at("message.content", Fact::Visible),
    Field::at("message.thinking", Fact::Reasoning),
    Field::at("message.tool_calls[].function.name", Fact::Output),
    Field::at("done", Fact::End),
    Field::at("done_reason", Fact::Finish),
    Field::at("prompt_eval_count", Fact::InputTokens),
    Field::at("eval_count", Fact::OutputTokens),
    Field::at("error", Fact::Error),
];
