//! Text Embeddings Inference of Hugging Face: vectors, sparse vectors, similarity. Tables only.
//!
//! Reference: its OpenAPI document. A request names no model.

use super::embedding::PLAIN;
use crate::generative::dialect::Dialect;
use driftline_labels::Operation;

pub(super) const DIALECT: Dialect = Dialect {
    name: "tei",
    operation: Operation::Embeddings,
    paths: &["?/embed", "?/embed_all", "?/embed_sparse", "?/similarity"],
    ..PLAIN
};
