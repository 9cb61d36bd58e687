//! Where the values of a model's columns are looked for in one direction of an exchange; it reads nothing.

use alloc::{boxed::Box, vec::Vec};

use super::{Columns, PathStep, Projection};

/// What is looked for in one direction of an exchange.
#[derive(Debug, Default)]
pub struct ColumnSelectors {
    /// In the rows of the body.
    pub columns: Columns,
    /// In the whole of its document, by path: the column, what it takes of its values, and its steps.
    pub paths: Vec<(usize, Projection, Box<[PathStep]>)>,
    /// In headers: the column, and the header's name in lower case.
    pub headers: Vec<(usize, Box<str>)>,
}
