//! Finds out how good the model was on the reference rows that have labels, as counts; it reads no file, and keeps no row
//! once it has counted.
//!
//! The first reading [gathers](Gathered) labels, predictions and scores. What the model predicts is then
//! [decided](Gathered::decide) by what was found, and the rows are [counted](Counter): those that were kept, or, of more
//! than there is room for, all rows in a second reading. Only the edges of bins then come from a uniform sample.
//!
//! | file | what it does |
//! | --- | --- |
//! | `said` | what a cell says as a class or a number |
//! | `class` | which class, number or score that is |
//! | `gather` | keeps rows, and what columns hold |
//! | `decide` | which task it is, and which classes there are |
//! | `edges` | bins of scores and of errors |
//! | `count` | counts rows |

mod class;
mod count;
mod decide;
mod edges;
mod gather;
mod options;
mod said;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    count::Counter,
    decide::Decided,
    gather::{Gathered, Outcome},
};
pub use self::{count::LeftOut, options::QualityOptions};
