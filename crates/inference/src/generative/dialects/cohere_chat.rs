//! Cohere's chat, version 2: streamed and whole. Tables only.
//!
//! Reference: Cohere API, "Chat" and "Chat with streaming". The plan for calling tools counts as reasoning. Of the two
//! counts of tokens, the ones that the model read and wrote are taken, not the billed ones.

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    meaning::PromptField,
    meaning::RequestField,
};
use driftline_labels::FinishReason;
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "cohere_chat",
    paths: &["/v2/chat"],
    request: field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: field_table![
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("messages[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: field_table![
        ("type", Fact::Kind),
        ("delta.message.content.text", Fact::Visible),
        ("delta.message.content.thinking", Fact::Reasoning),
        ("delta.message.tool_plan", Fact::Reasoning),
        ("delta.message.tool_calls.function.name", Fact::Output),
        ("delta.message.tool_calls.function.arguments", Fact::Output),
        ("delta.finish_reason", Fact::Finish),
        ("delta.usage.tokens.input_tokens", Fact::InputTokens),
        ("delta.usage.tokens.output_tokens", Fact::OutputTokens),
        ("delta.usage.cached_tokens", Fact::CachedInputTokens),
        ("delta.error", Fact::Error),
        ("error", Fact::Error),
    ],
    document: field_table![
        ("message.content[].text", Fact::Visible),
        ("message.content[].thinking", Fact::Reasoning),
        ("message.tool_plan", Fact::Reasoning),
        ("message.tool_calls[].function.name", Fact::Output),
        ("finish_reason", Fact::Finish),
        ("usage.tokens.input_tokens", Fact::InputTokens),
        ("usage.tokens.output_tokens", Fact::OutputTokens),
        ("usage.cached_tokens", Fact::CachedInputTokens),
        ("error", Fact::Error),
    ],
    kinds: &[("message-end", EventKind::End), ("error", EventKind::Error)],
    finish: &[
        ("COMPLETE", FinishReason::Stop),
        ("STOP_SEQUENCE", FinishReason::Stop),
        ("MAX_TOKENS", FinishReason::Length),
        ("TOOL_CALL", FinishReason::ToolCalls),
        ("ERROR", FinishReason::Error),
        ("TIMEOUT", FinishReason::Error),
    ],
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};
