//! OpenAI's responses, as its own API, Azure, OpenRouter and vLLM speak them: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create a model response" and "Streaming events". An event says in `type` what it is, perhaps
//! behind everything else; the last one holds the whole answer, and the request's instructions and tools once more.
//! Text of items that are done was sent before, but an image only comes whole.

use crate::inference::generative::{
    dialect::{Dialect, EventKind},
    facts::Fact,
    finish::FinishReason,
    path::Pattern,
    prompt::PromptField,
    request::Wish,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_responses",
    paths: &[
        Pattern::new("/v1/responses"),
        // Azure.
        Pattern::new("/openai/responses"),
    ],
    request: &[Field::at("model", Wish::Model), Field::at("stream", Wish::Stream)],
    prompt: &[
        Field::at("instructions", PromptField::Text),
        Field::at("input", PromptField::Text),
        Field::at("input[]", PromptField::Message),
        Field::at("input[].content", PromptField::Text),
        Field::at("input[].content[].text", PromptField::Text),
        Field::at("tools[]", PromptField::Tool),
        Field::at("max_output_tokens", PromptField::MaxTokens),
        Field::at("temperature", PromptField::Temperature),
    ],
    event: &[
        Field::at("type", Fact::Kind),
        Field::at("delta", Fact::Delta),
        // A call of a function opens with its name.
        Field::at("item.name", Fact::Delta),
        Field::at("item.result", Fact::Output),
        Field::at("partial_image_b64", Fact::Output),
        Field::at("response.output[].call_id", Fact::ToolCall),
        Field::at("response.status", Fact::Status),
        Field::at("response.incomplete_details.reason", Fact::Finish),
        Field::at("response.usage.input_tokens", Fact::InputTokens),
        Field::at("response.usage.input_tokens_details.cached_tokens", Fact::CachedInputTokens),
        Field::at("response.usage.output_tokens", Fact::OutputTokens),
        Field::at("response.usage.output_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        Field::at("response.error", Fact::Error),
        Field::at("error", Fact::Error),
    ],
    document: &[
        Field::at("output[].content[].text", Fact::Visible),
        Field::at("output[].content[].refusal", Fact::Refusal),
        Field::at("output[].summary[].text", Fact::Reasoning),
        Field::at("output[].name", Fact::Output),
        Field::at("output[].result", Fact::Output),
        Field::at("output[].call_id", Fact::ToolCall),
        Field::at("status", Fact::Status),
        Field::at("incomplete_details.reason", Fact::Finish),
        Field::at("usage.input_tokens", Fact::InputTokens),
        Field::at("usage.input_tokens_details.cached_tokens", Fact::CachedInputTokens),
        Field::at("usage.output_tokens", Fact::OutputTokens),
        Field::at("usage.output_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        Field::at("error", Fact::Error),
    ],
    kinds: &[
        ("response.reasoning_text.delta", EventKind::Reasoning),
        ("response.reasoning_summary_text.delta", EventKind::Reasoning),
        ("response.refusal.delta", EventKind::Refusal),
        ("response.output_item.added", EventKind::Call),
        ("response.function_call_arguments.delta", EventKind::Call),
        ("response.custom_tool_call_input.delta", EventKind::Call),
        ("response.mcp_call_arguments.delta", EventKind::Call),
        ("response.code_interpreter_call_code.delta", EventKind::Call),
        ("response.audio.delta", EventKind::Call),
        ("response.output_item.done", EventKind::Repeat),
        ("response.completed", EventKind::End),
        ("response.incomplete", EventKind::End),
        ("response.failed", EventKind::Error),
        ("error", EventKind::Error),
    ],
    finish: &[
        ("completed", FinishReason::Stop),
        ("max_output_tokens", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("failed", FinishReason::Error),
        ("cancelled", FinishReason::Other),
    ],
    // OpenAI sends none, servers that speak the other dialects as well do.
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};
