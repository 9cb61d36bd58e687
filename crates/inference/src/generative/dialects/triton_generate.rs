//! The generate extension of Triton and of the Open Inference Protocol: streamed and whole. Tables only.
//!
//! Reference: Triton, "Generate extension"; Open Inference Protocol, `generate_rest.yaml`; "Additional outputs from
//! vLLM". Triton announces no end, the protocol has `done`. There is no usage unless the request asks a backend for it,
//! and what the events of a stream then count is their own tokens, not all so far, so those are not read.

use driftline_labels::Operation;

use crate::generative::{dialect::Dialect, meaning::Fact, meaning::PromptField, usage::Counted};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "triton_generate",
    operation: Operation::TextCompletion,
    paths: &[
        "/models/{model}/generate",
        "/models/{model}/generate_stream",
        "/models/{model}/versions/*/generate",
        "/models/{model}/versions/*/generate_stream",
    ],
    prompt: &field_table![
        ("text_input", PromptField::Text),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
        ("parameters.max_tokens", PromptField::MaxTokens),
        ("parameters.temperature", PromptField::Temperature),
    ],
    event: &field_table![
        ("text_output", Fact::Visible),
        ("text_output[]", Fact::Visible),
        ("done", Fact::End),
        ("num_input_tokens", Fact::Tokens(Counted::Input)),
        ("error", Fact::Error),
    ],
    document: &field_table![
        ("text_output", Fact::Visible),
        ("text_output[]", Fact::Visible),
        ("finish_reason", Fact::Finish),
        ("num_input_tokens", Fact::Tokens(Counted::Input)),
        ("num_output_tokens", Fact::Tokens(Counted::Output)),
        ("error", Fact::Error),
    ],
    announces_end: false,
    ..Dialect::PLAIN
};
