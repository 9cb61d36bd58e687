//! Services of one's own: rows in JSON at a place that an endpoint declares, or in CSV. Tables only.
//!
//! There is no path that says so, and no reference. A list holds rows, an object columns or one row, and a list of single
//! values is one row if rows have several.

use crate::predictive::{
    csv::{Header, Record},
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "json",
    paths: &[],
    rivals: None,
    request: Forms {
        usual: Form::Document(&ROWS),
        by_type: &[
            ("text/csv", Form::Csv(Header::Unknown, Record::Row)),
            ("application/jsonlines", Form::Lines(&ROWS)),
            ("application/jsonl", Form::Lines(&ROWS)),
            ("application/x-ndjson", Form::Lines(&ROWS)),
        ],
    },
    response: Forms {
        usual: Form::Document(&ROWS),
        by_type: &[
            ("text/csv", Form::Csv(Header::Absent, Record::RowOrRows)),
            ("application/jsonlines", Form::Lines(&ROWS)),
            ("application/jsonl", Form::Lines(&ROWS)),
            ("application/x-ndjson", Form::Lines(&ROWS)),
        ],
    },
};

static ROWS: Table = Table::of(&[Member::at(&[], Holds::Any)]);
