//! Text Generation Inference of Hugging Face, and LoRAX, which grew out of it: streamed and whole. Tables only.
//!
//! Reference: TGI's OpenAPI document, "generate" and "generate_stream". Every event with a token is exactly one, so the
//! output is known even where `details` were not asked for. The token may have no text: a piece of a character, or one
//! that only ends the answer. A request names no model; LoRAX names an adapter.

use driftline_labels::Operation;

use crate::inference::generative::{
    dialect::Dialect, facts::Fact, finish::FinishReason, path::Pattern, prompt::PromptField,
    request::Wish,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "tgi",
    operation: Operation::TextCompletion,
    paths: &[Pattern::new("/generate"), Pattern::new("/generate_stream")],
    request: &[Field::at("stream", Wish::Stream), Field::at("parameters.adapter_id", Wish::Model)],
    prompt: &[
        Field::at("inputs", PromptField::Text),
        Field::at("parameters.max_new_tokens", PromptField::MaxTokens),
        Field::at("parameters.temperature", PromptField::Temperature),
    ],
    event: &[
        Field::at("token.id", Fact::Token),
        Field::at("token.text", Fact::Visible),
        Field::at("generated_text", Fact::End),
        Field::at("details.finish_reason", Fact::Finish),
        Field::at("details.input_length", Fact::InputTokens),
        Field::at("details.prompt_tokens", Fact::InputTokens),
        Field::at("details.generated_tokens", Fact::OutputTokens),
        Field::at("error", Fact::Error),
    ],
    document: &[
        Field::at("generated_text", Fact::Visible),
        Field::at("details.finish_reason", Fact::Finish),
        Field::at("details.prompt_tokens", Fact::InputTokens),
        Field::at("details.generated_tokens", Fact::OutputTokens),
        Field::at("error", Fact::Error),
        // At `/`, where the path does not tell, the same stands in an array.
        Field::at("[].generated_text", Fact::Visible),
        Field::at("[].details.finish_reason", Fact::Finish),
        Field::at("[].details.prompt_tokens", Fact::InputTokens),
        Field::at("[].details.generated_tokens", Fact::OutputTokens),
    ],
    finish: &[
        ("eos_token", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("length", FinishReason::Length),
    ],
    has_token_per_event: true,
    ..Dialect::PLAIN
};
