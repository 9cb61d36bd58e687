//! Explanations of predictions: KServe V1, Vertex AI, Seldon. Tables only.
//!
//! References: KServe, "Data Plane (V1)"; Vertex AI, `endpoints.explain`; Seldon Core 1, "External API". What explains a row
//! has any form, and its rows were asked before: they are no rows of the model, so nothing but the exchange counts.

use crate::generative::{dialect::Dialect, meaning::Fact};
use driftline_labels::Operation;
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "explain",
    operation: Operation::Explain,
    paths: &["/v1/models/{model}:explain", "/endpoints/{model}:explain", "/api/v1.0/explanations"],
    document: &field_table![("error", Fact::Error), ("*", Fact::Output), ("[]", Fact::Output)],
    generates_tokens: false,
    ..Dialect::PLAIN
};
