//! Amazon Bedrock's `Converse` and `ConverseStream`, one form for all its models: streamed and whole. Tables only.
//!
//! Reference: Amazon Bedrock API, "Converse", "ConverseStream", "ConverseStreamOutput" and "TokenUsage". The type of an
//! event stands in its message's headers, and an exception under status 200 is a message as well. The metadata with the
//! usage come last. What a tool of the server's gives back is no output of the model.

use crate::inference::generative::{
    dialect::{Dialect, EventKind, Framing},
    facts::Fact,
    finish::FinishReason,
    path::Pattern,
    prompt::PromptField,
    usage::Excludes,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "bedrock_converse",
    paths: &[
        Pattern::new("/model/{model}/converse"),
        Pattern::new("/model/{model}/converse-stream"),
    ],
    prompt: &[
        Field::at("system[].text", PromptField::Text),
        Field::at("messages[]", PromptField::Message),
        Field::at("messages[].content[].text", PromptField::Text),
        Field::at("toolConfig.tools[]", PromptField::Tool),
        Field::at("inferenceConfig.maxTokens", PromptField::MaxTokens),
        Field::at("inferenceConfig.temperature", PromptField::Temperature),
    ],
    framing: Framing::Messages,
    event: &[
        // A block of text opens without an event of its own.
        Field::at("start.toolUse.name", Fact::Output),
        Field::at("delta.text", Fact::Visible),
        Field::at("delta.toolUse.input", Fact::Output),
        Field::at("delta.reasoningContent.text", Fact::Reasoning),
        Field::at("delta.reasoningContent.redactedContent", Fact::Reasoning),
        Field::at("delta.image.source", Fact::Output),
        Field::at("stopReason", Fact::Finish),
        Field::at("usage.inputTokens", Fact::InputTokens),
        Field::at("usage.outputTokens", Fact::OutputTokens),
        Field::at("usage.cacheReadInputTokens", Fact::CachedInputTokens),
        Field::at("usage.cacheWriteInputTokens", Fact::CacheWriteTokens),
    ],
    document: &[
        Field::at("output.message.content[].text", Fact::Visible),
        Field::at("output.message.content[].toolUse.name", Fact::Output),
        Field::at("output.message.content[].image.source", Fact::Output),
        Field::at("output.message.content[].citationsContent.content[].text", Fact::Visible),
        Field::at("output.message.content[].reasoningContent.reasoningText.text", Fact::Reasoning),
        Field::at("output.message.content[].reasoningContent.redactedContent", Fact::Reasoning),
        Field::at("stopReason", Fact::Finish),
        Field::at("usage.inputTokens", Fact::InputTokens),
        Field::at("usage.outputTokens", Fact::OutputTokens),
        Field::at("usage.cacheReadInputTokens", Fact::CachedInputTokens),
        Field::at("usage.cacheWriteInputTokens", Fact::CacheWriteTokens),
        // An AWS error, whatever status a gateway gave it; an answer has neither of these.
        Field::at("message", Fact::Error),
        Field::at("__type", Fact::Error),
    ],
    kinds: &[
        ("metadata", EventKind::End),
        ("exception", EventKind::Error),
        ("error", EventKind::Error),
    ],
    finish: &[
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("tool_use", FinishReason::ToolCalls),
        ("guardrail_intervened", FinishReason::ContentFilter),
        ("content_filtered", FinishReason::ContentFilter),
    ],
    excludes: Excludes { cache: true, reasoning: false },
    ..Dialect::PLAIN
};
