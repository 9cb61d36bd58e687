//! Rows in CSV (RFC 4180), with the names of their columns in the first record or without. No record is kept, except
//! for the beginning of the first one if it is not known whether it has names.
//!
//! Fields are read by `csv-core`, which takes any cut, quotes anywhere, CR, LF and CRLF, and skips empty lines. A field
//! has no type: [`Cell::Untyped`]; what it says depends on its column. A vector is written as JSON: `[1, 2.5]`.

mod first;
#[cfg(test)]
mod tests;
mod vector;

use alloc::boxed::Box;

use csv_core::ReadFieldResult;

use self::{first::First, vector::VectorText};
use super::{Cell, Columns, Event, Projection, head::Head, row::Row};
use driftline_statistics::value::length;
use driftline_wire::json::{JsonEnd, TEXT_BYTES_MAX, characters, drop_blanks};

/// What the first record of a body has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Header {
    /// The names of the columns.
    Present,
    /// A row.
    Absent,
    /// Names if one of them is looked for, otherwise a row.
    Unknown,
}

/// What a record has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Record {
    /// One row.
    Row,
    /// One row in each field if rows have one column, because some servers answer with one record for all rows.
    /// Otherwise one row.
    RowOrRows,
}

/// Reads records from a body that arrives in pieces.
#[derive(Debug)]
pub struct CsvReader {
    reader: Box<csv_core::Reader>,
    record: Record,
    first: First,
    head: Head,
    row: Row,
    /// The beginning of the open field.
    field: [u8; TEXT_BYTES_MAX],
    /// How many bytes of it came.
    length: usize,
    characters: u64,
    /// Whether the open field is quoted; `None` before its first byte.
    is_quoted: Option<bool>,
    /// The open quoted field has an odd number of quotes so far, so it goes on.
    is_open: bool,
    /// The open field, if its column is one of vectors.
    vector: Option<Box<VectorText>>,
    has_bytes: bool,
    /// Nothing has been read yet.
    is_fresh: bool,
}

impl CsvReader {
    pub fn new(header: Header, record: Record) -> CsvReader {
        CsvReader {
            reader: Box::new(csv_core::Reader::new()),
            record,
            first: First::new(header),
            head: Head::default(),
            row: Row::default(),
            field: [0; TEXT_BYTES_MAX],
            length: 0,
            characters: 0,
            is_quoted: None,
            is_open: false,
            vector: None,
            has_bytes: false,
            is_fresh: true,
        }
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub fn read(&mut self, bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let mut rest = self.first.pass_mark(bytes);
        while !rest.is_empty() {
            self.has_bytes |= rest.iter().any(|byte| !byte.is_ascii_whitespace());
            let Some(held) = self.first.hold(&mut rest, columns) else {
                self.fields(rest, columns, take);
                return;
            };
            self.fields(&held, columns, take);
        }
    }

    /// Ends the body. The last record needs no line end.
    pub fn finish(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> JsonEnd {
        let held = self.first.finish(columns);
        self.fields(&held, columns, take);
        if self.is_open {
            return JsonEnd::Incomplete;
        }
        loop {
            let room = self.field.get_mut(self.length..).unwrap_or_default();
            let (result, _, _) = self.reader.read_field(&[], room);
            match result {
                ReadFieldResult::Field { record_end } => {
                    self.end_field(record_end, columns, take);
                }
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {
                    return JsonEnd::Complete;
                }
                ReadFieldResult::End => break,
            }
        }
        if self.has_bytes { JsonEnd::Complete } else { JsonEnd::Empty }
    }

    /// Whether anything came: every record is a row, or the head of a table.
    pub fn has_rows(&self) -> bool {
        self.has_bytes
    }

    fn fields(&mut self, mut bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        // What a full field cannot hold.
        let mut overflow = [0; TEXT_BYTES_MAX];
        while !bytes.is_empty() {
            if self.length == self.field.len() {
                self.length = self.length.saturating_sub(drop_blanks(&mut self.field));
            }
            let is_full = self.length == self.field.len();
            let room = match is_full {
                true => overflow.as_mut_slice(),
                false => self.field.get_mut(self.length..).unwrap_or_default(),
            };
            // csv-core skips a byte order mark at its first call, which would be a second one here.
            let seen =
                if core::mem::take(&mut self.is_fresh) { bytes.get(..1) } else { Some(bytes) };
            let (result, read, written) = self.reader.read_field(seen.unwrap_or_default(), room);
            let new = room.get(..written).unwrap_or_default();
            self.characters = self.characters.saturating_add(characters(new));
            if columns.has_vectors()
                && let Some(column) = self.head.at(columns, self.row.position)
                && columns.reads(column) == Some(Projection::VectorNorm)
            {
                self.vector.get_or_insert_default().read(new);
            }
            if !is_full {
                self.length = self.length.saturating_add(written);
            }
            self.follow_quotes(bytes.get(..read).unwrap_or_default());
            bytes = bytes.get(read..).unwrap_or_default();
            match result {
                ReadFieldResult::Field { record_end } => self.end_field(record_end, columns, take),
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::End => return,
            }
        }
    }

    /// Finds out whether the field would go on after these bytes of it.
    fn follow_quotes(&mut self, bytes: &[u8]) {
        let first = bytes.iter().find(|byte| !matches!(byte, b'\r' | b'\n'));
        let is_quoted = *self.is_quoted.get_or_insert(match first {
            Some(byte) => *byte == b'"',
            // The line ends of the record before.
            None => return,
        });
        if is_quoted {
            let quotes = memchr::memchr_iter(b'"', bytes).count();
            self.is_open ^= quotes & 1 == 1;
        }
    }

    fn end_field(&mut self, is_last: bool, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let CsvReader { head, row, field, vector, .. } = self;
        let field = field.get(..self.length).unwrap_or_default();
        let is_single = self.record == Record::RowOrRows && head.expected(columns, 0) == 1;
        if self.first.is_head() {
            head.push(columns, field);
            if is_last {
                self.first.end_head();
            }
        } else {
            row.is_list = true;
            match head.at(columns, row.position).filter(|column| row.mark(*column)) {
                Some(column) => {
                    let reads = columns.reads(column).unwrap_or_default();
                    let cell = match reads {
                        Projection::Value => Cell::Untyped(field),
                        Projection::TextLength => length(self.characters),
                        Projection::VectorNorm => VectorText::cell(vector.as_deref_mut(), field),
                    };
                    take(Event::Cell { column, row: row.index, cell });
                }
                None => row.has_extra |= !head.leaves_out(row.position),
            }
            row.position = row.position.saturating_add(1);
            if is_last || is_single {
                let expected = head.expected(columns, row.position);
                if columns.count() == 0 {
                    row.restart();
                }
                row.end(expected, take);
            }
        }
        if let Some(vector) = vector {
            vector.reset();
        }
        (self.length, self.characters) = (0, 0);
        (self.is_quoted, self.is_open) = (None, false);
    }
}
