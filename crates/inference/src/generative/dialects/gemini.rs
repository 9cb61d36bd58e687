//! Google's `generateContent`, in the Gemini API and Vertex AI: events, an array, or whole. Tables only.
//!
//! Reference: Gemini API, "Generating content", and Vertex AI, "GenerateContentResponse". A stream is server-sent
//! events with `alt=sse`, and otherwise one JSON array that grows. No mark ends it: the finish reason and the end of
//! the body do. Results of code that was run are not output of the model.

use driftline_labels::Operation;

use crate::generative::{
    dialect::{Dialect, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::{Counted, Excludes},
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
    prompt: &field_table![
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
    event: &ANSWER,
    document: &ANSWER,
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
    ("!candidates[].content.parts[].thoughtSignature", Fact::Nothing),
    ("!candidates[].content.parts[].codeExecutionResult", Fact::Nothing),
    ("!candidates[].content.parts[].functionResponse", Fact::Nothing),
    ("!candidates[].content.parts[].videoMetadata", Fact::Nothing),
    ("candidates[].content.parts[].fileData", Fact::PartOutput),
    ("candidates[].content.parts[].*", Fact::Unknown),
    ("candidates[].content.parts[].*.*", Fact::UnknownWithin),
    ("candidates[].finishReason", Fact::Finish),
    ("candidates[].index", Fact::Choice),
    ("promptFeedback.blockReason", Fact::Blocked),
    ("usageMetadata.promptTokenCount", Fact::Tokens(Counted::Input)),
    ("usageMetadata.toolUsePromptTokenCount", Fact::Tokens(Counted::ToolInput)),
    ("usageMetadata.cachedContentTokenCount", Fact::Tokens(Counted::CachedInput)),
    ("usageMetadata.candidatesTokenCount", Fact::Tokens(Counted::Output)),
    ("usageMetadata.thoughtsTokenCount", Fact::Tokens(Counted::Reasoning)),
    ("usageMetadata.totalTokenCount", Fact::Tokens(Counted::Total)),
    // The names of the client library of Python, which gateways hand on.
    ("usage_metadata.prompt_token_count", Fact::Tokens(Counted::Input)),
    ("usage_metadata.tool_use_prompt_token_count", Fact::Tokens(Counted::ToolInput)),
    ("usage_metadata.cached_content_token_count", Fact::Tokens(Counted::CachedInput)),
    ("usage_metadata.candidates_token_count", Fact::Tokens(Counted::Output)),
    ("usage_metadata.thoughts_token_count", Fact::Tokens(Counted::Reasoning)),
    ("usage_metadata.total_token_count", Fact::Tokens(Counted::Total)),
    ("error", Fact::Error),
    ("!candidates[].finishMessage", Fact::Nothing),
    ("!candidates[].safetyRatings", Fact::Nothing),
    ("!candidates[].citationMetadata", Fact::Nothing),
    ("!candidates[].groundingMetadata", Fact::Nothing),
    ("candidates[].*", Fact::Foreign),
    ("candidates[].*.*", Fact::ForeignWithin),
    ("!modelVersion", Fact::Nothing),
    ("!responseId", Fact::Nothing),
    ("!createTime", Fact::Nothing),
    ("*", Fact::Foreign),
];
