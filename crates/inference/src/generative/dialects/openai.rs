//! What the answers of OpenAI's chat completions, completions and embeddings have in common, and how the many servers
//! that implement them vary it; it is no dialect itself. Tables only.
//!
//! Reference: OpenAI API, "The chat completion object" and "The chat completion chunk object"; the references of Azure,
//! Mistral, DeepSeek, Moonshot, MiniMax, Zhipu, xAI, Groq, Together, Perplexity, OpenRouter, Copilot, Databricks and
//! Voyage; the sources of vLLM, SGLang, TGI, llama.cpp and LiteLLM. `tests/data/llm/README.md` lists what varies.

use super::usage::{USAGE, USAGE_ELSEWHERE};
use crate::generative::{meaning::Fact, meaning::RequestField};
use driftline_wire::{field_table, fields::FieldTable};

/// Every request names its model, which a form of another service that is sent to such a path does not.
pub(super) const REQUEST: FieldTable<RequestField> = field_table![
    ("model", RequestField::Model),
    ("model", RequestField::Shape),
    ("stream", RequestField::Stream),
];

/// Events and documents are alike: an event has a delta where a document has a message, and some servers send one in place
/// of the other.
pub(super) const ANSWER: FieldTable<Fact> = field_table![
    Fact:
    COMMON,
    USAGE,
    MESSAGE,
    CHOICE,
    // Patterns come last: of several, the first one counts.
    USAGE_ELSEWHERE,
    ELSEWHERE,
];

/// In the order in which most chunks have them.
const COMMON: &[(&str, Fact)] = &[
    ("!id", Fact::Nothing),
    // Older versions of vLLM and SGLang mark an error by it.
    ("object", Fact::Kind),
    ("!created", Fact::Nothing),
    ("!model", Fact::Nothing),
    ("!system_fingerprint", Fact::Nothing),
    ("choices[].index", Fact::Choice),
    ("choices[].delta", Fact::Pieces),
    ("choices[].delta.content", Fact::Visible),
    ("!choices[].delta.role", Fact::Nothing),
    ("choices[].delta.refusal", Fact::Refusal),
    ("choices[].delta.reasoning_content", Fact::Reasoning),
    ("!choices[].logprobs", Fact::Nothing),
    ("choices[].finish_reason", Fact::Finish),
    ("!service_tier", Fact::Nothing),
    ("!obfuscation", Fact::Nothing),
];

/// The members of a delta or a message.
const MESSAGE: &[(&str, Fact)] = &[
    ("choices[].delta.reasoning", Fact::Reasoning),
    // Mistral, Databricks: parts, of which some are thoughts.
    ("choices[].delta.content[]", Fact::Part),
    ("choices[].delta.content[].text", Fact::PartText),
    ("choices[].delta.content[].text.value", Fact::PartText),
    ("choices[].delta.content[].type", Fact::PartKind),
    ("!choices[].delta.content[].id", Fact::Nothing),
    ("!choices[].delta.content[].signature", Fact::Nothing),
    ("choices[].delta.content[].summary=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.content[].*reason*=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.content[].*think*=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.content[].*", Fact::Unknown),
    ("choices[].delta.content[].*.*", Fact::UnknownWithin),
    ("choices[].delta.content[].*[]", Fact::UnknownWithin),
    ("choices[].delta.text", Fact::Visible),
    ("choices[].delta.content.*", Fact::Unknown),
    ("choices[].delta.content.*.*", Fact::UnknownWithin),
    ("choices[].delta.content.*[]", Fact::UnknownWithin),
    // TGI has one object where others have a list.
    ("choices[].delta.tool_calls.function.name", Fact::Output),
    ("choices[].delta.tool_calls.function.name", Fact::ToolCall),
    ("choices[].delta.tool_calls.function.arguments", Fact::Output),
    ("choices[].delta.tool_calls.custom.name", Fact::Output),
    ("choices[].delta.tool_calls.custom.input", Fact::Output),
    ("choices[].delta.tool_calls.name", Fact::Output),
    ("choices[].delta.tool_calls.arguments", Fact::Output),
    ("choices[].delta.tool_calls[]=choices[].delta.tool_calls", Fact::Nothing),
    ("choices[].delta.function_call=choices[].delta.tool_calls", Fact::Nothing),
    ("choices[].delta.audio.data", Fact::Output),
    ("choices[].delta.audio.transcript", Fact::Visible),
    ("choices[].delta.images[]", Fact::Output),
    // OpenRouter, MiniMax, LiteLLM, Copilot and more have thoughts under these names and others of their kind.
    ("choices[].delta.reasoning.text", Fact::Reasoning),
    ("choices[].delta.reasoning.content", Fact::Reasoning),
    ("choices[].delta.reasoning.thinking", Fact::Reasoning),
    ("choices[].delta.reasoning.data", Fact::Reasoning),
    ("choices[].delta.reasoning.summary", Fact::Reasoning),
    ("choices[].delta.reasoning.summary[]=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.reasoning.content[]=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.reasoning[]=choices[].delta.reasoning", Fact::Reasoning),
    // Signatures of thoughts are none.
    ("!choices[].delta.reasoning_opaque", Fact::Nothing),
    ("!choices[].delta.reasoning_signature", Fact::Nothing),
    ("!choices[].delta.reasoning_id", Fact::Nothing),
    ("!choices[].delta.thought_signature", Fact::Nothing),
    ("!choices[].delta.thinking_signature", Fact::Nothing),
    ("!choices[].delta.signature", Fact::Nothing),
    ("!choices[].delta.stop_reason", Fact::Nothing),
    ("choices[].delta.finish_reason", Fact::Finish),
    ("choices[].delta.*reason*=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.*think*=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.*thought*=choices[].delta.reasoning", Fact::Reasoning),
    ("choices[].delta.*call*=choices[].delta.tool_calls", Fact::Nothing),
    ("!choices[].delta.id", Fact::Nothing),
    ("!choices[].delta.name", Fact::Nothing),
    ("!choices[].delta.type", Fact::Nothing),
    ("!choices[].delta.object", Fact::Nothing),
    ("!choices[].delta.tool_call_id", Fact::Nothing),
    ("!choices[].delta.annotations", Fact::Nothing),
    ("!choices[].delta.citations", Fact::Nothing),
    ("!choices[].delta.context", Fact::Nothing),
    // LiteLLM keeps there what it has no name for.
    ("choices[].delta.provider_specific_fields=choices[].delta", Fact::Nothing),
    ("choices[].delta.*usage*=usage", Fact::UsageElsewhere),
    ("choices[].delta.*", Fact::Unknown),
    ("choices[].delta.*.*", Fact::UnknownWithin),
    ("choices[].delta.*[]", Fact::UnknownWithin),
    ("choices[].message=choices[].delta", Fact::Whole),
    ("choices[].messages[]=choices[].delta", Fact::Whole),
];

/// The other members of a choice.
const CHOICE: &[(&str, Fact)] = &[
    ("choices[].text", Fact::Visible),
    ("choices[].finish_reason.type", Fact::Finish),
    ("choices[].finishReason", Fact::Finish),
    ("choices[].error", Fact::Error),
    ("!choices[].stop_reason", Fact::Nothing),
    ("!choices[].native_finish_reason", Fact::Nothing),
    ("!choices[].token_ids", Fact::Nothing),
    ("!choices[].content_filter_results", Fact::Nothing),
    // Moonshot.
    ("choices[].*usage*=usage", Fact::UsageElsewhere),
    ("choices[].*.*usage*=usage", Fact::UsageElsewhere),
    ("choices.*", Fact::Foreign),
    ("choices.*.*", Fact::ForeignWithin),
    ("choices[].*", Fact::Foreign),
    ("choices[].*.*", Fact::ForeignWithin),
    ("choices[].*[]", Fact::ForeignWithin),
];

/// What else an answer may have.
const ELSEWHERE: &[(&str, Fact)] = &[
    ("data[].embedding", Fact::Output),
    ("data[].*", Fact::Foreign),
    ("data[].*[]", Fact::ForeignWithin),
    ("type", Fact::Kind),
    ("error", Fact::Error),
    ("errors[]", Fact::Error),
    ("error_msg", Fact::ErrorText),
    ("error_message", Fact::ErrorText),
    ("detail", Fact::ErrorText),
    ("detail[]", Fact::Error),
    ("code", Fact::ErrorCode),
    ("status_code", Fact::ErrorCode),
    ("error_code", Fact::ErrorCode),
    ("status", Fact::ErrorCode),
    ("x_groq.error", Fact::Error),
    ("x_groq.usage=usage", Fact::UsageElsewhere),
    // MiniMax.
    ("base_resp.status_code", Fact::ErrorCode),
    ("!provider", Fact::Nothing),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
    ("*[]", Fact::ForeignWithin),
];
