//! `/invocations` where nobody says whether an MLflow server or a SageMaker container listens: what both speak, and
//! where they differ, what the body itself tells. Tables only.
//!
//! In JSON either has members of its own. The first record of CSV has names if one of them is looked for; a declared
//! `mlflow` always has names there, and a declared `sagemaker` never.

use super::sagemaker;
use crate::predictive::{
    csv::{Header, Record},
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "invocations",
    paths: &["/invocations"],
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
