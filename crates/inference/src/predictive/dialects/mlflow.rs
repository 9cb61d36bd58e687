//! MLflow's scoring server: a data frame by rows or records, TensorFlow Serving's two forms, or CSV with names.
//! Tables only.
//!
//! Reference: MLflow, "Deploy MLflow Model as a Local Inference Server" (version 2 and 3). SageMaker has
//! `/invocations`, too, so an endpoint has this dialect only by declaration: see `invocations.rs`.

use crate::predictive::{
    csv::{Header, Record},
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "mlflow",
    paths: &[],
    request: Forms {
        usual: Form::Document(&REQUEST),
        by_type: &[("text/csv", Form::Csv(Header::Present, Record::Row))],
    },
    response: Forms { usual: Form::Document(&RESPONSE), by_type: &[] },
    rivals: None,
};

static REQUEST: Table = Table::of(&[
    Member::at(&["dataframe_split", "columns"], Holds::Names),
    Member::at(&["dataframe_split", "data"], Holds::Rows),
    Member::at(&["dataframe_records"], Holds::Rows),
    Member::at(&["instances"], Holds::Rows),
    Member::at(&["inputs"], Holds::Columns),
]);

static RESPONSE: Table = Table::of(&[Member::at(&["predictions"], Holds::Columns)]);
