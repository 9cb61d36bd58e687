//! What a cell is in a column of a known kind, by the functions that the filter uses, and whether training data may have
//! it; it keeps nothing.

use driftline_labels::Unbinned;
use driftline_statistics::{
    profile::Kind,
    value::{self, NullTexts, Reading, length, reading},
};

use crate::{cell::Cell, list::norm_of};

/// Larger numbers are refused, because their squares do not fit into a double.
const MAGNITUDE_MAX: f64 = 1e100;

/// What a cell is in a column of a known kind.
pub(crate) enum Value {
    Null,
    Number(f64),
    Category(String),
    /// It does not fit the kind.
    Unfit,
}

impl Value {
    pub(crate) fn new(cell: Cell<'_>, kind: Kind, nulls: &NullTexts) -> Value {
        match kind {
            Kind::Number | Kind::Integer if is_truth_value(cell, nulls) => Value::Unfit,
            Kind::Number | Kind::Integer | Kind::Boolean => match cell.single() {
                Some(single) => Value::number(single.number(nulls), kind),
                None => Value::Unfit,
            },
            Kind::Category => Value::category(cell, nulls),
            Kind::TextLength => match cell {
                Cell::Length(length) => Value::number(Ok(length), kind),
                Cell::Text(text) | Cell::Untyped(text) => Value::projected(characters(text), kind),
                // A list of one text is the text.
                cell => Value::projected(
                    match cell.single() {
                        Some(value::Cell::Text(text)) => {
                            characters(str::from_utf8(text).unwrap_or_default())
                        }
                        Some(single) => single.misfit(),
                        None => Cell::NO_ELEMENT,
                    },
                    kind,
                ),
            },
            Kind::VectorNorm => match cell {
                Cell::Norm(norm) => Value::number(Ok(norm), kind),
                Cell::List(list) => Value::projected(list.norm.cell(), kind),
                Cell::Untyped(text) => Value::projected(vector(text), kind),
                cell => {
                    let misfit = cell.single().map_or(Cell::NO_ELEMENT, value::Cell::misfit);
                    Value::projected(misfit, kind)
                }
            },
            Kind::Timestamp => match cell {
                Cell::Age(seconds) => Value::number(Ok(seconds), kind),
                cell => match cell.single().map(|single| single.moment(nulls)) {
                    Some(Err(Unbinned::Null)) => Value::Null,
                    _ => Value::Unfit,
                },
            },
        }
    }

    /// Numbers and truth values have one spelling each.
    fn category(cell: Cell<'_>, nulls: &NullTexts) -> Value {
        let Some(single) = cell.single() else { return Value::Unfit };
        match single.spelled(nulls) {
            Ok(text) => Value::Category(text),
            Err(Unbinned::Null) => Value::Null,
            Err(_) => Value::Unfit,
        }
    }

    fn projected(cell: value::Cell<'_>, kind: Kind) -> Value {
        Value::number(cell.number(&NullTexts::NONE), kind)
    }

    fn number(number: Result<f64, Unbinned>, kind: Kind) -> Value {
        let fits = |x: f64| match kind {
            Kind::Integer => x.fract() == 0.0,
            Kind::Boolean => x == 0.0 || x == 1.0,
            _ => true,
        };
        match number {
            // Zero and minus zero are one value, and sort as one.
            Ok(x) if fits(x) && x.abs() <= MAGNITUDE_MAX => Value::Number(x + 0.0),
            Err(Unbinned::Null | Unbinned::Missing) => Value::Null,
            Ok(_) | Err(Unbinned::WrongType | Unbinned::NotFinite) => Value::Unfit,
        }
    }

    /// The kind of column that a cell suggests by itself.
    pub(crate) fn kind_of(cell: Cell<'_>) -> Kind {
        match cell {
            Cell::Boolean(_) => Kind::Boolean,
            Cell::Text(_) => Kind::Category,
            Cell::List(_) | Cell::Norm(_) => Kind::VectorNorm,
            Cell::Age(_) => Kind::Timestamp,
            Cell::Moment(_)
            | Cell::Null
            | Cell::Number(_)
            | Cell::Single(_)
            | Cell::Untyped(_)
            | Cell::Length(_)
            | Cell::Other(_) => Kind::Number,
        }
    }
}

impl Cell<'_> {
    /// Whether a column of this kind can have the cell, be it as a missing value.
    #[must_use]
    pub fn fits(self, kind: Kind, nulls: &NullTexts) -> bool {
        !matches!(Value::new(self, kind, nulls), Value::Unfit)
    }
}

/// Whether a cell says true or false, which training data of numbers should not.
pub(crate) fn is_truth_value(cell: Cell<'_>, nulls: &NullTexts) -> bool {
    match cell {
        Cell::Boolean(_) => true,
        Cell::Untyped(text) => matches!(reading(text.as_bytes(), nulls), Reading::Boolean(_)),
        _ => false,
    }
}

fn characters(text: &str) -> value::Cell<'static> {
    length(text.chars().count() as u64)
}

/// A vector that is written as a list in JSON, or a word for a missing one.
fn vector(text: &str) -> value::Cell<'static> {
    let text = text.trim();
    if !text.starts_with('[') {
        return value::Cell::Untyped(text.as_bytes()).misfit();
    }
    norm_of(text).map_or(Cell::NO_ELEMENT, value::Norm::cell)
}
