//! The Open Inference Protocol, version 2, over REST: KServe, Triton, Seldon Core 2, MLServer, OpenVINO. Tables only.
//!
//! References: KServe, "Open Inference Protocol (V2)", and Triton's *binary tensor data extension*, in which the header
//! `inference-header-content-length` says how long the document is that raw bytes follow.

use crate::predictive::{
    dialect::{Dialect, Forms},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "v2_rest",
    paths: &["/v2/models/{model}/infer", "/v2/models/{model}/versions/{version}/infer"],
    request: Forms {
        usual: Form::Tensors { member: b"inputs", document_bytes: None },
        by_type: &[],
    },
    response: Forms {
        usual: Form::Tensors { member: b"outputs", document_bytes: None },
        by_type: &[],
    },
    rivals: None,
};
