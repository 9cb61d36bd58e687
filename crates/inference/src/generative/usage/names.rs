//! What providers call their token counts, and where they put them; rows for the tables of several dialects.
//!
//! Reference: the usage objects of OpenAI, Azure, Groq, Moonshot, DeepSeek, xAI, Mistral, Together, Fireworks,
//! Perplexity, OpenRouter, Databricks, Anthropic, Google, Amazon Bedrock, Cohere, vLLM, SGLang and LiteLLM. No two mean
//! different things by one name; what each name includes, [`Reported::settle`](super::Reported::settle) finds out.

use super::Counted;
use crate::generative::meaning::Fact;

/// The members of the object `usage` under all their names.
pub(in crate::generative) const USAGE: &[(&str, Fact)] = &[
    ("usage", Fact::Usage),
    ("usage.prompt_tokens", Fact::Tokens(Counted::Input)),
    ("usage.completion_tokens", Fact::Tokens(Counted::Output)),
    ("usage.total_tokens", Fact::Tokens(Counted::Total)),
    ("usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("usage.output_tokens", Fact::Tokens(Counted::Output)),
    ("usage.prompt_cache_hit_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cached_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.num_cached_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cached_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cached_prompt_text_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cache_read_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cache_read_input_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cacheReadInputTokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.cachedContentTokenCount", Fact::Tokens(Counted::CachedInput)),
    ("usage.cache_write_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.cache_creation_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.cache_creation_input_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.cacheWriteInputTokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.reasoning_output_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.thinking_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.thoughts_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.thoughtsTokenCount", Fact::Tokens(Counted::Reasoning)),
    ("usage.reasoningTokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.inputTokens", Fact::Tokens(Counted::Input)),
    ("usage.promptTokens", Fact::Tokens(Counted::Input)),
    ("usage.promptTokenCount", Fact::Tokens(Counted::Input)),
    ("usage.prompt_token_count", Fact::Tokens(Counted::Input)),
    ("usage.input_token_count", Fact::Tokens(Counted::Input)),
    ("usage.prompt_eval_count", Fact::Tokens(Counted::Input)),
    ("usage.toolUsePromptTokenCount", Fact::Tokens(Counted::ToolInput)),
    ("usage.outputTokens", Fact::Tokens(Counted::Output)),
    ("usage.completionTokens", Fact::Tokens(Counted::Output)),
    ("usage.candidatesTokenCount", Fact::Tokens(Counted::Output)),
    ("usage.completion_token_count", Fact::Tokens(Counted::Output)),
    ("usage.output_token_count", Fact::Tokens(Counted::Output)),
    ("usage.generated_token_count", Fact::Tokens(Counted::Output)),
    ("usage.generated_tokens", Fact::Tokens(Counted::Output)),
    ("usage.eval_count", Fact::Tokens(Counted::Output)),
    ("usage.totalTokens", Fact::Tokens(Counted::Total)),
    ("usage.totalTokenCount", Fact::Tokens(Counted::Total)),
    ("usage.total_token_count", Fact::Tokens(Counted::Total)),
    // The details of input and output have no name in common, so one list does for both.
    ("usage.prompt_tokens_details.cached_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.prompt_tokens_details.cache_read_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.prompt_tokens_details.cachedTokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.prompt_tokens_details.cache_write_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.prompt_tokens_details.cache_creation_tokens", Fact::Tokens(Counted::CacheWrite)),
    ("usage.prompt_tokens_details.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.prompt_tokens_details.reasoningTokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.prompt_tokens_details.thinking_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.prompt_tokens_details.thoughts_tokens", Fact::Tokens(Counted::Reasoning)),
    ("usage.*detail*=usage.prompt_tokens_details", Fact::Nothing),
];

/// Where an object like `usage` may be in an answer of OpenAI's kind, beside its own place.
pub(in crate::generative) const USAGE_ELSEWHERE: &[(&str, Fact)] = &[
    ("*usage*=usage", Fact::UsageElsewhere),
    ("meta_info=usage", Fact::UsageElsewhere),
    ("*.*usage*=usage", Fact::UsageElsewhere),
];
