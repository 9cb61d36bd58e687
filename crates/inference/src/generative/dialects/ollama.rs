//! What Ollama's two native endpoints have in common; it is no dialect itself. Tables only.

use crate::generative::meaning::RequestField;
use driftline_wire::{field_table, fields::FieldTable};

/// Streamed unless the request says otherwise.
pub(super) const REQUEST: FieldTable<RequestField> =
    field_table![("model", RequestField::Model), ("stream", RequestField::Stream)];
