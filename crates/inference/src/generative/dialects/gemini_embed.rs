//! Google's `embedContent` and `batchEmbedContents`: the path names the model. Tables only.
//!
//! Reference: Gemini API, "Embeddings".

use super::embedding::PLAIN;
use crate::generative::dialect::Dialect;
use driftline_labels::Operation;

pub(super) const DIALECT: Dialect = Dialect {
    name: "gemini_embed",
    operation: Operation::Embeddings,
    paths: &["/models/{model}:embedContent", "/models/{model}:batchEmbedContents"],
    ..PLAIN
};
