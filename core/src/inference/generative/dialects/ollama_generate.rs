//! Ollama's `/api/generate`: one JSON document per line, or one in all. Tables only.
//!
//! Reference: Ollama, "Generate a response", and its `api/types.go`. Counts that are 0 are left out, as the prompt's is
//! when all of it was cached. A model that makes images gives one at the end.

use driftline_labels::Operation;

use super::ollama::{FINISH, REQUEST};
use crate::inference::generative::{
    dialect::{Dialect, Framing},
    facts::Fact,
    path::Pattern,
    prompt::PromptField,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "ollama_generate",
    operation: Operation::TextCompletion,
    paths: &[Pattern::new("/api/generate")],
    request: REQUEST,
    prompt: &[
        Field::at("prompt", PromptField::Text),
        Field::at("system", PromptField::Text),
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
    Field::at("response", Fact::Visible),
    Field::at("thinking", Fact::Reasoning),
    Field::at("image", Fact::Output),
    Field::at("done", Fact::End),
    Field::at("done_reason", Fact::Finish),
    Field::at("prompt_eval_count", Fact::InputTokens),
    Field::at("eval_count", Fact::OutputTokens),
    Field::at("error", Fact::Error),
];
