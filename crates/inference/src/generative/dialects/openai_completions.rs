//! OpenAI's completions, which vLLM and others still serve: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create completion" and "The completion object". A prompt that is to be echoed comes in the
//! first event, together with the first token, so its text moves no clock.

use driftline_labels::Operation;

use super::openai::{ANSWER, REQUEST};
use crate::generative::{dialect::Dialect, meaning::PromptField};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_completions",
    operation: Operation::TextCompletion,
    paths: &[
        "/v1/completions",
        // DeepSeek.
        "/beta/completions",
        // Azure, and OpenAI before: the path names the model, and the body need not.
        "/deployments/{model}/completions",
        "/engines/{model}/completions",
        // Mistral; LM Studio and LiteLLM.
        "/fim/completions",
        "?/completions",
    ],
    request: &REQUEST,
    prompt: &field_table![
        ("prompt", PromptField::Text),
        ("prompt[]", PromptField::Text),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};
