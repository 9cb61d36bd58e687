//! What Ollama's two native endpoints have in common; it is no dialect itself. Tables only.

use crate::generative::meaning::RequestField;
use driftline_labels::FinishReason;
use driftline_wire::{field_table, fields::FieldTable};

/// Streamed unless the request says otherwise.
pub(super) const REQUEST: FieldTable<RequestField> =
    field_table![("model", RequestField::Model), ("stream", RequestField::Stream)];

/// A model that is only loaded or unloaded says `load` or `unload`, and generates nothing.
pub(super) const FINISH: &[(&str, FinishReason)] =
    &[("stop", FinishReason::Stop), ("length", FinishReason::Length)];
