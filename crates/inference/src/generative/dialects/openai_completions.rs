//! OpenAI's completions, which vLLM and others still serve: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create completion" and "The completion object". A prompt that is to be echoed comes in the
//! first event, together with the first token, so its text moves no clock.

use driftline_labels::{FinishReason, Operation};

use crate::generative::{
    dialect::Dialect, meaning::Fact, meaning::PromptField, meaning::RequestField,
};
use driftline_wire::{field_table, fields::FieldTable};

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
    ],
    request: field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: field_table![
        ("prompt", PromptField::Text),
        ("prompt[]", PromptField::Text),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: ANSWER,
    document: ANSWER,
    finish: &[
        ("stop", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("error", FinishReason::Error),
    ],
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};

/// Events are answers of fewer tokens.
const ANSWER: FieldTable<Fact> = field_table![
    ("choices[].text", Fact::Visible),
    ("choices[].finish_reason", Fact::Finish),
    ("choices[].index", Fact::Choice),
    ("usage.prompt_tokens", Fact::InputTokens),
    ("usage.prompt_cache_hit_tokens", Fact::CachedInputTokens),
    ("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
    ("usage.completion_tokens", Fact::OutputTokens),
    ("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
    ("object", Fact::Kind),
    ("error", Fact::Error),
];
