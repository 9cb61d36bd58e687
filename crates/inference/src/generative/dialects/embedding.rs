//! What servers of embeddings and of ranks have in common; it is no dialect itself. Tables only.
//!
//! Reference: the API references of Cohere, Jina, Voyage and Google, Ollama's "Generate embeddings", the sources of vLLM,
//! Infinity and Text Embeddings Inference. No two of them mean different things by one name, so
//! there is one table. A whole document answers, without generated tokens; most servers count those that were read.

use crate::generative::{
    dialect::Dialect,
    meaning::{Fact, PromptField, RequestField},
    usage::Counted,
};
use driftline_labels::Operation;
use driftline_wire::field_table;

/// What all of them have in common.
pub(super) const PLAIN: Dialect = Dialect {
    operation: Operation::Embeddings,
    request: &field_table![
        ("model", RequestField::Model),
        ("model", RequestField::Shape),
        // Text Embeddings Inference asks for no model.
        ("inputs", RequestField::Shape),
        ("query", RequestField::Shape),
    ],
    prompt: &field_table![
        ("input", PromptField::Text),
        ("input[]", PromptField::Text),
        ("inputs", PromptField::Text),
        ("inputs[]", PromptField::Text),
        ("prompt", PromptField::Text),
        ("query", PromptField::Text),
        ("documents[]", PromptField::Text),
        ("texts[]", PromptField::Text),
    ],
    document: &field_table![
        ("object", Fact::Kind),
        ("embedding", Fact::Output),
        ("embeddings", Fact::Output),
        ("prompt_eval_count", Fact::Tokens(Counted::Input)),
        ("data[].embedding", Fact::Output),
        ("data[].relevance_score", Fact::Output),
        ("results[]", Fact::Output),
        // Lists of vectors or of ranks.
        ("[].error", Fact::Error),
        ("[]", Fact::Output),
        ("error", Fact::Error),
        ("usage.prompt_tokens", Fact::Tokens(Counted::Input)),
        ("usage.total_tokens", Fact::Tokens(Counted::Total)),
        ("usageMetadata.promptTokenCount", Fact::Tokens(Counted::Input)),
        ("meta.billed_units.input_tokens", Fact::Tokens(Counted::Input)),
        ("meta.tokens.input_tokens", Fact::Tokens(Counted::Input)),
        ("*", Fact::Foreign),
        ("*.*", Fact::ForeignWithin),
        ("*[]", Fact::ForeignWithin),
    ],
    generates_tokens: false,
    ..Dialect::PLAIN
};
