//! Azure Machine Learning's online endpoints: data frames of MLflow's models, and the lists of scripts. Tables only.
//!
//! References: Azure Machine Learning, "Deploy MLflow models to online endpoints" and "Consume an online endpoint"; the web
//! services of its designer. A script may take any form, and what is none of these passes unmeasured. vLLM answers at the
//! same path.

use crate::{
    generative::{RequestField, Rival},
    predictive::{
        dialect::{Dialect, Forms},
        document::{Holds, Member, Table},
        reader::Form,
    },
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "azure_ml",
    paths: &["?/score"],
    request: Forms { usual: Form::Document(&REQUEST), by_type: &[] },
    response: Forms { usual: Form::Document(&RESPONSE), by_type: &[] },
    rivals: Some(&RIVALS),
};

static REQUEST: Table = Table::of(&[
    Member::at(&["input_data", "columns"], Holds::Names),
    Member::at(&["input_data", "data"], Holds::Rows),
    Member::at(&["input_data"], Holds::Rows),
    Member::at(&["data"], Holds::Rows),
    Member::at(&["Inputs", "data"], Holds::Rows),
    Member::at(&["Inputs", "input1"], Holds::Rows),
]);

static RESPONSE: Table = Table::of(&[
    Member::at(&[], Holds::Rows),
    Member::at(&["predictions"], Holds::Columns),
    Member::at(&["result"], Holds::Rows),
    Member::at(&["Results"], Holds::Rows),
    Member::at(&["Results", "output1"], Holds::Rows),
    Member::at(&["Results", "WebServiceOutput0"], Holds::Rows),
]);

/// vLLM's scores of pairs.
static RIVALS: FieldTable<RequestField> = field_table![
    ("model", RequestField::Model),
    ("text_1", RequestField::Of(Rival::Pooling)),
    ("queries", RequestField::Of(Rival::Pooling)),
    ("data_1", RequestField::Of(Rival::Pooling)),
];
