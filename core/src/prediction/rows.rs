//! Rows in a JSON body: the elements of one member of the root object, value by value. No row is kept.
//!
//! A row is a list (values by position), an object (values by name) or a single value (a list of
//! one). Everything else in the document passes unread.

use crate::{
    prediction::{Cell, Unbinned},
    wire::json::{Ending, Token, Tokenizer},
};

/// The most columns a row can have; what lies beyond is not looked at.
pub(crate) const COLUMNS_MAX: usize = 256;

/// What the rows are expected to hold.
pub(crate) trait Columns {
    /// How many columns a row has; at most [`COLUMNS_MAX`].
    fn count(&self) -> usize;
    /// The column of this name. `hint` is the one that comes next if rows name all in order.
    fn named(&self, name: &[u8], hint: usize) -> Option<usize>;
}

/// Something read from the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event<'a> {
    /// The value of a column. Within a row each column comes at most once.
    Cell(usize, Cell<'a>),
    /// So many of the rows that ended lacked the column; at least 1. Comes behind all of them.
    Missing(usize, u64),
    /// The row is over; `width` is how many values or members it had, known or not.
    End { width: usize },
}

/// Reads rows from a body that arrives in pieces.
#[derive(Debug)]
pub(crate) struct Rows {
    tokenizer: Tokenizer,
    member: &'static [u8],
    place: Place,
    row: Row,
    has_rows: bool,
}

/// Where in the document the next token stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Root,
    Members,
    /// Right behind the name of the member that holds the rows.
    Member,
    Rows,
    ListRow,
    ObjectRow,
    /// Right behind the name of a column in an object row.
    ObjectValue(usize),
    Behind,
}

/// What the rows that ended within one piece of the body had.
///
/// Missing values are the difference, taken once per piece: to look at every column of every row would make an
/// empty row, which is two bytes, as dear as one of [`COLUMNS_MAX`] values.
struct Ended {
    rows: u64,
    present: [u64; COLUMNS_MAX],
}

/// The row that is not over yet.
#[derive(Debug, Default)]
struct Row {
    /// A bit per column that had a value.
    seen: [u64; COLUMNS_MAX / 64],
    width: usize,
}

impl Rows {
    /// Rows under this member of the root object.
    pub(crate) fn new(member: &'static [u8]) -> Rows {
        Rows {
            tokenizer: Tokenizer::new(),
            member,
            place: Place::Root,
            row: Row::default(),
            has_rows: false,
        }
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub(crate) fn read(
        &mut self,
        mut bytes: &[u8],
        columns: &impl Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let mut ended = Ended { rows: 0, present: [0; COLUMNS_MAX] };
        loop {
            let progress = self.tokenizer.next(bytes);
            let consumed = progress.consumed;
            let Some(token) = progress.token else {
                return ended.missing(columns, take);
            };
            let step =
                step(&mut self.row, &mut ended, self.place, self.member, token, columns, take);
            self.place = step.place;
            self.has_rows |= step.place == Place::Rows;
            if step.skips {
                self.tokenizer.skip();
            }
            bytes = bytes.get(consumed..).unwrap_or_default();
        }
    }

    /// Ends the body.
    pub(crate) fn finish(&mut self) -> Ending {
        self.tokenizer.finish().ending
    }

    /// Whether the member with the rows came by.
    pub(crate) fn has_rows(&self) -> bool {
        self.has_rows
    }
}

/// Where reading goes on.
struct Step {
    place: Place,
    /// The value that starts here, or the container just opened, passes unread.
    skips: bool,
}

impl Step {
    fn to(place: Place) -> Step {
        Step { place, skips: false }
    }

    fn over(place: Place) -> Step {
        Step { place, skips: true }
    }
}

fn step(
    row: &mut Row,
    ended: &mut Ended,
    place: Place,
    member: &[u8],
    token: Token<'_>,
    columns: &impl Columns,
    take: &mut impl FnMut(Event<'_>),
) -> Step {
    let opens = matches!(token, Token::ObjectStart | Token::ArrayStart);
    match (place, token) {
        (Place::Root, Token::ObjectStart) => Step::to(Place::Members),
        (Place::Root | Place::Behind, _) => Step { place: Place::Behind, skips: opens },
        (Place::Members, Token::Key(key)) if key.bytes == member => Step::to(Place::Member),
        (Place::Members, Token::Key(_)) => Step::over(Place::Members),
        (Place::Members, _) => Step::to(Place::Behind),
        (Place::Member, Token::ArrayStart) => Step::to(Place::Rows),
        (Place::Member, _) => Step { place: Place::Members, skips: opens },
        (Place::Rows, Token::ArrayStart) => Step::to(Place::ListRow),
        (Place::Rows, Token::ObjectStart) => Step::to(Place::ObjectRow),
        (Place::Rows, Token::ArrayEnd) => Step::to(Place::Members),
        (Place::Rows, token) => {
            row.value(0, columns, cell(token), take);
            row.end(ended, take);
            Step::to(Place::Rows)
        }
        (Place::ListRow, Token::ArrayEnd) | (Place::ObjectRow, Token::ObjectEnd) => {
            row.end(ended, take);
            Step::to(Place::Rows)
        }
        (Place::ListRow, token) => {
            row.value(row.width, columns, cell(token), take);
            Step { place: Place::ListRow, skips: opens }
        }
        (Place::ObjectRow, Token::Key(key)) => match columns.named(key.bytes, row.width) {
            Some(column) => Step::to(Place::ObjectValue(column)),
            None => {
                row.width = row.width.saturating_add(1);
                Step::over(Place::ObjectRow)
            }
        },
        (Place::ObjectRow, _) => Step::to(Place::ObjectRow),
        (Place::ObjectValue(column), token) => {
            row.value(column, columns, cell(token), take);
            Step { place: Place::ObjectRow, skips: opens }
        }
    }
}

fn cell(token: Token<'_>) -> Cell<'_> {
    match token {
        Token::Number(number) => Cell::Number(number),
        Token::Bool(value) => Cell::Number(f64::from(u8::from(value))),
        Token::NotFinite => Cell::Unbinned(Unbinned::NotFinite),
        Token::String(text) => Cell::Text(text.bytes),
        Token::Null => Cell::Unbinned(Unbinned::Null),
        _ => Cell::Unbinned(Unbinned::WrongType),
    }
}

impl Row {
    fn value(
        &mut self,
        column: usize,
        columns: &impl Columns,
        cell: Cell<'_>,
        take: &mut impl FnMut(Event<'_>),
    ) {
        self.width = self.width.saturating_add(1);
        // A name that an object repeats counts once, as does a column beyond the known ones not.
        if column < columns.count() && self.mark(column) {
            take(Event::Cell(column, cell));
        }
    }

    fn end(&mut self, ended: &mut Ended, take: &mut impl FnMut(Event<'_>)) {
        let row = core::mem::take(self);
        ended.count(&row);
        take(Event::End { width: row.width });
    }

    /// Marks a column as seen; false if it was already, or if there cannot be one.
    fn mark(&mut self, column: usize) -> bool {
        let Some(bits) = self.seen.get_mut(column >> 6) else {
            return false;
        };
        let bit = 1 << (column & 63);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }
}

impl Ended {
    fn count(&mut self, row: &Row) {
        self.rows = self.rows.saturating_add(1);
        for (present, seen) in self.present.chunks_mut(64).zip(row.seen) {
            let mut rest = seen;
            while let Some(present) = present.get_mut(rest.trailing_zeros() as usize) {
                *present = present.saturating_add(1);
                rest &= rest.wrapping_sub(1);
            }
        }
    }

    fn missing(&self, columns: &impl Columns, take: &mut impl FnMut(Event<'_>)) {
        if self.rows == 0 {
            return;
        }
        for (column, present) in self.present.iter().enumerate().take(columns.count()) {
            let missing = self.rows.saturating_sub(*present);
            if missing != 0 {
                take(Event::Missing(column, missing));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        format,
        string::{String, ToString},
        vec::Vec,
    };

    use super::*;

    struct Ab;

    impl Columns for Ab {
        fn count(&self) -> usize {
            2
        }

        fn named(&self, name: &[u8], _hint: usize) -> Option<usize> {
            [b"a", b"b"].iter().position(|known| *known == name)
        }
    }

    /// Reads columns `a` and `b`, cut into pieces of every size; rows are written `a=1 b=null;2`,
    /// the width behind the semicolon, and all that is missing from either column `missing: a=0 b=1`.
    #[track_caller]
    fn check(body: &str, expected: &[&str], ending: Ending) {
        let (expected, missing_expected) = match expected {
            [rows @ .., missing] if missing.starts_with("missing: ") => (rows, *missing),
            rows => (rows, "missing: a=0 b=0"),
        };
        for chunk in 1..=body.len() {
            let mut rows = Rows::new(b"instances");
            let (mut found, mut row, mut missing) = (Vec::new(), String::new(), [0, 0]);
            for piece in body.as_bytes().chunks(chunk) {
                rows.read(piece, &Ab, &mut |event| match event {
                    Event::Cell(column, cell) => {
                        let name = ["a", "b"][column];
                        row += &match cell {
                            Cell::Number(number) => format!("{name}={number} "),
                            Cell::Text(text) => {
                                format!("{name}={:?} ", text.escape_ascii().to_string())
                            }
                            Cell::Unbinned(reason) => format!("{name}={} ", reason.name()),
                        };
                    }
                    Event::Missing(column, rows) => missing[column] += rows,
                    Event::End { width } => {
                        found.push(format!("{};{width}", core::mem::take(&mut row).trim_end()));
                    }
                });
            }
            assert_eq!(found, expected, "chunk {chunk}");
            let missing = format!("missing: a={} b={}", missing[0], missing[1]);
            assert_eq!(missing, missing_expected, "chunk {chunk}");
            assert_eq!(rows.finish(), ending, "chunk {chunk}");
        }
    }

    #[test]
    fn rows_by_position() {
        check(
            r#"{"instances": [[1, 2.5], [-3e2, null]]}"#,
            &["a=1 b=2.5;2", "a=-300 b=null;2"],
            Ending::Complete,
        );
    }

    #[test]
    fn rows_by_name_in_any_order() {
        check(
            r#"{"instances": [{"b": 2, "x": {"a": 9}, "a": 1}, {"a": true}]}"#,
            &["b=2 a=1;3", "a=1;1", "missing: a=0 b=1"],
            Ending::Complete,
        );
    }

    #[test]
    fn single_values_are_rows_of_one() {
        check(
            r#"{"instances": [1, null]}"#,
            &["a=1;1", "a=null;1", "missing: a=0 b=2"],
            Ending::Complete,
        );
    }

    #[test]
    fn values_that_are_no_numbers_have_their_reasons() {
        check(
            r#"{"instances": [["1", [2]], [{"a": 1}, NaN], [1e400, false], []]}"#,
            &[
                "a=\"1\" b=wrong_type;2",
                "a=wrong_type b=not_finite;2",
                "a=not_finite b=0;2",
                ";0",
                "missing: a=1 b=1",
            ],
            Ending::Complete,
        );
    }

    #[test]
    fn columns_beyond_the_known_ones_only_widen_the_row() {
        check(r#"{"instances": [[1, 2, 3, 4]]}"#, &["a=1 b=2;4"], Ending::Complete);
    }

    #[test]
    fn a_repeated_name_counts_once() {
        check(r#"{"instances": [{"a": 1, "a": 2, "b": 3}]}"#, &["a=1 b=3;3"], Ending::Complete);
    }

    #[test]
    fn empty_rows_cost_no_look_at_every_column() {
        let body = format!(r#"{{"instances": [{}1]}}"#, "[],".repeat(999));
        let (mut events, mut missing) = (0, [0, 0]);
        Rows::new(b"instances").read(body.as_bytes(), &Ab, &mut |event| {
            events += 1;
            if let Event::Missing(column, rows) = event {
                missing[column] += rows;
            }
        });
        assert_eq!(missing, [999, 1000]);
        assert_eq!(events, 1000 + 1 + 2, "ends, values and one sum per column");
    }

    #[test]
    fn other_members_pass_unread() {
        check(
            r#"{"signature_name": "x", "y": [[8, 9]], "z": {"instances": [[7, 7]]}, "instances": [[1, 2]], "w": 1}"#,
            &["a=1 b=2;2"],
            Ending::Complete,
        );
    }

    #[test]
    fn rows_before_a_fault_count() {
        check(r#"{"instances": [[1, 2], [3, x"#, &["a=1 b=2;2"], Ending::Malformed);
        check(r#"{"instances": [[1, 2], [3"#, &["a=1 b=2;2"], Ending::Incomplete);
    }

    #[test]
    fn documents_of_another_shape_have_no_rows() {
        check("[[1, 2]]", &[], Ending::Complete);
        check(r#"{"instances": 7}"#, &[], Ending::Complete);
        check(r#"{"instances": {"a": [1]}}"#, &[], Ending::Complete);
        check("7 ", &[], Ending::Complete);
    }
}
