//! SageMaker endpoints, in the formats of the built-in algorithms and the framework containers: CSV without names,
//! JSON, JSON lines. Tables only.
//!
//! References: Amazon SageMaker, "Common data formats for inference", and the serving code of the XGBoost and
//! scikit-learn containers. XGBoost answers with all predictions in one record of CSV, or with one in each. So each
//! field is a row if only the first position of answers is looked for. `application/x-recordio-protobuf` and
//! `text/libsvm` are not read.

use crate::{
    generative::{RequestField, Rival},
    predictive::{
        csv::{Header, Record},
        dialect::{Dialect, Forms},
        document::{Holds, Member, Table},
        reader::Form,
    },
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "sagemaker",
    paths: &["/endpoints/{model}/invocations", "/endpoints/{model}/invocations-response-stream"],
    request: Forms {
        usual: Form::Document(&REQUEST),
        by_type: &[
            ("text/csv", Form::Csv(Header::Absent, Record::Row)),
            ("application/jsonlines", Form::Lines(&REQUEST_LINE)),
            ("application/jsonl", Form::Lines(&REQUEST_LINE)),
            ("application/x-ndjson", Form::Lines(&REQUEST_LINE)),
        ],
    },
    response: RESPONSE_FORMS,
    rivals: Some(&RIVALS),
};

/// Containers with language models: those of vLLM, SGLang and TGI, of NVIDIA and of Databricks.
pub(super) static RIVALS: FieldTable<RequestField> = field_table![
    ("model", RequestField::Model),
    ("stream", RequestField::Stream),
    ("messages", RequestField::Of(Rival::OpenaiChat)),
    ("prompt", RequestField::MaybeOf(Rival::OpenaiCompletions)),
    ("input", RequestField::MaybeOf(Rival::OpenaiEmbeddings)),
    ("inputs", RequestField::MaybeOf(Rival::Tgi)),
    ("parameters.max_new_tokens", RequestField::Of(Rival::Tgi)),
    ("documents", RequestField::MaybeOf(Rival::Rerank)),
    ("text_1", RequestField::Of(Rival::Pooling)),
];

pub(super) const RESPONSE_FORMS: Forms = Forms {
    usual: Form::Document(&RESPONSE),
    by_type: &[
        ("text/csv", Form::Csv(Header::Absent, Record::RowOrRows)),
        ("application/jsonlines", Form::Lines(&RESPONSE_LINE)),
        ("application/jsonl", Form::Lines(&RESPONSE_LINE)),
        ("application/x-ndjson", Form::Lines(&RESPONSE_LINE)),
    ],
};

/// The values of a row are in its `features`, or in `data.features.values`, or are the row.
pub(super) const WRAPPERS: &[&str] = &["features", "data", "values"];

static REQUEST: Table = Table {
    members: &[
        Member::at(&[], Holds::Rows),
        Member::at(&["instances"], Holds::Rows),
        Member::at(&["inputs"], Holds::RowOrRows),
    ],
    wrappers: WRAPPERS,
};

pub(super) static REQUEST_LINE: Table = Table {
    members: &[Member::at(&[], Holds::Row), Member::at(&["instances"], Holds::Rows)],
    wrappers: WRAPPERS,
};

static RESPONSE: Table =
    Table::of(&[Member::at(&[], Holds::Rows), Member::at(&["predictions"], Holds::Columns)]);

static RESPONSE_LINE: Table =
    Table::of(&[Member::at(&[], Holds::Row), Member::at(&["predictions"], Holds::Rows)]);
