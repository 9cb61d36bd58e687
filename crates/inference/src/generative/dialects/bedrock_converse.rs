//! Amazon Bedrock's `Converse` and `ConverseStream`, one form for all its models: streamed and whole. Tables only.
//!
//! Reference: Amazon Bedrock API, "Converse", "ConverseStream", "ConverseStreamOutput" and "TokenUsage". The type of an
//! event is in its message's headers. An exception under status 200 is a message, too. The metadata with the usage
//! comes last. Results of the server's own tools are not output of the model.

use crate::generative::{
    dialect::{Dialect, EventKind, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::{Counted, Excludes},
};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "bedrock_converse",
    paths: &["/model/{model}/converse", "/model/{model}/converse-stream"],
    prompt: &field_table![
        ("system[].text", PromptField::Text),
        ("messages[]", PromptField::Message),
        ("messages[].content[].text", PromptField::Text),
        ("toolConfig.tools[]", PromptField::Tool),
        ("inferenceConfig.maxTokens", PromptField::MaxTokens),
        ("inferenceConfig.temperature", PromptField::Temperature),
    ],
    framing: Framing::AwsEventStream,
    event: &field_table![
        // A block of text opens without an event of its own.
        ("start.toolUse.name", Fact::Output),
        ("delta.text", Fact::Visible),
        ("delta.toolUse.input", Fact::Output),
        ("delta.reasoningContent.text", Fact::Reasoning),
        ("delta.reasoningContent.redactedContent", Fact::Reasoning),
        ("delta.reasoningContent.reasoningText.text", Fact::Reasoning),
        ("!delta.reasoningContent.signature", Fact::Nothing),
        ("delta.image.source", Fact::Output),
        ("!delta.citation", Fact::Nothing),
        ("!delta.toolResult", Fact::Nothing),
        ("delta.*reason*.*text*", Fact::Reasoning),
        ("delta.*think*.*text*", Fact::Reasoning),
        ("delta.*", Fact::Unknown),
        ("delta.*.*", Fact::UnknownWithin),
        ("stopReason", Fact::Finish),
        ("usage.inputTokens", Fact::Tokens(Counted::Input)),
        ("usage.outputTokens", Fact::Tokens(Counted::Output)),
        ("usage.cacheReadInputTokens", Fact::Tokens(Counted::CachedInput)),
        ("usage.cacheWriteInputTokens", Fact::Tokens(Counted::CacheWrite)),
        ("usage.totalTokens", Fact::Tokens(Counted::Total)),
    ],
    document: &field_table![
        ("output.message.content[].text", Fact::Visible),
        ("output.message.content[].toolUse.name", Fact::Output),
        ("output.message.content[].image.source", Fact::Output),
        ("output.message.content[].citationsContent.content[].text", Fact::Visible),
        ("output.message.content[].reasoningContent.reasoningText.text", Fact::Reasoning),
        ("output.message.content[].reasoningContent.redactedContent", Fact::Reasoning),
        ("output.message.content[].reasoningContent.text", Fact::Reasoning),
        ("!output.message.content[].toolResult", Fact::Nothing),
        ("output.message.content[].*", Fact::Unknown),
        ("output.message.content[].*.*", Fact::UnknownWithin),
        ("stopReason", Fact::Finish),
        ("usage.inputTokens", Fact::Tokens(Counted::Input)),
        ("usage.outputTokens", Fact::Tokens(Counted::Output)),
        ("usage.cacheReadInputTokens", Fact::Tokens(Counted::CachedInput)),
        ("usage.cacheWriteInputTokens", Fact::Tokens(Counted::CacheWrite)),
        ("usage.totalTokens", Fact::Tokens(Counted::Total)),
        // An AWS error, whatever status a gateway gave it; an answer has neither of these.
        ("message", Fact::Error),
        ("__type", Fact::Error),
    ],
    kinds: &[
        ("metadata", EventKind::End),
        ("exception", EventKind::Error),
        ("error", EventKind::Error),
    ],
    excludes: Excludes { cache: true, reasoning: false },
    ..Dialect::PLAIN
};
