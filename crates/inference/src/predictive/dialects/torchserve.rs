//! TorchServe: rows as its handlers of tables and KServe's envelope have them. Tables only.
//!
//! References: TorchServe, "Inference API" and `ts/torch_handler/request_envelope`. A handler may take any form: JSON in which
//! nothing else holds rows is a row, and so is its answer.

use crate::predictive::{
    csv::{Header, Record},
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "torchserve",
    paths: &["?/predictions/{model}", "?/predictions/{model}/{version}"],
    request: Forms {
        usual: Form::Document(&REQUEST),
        by_type: &[("text/csv", Form::Csv(Header::Unknown, Record::Row))],
    },
    response: Forms { usual: Form::Document(&RESPONSE), by_type: &[] },
    rivals: None,
};

static REQUEST: Table = Table::of(&[
    Member::at(&[], Holds::RowOrRows),
    Member::at(&["instances"], Holds::Rows),
    Member::at(&["data"], Holds::RowOrRows),
]);

static RESPONSE: Table =
    Table::of(&[Member::at(&[], Holds::RowOrRows), Member::at(&["predictions"], Holds::Rows)]);
