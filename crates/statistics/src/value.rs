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

mod norm;
mod precision;
mod text;

use core::fmt::{self, Write as _};

use driftline_labels::Unbinned;

use crate::{drift::Tail, time::moment};

pub use self::{
    norm::Norm,
    precision::Precision,
    text::{NullTexts, Reading, reading, trim},
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
            Cell::Number(number) | Cell::Rounded(number, _) => finite(number, nulls),
            Cell::Boolean(value) => Ok(truth(value)),
            Cell::Untyped(text) => match reading(text, nulls) {
                Reading::Number(number) => finite(number, nulls),
                Reading::Boolean(value) => Ok(truth(value)),
                Reading::Null | Reading::NullWord(_) => Err(Unbinned::Null),
                Reading::Text(_) => Err(Unbinned::WrongType),
            },
            Cell::Text(text) => Err(match reading(text, nulls) {
                Reading::Null | Reading::NullWord(_) => Unbinned::Null,
                Reading::Number(number) if number.is_infinite() => Unbinned::NotFinite,
                Reading::Number(_) | Reading::Boolean(_) | Reading::Text(_) => Unbinned::WrongType,
            }),
            Cell::Unbinned(reason) => Err(reason),
        }
    }

    /// The text that the cell is in a column of categories, without the blanks around it.
    ///
    /// # Errors
    ///
    /// Why there is none. A number and a truth value are of the wrong type; where categories are spelled as these are,
    /// [`Cell::spelled`] has their text.
    #[inline]
    pub fn category(self, nulls: &NullTexts) -> Result<&'a [u8], Unbinned> {
        match self {
            Cell::Text(text) | Cell::Untyped(text) => {
                let text = trim(text);
                if text::is_null(text, nulls) { Err(Unbinned::Null) } else { Ok(text) }
            }
            Cell::Number(number) | Cell::Rounded(number, _) => {
                finite(number, nulls).and(Err(Unbinned::WrongType))
            }
            Cell::Boolean(_) => Err(Unbinned::WrongType),
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

    /// The texts that a number or a truth value may have as a category, the usual one first; none for anything else.
    ///
    /// A whole number has two, because data frames write 1 as `1.0` where a column lacks a value. Of whole numbers beyond
    /// 2^53 a double does not have all digits, so they have none.
    #[must_use]
    pub fn spelled(self) -> Spellings {
        /// Above this, doubles skip whole numbers.
        const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
        match self {
            Cell::Boolean(true) => Spellings::of(format_args!("true"), [b"True", b"TRUE"]),
            Cell::Boolean(false) => Spellings::of(format_args!("false"), [b"False", b"FALSE"]),
            Cell::Number(x) | Cell::Rounded(x, _) if libm::fabs(x) <= WHOLE_MAX => {
                // Minus zero is zero.
                let x = x + 0.0;
                let mut spellings = Spellings::of(format_args!("{x}"), [b""; 2]);
                if libm::trunc(x) == x {
                    // Not with a precision, which brings another formatter of numbers.
                    spellings.add(format_args!("{x}.0"));
                }
                spellings
            }
            _ => Spellings::default(),
        }
    }
}

/// How many characters a text has, for a column of text lengths: blanks count, and an empty text is null, because CSV
/// cannot tell one from a missing value.
#[inline]
#[must_use]
pub fn length(characters: u64) -> Cell<'static> {
    if characters == 0 { Cell::Unbinned(Unbinned::Null) } else { Cell::Number(characters as f64) }
}

#[inline]
fn finite(number: f64, nulls: &NullTexts) -> Result<f64, Unbinned> {
    if number.is_finite() {
        if nulls.has_number(number) { Err(Unbinned::Null) } else { Ok(number) }
    } else if number.is_nan() {
        Err(Unbinned::Null)
    } else {
        Err(Unbinned::NotFinite)
    }
}

/// What a truth value counts as among numbers.
fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// The texts that a number or a truth value may have as a category.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spellings {
    texts: [Spelling; 3],
}

#[derive(Clone, Copy, Debug, Default)]
struct Spelling {
    bytes: [u8; 32],
    length: usize,
}

impl Spellings {
    fn of(first: fmt::Arguments<'_>, others: [&'static [u8]; 2]) -> Spellings {
        let mut spellings = Spellings::default();
        spellings.add(first);
        for other in others {
            spellings.add(format_args!("{}", str::from_utf8(other).unwrap_or_default()));
        }
        spellings
    }

    /// Adds a text, unless it is longer than any number needs.
    fn add(&mut self, text: fmt::Arguments<'_>) {
        if let Some(free) = self.texts.iter_mut().find(|text| text.length == 0)
            && free.write_fmt(text).is_err()
        {
            free.length = 0;
        }
    }

    /// The texts, the usual one first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.texts
            .iter()
            .filter_map(|text| text.bytes.get(..text.length))
            .filter(|text| !text.is_empty())
    }
}

impl fmt::Write for Spelling {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.checked_add(text.len()).ok_or(fmt::Error)?;
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
