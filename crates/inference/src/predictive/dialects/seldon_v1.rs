//! Seldon Core's V1 protocol: a `SeldonMessage` in JSON, the same in both directions. Tables only.
//!
//! Reference: Seldon Core 1, `prediction.proto` and "External API". `tftensor` and `binData` are not read.

use crate::predictive::{
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "seldon_v1",
    paths: &[
        "/api/v1.0/predictions",
        "/api/v0.1/predictions",
        "/seldon/*/{model}/api/v1.0/predictions",
        "/seldon/*/{model}/api/v0.1/predictions",
        // A deployment in the cluster's own namespace of an older ingress.
        "/seldon/{model}/api/v1.0/predictions",
        "/seldon/{model}/api/v0.1/predictions",
    ],
    request: FORMS,
    response: FORMS,
    rivals: None,
};

const FORMS: Forms = Forms { usual: Form::Document(&MESSAGE), by_type: &[] };

static MESSAGE: Table = Table::of(&[
    Member::at(&["data", "names"], Holds::Names),
    Member::at(&["data", "ndarray"], Holds::Rows),
    Member::at(&["data", "tensor", "shape"], Holds::Shape),
    Member::at(&["data", "tensor", "values"], Holds::Values),
    Member::at(&["strData"], Holds::RowOrRows),
    Member::at(&["jsonData"], Holds::RowOrRows),
]);
