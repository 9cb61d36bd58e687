//! Rows in a JSON body: the elements of one member of the root object, value by value. No row is kept.
//!
//! A row is a list (values by position), an object (values by name) or a single value (a list of
//! one). Everything else in the document passes unread.

use crate::{
    prediction::{Cell, Columns, Event, Fault, columns::COLUMNS_MAX},
    wire::json::{Ending, Token, Tokenizer},
};

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

/// The row that is not over yet.
#[derive(Debug, Default)]
struct Row {
    /// A bit per column that had a value.
    seen: [u64; COLUMNS_MAX.div_ceil(64)],
    width: usize,
    number: u64,
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
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        loop {
            let progress = self.tokenizer.next(bytes);
            let consumed = progress.consumed;
            let Some(token) = progress.token else {
                return;
            };
            let step = step(&mut self.row, self.place, self.member, token, columns, take);
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
    place: Place,
    member: &[u8],
    token: Token<'_>,
    columns: &Columns,
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
            row.value(columns.at(0), Cell::of(token), take);
            row.end(columns, take);
            Step::to(Place::Rows)
        }
        (Place::ListRow, Token::ArrayEnd) | (Place::ObjectRow, Token::ObjectEnd) => {
            row.end(columns, take);
            Step::to(Place::Rows)
        }
        (Place::ListRow, token) => {
            row.value(columns.at(row.width), Cell::of(token), take);
            Step { place: Place::ListRow, skips: opens }
        }
        (Place::ObjectRow, Token::Key(key)) => match columns.named(key.bytes) {
            Some(column) => Step::to(Place::ObjectValue(column)),
            None => {
                take(Event::Fault(Fault::ExtraColumn));
                Step::over(Place::ObjectRow)
            }
        },
        (Place::ObjectRow, _) => Step::to(Place::ObjectRow),
        (Place::ObjectValue(column), token) => {
            row.value(Some(column), Cell::of(token), take);
            Step { place: Place::ObjectRow, skips: opens }
        }
    }
}

impl Row {
    fn value(&mut self, column: Option<usize>, cell: Cell<'_>, take: &mut impl FnMut(Event<'_>)) {
        self.width = self.width.saturating_add(1);
        match column {
            // A name that an object repeats counts once.
            Some(column) if self.mark(column) => {
                take(Event::Cell { column, row: self.number, cell });
            }
            Some(_) => {}
            None => take(Event::Fault(Fault::ExtraColumn)),
        }
    }

    fn end(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let _ = columns;
        *self = Row { number: self.number.saturating_add(1), ..Row::default() };
        take(Event::Rows(1));
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

#[cfg(test)]
mod tests {
    use std::{format, string::ToString, vec::Vec};

    use super::*;

    /// Reads columns `a` and `b`, cut into pieces of every size; rows are written `a=1 b=null`, with a `+` for each value
    /// that is nobody's.
    #[track_caller]
    fn check(body: &str, expected: &[&str], ending: Ending) {
        let columns = Columns::usual(&["a", "b"]);
        for chunk in 1..=body.len() {
            let mut rows = Rows::new(b"instances");
            let (mut found, mut row) = (Vec::new(), Vec::new());
            for piece in body.as_bytes().chunks(chunk) {
                rows.read(piece, &columns, &mut |event| match event {
                    Event::Cell { column, row: number, cell } => {
                        assert_eq!(number, found.len() as u64, "chunk {chunk}");
                        let name = ["a", "b"][column];
                        row.push(match cell {
                            Cell::Number(number) => format!("{name}={number}"),
                            Cell::Text(text) | Cell::Written(text) => {
                                format!("{name}={:?}", text.escape_ascii().to_string())
                            }
                            Cell::Unbinned(reason) => format!("{name}={}", reason.name()),
                        });
                    }
                    Event::Fault(_) => row.push("+".into()),
                    Event::Rows(_) => found.push(core::mem::take(&mut row).join(" ")),
                });
            }
            assert_eq!(found, expected, "chunk {chunk}");
            assert_eq!(rows.finish(), ending, "chunk {chunk}");
        }
    }

    #[test]
    fn rows_by_position() {
        check(
            r#"{"instances": [[1, 2.5], [-3e2, null]]}"#,
            &["a=1 b=2.5", "a=-300 b=null"],
            Ending::Complete,
        );
    }

    #[test]
    fn rows_by_name_in_any_order() {
        check(
            r#"{"instances": [{"b": 2, "x": {"a": 9}, "a": 1}, {"a": true}]}"#,
            &["b=2 + a=1", "a=1"],
            Ending::Complete,
        );
    }

    #[test]
    fn single_values_are_rows_of_one() {
        check(r#"{"instances": [1, null]}"#, &["a=1", "a=null"], Ending::Complete);
    }

    #[test]
    fn values_that_are_no_numbers_have_their_reasons() {
        check(
            r#"{"instances": [["1", [2]], [{"a": 1}, NaN], [1e400, false], []]}"#,
            &["a=\"1\" b=wrong_type", "a=wrong_type b=not_finite", "a=not_finite b=0", ""],
            Ending::Complete,
        );
    }

    #[test]
    fn columns_beyond_the_known_ones_only_widen_the_row() {
        check(r#"{"instances": [[1, 2, 3, 4]]}"#, &["a=1 b=2 + +"], Ending::Complete);
    }

    #[test]
    fn a_repeated_name_counts_once() {
        check(r#"{"instances": [{"a": 1, "a": 2, "b": 3}]}"#, &["a=1 b=3"], Ending::Complete);
    }

    #[test]
    fn other_members_pass_unread() {
        check(
            r#"{"signature_name": "x", "y": [[8, 9]], "z": {"instances": [[7, 7]]}, "instances": [[1, 2]], "w": 1}"#,
            &["a=1 b=2"],
            Ending::Complete,
        );
    }

    #[test]
    fn rows_before_a_fault_count() {
        check(r#"{"instances": [[1, 2], [3, x"#, &["a=1 b=2"], Ending::Malformed);
        check(r#"{"instances": [[1, 2], [3"#, &["a=1 b=2"], Ending::Incomplete);
    }

    #[test]
    fn documents_of_another_shape_have_no_rows() {
        check("[[1, 2]]", &[], Ending::Complete);
        check(r#"{"instances": 7}"#, &[], Ending::Complete);
        check(r#"{"instances": {"a": [1]}}"#, &[], Ending::Complete);
        check("7 ", &[], Ending::Complete);
    }
}
