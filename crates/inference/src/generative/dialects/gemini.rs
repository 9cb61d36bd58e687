//! Google's `generateContent`, in the Gemini API and Vertex AI: events, an array, or whole. Tables only.
//!
//! Reference: Gemini API, "Generating content", and Vertex AI, "GenerateContentResponse". A stream is server-sent
//! events with `alt=sse`, and otherwise one JSON array that grows. No mark ends it: the finish reason and the end of
//! the body do. Results of code that was run are not output of the model.

use driftline_labels::{FinishReason, Operation};

use crate::generative::{
    dialect::{Dialect, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::Excludes,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "gemini",
    operation: Operation::GenerateContent,
    paths: &[
        "/models/{model}:generateContent",
        "/models/{model}:streamGenerateContent",
        "/tunedModels/{model}:generateContent",
        "/tunedModels/{model}:streamGenerateContent",
        // Vertex AI: a tuned model answers at its endpoint.
        "/endpoints/{model}:generateContent",
        "/endpoints/{model}:streamGenerateContent",
    ],
    prompt: field_table![
        // Fields may be written in either case.
        ("systemInstruction.parts[].text", PromptField::Text),
        ("system_instruction.parts[].text", PromptField::Text),
        ("contents[]", PromptField::Message),
        ("contents[].parts[].text", PromptField::Text),
        ("tools[].functionDeclarations[]", PromptField::Tool),
        ("tools[].function_declarations[]", PromptField::Tool),
        ("generationConfig.maxOutputTokens", PromptField::MaxTokens),
        ("generationConfig.temperature", PromptField::Temperature),
        ("generation_config.max_output_tokens", PromptField::MaxTokens),
        ("generation_config.temperature", PromptField::Temperature),
    ],
    framing: Framing::EventsOrJsonArray,
    event: ANSWER,
    document: ANSWER,
    finish: &[
        ("STOP", FinishReason::Stop),
        ("MAX_TOKENS", FinishReason::Length),
        ("SAFETY", FinishReason::ContentFilter),
        ("RECITATION", FinishReason::ContentFilter),
        ("LANGUAGE", FinishReason::ContentFilter),
        ("BLOCKLIST", FinishReason::ContentFilter),
        ("PROHIBITED_CONTENT", FinishReason::ContentFilter),
        ("SPII", FinishReason::ContentFilter),
        ("MODEL_ARMOR", FinishReason::ContentFilter),
        ("IMAGE_SAFETY", FinishReason::ContentFilter),
        ("IMAGE_PROHIBITED_CONTENT", FinishReason::ContentFilter),
        ("IMAGE_RECITATION", FinishReason::ContentFilter),
    ],
    excludes: Excludes { cache: false, reasoning: true },
    ..Dialect::PLAIN
};

/// A stream repeats the whole answer's shape in every event.
const ANSWER: FieldTable<Fact> = field_table![
    ("candidates[].content.parts[]", Fact::Part),
    ("candidates[].content.parts[].text", Fact::PartText),
    ("candidates[].content.parts[].thought", Fact::PartIsThought),
    // The last piece of a call that is streamed by arguments is an empty object.
    ("candidates[].content.parts[].functionCall.name", Fact::PartOutput),
    ("candidates[].content.parts[].functionCall.partialArgs", Fact::PartOutput),
    ("candidates[].content.parts[].inlineData", Fact::PartOutput),
    ("candidates[].content.parts[].executableCode", Fact::PartOutput),
    ("candidates[].finishReason", Fact::Finish),
    ("candidates[].index", Fact::Choice),
    ("promptFeedback.blockReason", Fact::Blocked),
    ("usageMetadata.promptTokenCount", Fact::InputTokens),
    ("usageMetadata.toolUsePromptTokenCount", Fact::ToolInputTokens),
    ("usageMetadata.cachedContentTokenCount", Fact::CachedInputTokens),
    ("usageMetadata.candidatesTokenCount", Fact::OutputTokens),
    ("usageMetadata.thoughtsTokenCount", Fact::ReasoningTokens),
    ("error", Fact::Error),
];
