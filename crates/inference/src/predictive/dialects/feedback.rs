//! Feedback: labels as rows, in the filter's own form and in those that services have. A table only.

use crate::predictive::{
    csv::{Header, Record},
    dialect::Forms,
    document::{Holds, Member, Table},
    reader::Form,
};

/// The forms of a body with feedback.
pub(crate) const FEEDBACK_FORMS: Forms = Forms {
    usual: Form::Document(&DOCUMENT),
    by_type: &[
        ("text/csv", Form::Csv(Header::Present, Record::Row)),
        ("application/jsonlines", Form::Lines(&LINE)),
        ("application/jsonl", Form::Lines(&LINE)),
        ("application/x-ndjson", Form::Lines(&LINE)),
    ],
};

static DOCUMENT: Table =
    Table::of(&[Member::at(&[], Holds::RowOrRows), Member::at(&["labels"], Holds::Rows)]);

static LINE: Table = Table::of(&[Member::at(&[], Holds::Row)]);
