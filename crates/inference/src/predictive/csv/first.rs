//! The start of a body in CSV: its byte order mark, and whether its first record has names; it reads no row.

use alloc::vec::Vec;

use csv_core::ReadFieldResult;

use super::Header;
use crate::predictive::Columns;

/// How many bytes of a first record that may be names are held until it is over. A longer one is a row.
pub(super) const RECORD_BYTES_MAX: usize = 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What is known of the first record.
#[derive(Debug)]
pub(super) struct First {
    /// Bytes of the mark that came.
    mark: u8,
    header: Header,
    /// The record, until it is known what it is.
    held: Vec<u8>,
}

impl First {
    pub(super) fn new(header: Header) -> First {
        First { mark: 0, header, held: Vec::new() }
    }

    /// What comes after the byte order mark.
    pub(super) fn pass_mark<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        while let Some((&byte, rest)) = bytes.split_first()
            && BYTE_ORDER_MARK.get(usize::from(self.mark)) == Some(&byte)
        {
            self.mark = self.mark.saturating_add(1);
            bytes = rest;
        }
        if !bytes.is_empty() {
            // No mark, or no more of it.
            self.mark = BYTE_ORDER_MARK.len() as u8;
        }
        bytes
    }

    /// Holds the bytes of a record until it is known what it is, and then returns them; what comes after the record
    /// stays. `None` if nothing has to be held.
    pub(super) fn hold(&mut self, bytes: &mut &[u8], columns: &Columns) -> Option<Vec<u8>> {
        if self.header != Header::Unknown {
            return None;
        }
        let room = RECORD_BYTES_MAX.saturating_sub(self.held.len());
        let (new, rest) = bytes.split_at_checked(room).unwrap_or((*bytes, &[]));
        self.held.extend_from_slice(new);
        *bytes = rest;
        match has_names(&self.held, columns) {
            Some(has_names) => Some(self.decide(has_names)),
            None if self.held.len() < RECORD_BYTES_MAX => Some(Vec::new()),
            None => Some(self.decide(false)),
        }
    }

    /// What is held of a record that did not end.
    pub(super) fn finish(&mut self, columns: &Columns) -> Vec<u8> {
        if self.header != Header::Unknown {
            return Vec::new();
        }
        // A line end shows what it would be.
        self.held.push(b'\n');
        let has_names = has_names(&self.held, columns).unwrap_or(false);
        self.held.pop();
        self.decide(has_names)
    }

    /// Whether the record that is read has names.
    pub(super) fn is_head(&self) -> bool {
        self.header == Header::Present
    }

    /// The names have ended.
    pub(super) fn end_head(&mut self) {
        self.header = Header::Absent;
    }

    fn decide(&mut self, has_names: bool) -> Vec<u8> {
        self.header = if has_names { Header::Present } else { Header::Absent };
        core::mem::take(&mut self.held)
    }
}

/// Whether the first record has the name of a column; `None` if it is not over and has none yet.
fn has_names(bytes: &[u8], columns: &Columns) -> Option<bool> {
    let mut reader = csv_core::Reader::new();
    let mut field = [0; RECORD_BYTES_MAX];
    let mut rest = bytes;
    // An empty input would mean that the body is over.
    while !rest.is_empty() {
        let (result, read, written) = reader.read_field(rest, &mut field);
        rest = rest.get(read..).unwrap_or_default();
        let ReadFieldResult::Field { record_end } = result else { return None };
        let name = field.get(..written).unwrap_or_default();
        if columns.known(name.trim_ascii()).is_some() {
            return Some(true);
        }
        if record_end {
            return Some(false);
        }
    }
    None
}
