//! OpenAI's chat completions, and the many servers that speak them: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create chat completion" and "The chat completion chunk object". The two spellings of
//! reasoning are DeepSeek's, vLLM's and OpenRouter's additions, thinking as a part of the content is Mistral's.
//! OpenRouter also has errors within a choice, encrypted thoughts, images and what a cache was written with; DeepSeek
//! counts the cached tokens of the prompt beside it, too. Older vLLM and SGLang call an error by `object`.

use crate::inference::generative::{
    dialect::Dialect, facts::Fact, finish::FinishReason, path::Pattern, prompt::PromptField,
    request::Wish,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_chat",
    paths: &[
        Pattern::new("/chat/completions"),
        // Azure: the path names the deployment, and the body need not.
        Pattern::new("/deployments/{model}/chat/completions"),
    ],
    request: &[Field::at("model", Wish::Model), Field::at("stream", Wish::Stream)],
    prompt: &[
        Field::at("messages[]", PromptField::Message),
        Field::at("messages[].content", PromptField::Text),
        Field::at("messages[].content[].text", PromptField::Text),
        Field::at("tools[]", PromptField::Tool),
        Field::at("functions[]", PromptField::Tool),
        Field::at("max_tokens", PromptField::MaxTokens),
        Field::at("max_completion_tokens", PromptField::MaxTokens),
        Field::at("temperature", PromptField::Temperature),
    ],
    event: &[
        Field::at("choices[].delta.content", Fact::Visible),
        Field::at("choices[].delta.content[].text", Fact::Visible),
        Field::at("choices[].delta.content[].thinking[].text", Fact::Reasoning),
        Field::at("choices[].delta.refusal", Fact::Refusal),
        Field::at("choices[].delta.audio.data", Fact::Output),
        Field::at("choices[].delta.audio.transcript", Fact::Visible),
        Field::at("choices[].delta.function_call.name", Fact::Output),
        Field::at("choices[].delta.function_call.arguments", Fact::Output),
        Field::at("choices[].delta.tool_calls[].function.name", Fact::Output),
        Field::at("choices[].delta.tool_calls[].function.arguments", Fact::Output),
        Field::at("choices[].delta.tool_calls[].custom.name", Fact::Output),
        Field::at("choices[].delta.tool_calls[].custom.input", Fact::Output),
        Field::at("choices[].delta.images[]", Fact::Output),
        Field::at("choices[].delta.reasoning_content", Fact::Reasoning),
        Field::at("choices[].delta.reasoning", Fact::Reasoning),
        Field::at("choices[].delta.reasoning_details[].data", Fact::Reasoning),
        Field::at("choices[].finish_reason", Fact::Finish),
        Field::at("choices[].index", Fact::Choice),
        Field::at("choices[].error", Fact::Error),
        Field::at("usage.prompt_tokens", Fact::InputTokens),
        Field::at("usage.prompt_cache_hit_tokens", Fact::CachedInputTokens),
        Field::at("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
        Field::at("usage.prompt_tokens_details.cache_write_tokens", Fact::CacheWriteTokens),
        Field::at("usage.completion_tokens", Fact::OutputTokens),
        Field::at("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        Field::at("object", Fact::Kind),
        Field::at("error", Fact::Error),
    ],
    document: &[
        Field::at("choices[].message.content", Fact::Visible),
        Field::at("choices[].message.content[].text", Fact::Visible),
        Field::at("choices[].message.content[].thinking[].text", Fact::Reasoning),
        Field::at("choices[].message.refusal", Fact::Refusal),
        Field::at("choices[].message.audio.data", Fact::Output),
        Field::at("choices[].message.function_call.name", Fact::Output),
        Field::at("choices[].message.tool_calls[].function.name", Fact::Output),
        Field::at("choices[].message.tool_calls[].custom.name", Fact::Output),
        Field::at("choices[].message.images[]", Fact::Output),
        Field::at("choices[].message.reasoning_content", Fact::Reasoning),
        Field::at("choices[].message.reasoning", Fact::Reasoning),
        Field::at("choices[].finish_reason", Fact::Finish),
        Field::at("choices[].index", Fact::Choice),
        Field::at("choices[].error", Fact::Error),
        Field::at("usage.prompt_tokens", Fact::InputTokens),
        Field::at("usage.prompt_cache_hit_tokens", Fact::CachedInputTokens),
        Field::at("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
        Field::at("usage.prompt_tokens_details.cache_write_tokens", Fact::CacheWriteTokens),
        Field::at("usage.completion_tokens", Fact::OutputTokens),
        Field::at("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        Field::at("object", Fact::Kind),
        Field::at("error", Fact::Error),
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
