//! What the cells of a column show about its kind, and where they contradict it; it keeps no values.

use driftline_statistics::profile::Kind;

use super::message::{quoted, render};
use crate::{
    cell::{Cell, has_comma_in_number, has_thousands},
    place::Place,
};

/// Above this, doubles skip whole numbers.
const WHOLE_MAGNITUDE_MAX: f64 = 9_007_199_254_740_992.0;
/// What a column whose kind is not given may hold.
pub(super) const EXPECTED: &str = "numbers up to 1e100, true and false, or nothing (empty, NA, N/A, NaN, null, or what --null says), \
                        or else text in all rows, or lists of numbers in all rows";

/// Why a column without a value is refused.
pub(super) const NO_VALUE: &str = "holds no value in any row of the reference";

/// Where each kind of value came first, and what did not fit.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    boolean: Option<Place>,
    number: Option<Place>,
    list: Option<Place>,
    moment: Option<Place>,
    has_fractions: bool,
    text: Option<Found>,
    /// The first value that does not fit.
    unfit: Option<Found>,
    /// How many values count as numbers, as texts, and not at all.
    numbers: u64,
    texts: u64,
    unfits: u64,
    /// How many of the texts are numbers with a comma in them, in a format that has only text.
    comma_numbers: u64,
    /// How many of these have groups of three digits, as with separators of thousands.
    grouped_numbers: u64,
    /// Whether a value that does not fit is a moment.
    has_moment_without_age: bool,
}

/// Where a value is, and the value in words.
type Found = (Place, String);

impl Evidence {
    /// A cell that counts as this number.
    pub(super) fn number(&mut self, cell: Cell<'_>, value: f64, place: Place) {
        let first = match cell {
            Cell::Boolean(_) => &mut self.boolean,
            Cell::List(_) | Cell::Norm(_) => &mut self.list,
            Cell::Age(_) => &mut self.moment,
            _ => &mut self.number,
        };
        first.get_or_insert(place);
        self.has_fractions |= value.fract() != 0.0 || WHOLE_MAGNITUDE_MAX < value.abs();
        self.numbers += 1;
    }

    /// A cell that counts as this text; `is_untyped` if its format has nothing else.
    pub(super) fn text(&mut self, text: &str, is_untyped: bool, place: Place) {
        self.text.get_or_insert_with(|| (place, quoted(text)));
        self.texts += 1;
        if is_untyped && has_comma_in_number(text) {
            self.comma_numbers += 1;
            self.grouped_numbers += u64::from(has_thousands(text));
        }
    }

    /// A cell that does not fit the kind; `is_moment` if that is for lack of an age.
    pub(super) fn unfit(&mut self, cell: Cell<'_>, is_moment: bool, place: Place) {
        self.has_moment_without_age |= is_moment;
        self.unfit.get_or_insert_with(|| (place, render(cell)));
        self.unfits += 1;
    }

    /// The given kind, or else the one that the values show; `None` for categories.
    ///
    /// # Errors
    ///
    /// A sentence that continues "the column ...".
    pub(super) fn kind(&self, given: Option<Kind>) -> Result<Option<Kind>, String> {
        if let Some(fault) = self.fault(given).or_else(|| self.comma_fault(given)) {
            return Err(fault);
        }
        match given {
            Some(Kind::Category) if self.texts == 0 => Err(String::from(NO_VALUE)),
            Some(Kind::Category) => Ok(None),
            Some(kind) => Ok(Some(kind)),
            None => self.found(),
        }
    }

    /// Says which value does not fit, if any.
    fn fault(&self, given: Option<Kind>) -> Option<String> {
        let (fault, faults) = match (&self.unfit, &self.text) {
            (Some(fault), _) => (fault, self.unfits),
            // Of text among numbers, the text is the fault, however much there is of it.
            (None, Some(text)) if self.numbers != 0 => (text, self.texts),
            (None, _) => return None,
        };
        let (place, found) = fault;
        let more = match faults.saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more of the kind"),
        };
        Some(match given {
            _ if self.has_moment_without_age => format!(
                "holds {found} at {place}{more}, a moment whose age is unknown; add --as-of COLUMN or --as-of MOMENT, \
                 which say when the rows were made"
            ),
            Some(kind) => format!(
                "holds {found} at {place}{more}; expected {}, or nothing, for the type {}",
                expected(kind),
                kind.word()
            ),
            None => {
                format!("holds {found} at {place}{more}; expected {EXPECTED}{}", self.text_hint())
            }
        })
    }

    /// Says that all texts of a column whose kind is not given are numbers with a comma, which would be its categories.
    fn comma_fault(&self, given: Option<Kind>) -> Option<String> {
        let (place, found) = self.text.as_ref()?;
        (given.is_none() && self.comma_numbers == self.texts).then(|| {
            format!(
                "holds {found} at {place} and no text but numbers with a comma; expected a point before fractions{}",
                self.text_hint()
            )
        })
    }

    /// What to do about texts, commas in numbers above all, if all texts have them.
    fn text_hint(&self) -> &'static str {
        if self.texts == 0 {
            ""
        } else if self.grouped_numbers == self.texts {
            "; remove separators of thousands (1000 for 1,000), or take the cells for names by --type COLUMN=category"
        } else if self.comma_numbers == self.texts {
            "; --decimal-comma reads 0,5 as 0.5, and --type COLUMN=category takes them for names"
        } else {
            "; --type COLUMN=category takes all cells for names, and --null TEXT reads a text as a missing value"
        }
    }

    /// The kind that the values show.
    fn found(&self) -> Result<Option<Kind>, String> {
        let seen = [
            (self.boolean, "true or false"),
            (self.list, "a list"),
            (self.moment, "a moment"),
            (self.number, "a number"),
        ];
        let mut seen = seen.into_iter().filter_map(|(place, what)| Some((place?, what)));
        if let (Some((place, what)), Some((other_place, other))) = (seen.next(), seen.next()) {
            return Err(format!(
                "holds {what} at {place}, but {other} at {other_place}; expected one kind"
            ));
        }
        Ok(if self.text.is_some() {
            None
        } else if self.boolean.is_some() {
            Some(Kind::Boolean)
        } else if self.list.is_some() {
            Some(Kind::VectorNorm)
        } else if self.moment.is_some() {
            Some(Kind::Timestamp)
        } else if self.has_fractions {
            Some(Kind::Number)
        } else {
            Some(Kind::Integer)
        })
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "numbers up to 1e100",
        Kind::Integer => "whole numbers up to 1e100",
        Kind::Boolean => "true and false",
        Kind::Category | Kind::TextLength => "text",
        Kind::VectorNorm => "lists of numbers",
        Kind::Timestamp => "moments (RFC 3339, or numbers since 1970)",
    }
}
