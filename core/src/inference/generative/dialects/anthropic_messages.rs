//! Anthropic's messages, as its own API, Vertex AI and compatible servers speak them: streamed and whole. Tables only.
//!
//! Reference: Anthropic API, "Create a message" and "Streaming messages"; Vertex AI, "Claude models". Counts that
//! `message_start` gives of the output are a placeholder, so only those of `message_delta` are read; those of the input
//! may come with either. What a tool of the server's gives back is no output of the model, nor is the summary of a
//! compaction, whose tokens the usage leaves out.

use crate::inference::generative::{
    dialect::{Dialect, EventKind},
    facts::Fact,
    finish::FinishReason,
    path::Pattern,
    prompt::PromptField,
    request::Wish,
    usage::Excludes,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "anthropic_messages",
    paths: &[
        // Without the version, OpenAI's threads end so as well.
        Pattern::new("/v1/messages"),
        // Vertex AI: other publishers' models answer at the same two methods, each in its own dialect.
        Pattern::new("/publishers/anthropic/models/{model}:rawPredict"),
        Pattern::new("/publishers/anthropic/models/{model}:streamRawPredict"),
    ],
    request: &[Field::at("model", Wish::Model), Field::at("stream", Wish::Stream)],
    prompt: &[
        Field::at("system", PromptField::Text),
        Field::at("system[].text", PromptField::Text),
        Field::at("messages[]", PromptField::Message),
        Field::at("messages[].content", PromptField::Text),
        Field::at("messages[].content[].text", PromptField::Text),
        Field::at("tools[]", PromptField::Tool),
        Field::at("max_tokens", PromptField::MaxTokens),
        Field::at("temperature", PromptField::Temperature),
    ],
    event: &[
        Field::at("type", Fact::Kind),
        Field::at("delta.text", Fact::Visible),
        Field::at("delta.partial_json", Fact::Output),
        Field::at("delta.thinking", Fact::Reasoning),
        Field::at("delta.stop_reason", Fact::Finish),
        // A block opens with empty text; the name of a tool and redacted thoughts come at once.
        Field::at("content_block.text", Fact::Visible),
        Field::at("content_block.name", Fact::Output),
        Field::at("content_block.thinking", Fact::Reasoning),
        Field::at("content_block.data", Fact::Reasoning),
        Field::at("message.usage.input_tokens", Fact::InputTokens),
        Field::at("message.usage.cache_read_input_tokens", Fact::CachedInputTokens),
        Field::at("message.usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
        Field::at("usage.input_tokens", Fact::InputTokens),
        Field::at("usage.cache_read_input_tokens", Fact::CachedInputTokens),
        Field::at("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
        Field::at("usage.output_tokens", Fact::OutputTokens),
        Field::at("usage.output_tokens_details.thinking_tokens", Fact::ReasoningTokens),
        Field::at("error", Fact::Error),
    ],
    document: &[
        Field::at("type", Fact::Kind),
        Field::at("content[].text", Fact::Visible),
        Field::at("content[].name", Fact::Output),
        Field::at("content[].thinking", Fact::Reasoning),
        Field::at("content[].data", Fact::Reasoning),
        Field::at("stop_reason", Fact::Finish),
        Field::at("usage.input_tokens", Fact::InputTokens),
        Field::at("usage.cache_read_input_tokens", Fact::CachedInputTokens),
        Field::at("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
        Field::at("usage.output_tokens", Fact::OutputTokens),
        Field::at("usage.output_tokens_details.thinking_tokens", Fact::ReasoningTokens),
        Field::at("error", Fact::Error),
    ],
    kinds: &[("message_stop", EventKind::End), ("error", EventKind::Error)],
    finish: &[
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("tool_use", FinishReason::ToolCalls),
        // The server's own tools need another request before the turn can go on.
        ("pause_turn", FinishReason::ToolCalls),
        ("refusal", FinishReason::Refusal),
    ],
    excludes: Excludes { cache: true, reasoning: false },
    ..Dialect::PLAIN
};
