//! Finds a quote that never closes in a CSV, which the `csv` crate reads as one long cell. It passes all bytes on
//! unchanged.

use std::io::{self, Read};

/// A source whose quotes are followed as it is read, with the rules of the `csv` crate.
#[derive(Debug)]
pub(crate) struct Quotes<R> {
    source: R,
    place: Place,
    bytes: u64,
    line: u64,
    /// Where the cell that is being read opened its quote.
    opened_at_line: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// Before the first byte of a cell, the only place where a quote opens it.
    Start,
    Bare,
    Quoted,
    /// After a quote within a quoted cell. It closes the cell, or is the first of two that stand for one.
    QuoteInQuoted,
}

impl<R> Quotes<R> {
    pub(crate) fn new(source: R) -> Quotes<R> {
        Quotes { source, place: Place::Start, bytes: 0, line: 1, opened_at_line: 0 }
    }

    /// The line of the quote that is open at the end of a record, `record_end` bytes from the start.
    ///
    /// Only the end of the source can end a record there. If bytes were read beyond the record, its quotes are closed.
    pub(crate) fn open_since_line(&self, record_end: u64) -> Option<u64> {
        let is_open = self.place == Place::Quoted && self.bytes == record_end;
        is_open.then_some(self.opened_at_line)
    }

    fn follow(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Quoted, b'"') => Place::QuoteInQuoted,
            (Place::Quoted, _) => Place::Quoted,
            (Place::QuoteInQuoted, b'"') => Place::Quoted,
            (_, b',' | b'\r' | b'\n') => Place::Start,
            (Place::Start, b'"') => {
                self.opened_at_line = self.line;
                Place::Quoted
            }
            // The bytes of a byte order mark, after which the header's first name may be quoted.
            (Place::Start, 0xef | 0xbb | 0xbf) => Place::Start,
            _ => Place::Bare,
        };
        self.line += u64::from(byte == b'\n');
        self.bytes += 1;
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        buffer.iter().take(count).for_each(|&byte| self.follow(byte));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(csv: &str, open_since_line: Option<u64>) {
        let mut quotes = Quotes::new(csv.as_bytes());
        io::copy(&mut quotes, &mut io::sink()).unwrap();
        assert_eq!(quotes.open_since_line(csv.len() as u64), open_since_line, "{csv:?}");
        assert_eq!(quotes.open_since_line(csv.len() as u64 + 1), None, "{csv:?} read ahead");
    }

    #[test]
    fn a_quote_that_opens_a_cell_must_close() {
        check("a,b\n1,\"x\n2,y\n", Some(2));
        check("\"a", Some(1));
        check("\u{feff}\"a\n", Some(1));
        check("a\n\"x\"\"\n", Some(2));
        check("a,b\r\n1,\"x\r\n", Some(2));
    }

    #[test]
    fn quotes_that_close_or_open_nothing_are_fine() {
        check("", None);
        check("a,b\n1,\"x\n2\"\n", None);
        check("a\n\"x\"", None);
        check("a\n\"x\"\"y\"\n", None);
        check("a\n5\" pipe\n", None);
        check("a\n\"x\"y\"\n", None);
    }
}
