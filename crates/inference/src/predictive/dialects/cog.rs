//! Cog's containers, which Replicate runs: one row in, one answer out. Tables only.
//!
//! Reference: Cog, "HTTP API". An input is an object by name. An answer of several values is one row, and so is an object. A
//! prediction that a client does not wait for has no output yet.

use crate::predictive::{
    dialect::{Dialect, Forms},
    document::{Holds, Member, Table},
    reader::Form,
};

pub(super) const DIALECT: Dialect = Dialect {
    name: "cog",
    paths: &["?/predictions"],
    request: Forms { usual: Form::Document(&REQUEST), by_type: &[] },
    response: Forms { usual: Form::Document(&RESPONSE), by_type: &[] },
    rivals: None,
};

static REQUEST: Table = Table::of(&[Member::at(&["input"], Holds::Row)]);

static RESPONSE: Table = Table::of(&[Member::at(&["output"], Holds::Row)]);
