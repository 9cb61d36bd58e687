//! The generate extension of Triton and of the Open Inference Protocol: streamed and whole. Tables only.
//!
//! Reference: Triton, "Generate extension"; Open Inference Protocol, `generate_rest.yaml`; "Additional outputs from
//! vLLM". Triton announces no end, the protocol has `done`. There is no usage unless the request asks a backend for it,
//! and what the events of a stream then count is their own tokens, not all so far, so those are not read.

use driftline_labels::Operation;

use crate::inference::generative::{
    dialect::Dialect, facts::Fact, finish::FinishReason, path::Pattern, prompt::PromptField,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "triton_generate",
    operation: Operation::TextCompletion,
    paths: &[
        Pattern::new("/models/{model}/generate"),
        Pattern::new("/models/{model}/generate_stream"),
        Pattern::new("/models/{model}/versions/*/generate"),
        Pattern::new("/models/{model}/versions/*/generate_stream"),
    ],
    prompt: &[
        Field::at("text_input", PromptField::Text),
        Field::at("max_tokens", PromptField::MaxTokens),
        Field::at("temperature", PromptField::Temperature),
        Field::at("parameters.max_tokens", PromptField::MaxTokens),
        Field::at("parameters.temperature", PromptField::Temperature),
    ],
    event: &[
        Field::at("text_output", Fact::Visible),
        Field::at("text_output[]", Fact::Visible),
        Field::at("done", Fact::End),
        Field::at("num_input_tokens", Fact::InputTokens),
        Field::at("error", Fact::Error),
    ],
    document: &[
        Field::at("text_output", Fact::Visible),
        Field::at("text_output[]", Fact::Visible),
        Field::at("finish_reason", Fact::Finish),
        Field::at("num_input_tokens", Fact::InputTokens),
        Field::at("num_output_tokens", Fact::OutputTokens),
        Field::at("error", Fact::Error),
    ],
    finish: &[("stop", FinishReason::Stop), ("length", FinishReason::Length)],
    announces_end: false,
    ..Dialect::PLAIN
};
