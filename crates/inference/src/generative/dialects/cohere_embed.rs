//! Cohere's embeddings, versions 1 and 2. Tables only.
//!
//! Reference: Cohere API, "Embed". Of its two counts the billed one is there in any case.

use super::embedding::PLAIN;
use crate::generative::dialect::Dialect;
use driftline_labels::Operation;

pub(super) const DIALECT: Dialect = Dialect {
    name: "cohere_embed",
    operation: Operation::Embeddings,
    paths: &["/v1/embed", "/v2/embed"],
    ..PLAIN
};
