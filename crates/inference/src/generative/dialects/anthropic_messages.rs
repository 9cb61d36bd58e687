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
    usage::{Counted, Excludes},
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "anthropic_messages",
    paths: &[
        // Without the version, OpenAI's threads end so as well.
        "/v1/messages",
        // Vertex AI: other publishers' models answer at the same two methods, each in its own dialect.
        "/publishers/anthropic/models/{model}:rawPredict",
        "/publishers/anthropic/models/{model}:streamRawPredict",
    ],
    request: &field_table![("model", RequestField::Model), ("stream", RequestField::Stream)],
    prompt: &field_table![
        ("system", PromptField::Text),
        ("system[].text", PromptField::Text),
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("messages[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    kinds: &[
        ("content_block_delta", EventKind::Text),
        ("content_block_start", EventKind::Text),
        ("message_delta", EventKind::Text),
        ("message_stop", EventKind::End),
        ("error", EventKind::Error),
    ],
    excludes: Excludes { cache: true, reasoning: false },
    ..Dialect::PLAIN
};

/// Events, and the document that they amount to, have no member in common that means something else.
const ANSWER: FieldTable<Fact> = field_table![
    ("type", Fact::DeltaKind),
    ("!index", Fact::Nothing),
    ("delta", Fact::Part),
    ("delta.type", Fact::PartKind),
    ("delta.text", Fact::PartText),
    ("delta.partial_json", Fact::Output),
    ("delta.thinking", Fact::Reasoning),
    ("delta.stop_reason", Fact::Finish),
    ("!delta.stop_sequence", Fact::Nothing),
    ("!delta.signature", Fact::Nothing),
    ("!delta.citation", Fact::Nothing),
    ("!delta.container", Fact::Nothing),
    // The summary of a compaction.
    ("!delta.content", Fact::Nothing),
    ("delta.*reason*", Fact::Reasoning),
    ("delta.*think*", Fact::Reasoning),
    ("delta.*", Fact::Unknown),
    ("delta.*.*", Fact::UnknownWithin),
    // A block opens with empty text; the name of a tool and redacted thoughts come at once.
    ("content_block", Fact::Part),
    ("content_block.type", Fact::PartKind),
    ("content_block.text", Fact::PartText),
    ("content_block.name", Fact::Output),
    ("content_block.thinking", Fact::Reasoning),
    ("content_block.data", Fact::Reasoning),
    ("!content_block.id", Fact::Nothing),
    ("!content_block.input", Fact::Nothing),
    ("!content_block.signature", Fact::Nothing),
    ("!content_block.citations", Fact::Nothing),
    ("!content_block.tool_use_id", Fact::Nothing),
    ("!content_block.content", Fact::Nothing),
    ("!content_block.caller", Fact::Nothing),
    ("content_block.*reason*", Fact::Reasoning),
    ("content_block.*think*", Fact::Reasoning),
    ("content_block.*", Fact::Unknown),
    ("content_block.*.*", Fact::UnknownWithin),
    ("message.usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("message.usage.cache_read_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("message.usage.cache_creation_input_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("usage.cache_read_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cache_creation_input_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.output_tokens", Fact::Tokens(Counted::Output)),
    ("usage.output_tokens_details.thinking_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.output_tokens_details.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.total_tokens", Fact::Tokens(Counted::Total)),
    ("error", Fact::Error),
    ("!context_management", Fact::Nothing),
    // A whole message.
    ("content[]=content_block", Fact::Part),
    ("stop_reason", Fact::Finish),
    ("!id", Fact::Nothing),
    ("!model", Fact::Nothing),
    ("!role", Fact::Nothing),
    ("!stop_sequence", Fact::Nothing),
    ("!container", Fact::Nothing),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
