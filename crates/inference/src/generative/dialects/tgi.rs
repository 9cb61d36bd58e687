//! Text Generation Inference of Hugging Face, and LoRAX, which grew out of it: streamed and whole. Tables only.
//!
//! Reference: TGI's OpenAPI document, "generate" and "generate_stream". Every event with a token is exactly one, so the
//! output is known even where `details` were not asked for. The token may have no text: a piece of a character, or one
//! that only ends the answer. A request names no model; LoRAX names an adapter.

use driftline_labels::{FinishReason, Operation};

use crate::generative::{
    dialect::Dialect, meaning::Fact, meaning::PromptField, meaning::RequestField,
};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "tgi",
    operation: Operation::TextCompletion,
    paths: &["/generate", "/generate_stream"],
    request: field_table![
        ("stream", RequestField::Stream),
        ("parameters.adapter_id", RequestField::Model)
    ],
    prompt: field_table![
        ("inputs", PromptField::Text),
        ("parameters.max_new_tokens", PromptField::MaxTokens),
        ("parameters.temperature", PromptField::Temperature),
    ],
    event: field_table![
        ("token.id", Fact::Token),
        ("token.text", Fact::Visible),
        ("generated_text", Fact::End),
        ("details.finish_reason", Fact::Finish),
        ("details.input_length", Fact::InputTokens),
        ("details.prompt_tokens", Fact::InputTokens),
        ("details.generated_tokens", Fact::OutputTokens),
        ("error", Fact::Error),
    ],
    document: field_table![
        ("generated_text", Fact::Visible),
        ("details.finish_reason", Fact::Finish),
        ("details.prompt_tokens", Fact::InputTokens),
        ("details.generated_tokens", Fact::OutputTokens),
        ("error", Fact::Error),
        // At `/`, which is no path of this dialect, the same comes in an array.
        ("[].generated_text", Fact::Visible),
        ("[].details.finish_reason", Fact::Finish),
        ("[].details.prompt_tokens", Fact::InputTokens),
        ("[].details.generated_tokens", Fact::OutputTokens),
    ],
    finish: &[
        ("eos_token", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("length", FinishReason::Length),
    ],
    has_token_per_event: true,
    ..Dialect::PLAIN
};
