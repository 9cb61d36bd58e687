//! Ranks of documents for a query, as Cohere, Jina, Voyage, vLLM, Infinity and Text Embeddings Inference give them. Tables only.
//!
//! Reference: Cohere API, "Rerank"; Jina AI, "Reranker API"; the sources of vLLM, Infinity and Text Embeddings Inference.

use super::embedding::PLAIN;
use crate::generative::dialect::Dialect;
use driftline_labels::Operation;

pub(super) const DIALECT: Dialect =
    Dialect { name: "rerank", operation: Operation::Rerank, paths: &["?/rerank"], ..PLAIN };
