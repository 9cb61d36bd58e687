//! OpenAI's completions, which vLLM and others still serve: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create completion" and "The completion object". A prompt that is to be echoed comes in the
//! first event, together with the first token, so its text moves no clock.

use driftline_labels::Operation;

use crate::inference::generative::{
    dialect::Dialect, facts::Fact, finish::FinishReason, path::Pattern, prompt::PromptField,
    request::Wish,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_completions",
    operation: Operation::TextCompletion,
    paths: &[
        Pattern::new("/v1/completions"),
        // DeepSeek.
        Pattern::new("/beta/completions"),
        // Azure, and OpenAI before: the path names the model, and the body need not.
        Pattern::new("/deployments/{model}/completions"),
        Pattern::new("/engines/{model}/completions"),
    ],
    request: &[Field::at("model", Wish::Model), Field::at("stream", Wish::Stream)],
    prompt: &[
        Field::at("prompt", PromptField::Text),
        Field::at("prompt[]", PromptField::Text),
        Field::at("max_tokens", PromptField::MaxTokens),
        Field::at("temperature", PromptField::Temperature),
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
const ANSWER: &[Field<Fact>] = &[
    Field::at("choices[].text", Fact::Visible),
    Field::at("choices[].finish_reason", Fact::Finish),
    Field::at("choices[].index", Fact::Choice),
    Field::at("usage.prompt_tokens", Fact::InputTokens),
    Field::at("usage.prompt_cache_hit_tokens", Fact::CachedInputTokens),
    Field::at("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
    Field::at("usage.completion_tokens", Fact::OutputTokens),
    Field::at("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
    Field::at("object", Fact::Kind),
    Field::at("error", Fact::Error),
];
