//! Amazon Bedrock's `InvokeModel` and `InvokeModelWithResponseStream`: the forms of all its models in one. Tables only.
//!
//! Reference: Amazon Bedrock API, "InvokeModelWithResponseStream", and "Inference request parameters and response
//! fields for foundation models" for Anthropic Claude, Amazon Nova and Titan, Meta Llama, Mistral AI, Cohere, AI21 Labs
//! and DeepSeek. A request's path does not say which of them answers, and no two of them mean different things by one
//! path of a body, so the table is the union of theirs. Bedrock adds its own counts to the last event of a stream. Like
//! Anthropic's, they do not include what came from a cache. A model whose counts come only in the response's headers
//! has no usage here.

use driftline_labels::Operation;

use crate::generative::{
    dialect::{Dialect, EventKind, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::{Counted, Excludes},
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "bedrock_invoke",
    operation: Operation::TextCompletion,
    paths: &["/model/{model}/invoke", "/model/{model}/invoke-with-response-stream"],
    prompt: &PROMPT,
    framing: Framing::BedrockPayload,
    event: &EVENT,
    document: &DOCUMENT,
    kinds: &[
        ("message_stop", EventKind::End),
        ("exception", EventKind::Error),
        ("error", EventKind::Error),
        ("INTERVENED", EventKind::Filtered),
    ],
    excludes: Excludes { cache: true, reasoning: false },
    ..Dialect::PLAIN
};

const PROMPT: FieldTable<PromptField> = field_table![
    // Anthropic's and Nova's messages.
    ("system", PromptField::Text),
    ("system[].text", PromptField::Text),
    ("messages[]", PromptField::Message),
    ("messages[].content", PromptField::Text),
    ("messages[].content[].text", PromptField::Text),
    ("tools[]", PromptField::Tool),
    ("max_tokens", PromptField::MaxTokens),
    ("temperature", PromptField::Temperature),
    ("toolConfig.tools[]", PromptField::Tool),
    ("inferenceConfig.maxTokens", PromptField::MaxTokens),
    ("inferenceConfig.temperature", PromptField::Temperature),
    // Llama's, Mistral's and Titan's one prompt.
    ("prompt", PromptField::Text),
    ("max_gen_len", PromptField::MaxTokens),
    ("inputText", PromptField::Text),
    ("textGenerationConfig.maxTokenCount", PromptField::MaxTokens),
    ("textGenerationConfig.temperature", PromptField::Temperature),
];

const EVENT: FieldTable<Fact> = field_table![
    // Anthropic's messages; its counts of the output at the start are a placeholder.
    ("type", Fact::Kind),
    ("!id", Fact::Nothing),
    ("!model", Fact::Nothing),
    ("!role", Fact::Nothing),
    ("delta.text", Fact::Visible),
    ("delta.partial_json", Fact::Output),
    ("delta.thinking", Fact::Reasoning),
    ("delta.stop_reason", Fact::Finish),
    ("content_block.name", Fact::Output),
    ("content_block.data", Fact::Reasoning),
    ("message.usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("message.usage.cache_read_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("message.usage.cache_creation_input_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("usage.output_tokens", Fact::Tokens(Counted::Output)),
    ("usage.cache_read_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cache_creation_input_tokens", Fact::Tokens(Counted::CacheWrite)),
    // Chat completions, as of AI21's Jamba, Mistral's later models, DeepSeek and OpenAI. Their counts hold the cache.
    ("usage.prompt_tokens", Fact::Tokens(Counted::Input)),
    ("usage.completion_tokens", Fact::Tokens(Counted::Output)),
    ("usage.completion_tokens_details.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    ("choices[].delta.content", Fact::Visible),
    ("choices[].delta.tool_calls[].function.name", Fact::Output),
    ("choices[].delta.tool_calls[].function.arguments", Fact::Output),
    ("choices[].delta.reasoning_content", Fact::Reasoning),
    ("choices[].delta.reasoning", Fact::Reasoning),
    // Mistral Large streams whole messages, piece by piece; DeepSeek-R1 streams plain text.
    ("choices[].message.content", Fact::Visible),
    ("choices[].message.tool_calls[].function.name", Fact::Output),
    ("choices[].text", Fact::Visible),
    ("choices[].finish_reason", Fact::Finish),
    ("choices[].stop_reason", Fact::Finish),
    ("choices[].index", Fact::Choice),
    // Amazon Nova: the events of Converse, each in an object of its name.
    ("contentBlockStart.start.toolUse.name", Fact::Output),
    ("contentBlockDelta.delta.text", Fact::Visible),
    ("contentBlockDelta.delta.toolUse.input", Fact::Output),
    ("contentBlockDelta.delta.reasoningContent.text", Fact::Reasoning),
    ("contentBlockDelta.delta.reasoningContent.reasoningText.text", Fact::Reasoning),
    ("messageStop.stopReason", Fact::Finish),
    ("metadata.usage.inputTokens", Fact::Tokens(Counted::Input)),
    ("metadata.usage.outputTokens", Fact::Tokens(Counted::Output)),
    ("metadata.usage.cacheReadInputTokenCount", Fact::Tokens(Counted::CachedInput)),
    ("metadata.usage.cacheWriteInputTokenCount", Fact::Tokens(Counted::CacheWrite)),
    // Amazon Titan.
    ("outputText", Fact::Visible),
    ("completionReason", Fact::Finish),
    ("inputTextTokenCount", Fact::Tokens(Counted::Input)),
    ("totalOutputTextTokenCount", Fact::Tokens(Counted::Output)),
    // Meta Llama.
    ("generation", Fact::Visible),
    ("prompt_token_count", Fact::Tokens(Counted::Input)),
    ("generation_token_count", Fact::Tokens(Counted::Output)),
    // Mistral's earlier models.
    ("outputs[].text", Fact::Visible),
    ("outputs[].stop_reason", Fact::Finish),
    // Cohere Command and Command R. Command R reports a tool call as complete; its last event repeats the text at
    // another path.
    ("text", Fact::Visible),
    ("tool_calls[].name", Fact::Visible),
    ("tool_calls[].name", Fact::ToolCall),
    ("finish_reason", Fact::Finish),
    // Llama and Anthropic's text completions.
    ("completion", Fact::Visible),
    ("stop_reason", Fact::Finish),
    // Bedrock's own counts in the last event.
    ("amazon-bedrock-guardrailAction", Fact::Kind),
    ("amazon-bedrock-invocationMetrics", Fact::End),
    ("amazon-bedrock-invocationMetrics.inputTokenCount", Fact::Tokens(Counted::Input)),
    ("amazon-bedrock-invocationMetrics.outputTokenCount", Fact::Tokens(Counted::Output)),
    (
        "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount",
        Fact::Tokens(Counted::CachedInput)
    ),
    (
        "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount",
        Fact::Tokens(Counted::CacheWrite)
    ),
    ("error", Fact::Error),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
    ("*[]", Fact::ForeignWithin),
];

const DOCUMENT: FieldTable<Fact> = field_table![
    // Anthropic's messages.
    ("type", Fact::Kind),
    ("!id", Fact::Nothing),
    ("!model", Fact::Nothing),
    ("!role", Fact::Nothing),
    ("content[].text", Fact::Visible),
    ("content[].name", Fact::Output),
    ("content[].thinking", Fact::Reasoning),
    ("content[].data", Fact::Reasoning),
    ("usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("usage.output_tokens", Fact::Tokens(Counted::Output)),
    ("usage.cache_read_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cache_creation_input_tokens", Fact::Tokens(Counted::CacheWrite)),
    // Chat completions, as of AI21's Jamba, Mistral, DeepSeek and OpenAI.
    ("usage.prompt_tokens", Fact::Tokens(Counted::Input)),
    ("usage.completion_tokens", Fact::Tokens(Counted::Output)),
    ("usage.completion_tokens_details.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    // Amazon Nova: the document of Converse, with other names for its caches.
    ("usage.inputTokens", Fact::Tokens(Counted::Input)),
    ("usage.outputTokens", Fact::Tokens(Counted::Output)),
    ("usage.cacheReadInputTokenCount", Fact::Tokens(Counted::CachedInput)),
    ("usage.cacheWriteInputTokenCount", Fact::Tokens(Counted::CacheWrite)),
    ("output.message.content[].text", Fact::Visible),
    ("output.message.content[].toolUse.name", Fact::Output),
    ("output.message.content[].reasoningContent.reasoningText.text", Fact::Reasoning),
    ("stopReason", Fact::Finish),
    ("choices[].message.content", Fact::Visible),
    ("choices[].message.tool_calls[].function.name", Fact::Output),
    ("choices[].message.reasoning_content", Fact::Reasoning),
    ("choices[].message.reasoning", Fact::Reasoning),
    ("choices[].text", Fact::Visible),
    ("choices[].finish_reason", Fact::Finish),
    ("choices[].stop_reason", Fact::Finish),
    // Amazon Titan.
    ("inputTextTokenCount", Fact::Tokens(Counted::Input)),
    ("results[].outputText", Fact::Visible),
    ("results[].tokenCount", Fact::Tokens(Counted::Output)),
    ("results[].completionReason", Fact::Finish),
    // Meta Llama.
    ("generation", Fact::Visible),
    ("prompt_token_count", Fact::Tokens(Counted::Input)),
    ("generation_token_count", Fact::Tokens(Counted::Output)),
    // Mistral's earlier models.
    ("outputs[].text", Fact::Visible),
    ("outputs[].stop_reason", Fact::Finish),
    // Cohere Command and Command R.
    ("generations[].text", Fact::Visible),
    ("generations[].finish_reason", Fact::Finish),
    ("text", Fact::Visible),
    ("tool_calls[].name", Fact::Visible),
    ("tool_calls[].name", Fact::ToolCall),
    ("finish_reason", Fact::Finish),
    // AI21's Jurassic.
    ("completions[].data.text", Fact::Visible),
    ("completions[].finishReason.reason", Fact::Finish),
    // Llama, and Anthropic's messages and text completions.
    ("completion", Fact::Visible),
    ("stop_reason", Fact::Finish),
    // Models that answer with vectors and pictures.
    ("embedding", Fact::Tokenless),
    ("embeddings", Fact::Tokenless),
    ("images", Fact::Tokenless),
    ("amazon-bedrock-guardrailAction", Fact::Kind),
    ("__type", Fact::Error),
    ("error", Fact::Error),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
    ("*[]", Fact::ForeignWithin),
];
