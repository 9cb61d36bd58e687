//! Anthropic's messages, in its own API, Vertex AI and compatible servers: streamed and whole. Tables only.
//!
//! Reference: Anthropic API, "Create a message" and "Streaming messages"; Vertex AI, "Claude models". The output
//! counts of `message_start` are a placeholder, so only those of `message_delta` are read; input counts may come with
//! either. Results of the server's own tools are not output of the model. Neither is the summary of a compaction, whose
//! tokens the usage leaves out.

use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    meaning::PromptField,
    meaning::RequestField,
    usage::Excludes,
};
use driftline_labels::FinishReason;
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "anthropic_messages",
    paths: &[
        // Without the version, OpenAI's threads end so as well.
        "/v1/messages",
        // Vertex AI: other publishers' models answer at the same two methods, each in its own dialect.
        "/publishers/anthropic/models/{model}:rawPredict",
        "/publishers/anthropic/models/{model}:streamRawPredict",
    ],
    request: field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: field_table![
        ("system", PromptField::Text),
        ("system[].text", PromptField::Text),
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("messages[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: field_table![
        ("type", Fact::Kind),
        ("delta.text", Fact::Visible),
        ("delta.partial_json", Fact::Output),
        ("delta.thinking", Fact::Reasoning),
        ("delta.stop_reason", Fact::Finish),
        // A block opens with empty text; the name of a tool and redacted thoughts come at once.
        ("content_block.text", Fact::Visible),
        ("content_block.name", Fact::Output),
        ("content_block.thinking", Fact::Reasoning),
        ("content_block.data", Fact::Reasoning),
        ("message.usage.input_tokens", Fact::InputTokens),
        ("message.usage.cache_read_input_tokens", Fact::CachedInputTokens),
        ("message.usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
        ("usage.input_tokens", Fact::InputTokens),
        ("usage.cache_read_input_tokens", Fact::CachedInputTokens),
        ("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
        ("usage.output_tokens", Fact::OutputTokens),
        ("usage.output_tokens_details.thinking_tokens", Fact::ReasoningTokens),
        ("error", Fact::Error),
    ],
    document: field_table![
        ("type", Fact::Kind),
        ("content[].text", Fact::Visible),
        ("content[].name", Fact::Output),
        ("content[].thinking", Fact::Reasoning),
        ("content[].data", Fact::Reasoning),
        ("stop_reason", Fact::Finish),
        ("usage.input_tokens", Fact::InputTokens),
        ("usage.cache_read_input_tokens", Fact::CachedInputTokens),
        ("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
        ("usage.output_tokens", Fact::OutputTokens),
        ("usage.output_tokens_details.thinking_tokens", Fact::ReasoningTokens),
        ("error", Fact::Error),
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
