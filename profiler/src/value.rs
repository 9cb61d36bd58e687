//! What a cell is in a column of a known kind; it keeps nothing.

use driftline_statistics::profile::Kind;

use crate::cell::Cell;

/// Larger numbers are refused, because their squares do not fit into a double.
const MAGNITUDE_MAX: f64 = 1e100;

/// What a cell is in a column of a known kind.
pub(crate) enum Value<'c> {
    Null,
    Number(f64),
    Category(&'c str),
    /// It does not fit the kind.
    Unfit,
}

impl<'c> Value<'c> {
    pub(crate) fn new(cell: Cell<'c>, kind: Kind) -> Value<'c> {
        let number = |x: f64| {
            let fits = match kind {
                Kind::Integer => x.fract() == 0.0,
                _ => true,
            };
            // Zero and minus zero are one value, and sort as one.
            if fits && x.abs() <= MAGNITUDE_MAX { Value::Number(x + 0.0) } else { Value::Unfit }
        };
        match (kind, cell) {
            (_, Cell::Null) => Value::Null,
            (Kind::Number | Kind::Integer, Cell::Number(x)) => number(x),
            (Kind::Boolean, Cell::Boolean(value)) => Value::Number(f64::from(u8::from(value))),
            (Kind::Category, Cell::Text(text)) => Value::Category(text),
            (Kind::TextLength, Cell::Text(text)) => number(text.chars().count() as f64),
            (Kind::TextLength, Cell::Length(length)) => number(length),
            (Kind::VectorNorm, Cell::List(norm)) => number(norm),
            (Kind::Timestamp, Cell::Age(seconds)) => number(seconds),
            _ => Value::Unfit,
        }
    }

    /// The kind of column that a cell suggests by itself.
    pub(crate) fn kind_of(cell: Cell<'_>) -> Kind {
        match cell {
            Cell::Boolean(_) => Kind::Boolean,
            Cell::Text(_) => Kind::Category,
            Cell::List(_) => Kind::VectorNorm,
            Cell::Age(_) => Kind::Timestamp,
            Cell::Moment(_) | Cell::Null | Cell::Number(_) | Cell::Length(_) | Cell::Other(_) => {
                Kind::Number
            }
        }
    }
}
