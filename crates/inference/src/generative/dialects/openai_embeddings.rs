//! OpenAI's embeddings, which many servers implement: whole documents without generated tokens. Tables only.
//!
//! Reference: OpenAI API, "Create embeddings". An embedding is an array of numbers, or their bytes as Base64.

use driftline_labels::Operation;

use super::openai::{ANSWER, REQUEST};
use crate::generative::{dialect::Dialect, meaning::PromptField};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_embeddings",
    operation: Operation::Embeddings,
    paths: &[
        "/v1/embeddings",
        // Azure, and OpenAI before: the path names the model, and the body need not.
        "/deployments/{model}/embeddings",
        "/engines/{model}/embeddings",
        // LM Studio, LiteLLM, Infinity.
        "?/embeddings",
    ],
    request: &REQUEST,
    prompt: &field_table![("input", PromptField::Text), ("input[]", PromptField::Text)],
    document: &ANSWER,
    generates_tokens: false,
    ..Dialect::PLAIN
};
