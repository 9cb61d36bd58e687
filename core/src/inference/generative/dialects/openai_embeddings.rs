//! OpenAI's embeddings, and the many servers that give them: whole documents without generated tokens. Tables only.
//!
//! Reference: OpenAI API, "Create embeddings". An embedding is an array of numbers, or their bytes as Base64.

use driftline_labels::Operation;

use crate::inference::generative::{
    dialect::Dialect, facts::Fact, path::Pattern, prompt::PromptField, request::Wish,
};
use driftline_wire::fields::Field;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_embeddings",
    operation: Operation::Embeddings,
    paths: &[
        Pattern::new("/v1/embeddings"),
        // Azure, and OpenAI before: the path names the model, and the body need not.
        Pattern::new("/deployments/{model}/embeddings"),
        Pattern::new("/engines/{model}/embeddings"),
    ],
    request: &[Field::at("model", Wish::Model)],
    prompt: &[Field::at("input", PromptField::Text), Field::at("input[]", PromptField::Text)],
    document: &[
        Field::at("data[].embedding", Fact::Output),
        Field::at("usage.prompt_tokens", Fact::InputTokens),
        Field::at("usage.prompt_tokens_details.cached_tokens", Fact::CachedInputTokens),
        Field::at("object", Fact::Kind),
        Field::at("error", Fact::Error),
    ],
    generates_tokens: false,
    ..Dialect::PLAIN
};
