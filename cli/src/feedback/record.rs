//! A row as a record of the wire, one line of JSON; it knows no column and sends nothing.

use driftline_labels::Unbinned;
use driftline_profiler::Cell;
use driftline_statistics::value::{self, NullTexts, Reading, is_exact, reading};
use serde_json::{Number, Value};

use super::columns::Member;

/// A row that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// A JSON object without a line end.
    pub(super) json: String,
    /// Its prediction is known by the id of its request.
    pub(super) has_id: bool,
}

/// Why a row is no record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unusable {
    /// It is not known yet what turned out to be true.
    NoLabel,
    /// What was found, and what is expected.
    Problem(String),
}

/// How many characters of a cell a message shows.
const SHOWN_CHARS_MAX: usize = 60;
/// Beyond this a JSON reader may refuse a row's index.
const ROW_MAX: f64 = 4_294_967_295.0;

/// What is the same in all records, and how cells are understood.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) model: Option<String>,
    pub(super) version: Option<String>,
    pub(super) nulls: NullTexts,
}

impl Writer {
    /// Makes the record of a row. A member without a value is left out.
    pub(super) fn record<'c, 'm>(
        &self,
        cells: impl IntoIterator<Item = (&'m Member, Cell<'c>)>,
    ) -> Result<Record, Unusable> {
        let mut members: Vec<(&str, Value)> = Vec::new();
        let given = [("model", &self.model), ("version", &self.version)];
        for (name, value) in given {
            members.extend(value.as_ref().map(|text| (name, Value::from(text.as_str()))));
        }
        let (mut problem, mut has_label) = (None, false);
        for (member, cell) in cells {
            has_label |= *member == Member::Label && !self.is_null(cell);
            match self.value(member, cell) {
                Ok(Some(value)) => members.push((member.name(), value)),
                Ok(None) => {}
                Err(expected) => {
                    problem.get_or_insert_with(|| {
                        format!("{}: found {}, expected {expected}", member.name(), shown(cell))
                    });
                }
            }
        }
        // Without a label it is no feedback yet, whatever else is wrong with it.
        if !has_label {
            return Err(Unusable::NoLabel);
        }
        if let Some(problem) = problem {
            return Err(Unusable::Problem(problem));
        }
        let has = |name: &str| members.iter().any(|(found, _)| *found == name);
        if !has("model") {
            return Err(Unusable::Problem("found no model, expected its name".into()));
        }
        if !["prediction", "score", "id"].into_iter().any(has) {
            let problem = "found neither prediction, score nor id, expected one of them";
            return Err(Unusable::Problem(problem.into()));
        }
        let has_id = has("id");
        // Without an id it says nothing: tables often number their rows in a column of this name.
        members.retain(|(name, _)| *name != "row" || has_id);
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
        Ok(Record { json: format!("{{{}}}", members.join(",")), has_id })
    }

    /// The value of a member; `None` if the cell has none.
    ///
    /// # Errors
    ///
    /// What is expected instead.
    fn value(&self, member: &Member, cell: Cell<'_>) -> Result<Option<Value>, &'static str> {
        if self.is_null(cell) {
            return Ok(None);
        }
        match member {
            Member::Model | Member::Version | Member::Id => {
                text(cell).map(|text| Some(Value::from(text))).ok_or(match cell {
                    Cell::Number(_) => "a text, or a number of at most 15 digits",
                    _ => "a text",
                })
            }
            Member::Label | Member::Prediction | Member::Feature(_) => {
                any(cell).map(Some).ok_or("a text, a finite number or a boolean")
            }
            Member::Score | Member::Kpi(_) => {
                let number = self.number(cell)?;
                number.map(|it| finite(it).ok_or("a finite number")).transpose()
            }
            Member::Row => {
                const EXPECTED: &str = "a whole number from 0";
                let number = self.number(cell).map_err(|_| EXPECTED)?;
                let is_one = |it: f64| (0.0..=ROW_MAX).contains(&it) && it.fract() == 0.0;
                number
                    .map(|it| is_one(it).then(|| Value::from(it as u64)).ok_or(EXPECTED))
                    .transpose()
            }
            Member::PredictedAt => {
                const EXPECTED: &str = "a moment: RFC 3339, or seconds since 1970";
                let moment = cell.moment(&self.nulls).ok_or(EXPECTED)?;
                finite(moment).map(Some).ok_or(EXPECTED)
            }
        }
    }

    fn number(&self, cell: Cell<'_>) -> Result<Option<f64>, &'static str> {
        const EXPECTED: &str = "a number";
        let single = cell.single().ok_or(EXPECTED)?;
        match single.number(&self.nulls) {
            Ok(number) => Ok(Some(shortest(cell).unwrap_or(number))),
            Err(Unbinned::Null) => Ok(None),
            Err(_) => Err(EXPECTED),
        }
    }

    /// Whether there is nothing in a cell, in a column of whatever type.
    fn is_null(&self, cell: Cell<'_>) -> bool {
        match cell {
            Cell::Null => true,
            Cell::Number(number) => number.is_nan() || self.says(value::Cell::Number(number)),
            Cell::Single(number) => {
                number.is_nan() || self.says(value::Cell::Number(number.into()))
            }
            Cell::Boolean(value) => self.says(value::Cell::Boolean(value)),
            Cell::Text(text) | Cell::Untyped(text) => {
                let reading = reading(text.as_bytes(), &self.nulls);
                reading == Reading::Null || self.says(value::Cell::Untyped(text.as_bytes()))
            }
            _ => false,
        }
    }

    /// Whether one of the texts for a missing value says this value.
    fn says(&self, cell: value::Cell<'_>) -> bool {
        !self.nulls.texts().is_empty() && cell.category(&self.nulls) == Err(Unbinned::Null)
    }
}

/// A text, or what says one without a loss.
fn text(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Text(text) | Cell::Untyped(text) => Some(text.trim().to_owned()),
        Cell::Boolean(value) => Some(value.to_string()),
        // Of larger ones, digits may be lost already.
        Cell::Number(number) if is_exact(number) => Some(number.to_string()),
        Cell::Single(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A class, a number or a truth value, with the type that the wire has for it.
fn any(cell: Cell<'_>) -> Option<Value> {
    match cell {
        Cell::Boolean(value) => Some(Value::from(value)),
        Cell::Number(number) => finite(number),
        Cell::Single(_) => finite(shortest(cell)?),
        Cell::Moment(seconds) => finite(seconds),
        Cell::Text(text) => Some(Value::from(text.trim())),
        Cell::Untyped(text) => match reading(text.as_bytes(), &NullTexts::NONE) {
            Reading::Number(number) if !is_code(text.trim()) => finite(number),
            Reading::Boolean(value) => Some(Value::from(value)),
            _ => Some(Value::from(text.trim())),
        },
        _ => None,
    }
}

/// Whether a text that reads as a number is more than one: `007`, `+49`, and whole numbers of more digits than a double
/// has. The filter takes these for categories, too.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let begins_with_zero = matches!(digits.as_bytes(), [b'0', b'0'..=b'9', ..]);
    let is_long = digits.bytes().all(|byte| is_digit(&byte))
        && !digits.parse().is_ok_and(|number: f64| is_exact(number));
    begins_with_zero || text.starts_with('+') || is_long
}

/// Whole numbers without a point, as most data has them.
fn finite(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && is_exact(number) {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

/// The number that the digits of a single say, which are fewer than those of the double that it is.
fn shortest(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Single(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn shown(cell: Cell<'_>) -> String {
    let text = match cell {
        Cell::Text(text) | Cell::Untyped(text) => {
            let mut short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
            if short.len() < text.len() {
                short += "...";
            }
            return format!("{short:?}");
        }
        Cell::Boolean(value) => value.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Single(number) => number.to_string(),
        Cell::List(_) | Cell::Norm(_) => "a list".into(),
        Cell::Moment(_) | Cell::Age(_) => "a date or time".into(),
        Cell::Other(what) => what.into(),
        Cell::Null | Cell::Length(_) => "nothing".into(),
    };
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        Writer { model: Some("m".into()), version: None, nulls: NullTexts::new(["?"]) }
    }

    #[track_caller]
    fn check(member: &Member, cell: Cell<'_>, expected: &str) {
        let value = match writer().value(member, cell) {
            Ok(Some(value)) => value.to_string(),
            Ok(None) => "none".into(),
            Err(expected) => format!("not {expected}"),
        };
        assert_eq!(value, expected, "{member:?} {cell:?}");
    }

    #[test]
    fn a_label_is_what_its_cell_says() {
        let label = |cell, expected| check(&Member::Label, cell, expected);
        label(Cell::Untyped("1"), "1");
        label(Cell::Untyped(" 1.50 "), "1.5");
        label(Cell::Untyped(".5"), "0.5");
        label(Cell::Untyped("True"), "true");
        label(Cell::Untyped("cat"), "\"cat\"");
        label(Cell::Untyped("NA"), "\"NA\"");
        for nothing in ["", "NaN", "?", " "] {
            label(Cell::Untyped(nothing), "none");
            label(Cell::Text(nothing), "none");
        }
        label(Cell::Null, "none");
        label(Cell::Number(f64::NAN), "none");
        label(Cell::Untyped("007"), "\"007\"");
        label(Cell::Untyped("+49"), "\"+49\"");
        label(Cell::Untyped("12345678901234567890"), "\"12345678901234567890\"");
        label(Cell::Text("1"), "\"1\"");
        label(Cell::Single(0.1), "0.1");
        label(Cell::Boolean(false), "false");
        label(Cell::Number(f64::INFINITY), "not a text, a finite number or a boolean");
        label(Cell::Other("an object"), "not a text, a finite number or a boolean");
    }

    #[test]
    fn a_score_is_a_number() {
        let score = |cell, expected| check(&Member::Score, cell, expected);
        score(Cell::Untyped("0.25"), "0.25");
        score(Cell::Untyped("NA"), "none");
        score(Cell::Single(0.7), "0.7");
        score(Cell::Number(1.0), "1");
        score(Cell::Boolean(true), "1");
        score(Cell::Untyped("high"), "not a number");
        score(Cell::Text("0.5"), "not a number");
        score(Cell::Untyped("inf"), "not a number");
    }

    #[test]
    fn names_and_ids_are_texts() {
        let id = |cell, expected| check(&Member::Id, cell, expected);
        id(Cell::Untyped(" 1.0 "), "\"1.0\"");
        id(Cell::Text("a\"b"), "\"a\\\"b\"");
        id(Cell::Number(7.0), "\"7\"");
        id(Cell::Untyped("12345678901234567890"), "\"12345678901234567890\"");
        id(Cell::Number(1e17), "not a text, or a number of at most 15 digits");
        id(Cell::Moment(0.0), "not a text");
    }

    #[test]
    fn a_row_is_an_index_and_a_moment_has_its_seconds() {
        check(&Member::Row, Cell::Untyped("3"), "3");
        check(&Member::Row, Cell::Untyped("-1"), "not a whole number from 0");
        check(&Member::Row, Cell::Number(1.5), "not a whole number from 0");
        let moment = |cell, expected| check(&Member::PredictedAt, cell, expected);
        moment(Cell::Untyped("2026-11-25T12:00:00Z"), "1795608000");
        moment(Cell::Text("2026-11-25 12:00:00.5"), "1795608000.5");
        moment(Cell::Number(1_795_608_000_250.0), "1795608000.25");
        moment(Cell::Moment(7.5), "7.5");
        moment(Cell::Untyped("yesterday"), "not a moment: RFC 3339, or seconds since 1970");
    }

    #[test]
    fn a_record_needs_a_label_and_a_prediction() {
        let record = |cells: &[(Member, Cell<'_>)]| {
            writer().record(cells.iter().map(|(member, cell)| (member, *cell)))
        };
        let one = Cell::Number(1.0);
        let (label, score, row) = ((Member::Label, one), (Member::Score, one), (Member::Row, one));
        assert_eq!(record(&[]), Err(Unusable::NoLabel));
        assert_eq!(record(std::slice::from_ref(&score)), Err(Unusable::NoLabel));
        let Err(Unusable::Problem(problem)) = record(&[label.clone(), row.clone()]) else {
            panic!()
        };
        assert_eq!(problem, "found neither prediction, score nor id, expected one of them");
        let json = r#"{"model":"m","label":1,"score":1}"#.to_owned();
        let cells = [label.clone(), score, row.clone()];
        assert_eq!(record(&cells), Ok(Record { json, has_id: false }));
        let json = r#"{"model":"m","label":1,"row":1,"id":"a"}"#.to_owned();
        let cells = [label, row, (Member::Id, Cell::Text("a"))];
        assert_eq!(record(&cells), Ok(Record { json, has_id: true }));
    }
}
