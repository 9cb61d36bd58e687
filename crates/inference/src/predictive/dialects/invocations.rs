//! `/invocations` if it is not declared whether an MLflow server or a SageMaker container listens. Tables only.
//!
//! In JSON the two have different members. The first record of CSV has names if one of them is looked for. Of a
//! declared `mlflow` it always has names, and of a declared `sagemaker` it never has.

use super::sagemaker;
use crate::predictive::{
    csv::{Header, Record},
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "invocations",
    paths: &[
        "?/invocations",
        "?/invocations-response-stream",
        // Databricks.
        "?/serving-endpoints/{model}/invocations",
    ],
    request: Forms {
        usual: Form::Document(&REQUEST),
        by_type: &[
            ("text/csv", Form::Csv(Header::Unknown, Record::Row)),
            ("application/jsonlines", Form::Lines(&sagemaker::REQUEST_LINE)),
            ("application/jsonl", Form::Lines(&sagemaker::REQUEST_LINE)),
            ("application/x-ndjson", Form::Lines(&sagemaker::REQUEST_LINE)),
        ],
    },
    response: sagemaker::RESPONSE_FORMS,
    rivals: Some(&sagemaker::RIVALS),
};

static REQUEST: Table = Table {
    members: &[
        Member::at(&[], Holds::Rows),
        Member::at(&["dataframe_split", "columns"], Holds::Names),
        Member::at(&["dataframe_split", "data"], Holds::Rows),
        Member::at(&["dataframe_records"], Holds::Rows),
        Member::at(&["instances"], Holds::Rows),
        Member::at(&["inputs"], Holds::Columns),
    ],
    wrappers: sagemaker::WRAPPERS,
};
