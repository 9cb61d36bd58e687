//! Ollama's two endpoints of embeddings; Open WebUI has the second one in OpenAI's form. Tables only.
//!
//! Reference: Ollama, "Generate embeddings" and "Generate embedding"; Open WebUI, "API endpoints".

use super::embedding::PLAIN;
use crate::generative::dialect::Dialect;
use driftline_labels::Operation;

pub(super) const DIALECT: Dialect = Dialect {
    name: "ollama_embed",
    operation: Operation::Embeddings,
    paths: &["/api/embed", "/api/embeddings"],
    ..PLAIN
};
