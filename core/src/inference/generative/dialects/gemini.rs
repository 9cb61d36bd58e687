//! Google's `generateContent`, as the Gemini API and Vertex AI speak it: events, an array, or whole. Tables only.
//!
//! Reference: Gemini API, "Generating content", and Vertex AI, "GenerateContentResponse". A stream is server-sent
//! events with `alt=sse` and else one JSON array that grows. No mark ends it: the finish reason and the end of the body
//! do. What running code gave back is no output of the model.

use driftline_labels::Operation;

use crate::inference::generative::{
    dialect::{Dialect, Framing},
    facts::Fact,
    finish::FinishReason,
    path::Pattern,
    prompt::PromptField,
    usage::Excludes,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "gemini",
    operation: Operation::GenerateContent,
    paths: &[
        Pattern::new("/models/{model}:generateContent"),
        Pattern::new("/models/{model}:streamGenerateContent"),
        Pattern::new("/tunedModels/{model}:generateContent"),
        Pattern::new("/tunedModels/{model}:streamGenerateContent"),
        // Vertex AI: a tuned model answers at its endpoint.
        Pattern::new("/endpoints/{model}:generateContent"),
        Pattern::new("/endpoints/{model}:streamGenerateContent"),
    ],
    prompt: &[
        // Fields may be written in either case.
        Field::at("systemInstruction.parts[].text", PromptField::Text),
        Field::at("system_instruction.parts[].text", PromptField::Text),
        Field::at("contents[]", PromptField::Message),
        Field::at("contents[].parts[].text", PromptField::Text),
        Field::at("tools[].functionDeclarations[]", PromptField::Tool),
        Field::at("tools[].function_declarations[]", PromptField::Tool),
        Field::at("generationConfig.maxOutputTokens", PromptField::MaxTokens),
        Field::at("generationConfig.temperature", PromptField::Temperature),
        Field::at("generation_config.max_output_tokens", PromptField::MaxTokens),
        Field::at("generation_config.temperature", PromptField::Temperature),
    ],
    framing: Framing::EventsOrElements,
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
const ANSWER: &[Field<Fact>] = &[
    Field::at("candidates[].content.parts[]", Fact::Part),
    Field::at("candidates[].content.parts[].text", Fact::PartText),
    Field::at("candidates[].content.parts[].thought", Fact::PartIsThought),
    // The last piece of a call that is streamed by arguments is an empty object.
    Field::at("candidates[].content.parts[].functionCall.name", Fact::PartOutput),
    Field::at("candidates[].content.parts[].functionCall.partialArgs", Fact::PartOutput),
    Field::at("candidates[].content.parts[].inlineData", Fact::PartOutput),
    Field::at("candidates[].content.parts[].executableCode", Fact::PartOutput),
    Field::at("candidates[].finishReason", Fact::Finish),
    Field::at("candidates[].index", Fact::Choice),
    Field::at("promptFeedback.blockReason", Fact::Blocked),
    Field::at("usageMetadata.promptTokenCount", Fact::InputTokens),
    Field::at("usageMetadata.toolUsePromptTokenCount", Fact::ToolInputTokens),
    Field::at("usageMetadata.cachedContentTokenCount", Fact::CachedInputTokens),
    Field::at("usageMetadata.candidatesTokenCount", Fact::OutputTokens),
    Field::at("usageMetadata.thoughtsTokenCount", Fact::ReasoningTokens),
    Field::at("error", Fact::Error),
];
