//! Amazon Bedrock's `InvokeModel` and `InvokeModelWithResponseStream`: every model's own form, in one. Tables only.
//!
//! Reference: Amazon Bedrock API, "InvokeModelWithResponseStream", and "Inference request parameters and response
//! fields for foundation models" for Anthropic Claude, Amazon Nova and Titan, Meta Llama, Mistral AI, Cohere, AI21 Labs
//! and DeepSeek. A path does not say which of them answers, and no two of them mean different things by one path, so the
//! table is the union of theirs. Bedrock adds its own counts to the last event of a stream, in the meaning of Anthropic:
//! without what came from a cache. A model of which Bedrock tells its counts in the head only has no usage here.

use driftline_labels::Operation;

use crate::inference::generative::{
    dialect::{Dialect, EventKind, Framing},
    facts::Fact,
    finish::FinishReason,
    path::Pattern,
    prompt::PromptField,
    usage::Excludes,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "bedrock_invoke",
    operation: Operation::TextCompletion,
    paths: &[
        Pattern::new("/model/{model}/invoke"),
        Pattern::new("/model/{model}/invoke-with-response-stream"),
    ],
    prompt: PROMPT,
    framing: Framing::WrappedMessages,
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

const PROMPT: &[Field<PromptField>] = &[
    // Anthropic's and Nova's messages.
    Field::at("system", PromptField::Text),
    Field::at("system[].text", PromptField::Text),
    Field::at("messages[]", PromptField::Message),
    Field::at("messages[].content", PromptField::Text),
    Field::at("messages[].content[].text", PromptField::Text),
    Field::at("tools[]", PromptField::Tool),
    Field::at("max_tokens", PromptField::MaxTokens),
    Field::at("temperature", PromptField::Temperature),
    Field::at("toolConfig.tools[]", PromptField::Tool),
    Field::at("inferenceConfig.maxTokens", PromptField::MaxTokens),
    Field::at("inferenceConfig.temperature", PromptField::Temperature),
    // Llama's, Mistral's and Titan's one prompt.
    Field::at("prompt", PromptField::Text),
    Field::at("max_gen_len", PromptField::MaxTokens),
    Field::at("inputText", PromptField::Text),
    Field::at("textGenerationConfig.maxTokenCount", PromptField::MaxTokens),
    Field::at("textGenerationConfig.temperature", PromptField::Temperature),
];

const EVENT: &[Field<Fact>] = &[
    // Anthropic's messages; its counts of the output at the start are a placeholder.
    Field::at("type", Fact::Kind),
    Field::at("delta.text", Fact::Visible),
    Field::at("delta.partial_json", Fact::Output),
    Field::at("delta.thinking", Fact::Reasoning),
    Field::at("delta.stop_reason", Fact::Finish),
    Field::at("content_block.name", Fact::Output),
    Field::at("content_block.data", Fact::Reasoning),
    Field::at("message.usage.input_tokens", Fact::InputTokens),
    Field::at("message.usage.cache_read_input_tokens", Fact::CachedInputTokens),
    Field::at("message.usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
    Field::at("usage.input_tokens", Fact::InputTokens),
    Field::at("usage.output_tokens", Fact::OutputTokens),
    Field::at("usage.cache_read_input_tokens", Fact::CachedInputTokens),
    Field::at("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
    // Chat completions, as of AI21's Jamba, Mistral's later models, DeepSeek and OpenAI. Their counts hold the cache.
    Field::at("usage.prompt_tokens", Fact::InputTokens),
    Field::at("usage.completion_tokens", Fact::OutputTokens),
    Field::at("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
    Field::at("choices[].delta.content", Fact::Visible),
    Field::at("choices[].delta.tool_calls[].function.name", Fact::Output),
    Field::at("choices[].delta.tool_calls[].function.arguments", Fact::Output),
    Field::at("choices[].delta.reasoning_content", Fact::Reasoning),
    Field::at("choices[].delta.reasoning", Fact::Reasoning),
    // Mistral Large streams whole messages, piece by piece; DeepSeek-R1 plain text.
    Field::at("choices[].message.content", Fact::Visible),
    Field::at("choices[].message.tool_calls[].function.name", Fact::Output),
    Field::at("choices[].text", Fact::Visible),
    Field::at("choices[].finish_reason", Fact::Finish),
    Field::at("choices[].stop_reason", Fact::Finish),
    Field::at("choices[].index", Fact::Choice),
    // Amazon Nova: the events of Converse, each in an object of its name.
    Field::at("contentBlockStart.start.toolUse.name", Fact::Output),
    Field::at("contentBlockDelta.delta.text", Fact::Visible),
    Field::at("contentBlockDelta.delta.toolUse.input", Fact::Output),
    Field::at("contentBlockDelta.delta.reasoningContent.text", Fact::Reasoning),
    Field::at("contentBlockDelta.delta.reasoningContent.reasoningText.text", Fact::Reasoning),
    Field::at("messageStop.stopReason", Fact::Finish),
    Field::at("metadata.usage.inputTokens", Fact::InputTokens),
    Field::at("metadata.usage.outputTokens", Fact::OutputTokens),
    Field::at("metadata.usage.cacheReadInputTokenCount", Fact::CachedInputTokens),
    Field::at("metadata.usage.cacheWriteInputTokenCount", Fact::CacheWriteTokens),
    // Amazon Titan.
    Field::at("outputText", Fact::Visible),
    Field::at("completionReason", Fact::Finish),
    Field::at("inputTextTokenCount", Fact::InputTokens),
    Field::at("totalOutputTextTokenCount", Fact::OutputTokens),
    // Meta Llama.
    Field::at("generation", Fact::Visible),
    Field::at("prompt_token_count", Fact::InputTokens),
    Field::at("generation_token_count", Fact::OutputTokens),
    // Mistral's earlier models.
    Field::at("outputs[].text", Fact::Visible),
    Field::at("outputs[].stop_reason", Fact::Finish),
    // Cohere Command and Command R, which is complete also when it calls a tool; its last event repeats the text,
    // elsewhere.
    Field::at("text", Fact::Visible),
    Field::at("tool_calls[].name", Fact::Visible),
    Field::at("tool_calls[].name", Fact::ToolCall),
    Field::at("finish_reason", Fact::Finish),
    // Llama and Anthropic's text completions.
    Field::at("completion", Fact::Visible),
    Field::at("stop_reason", Fact::Finish),
    // Bedrock's own, the counts in the last event.
    Field::at("amazon-bedrock-guardrailAction", Fact::Kind),
    Field::at("amazon-bedrock-invocationMetrics", Fact::End),
    Field::at("amazon-bedrock-invocationMetrics.inputTokenCount", Fact::InputTokens),
    Field::at("amazon-bedrock-invocationMetrics.outputTokenCount", Fact::OutputTokens),
    Field::at("amazon-bedrock-invocationMetrics.cacheReadInputTokenCount", Fact::CachedInputTokens),
    Field::at("amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount", Fact::CacheWriteTokens),
    Field::at("error", Fact::Error),
];

const DOCUMENT: &[Field<Fact>] = &[
    // Anthropic's messages.
    Field::at("type", Fact::Kind),
    Field::at("content[].text", Fact::Visible),
    Field::at("content[].name", Fact::Output),
    Field::at("content[].thinking", Fact::Reasoning),
    Field::at("content[].data", Fact::Reasoning),
    Field::at("usage.input_tokens", Fact::InputTokens),
    Field::at("usage.output_tokens", Fact::OutputTokens),
    Field::at("usage.cache_read_input_tokens", Fact::CachedInputTokens),
    Field::at("usage.cache_creation_input_tokens", Fact::CacheWriteTokens),
    // Chat completions, as of AI21's Jamba, Mistral, DeepSeek and OpenAI.
    Field::at("usage.prompt_tokens", Fact::InputTokens),
    Field::at("usage.completion_tokens", Fact::OutputTokens),
    Field::at("usage.completion_tokens_details.reasoning_tokens", Fact::ReasoningTokens),
    // Amazon Nova: the document of Converse, but for the names of its caches.
    Field::at("usage.inputTokens", Fact::InputTokens),
    Field::at("usage.outputTokens", Fact::OutputTokens),
    Field::at("usage.cacheReadInputTokenCount", Fact::CachedInputTokens),
    Field::at("usage.cacheWriteInputTokenCount", Fact::CacheWriteTokens),
    Field::at("output.message.content[].text", Fact::Visible),
    Field::at("output.message.content[].toolUse.name", Fact::Output),
    Field::at("output.message.content[].reasoningContent.reasoningText.text", Fact::Reasoning),
    Field::at("stopReason", Fact::Finish),
    Field::at("choices[].message.content", Fact::Visible),
    Field::at("choices[].message.tool_calls[].function.name", Fact::Output),
    Field::at("choices[].message.reasoning_content", Fact::Reasoning),
    Field::at("choices[].message.reasoning", Fact::Reasoning),
    Field::at("choices[].text", Fact::Visible),
    Field::at("choices[].finish_reason", Fact::Finish),
    Field::at("choices[].stop_reason", Fact::Finish),
    // Amazon Titan.
    Field::at("inputTextTokenCount", Fact::InputTokens),
    Field::at("results[].outputText", Fact::Visible),
    Field::at("results[].tokenCount", Fact::OutputTokens),
    Field::at("results[].completionReason", Fact::Finish),
    // Meta Llama.
    Field::at("generation", Fact::Visible),
    Field::at("prompt_token_count", Fact::InputTokens),
    Field::at("generation_token_count", Fact::OutputTokens),
    // Mistral's earlier models.
    Field::at("outputs[].text", Fact::Visible),
    Field::at("outputs[].stop_reason", Fact::Finish),
    // Cohere Command and Command R.
    Field::at("generations[].text", Fact::Visible),
    Field::at("generations[].finish_reason", Fact::Finish),
    Field::at("text", Fact::Visible),
    Field::at("tool_calls[].name", Fact::Visible),
    Field::at("tool_calls[].name", Fact::ToolCall),
    Field::at("finish_reason", Fact::Finish),
    // AI21's Jurassic.
    Field::at("completions[].data.text", Fact::Visible),
    Field::at("completions[].finishReason.reason", Fact::Finish),
    // Llama, and Anthropic's messages and text completions.
    Field::at("completion", Fact::Visible),
    Field::at("stop_reason", Fact::Finish),
    // Models that give vectors and pictures.
    Field::at("embedding", Fact::Tokenless),
    Field::at("embeddings", Fact::Tokenless),
    Field::at("images", Fact::Tokenless),
    Field::at("amazon-bedrock-guardrailAction", Fact::Kind),
    Field::at("__type", Fact::Error),
    Field::at("error", Fact::Error),
];
