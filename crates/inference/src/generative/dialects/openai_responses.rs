//! OpenAI's responses, in its own API, Azure, OpenRouter and vLLM: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create a model response" and "Streaming events". An event says in `type` what it is, perhaps
//! after everything else. The last one repeats the whole answer, and the request's instructions and tools. The text of
//! finished items was sent before, but an image comes only there.

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    meaning::PromptField,
    meaning::RequestField,
};
use driftline_labels::FinishReason;
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_responses",
    paths: &[
        "/v1/responses",
        // Azure.
        "/openai/responses",
    ],
    request: field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: field_table![
        ("instructions", PromptField::Text),
        ("input", PromptField::Text),
        ("input[]", PromptField::Message),
        ("input[].content", PromptField::Text),
        ("input[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_output_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: field_table![
        ("type", Fact::Kind),
        ("delta", Fact::Delta),
        // A call of a function opens with its name.
        ("item.name", Fact::Delta),
        ("item.result", Fact::Output),
        ("partial_image_b64", Fact::Output),
        ("response.output[].call_id", Fact::ToolCall),
        ("response.status", Fact::Status),
        ("response.incomplete_details.reason", Fact::Finish),
        ("response.usage.input_tokens", Fact::InputTokens),
        ("response.usage.input_tokens_details.cached_tokens", Fact::CachedInputTokens),
        ("response.usage.output_tokens", Fact::OutputTokens),
        ("response.usage.output_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        ("response.error", Fact::Error),
        ("error", Fact::Error),
    ],
    document: field_table![
        ("output[].content[].text", Fact::Visible),
        ("output[].content[].refusal", Fact::Refusal),
        ("output[].summary[].text", Fact::Reasoning),
        ("output[].name", Fact::Output),
        ("output[].result", Fact::Output),
        ("output[].call_id", Fact::ToolCall),
        ("status", Fact::Status),
        ("incomplete_details.reason", Fact::Finish),
        ("usage.input_tokens", Fact::InputTokens),
        ("usage.input_tokens_details.cached_tokens", Fact::CachedInputTokens),
        ("usage.output_tokens", Fact::OutputTokens),
        ("usage.output_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
        ("error", Fact::Error),
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
    // OpenAI sends none; servers that also have OpenAI's other dialects do.
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};
