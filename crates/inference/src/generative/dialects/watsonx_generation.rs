//! The text generation of watsonx, streamed and whole; its chats use the dialect of OpenAI. Tables only.
//!
//! Reference: watsonx.ai REST API, "Infer text" and "Infer text event stream". The counts of an event are those so far, and
//! of the input only one event has any.

use driftline_labels::Operation;

use crate::generative::{
    dialect::Dialect, meaning::Fact, meaning::PromptField, meaning::RequestField, usage::Counted,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "watsonx_generation",
    operation: Operation::TextCompletion,
    paths: &[
        "/v1/text/generation",
        "/v1/text/generation_stream",
        "/deployments/{model}/text/generation",
        "/deployments/{model}/text/generation_stream",
    ],
    request: &field_table![("model_id", RequestField::Model)],
    prompt: &field_table![
        ("input", PromptField::Text),
        ("parameters.max_new_tokens", PromptField::MaxTokens),
        ("parameters.temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    ..Dialect::PLAIN
};

const ANSWER: FieldTable<Fact> = field_table![
    ("results[].generated_text", Fact::Visible),
    ("results[].generated_token_count", Fact::Tokens(Counted::Output)),
    ("results[].input_token_count", Fact::Tokens(Counted::Input)),
    ("results[].stop_reason", Fact::Finish),
    ("error", Fact::Error),
    ("errors[]", Fact::Error),
    ("results[].*", Fact::Foreign),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
