//! What providers call their token counts, and where they put them: rows for the tables of several dialects. Tables only.
//!
//! Reference: the usage objects of OpenAI, Azure, Groq, Moonshot, DeepSeek, xAI, Mistral, Together, Fireworks,
//! Perplexity, OpenRouter, Databricks, Anthropic, Google, Amazon Bedrock, Cohere, vLLM, SGLang and LiteLLM. No two mean
//! different things by one name; what each name includes, `Reported::settle` finds out.

use crate::generative::{meaning::Fact, usage::Counted};

/// The members of the object `usage` under all their names.
pub(super) const USAGE: &[(&str, Fact)] = &[
    ("usage", Fact::Usage),
    ("usage.prompt_tokens", Fact::Tokens(Counted::Input)),
    ("usage.completion_tokens", Fact::Tokens(Counted::Output)),
    ("usage.total_tokens", Fact::Tokens(Counted::Total)),
    ("usage.input_tokens", Fact::Tokens(Counted::Input)),
    ("usage.output_tokens", Fact::Tokens(Counted::Output)),
    ("usage.cached_tokens", Fact::Tokens(Counted::CachedInput)),
    ("usage.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
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
    // What caches and thoughts are called has many forms, here and in the details.
    ("!usage.prompt_cache_miss_tokens", Fact::Nothing),
    ("!usage.cache_discount", Fact::Nothing),
    ("usage.*detail*=usage", Fact::Nothing),
    ("usage.*write*", Fact::Tokens(Counted::CacheWrite)),
    ("usage.*creation*", Fact::Tokens(Counted::CacheWrite)),
    ("usage.*cache*", Fact::Tokens(Counted::CachedInput)),
    ("usage.*reason*", Fact::Tokens(Counted::Reasoning)),
    ("usage.*think*", Fact::Tokens(Counted::Reasoning)),
    ("usage.*thought*", Fact::Tokens(Counted::Reasoning)),
];

/// Where an object like `usage` may be in an answer of OpenAI's kind, beside its own place.
pub(super) const USAGE_ELSEWHERE: &[(&str, Fact)] = &[
    ("*usage*=usage", Fact::UsageElsewhere),
    ("meta_info=usage", Fact::UsageElsewhere),
    ("*.*usage*=usage", Fact::UsageElsewhere),
];
