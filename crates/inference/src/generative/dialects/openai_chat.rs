//! OpenAI's chat completions, which many servers implement: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create chat completion" and "The chat completion chunk object". DeepSeek, vLLM and
//! OpenRouter add reasoning in two spellings, Mistral adds thinking as a part of the content. OpenRouter also adds
//! errors within a choice, encrypted thoughts, images and the tokens written to a cache; DeepSeek also counts the
//! prompt's cached tokens outside the details. Older versions of vLLM and SGLang mark an error by `object`.

use crate::generative::{
    dialect::Dialect, meaning::Fact, meaning::PromptField, meaning::RequestField,
};
use driftline_labels::FinishReason;
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_chat",
    paths: &[
        "/chat/completions",
        // Azure: the path names the deployment, and the body need not.
        "/deployments/{model}/chat/completions",
    ],
    request: field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: field_table![
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("messages[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("functions[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("max_completion_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: field_table![
        ("choices[].delta.content", Fact::Visible),
        ("choices[].delta.content[].text", Fact::Visible),
        ("choices[].delta.content[].thinking[].text", Fact::Reasoning),
        ("choices[].delta.refusal", Fact::Refusal),
        ("choices[].delta.audio.data", Fact::Output),
        ("choices[].delta.audio.transcript", Fact::Visible),
        ("choices[].delta.function_call.name", Fact::Output),
        ("choices[].delta.function_call.arguments", Fact::Output),
        ("choices[].delta.tool_calls[].function.name", Fact::Output),
        ("choices[].delta.tool_calls[].function.arguments", Fact::Output),
        ("choices[].delta.tool_calls[].custom.name", Fact::Output),
        ("choices[].delta.tool_calls[].custom.input", Fact::Output),
        ("choices[].delta.images[]", Fact::Output),
        ("choices[].delta.reasoning_content", Fact::Reasoning),
        ("choices[].delta.reasoning", Fact::Reasoning),
        ("choices[].delta.reasoning_details[].data", Fact::Reasoning),
        ("choices[].finish_reason", Fact::Finish),
        ("choices[].index", Fact::Choice),
        ("choices[].error", Fact::Error),
        ("usage.prompt_tokens", Fact::InputTokens),
        ("usage.prompt_cache_hit_tokens", Fact::CachedInputTokens),
        ("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
        ("usage.prompt_tokens_details.cache_write_tokens", Fact::CacheWriteTokens),
        ("usage.completion_tokens", Fact::OutputTokens),
        ("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        ("object", Fact::Kind),
        ("error", Fact::Error),
    ],
    document: field_table![
        ("choices[].message.content", Fact::Visible),
        ("choices[].message.content[].text", Fact::Visible),
        ("choices[].message.content[].thinking[].text", Fact::Reasoning),
        ("choices[].message.refusal", Fact::Refusal),
        ("choices[].message.audio.data", Fact::Output),
        ("choices[].message.function_call.name", Fact::Output),
        ("choices[].message.tool_calls[].function.name", Fact::Output),
        ("choices[].message.tool_calls[].custom.name", Fact::Output),
        ("choices[].message.images[]", Fact::Output),
        ("choices[].message.reasoning_content", Fact::Reasoning),
        ("choices[].message.reasoning", Fact::Reasoning),
        ("choices[].finish_reason", Fact::Finish),
        ("choices[].index", Fact::Choice),
        ("choices[].error", Fact::Error),
        ("usage.prompt_tokens", Fact::InputTokens),
        ("usage.prompt_cache_hit_tokens", Fact::CachedInputTokens),
        ("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
        ("usage.prompt_tokens_details.cache_write_tokens", Fact::CacheWriteTokens),
        ("usage.completion_tokens", Fact::OutputTokens),
        ("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        ("object", Fact::Kind),
        ("error", Fact::Error),
    ],
    finish: &[
        ("stop", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("tool_calls", FinishReason::ToolCalls),
        ("function_call", FinishReason::ToolCalls),
        ("content_filter", FinishReason::ContentFilter),
        ("error", FinishReason::Error),
    ],
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};
