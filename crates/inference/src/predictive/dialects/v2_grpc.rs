//! The Open Inference Protocol, version 2, over gRPC: one message each way, and Triton's stream of them. Tables only.
//!
//! References: `grpc_service.proto` of KServe and of Triton; only Triton's has the stream, whose answers are wrapped
//! once more. The message names the model.

use crate::predictive::{
    dialect::{Dialect, Forms},
    reader::Form,
    tensors::Message,
};

/// `ModelInfer`.
pub(super) const DIALECT: Dialect = Dialect {
    name: "v2_grpc",
    paths: &["/inference.GRPCInferenceService/ModelInfer"],
    request: Forms { usual: Form::messages(Message::Request), by_type: &[] },
    response: Forms { usual: Form::messages(Message::Response), by_type: &[] },
    rivals: None,
};

/// `ModelStreamInfer`.
pub(super) const STREAM: Dialect = Dialect {
    name: "v2_grpc_stream",
    paths: &["/inference.GRPCInferenceService/ModelStreamInfer"],
    response: Forms { usual: Form::messages(Message::StreamResponse), by_type: &[] },
    ..DIALECT
};
