//! Amazon Bedrock's `InvokeModel` and `InvokeModelWithResponseStream`: the forms of all its models in one. Tables only.
//!
//! Reference: Amazon Bedrock API, "InvokeModelWithResponseStream", and "Inference request parameters and response
//! fields for foundation models" for Anthropic Claude, Amazon Nova and Titan, Meta Llama, Mistral AI, Cohere, AI21 Labs
//! and DeepSeek. A request's path does not say which of them answers, and no two of them mean different things by one
//! path of a body, so the table is the union of theirs. Bedrock adds its own counts to the last event of a stream. Like
//! Anthropic's, they do not include what came from a cache. A model whose counts come only in the response's headers
//! has no usage here.

use driftline_labels::{FinishReason, Operation};

use crate::generative::{
    dialect::{Dialect, EventKind, Framing},
    meaning::Fact,
    meaning::PromptField,
    usage::Excludes,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "bedrock_invoke",
    operation: Operation::TextCompletion,
    paths: &["/model/{model}/invoke", "/model/{model}/invoke-with-response-stream"],
    prompt: PROMPT,
    framing: Framing::BedrockPayload,
    event: EVENT,
    document: DOCUMENT,
    kinds: &[
        ("message_stop", EventKind::End),
        ("exception", EventKind::Error),
        ("error", EventKind::Error),
        ("INTERVENED", EventKind::Filtered),
    ],
    finish: &[
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("stop", FinishReason::Stop),
        ("FINISH", FinishReason::Stop),
        ("FINISHED", FinishReason::Stop),
        ("STOP_CRITERIA_MET", FinishReason::Stop),
        ("COMPLETE", FinishReason::Stop),
        ("endoftext", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("length", FinishReason::Length),
        ("LENGTH", FinishReason::Length),
        ("MAX_TOKENS", FinishReason::Length),
        ("ERROR_LIMIT", FinishReason::Length),
        ("tool_use", FinishReason::ToolCalls),
        ("tool_calls", FinishReason::ToolCalls),
        ("pause_turn", FinishReason::ToolCalls),
        ("refusal", FinishReason::Refusal),
        ("content_filter", FinishReason::ContentFilter),
        ("content_filtered", FinishReason::ContentFilter),
        ("CONTENT_FILTERED", FinishReason::ContentFilter),
        ("guardrail_intervened", FinishReason::ContentFilter),
        ("ERROR_TOXIC", FinishReason::ContentFilter),
        ("ERROR", FinishReason::Error),
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
    ("delta.text", Fact::Visible),
    ("delta.partial_json", Fact::Output),
    ("delta.thinking", Fact::Reasoning),
    ("delta.stop_reason", Fact::Finish),
    ("content_block.name", Fact::Output),
    ("content_block.data", Fact::Reasoning),
    ("message.usage.input_tokens", Fact::InputTokens),
    ("message.usage.cache_read_input_tokens", Fact::CachedInputTokens),
    ("message.usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
    ("usage.input_tokens", Fact::InputTokens),
    ("usage.output_tokens", Fact::OutputTokens),
    ("usage.cache_read_input_tokens", Fact::CachedInputTokens),
    ("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
    // Chat completions, as of AI21's Jamba, Mistral's later models, DeepSeek and OpenAI. Their counts hold the cache.
    ("usage.prompt_tokens", Fact::InputTokens),
    ("usage.completion_tokens", Fact::OutputTokens),
    ("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
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
    ("metadata.usage.inputTokens", Fact::InputTokens),
    ("metadata.usage.outputTokens", Fact::OutputTokens),
    ("metadata.usage.cacheReadInputTokenCount", Fact::CachedInputTokens),
    ("metadata.usage.cacheWriteInputTokenCount", Fact::CacheWriteTokens),
    // Amazon Titan.
    ("outputText", Fact::Visible),
    ("completionReason", Fact::Finish),
    ("inputTextTokenCount", Fact::InputTokens),
    ("totalOutputTextTokenCount", Fact::OutputTokens),
    // Meta Llama.
    ("generation", Fact::Visible),
    ("prompt_token_count", Fact::InputTokens),
    ("generation_token_count", Fact::OutputTokens),
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
    ("amazon-bedrock-invocationMetrics.inputTokenCount", Fact::InputTokens),
    ("amazon-bedrock-invocationMetrics.outputTokenCount", Fact::OutputTokens),
    ("amazon-bedrock-invocationMetrics.cacheReadInputTokenCount", Fact::CachedInputTokens),
    ("amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount", Fact::CacheWriteTokens),
    ("error", Fact::Error),
];

const DOCUMENT: FieldTable<Fact> = field_table![
    // Anthropic's messages.
    ("type", Fact::Kind),
    ("content[].text", Fact::Visible),
    ("content[].name", Fact::Output),
    ("content[].thinking", Fact::Reasoning),
    ("content[].data", Fact::Reasoning),
    ("usage.input_tokens", Fact::InputTokens),
    ("usage.output_tokens", Fact::OutputTokens),
    ("usage.cache_read_input_tokens", Fact::CachedInputTokens),
    ("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
    // Chat completions, as of AI21's Jamba, Mistral, DeepSeek and OpenAI.
    ("usage.prompt_tokens", Fact::InputTokens),
    ("usage.completion_tokens", Fact::OutputTokens),
    ("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
    // Amazon Nova: the document of Converse, with other names for its caches.
    ("usage.inputTokens", Fact::InputTokens),
    ("usage.outputTokens", Fact::OutputTokens),
    ("usage.cacheReadInputTokenCount", Fact::CachedInputTokens),
    ("usage.cacheWriteInputTokenCount", Fact::CacheWriteTokens),
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
    ("inputTextTokenCount", Fact::InputTokens),
    ("results[].outputText", Fact::Visible),
    ("results[].tokenCount", Fact::OutputTokens),
    ("results[].completionReason", Fact::Finish),
    // Meta Llama.
    ("generation", Fact::Visible),
    ("prompt_token_count", Fact::InputTokens),
    ("generation_token_count", Fact::OutputTokens),
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
];
