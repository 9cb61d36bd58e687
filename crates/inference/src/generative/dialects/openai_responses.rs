//! OpenAI's responses, in its own API, Azure, OpenRouter and vLLM: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create a model response" and "Streaming events". An event says in `type` what it is, perhaps
//! after everything else. The last one repeats the whole answer, and the request's instructions and tools. The text of
//! finished items was sent before, but an image comes only there.

use super::{openai::REQUEST, usage::USAGE};
use crate::generative::{
    dialect::{Dialect, EventKind},
    meaning::Fact,
    meaning::PromptField,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_responses",
    paths: &[
        "/v1/responses",
        // Azure.
        "/openai/responses",
        // Copilot, LiteLLM.
        "?/responses",
    ],
    request: &REQUEST,
    prompt: &field_table![
        ("instructions", PromptField::Text),
        ("input", PromptField::Text),
        ("input[]", PromptField::Message),
        ("input[].content", PromptField::Text),
        ("input[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("max_output_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    // Of other words, the table of all dialects tells whether they mean reasoning.
    kinds: &[
        ("response.output_text.delta", EventKind::Text),
        ("response.text.delta", EventKind::Text),
        ("response.refusal.delta", EventKind::Refusal),
        ("response.output_item.added", EventKind::Call),
        ("response.function_call_arguments.delta", EventKind::Call),
        ("response.custom_tool_call_input.delta", EventKind::Call),
        ("response.mcp_call_arguments.delta", EventKind::Call),
        ("response.mcp_call.arguments.delta", EventKind::Call),
        ("response.code_interpreter_call_code.delta", EventKind::Call),
        ("response.code_interpreter_call.code.delta", EventKind::Call),
        ("response.audio.delta", EventKind::Call),
        ("response.audio.transcript.delta", EventKind::Text),
        ("response.audio_transcript.delta", EventKind::Text),
        ("response.output_item.done", EventKind::Repeat),
        ("response.completed", EventKind::End),
        ("response.incomplete", EventKind::End),
        ("response.failed", EventKind::Error),
        ("error", EventKind::Error),
    ],
    // OpenAI sends none; servers that also have OpenAI's other dialects do.
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};

/// A document is what the last event of a stream has in `response`.
const ANSWER: FieldTable<Fact> = field_table![
    Fact:
    &[
        // In the order in which most events have them.
        ("type", Fact::DeltaKind),
        ("!sequence_number", Fact::Nothing),
        ("!item_id", Fact::Nothing),
        ("!output_index", Fact::Nothing),
        ("!content_index", Fact::Nothing),
        ("delta", Fact::Delta),
        ("!logprobs", Fact::Nothing),
        ("!obfuscation", Fact::Nothing),
        ("delta.text", Fact::Delta),
        ("delta.content", Fact::Delta),
        // A call of a function opens with its name.
        ("item.name", Fact::Delta),
        ("item.result", Fact::Output),
        ("partial_image_b64", Fact::Output),
        ("error", Fact::Error),
        ("status", Fact::Status),
        ("incomplete_details.reason", Fact::Finish),
        ("response.output=output", Fact::Whole),
        ("response.status", Fact::Status),
        ("response.incomplete_details=incomplete_details", Fact::Nothing),
        ("response.usage=usage", Fact::Usage),
        ("response.error", Fact::Error),
        ("!text", Fact::Nothing),
        ("!part", Fact::Nothing),
        ("!refusal", Fact::Nothing),
        ("!arguments", Fact::Nothing),
        ("!input", Fact::Nothing),
        ("!code", Fact::Nothing),
        ("!annotation", Fact::Nothing),
        ("!instructions", Fact::Nothing),
        ("!tools", Fact::Nothing),
        ("!metadata", Fact::Nothing),
        ("!item.id", Fact::Nothing),
        ("!item.type", Fact::Nothing),
        ("!item.role", Fact::Nothing),
        ("!item.status", Fact::Nothing),
        ("!item.encrypted_content", Fact::Nothing),
        ("item.*", Fact::Foreign),
        ("item.*.*", Fact::ForeignWithin),
    ],
    OUTPUT,
    USAGE,
    &[
        ("*usage*=usage", Fact::UsageElsewhere),
        ("response.*usage*=usage", Fact::UsageElsewhere),
        ("delta.*", Fact::Unknown),
        ("delta.*.*", Fact::UnknownWithin),
    ],
];

/// The items of the output.
const OUTPUT: &[(&str, Fact)] = &[
    ("output[].content[]", Fact::Part),
    ("output[].content[].text", Fact::PartText),
    ("output[].content[].type", Fact::PartKind),
    ("output[].content[].refusal", Fact::Refusal),
    ("output[].content[].*reason*", Fact::Reasoning),
    ("output[].content[].*think*", Fact::Reasoning),
    ("!output[].content[].annotations", Fact::Nothing),
    ("!output[].content[].logprobs", Fact::Nothing),
    ("output[].content[].*", Fact::Unknown),
    ("output[].content[].*.*", Fact::UnknownWithin),
    ("output[].summary[].text", Fact::Reasoning),
    ("output[].name", Fact::Output),
    ("output[].result", Fact::Output),
    ("output[].call_id", Fact::ToolCall),
    ("!output[].id", Fact::Nothing),
    ("!output[].type", Fact::Nothing),
    ("!output[].role", Fact::Nothing),
    ("!output[].status", Fact::Nothing),
    ("!output[].arguments", Fact::Nothing),
    ("!output[].encrypted_content", Fact::Nothing),
    ("!output[].phase", Fact::Nothing),
    ("output[].*reason*", Fact::Reasoning),
    ("output[].*think*", Fact::Reasoning),
    ("output[].*", Fact::Unknown),
    ("output[].*.*", Fact::UnknownWithin),
    ("output[].*[]", Fact::UnknownWithin),
];
