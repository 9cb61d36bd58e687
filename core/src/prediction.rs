//! Exchanges with a model that predicts: rows of features in, rows of predictions out, one value at a time.
//! No row is kept; a batch of any size passes in the same memory.

mod kserve_v1;
mod rows;

pub(crate) use self::{
    kserve_v1::{DIALECT, INSTANCES, model_in_path},
    rows::{Columns, Event as RowEvent, Rows},
};

use self::kserve_v1::PREDICTIONS;
use crate::{bins::Bins, drift::Side, wire::json::Ending};

/// A value where a feature or a prediction was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// A finite number; booleans are 0 and 1.
    Number(f64),
    /// Text, escapes decoded; of a very long one the beginning, which then is longer than any category.
    Text(&'a [u8]),
    /// Why there is no value.
    Unbinned(Unbinned),
}

/// Where a value falls, or why it falls into no bin.
pub(crate) type Placed = Result<InBin, Unbinned>;

/// A value that has a bin.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct InBin {
    pub(crate) bin: usize,
    /// Whether the profile's schema does not allow it.
    pub(crate) is_outside: bool,
    /// How far it lies beyond the outermost edges: [`Scale::excess`](crate::drift::Scale::excess).
    pub(crate) excess: Option<(Side, u64)>,
}

/// Why a value falls into no bin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unbinned {
    /// The value is null.
    Null,
    /// The row does not have the feature.
    Missing,
    /// The value is a list or an object, text where a number is expected, or the reverse.
    WrongType,
    /// The value is NaN or infinite, or too large for a double.
    NotFinite,
}

impl Unbinned {
    /// All reasons; a reason's position here is its discriminant.
    pub(crate) const ALL: [Unbinned; 4] =
        [Unbinned::Null, Unbinned::Missing, Unbinned::WrongType, Unbinned::NotFinite];

    /// The label value.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Unbinned::Null => "null",
            Unbinned::Missing => "missing",
            Unbinned::WrongType => "wrong_type",
            Unbinned::NotFinite => "not_finite",
        }
    }
}

impl Cell<'_> {
    /// The bin that the value falls into, or why it falls into none.
    pub(crate) fn place(self, bins: &Bins) -> Result<usize, Unbinned> {
        match (self, bins) {
            (Cell::Number(_), Bins::Categories { .. }) => Err(Unbinned::WrongType),
            (Cell::Number(number), _) => Ok(bins.of(number)),
            (Cell::Text(text), _) => bins.of_category(text).ok_or(Unbinned::WrongType),
            (Cell::Unbinned(reason), _) => Err(reason),
        }
    }
}

/// The predictions of an answer, one cell each.
///
/// A prediction is a number, a boolean, text, or a list of exactly one of these, as TF Serving writes
/// the output of a model with one output column.
#[derive(Debug)]
pub(crate) struct Answers {
    rows: Rows,
    pending: Option<Placed>,
}

impl Answers {
    pub(crate) fn new() -> Answers {
        Answers { rows: Rows::new(PREDICTIONS), pending: None }
    }

    /// Takes the next piece of the body; `place` finds the bin of each value, and `take` gets that of each prediction.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        place: impl Fn(Cell<'_>) -> Placed,
        mut take: impl FnMut(Placed),
    ) {
        let pending = &mut self.pending;
        self.rows.read(bytes, &OneColumn, &mut |event| match event {
            RowEvent::Cell(_, cell) => *pending = Some(place(cell)),
            // An empty list, whose width says so.
            RowEvent::Missing(..) => {}
            RowEvent::End { width } => {
                let placed = pending.take().filter(|_| width == 1);
                take(placed.unwrap_or(Err(Unbinned::WrongType)));
            }
        });
    }

    /// Ends the body.
    pub(crate) fn finish(&mut self) -> Ending {
        self.rows.finish()
    }
}

/// A prediction has one column and no name.
struct OneColumn;

impl Columns for OneColumn {
    fn count(&self) -> usize {
        1
    }

    fn named(&self, _name: &[u8], _hint: usize) -> Option<usize> {
        None
    }
}
