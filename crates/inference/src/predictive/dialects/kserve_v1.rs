//! KServe's V1 protocol and TensorFlow Serving's REST API, which are alike, and Vertex AI, whose
//! requests are: `:predict`, `:classify`, `:regress`. Tables only.
//!
//! References: KServe, "Data Plane (V1)"; Vertex AI, `endpoints.predict`; TensorFlow Serving, "RESTful API", and `json_tensor.cc` for the member
//! `results`, which that page calls `result`. The `context` of `:classify` and `:regress`, the values that all examples
//! have in common, is not read: such values are missing.

use crate::predictive::{
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "kserve_v1",
    paths: &[
        "/v1/models/{model}:predict",
        "/v1/models/{model}/versions/{version}:predict",
        "/v1/models/{model}/labels/{version}:predict",
        "/v1/models/{model}:classify",
        "/v1/models/{model}/versions/{version}:classify",
        "/v1/models/{model}/labels/{version}:classify",
        "/v1/models/{model}:regress",
        "/v1/models/{model}/versions/{version}:regress",
        "/v1/models/{model}/labels/{version}:regress",
        // Vertex AI: an endpoint, which custom containers and AutoML's models answer at, or a model of Google.
        "/endpoints/{model}:predict",
        "/endpoints/{model}:rawPredict",
        "/publishers/*/models/{model}:predict",
    ],
    request: Forms { usual: Form::Document(&REQUEST), by_type: &[] },
    response: Forms { usual: Form::Document(&RESPONSE), by_type: &[] },
    rivals: None,
};

static REQUEST: Table = Table::of(&[
    Member::at(&["instances"], Holds::Rows),
    Member::at(&["inputs"], Holds::Columns),
    Member::at(&["examples"], Holds::Rows),
]);

static RESPONSE: Table = Table::of(&[
    Member::at(&["predictions"], Holds::Columns),
    Member::at(&["outputs"], Holds::Columns),
    Member::at(&["results"], Holds::Classes),
    Member::at(&["result"], Holds::Classes),
]);
