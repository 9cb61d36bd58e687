//! Ollama's `/api/generate`: one JSON document per line, or one in all. Tables only.
//!
//! Reference: Ollama, "Generate a response", and its `api/types.go`. Counts of 0 are left out, such as the prompt's
//! when all of it was cached. A model that makes images sends one at the end.

use driftline_labels::Operation;

use super::ollama::REQUEST;
use crate::generative::{
    dialect::{Dialect, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::Counted,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "ollama_generate",
    operation: Operation::TextCompletion,
    paths: &["/api/generate"],
    request: &REQUEST,
    prompt: &field_table![
        ("prompt", PromptField::Text),
        ("system", PromptField::Text),
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
    ("response", Fact::Visible),
    ("thinking", Fact::Reasoning),
    ("image", Fact::Output),
    ("done", Fact::End),
    ("done_reason", Fact::Finish),
    ("prompt_eval_count", Fact::Tokens(Counted::Input)),
    ("eval_count", Fact::Tokens(Counted::Output)),
    ("error", Fact::Error),
    ("!model", Fact::Nothing),
    ("!created_at", Fact::Nothing),
    ("*reasoning*", Fact::Reasoning),
    ("*thinking*", Fact::Reasoning),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
