//! One vocabulary of values, for training and serving: what a cell of any format is in a column of each kind. It reads
//! no bytes of a body, and knows no bins.
//!
//! A reader hands on what stands in a cell as a [`Cell`], and decides nothing. What the cell is then depends on the kind
//! of its column, by one function each, which the profiler and the filter share:
//!
//! | column of | function | a value is |
//! | --- | --- | --- |
//! | numbers, integers, truth values | [`Cell::number`] | a finite number; truth values are 1 and 0 |
//! | categories | [`Cell::category`] | a text without the blanks around it |
//! | timestamps | [`Cell::moment`] | a moment, as seconds since 1970 |
//! | text lengths | [`length`] | the characters of a text, which is not empty |
//! | vector norms | [`Norm`] | the Euclidean norm of a list |
//!
//! NaN is null in each of them, and an infinity is not finite. [`reading`] says which words stand for a missing value.
//!
//! # Lists
//!
//! A list is of the wrong type in all columns but vectors, with one exception: a list of one is the one. Clients of
//! TensorFlow Serving, KServe and MLflow send a column of the shape `[n, 1]` so, in rows (`{"a": [4]}`) as in columns
//! (`{"a": [[4], [5]]}`), and the model gets the same number as without the brackets. Readers of lists keep to it, here
//! and in training data alike.

mod class;
mod norm;
mod precision;
mod said;
mod text;

use alloc::string::{String, ToString as _};

use driftline_labels::Unbinned;

use crate::{drift::Tail, time::moment};

pub use self::{
    class::class_of,
    norm::Norm,
    precision::Precision,
    said::{Categories, Category},
    text::{NullTexts, Reading, Said, is_exact, is_index, reading, trim},
};

/// What stands where a value of a feature or a prediction is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number, which may be NaN or infinite.
    Number(f64),
    /// A number that its form has rounded to this precision.
    Rounded(f64, Precision),
    /// A truth value: 0 or 1 where a number is expected, and no moment.
    Boolean(bool),
    /// Text in a format that has numbers of their own, escapes decoded; of a very long one the beginning, which then is
    /// longer than any category.
    Text(&'a [u8]),
    /// A value in a format that has only text, such as CSV or a header: a number, `true` or `false` where one of these is
    /// expected, and a category where one is. Cut as [`Cell::Text`] is.
    Untyped(&'a [u8]),
    /// Why there is no value.
    Unbinned(Unbinned),
}

/// Where a value falls, or why it falls into no bin.
pub type Placed = Result<InBin, Unbinned>;

/// A value that has a bin.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct InBin {
    /// Its number.
    pub bin: usize,
    /// Whether the profile's schema does not allow it.
    pub is_outside: bool,
    /// How far it lies beyond the outermost edges: [`BinPositions::tail_distance`](crate::drift::BinPositions::tail_distance).
    pub tail_distance: Option<(Tail, u64)>,
}

impl<'a> Cell<'a> {
    /// The finite number that the cell is in a column of numbers.
    ///
    /// A number in quotes is text where the format has numbers, and so of the wrong type; words for nothing and for
    /// infinities are what they say in any format.
    ///
    /// # Errors
    ///
    /// Why there is none.
    #[inline]
    pub fn number(self, nulls: &NullTexts) -> Result<f64, Unbinned> {
        match self {
            // What nearly all cells are is decided where it is asked.
            Cell::Number(number) if number.is_finite() && nulls.has_no_number() => Ok(number),
            cell => cell.other_number(nulls),
        }
    }

    #[inline(never)]
    fn other_number(self, nulls: &NullTexts) -> Result<f64, Unbinned> {
        match self {
            Cell::Number(number) | Cell::Rounded(number, _) => {
                finite(number, self.precision(), nulls)
            }
            Cell::Boolean(value) => truth(value, nulls),
            Cell::Untyped(text) => match reading(text, nulls) {
                Reading::Number(number) => finite(number, Precision::Single, nulls),
                Reading::Boolean(value) => truth(value, nulls),
                Reading::Null | Reading::NullWord(_) => Err(Unbinned::Null),
                Reading::Text(_) => Err(Unbinned::WrongType),
            },
            Cell::Text(text) => Err(match reading(text, nulls) {
                Reading::Null | Reading::NullWord(_) => Unbinned::Null,
                Reading::Number(number) if number.is_infinite() => infinite(nulls),
                Reading::Number(_) | Reading::Boolean(_) | Reading::Text(_) => Unbinned::WrongType,
            }),
            Cell::Unbinned(Unbinned::NotFinite) => Err(infinite(nulls)),
            Cell::Unbinned(reason) => Err(reason),
        }
    }

    /// The text that the cell is in a column of categories, without the blanks around it.
    ///
    /// # Errors
    ///
    /// Why there is none. A number and a truth value are of the wrong type; where categories say such,
    /// [`Cell::said`] has it.
    #[inline]
    pub fn category(self, nulls: &NullTexts) -> Result<&'a [u8], Unbinned> {
        match self {
            Cell::Text(text) | Cell::Untyped(text) => {
                let text = trim(text);
                let is_null = text::is_null(text, nulls) || nulls.says(text);
                if is_null { Err(Unbinned::Null) } else { Ok(text) }
            }
            Cell::Number(_) | Cell::Rounded(..) | Cell::Boolean(_) => {
                self.other_number(nulls).and(Err(Unbinned::WrongType))
            }
            Cell::Unbinned(Unbinned::NotFinite) => Err(infinite(nulls)),
            Cell::Unbinned(reason) => Err(reason),
        }
    }

    /// The moment that the cell is in a column of timestamps, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn moment(self, nulls: &NullTexts) -> Result<f64, Unbinned> {
        let text = match self {
            Cell::Number(_) | Cell::Rounded(..) => None,
            Cell::Text(text) | Cell::Untyped(text) => Some(text),
            // As a number it would be the first second of 1970.
            Cell::Boolean(_) => return Err(Unbinned::WrongType),
            Cell::Unbinned(reason) => return Err(reason),
        };
        if let Some(said) = text.and_then(|text| moment::from_text(trim(text))) {
            return Ok(said);
        }
        if let Cell::Untyped(text) = self
            && let Reading::Boolean(_) = reading(text, nulls)
        {
            return Err(Unbinned::WrongType);
        }
        moment::from_number(self.number(nulls)?).ok_or(Unbinned::WrongType)
    }

    /// Whatever says a moment as the age of that moment, in seconds at `now`, which is in seconds since 1970.
    ///
    /// Without a `now` there are no ages, and a moment is as good as none.
    pub fn aged(self, now: Option<f64>, nulls: &NullTexts) -> Cell<'a> {
        match (self.moment(nulls), now) {
            (Ok(said), Some(now)) => Cell::Number(now - said),
            (Ok(_), None) => Cell::Unbinned(Unbinned::WrongType),
            (Err(reason), _) => Cell::Unbinned(reason),
        }
    }

    /// Why the cell is no value in a column whose values are no single cells: of text lengths or vectors.
    #[must_use]
    pub fn misfit(self) -> Cell<'static> {
        Cell::Unbinned(self.number(&NullTexts::NONE).err().unwrap_or(Unbinned::WrongType))
    }

    /// The precision that the form of the cell keeps.
    #[inline]
    #[must_use]
    pub fn precision(self) -> Precision {
        if let Cell::Rounded(_, precision) = self { precision } else { Precision::Single }
    }

    /// Whether values that differ may have become this one on the wire.
    #[inline]
    #[must_use]
    pub fn may_be_merged(self) -> bool {
        use Precision::{Brain, Half, Single};
        matches!(self, Cell::Rounded(_, Single | Half | Brain))
    }

    /// The number or the truth value that the cell says as a category, whatever form it has: `1`, `1.0` and `1e0` are one
    /// category, and so are `true` and `True`. `None` for every other text, and for what is none.
    #[must_use]
    pub fn said(self) -> Option<Said> {
        match self {
            Cell::Boolean(value) => Some(Said::Truth(value)),
            // Minus zero is zero.
            Cell::Number(x) | Cell::Rounded(x, _) if x.is_finite() => {
                Some(Said::Number(x + 0.0, self.precision()))
            }
            Cell::Text(text) | Cell::Untyped(text) => text::said(trim(text)),
            _ => None,
        }
    }

    /// The text of the category that the cell is, spelled as profiles spell it: numbers and truth values in one way each.
    ///
    /// # Errors
    ///
    /// Why there is none. Of whole numbers from 2^53 a double does not have all digits, so no number of that size is a
    /// category; a text is.
    pub fn spelled(self, nulls: &NullTexts) -> Result<String, Unbinned> {
        let text = self.category(nulls);
        match (self.said(), self) {
            _ if text.is_err_and(|reason| reason != Unbinned::WrongType) => {}
            (Some(Said::Truth(value)), _) => return Ok(value.to_string()),
            // The digits that a single needs, not those of the double that it is.
            (Some(Said::Number(x, _)), Cell::Rounded(_, Precision::Single)) if is_exact(x) => {
                return Ok(said::spelled(x, x as f32));
            }
            (Some(Said::Number(x, _)), _) if text.is_ok() || is_exact(x) => {
                return Ok(said::spelled(x, x));
            }
            _ => {}
        }
        text.map(|text| String::from_utf8_lossy(text).into_owned())
    }
}

/// How many characters a text has, for a column of text lengths: blanks count, and an empty text is null, because CSV
/// cannot tell one from a missing value.
#[inline]
#[must_use]
pub fn length(characters: u64) -> Cell<'static> {
    if characters == 0 { Cell::Unbinned(Unbinned::Null) } else { Cell::Number(characters as f64) }
}

#[inline(never)]
fn finite(number: f64, precision: Precision, nulls: &NullTexts) -> Result<f64, Unbinned> {
    if number.is_finite() {
        if nulls.has_number(number, precision) { Err(Unbinned::Null) } else { Ok(number) }
    } else if number.is_nan() {
        Err(Unbinned::Null)
    } else {
        Err(infinite(nulls))
    }
}

/// What an infinity is, of either sign, because readers do not keep it.
fn infinite(nulls: &NullTexts) -> Unbinned {
    if nulls.has_infinity() { Unbinned::Null } else { Unbinned::NotFinite }
}

/// What a truth value counts as among numbers.
fn truth(value: bool, nulls: &NullTexts) -> Result<f64, Unbinned> {
    if nulls.has_truth(value) { Err(Unbinned::Null) } else { Ok(f64::from(u8::from(value))) }
}

#[cfg(test)]
mod tests;
