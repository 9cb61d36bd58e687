//! Models that say how alike two inputs are, or of which class one is: vLLM's pooling models, moderations. Tables only.
//!
//! Reference: vLLM, "Pooling models"; Text Embeddings Inference, "predict"; OpenAI API, "Moderations"; Mistral API,
//! "Classifiers". Predictive services of any kind answer at `/classify` and `/predict`, so lists count only as classes with
//! labels. At `/score` others answer as well: see `predictive/dialects/azure_ml.rs`.

use super::openai::REQUEST;
use crate::generative::{dialect::Dialect, meaning::Fact, meaning::PromptField, usage::Counted};
use driftline_labels::Operation;
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "pooling",
    operation: Operation::Classify,
    paths: &[
        "/v1/score",
        "/pooling",
        "?/classify",
        // Text Embeddings Inference.
        "?/predict",
        // OpenAI, Mistral.
        "/v1/moderations",
    ],
    request: &REQUEST,
    prompt: &field_table![("input", PromptField::Text), ("input[]", PromptField::Text)],
    document: &field_table![
        ("object", Fact::Kind),
        ("data[].score", Fact::Output),
        ("data[].probs", Fact::Output),
        ("data[].data", Fact::Output),
        ("results[]", Fact::Output),
        ("[].label", Fact::Output),
        ("[][].label", Fact::Output),
        ("usage.prompt_tokens", Fact::Tokens(Counted::Input)),
        ("usage.total_tokens", Fact::Tokens(Counted::Total)),
        ("error", Fact::Error),
        ("*", Fact::Foreign),
        ("*.*", Fact::ForeignWithin),
    ],
    generates_tokens: false,
    ..Dialect::PLAIN
};
