//! Cohere's chat, version 2: streamed and whole. Tables only.
//!
//! Reference: Cohere API, "Chat" and "Chat with streaming". The plan for calling tools is thought. Of the two counts of
//! tokens, those that the model read and wrote are taken, not those that are billed.

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
    name: "cohere_chat",
    paths: &[Pattern::new("/v2/chat")],
    request: &[Field::at("model", Wish::Model), Field::at("stream", Wish::Stream)],
    prompt: &[
        Field::at("messages[]", PromptField::Message),
        Field::at("messages[].content", PromptField::Text),
        Field::at("messages[].content[].text", PromptField::Text),
        Field::at("tools[]", PromptField::Tool),
        Field::at("max_tokens", PromptField::MaxTokens),
        Field::at("temperature", PromptField::Temperature),
    ],
    event: &[
        Field::at("type", Fact::Kind),
        Field::at("delta.message.content.text", Fact::Visible),
        Field::at("delta.message.content.thinking", Fact::Reasoning),
        Field::at("delta.message.tool_plan", Fact::Reasoning),
        Field::at("delta.message.tool_calls.function.name", Fact::Output),
        Field::at("delta.message.tool_calls.function.arguments", Fact::Output),
        Field::at("delta.finish_reason", Fact::Finish),
        Field::at("delta.usage.tokens.input_tokens", Fact::InputTokens),
        Field::at("delta.usage.tokens.output_tokens", Fact::OutputTokens),
        Field::at("delta.usage.cached_tokens", Fact::CachedInputTokens),
        Field::at("delta.error", Fact::Error),
        Field::at("error", Fact::Error),
    ],
    document: &[
        Field::at("message.content[].text", Fact::Visible),
        Field::at("message.content[].thinking", Fact::Reasoning),
        Field::at("message.tool_plan", Fact::Reasoning),
        Field::at("message.tool_calls[].function.name", Fact::Output),
        Field::at("finish_reason", Fact::Finish),
        Field::at("usage.tokens.input_tokens", Fact::InputTokens),
        Field::at("usage.tokens.output_tokens", Fact::OutputTokens),
        Field::at("usage.cached_tokens", Fact::CachedInputTokens),
        Field::at("error", Fact::Error),
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
