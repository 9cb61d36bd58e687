//! Rows in JSON lines: each line is a document, usually one row, or one that holds rows. No line is kept.

use super::{
    Columns, Event,
    document::{DocumentReader, RowPath, Table},
};
use driftline_wire::{frame::FrameStep, json::JsonEnd, ndjson};

/// Reads the lines of a body that arrives in pieces.
#[derive(Debug)]
pub struct LinesReader {
    lines: ndjson::Reader,
    document: DocumentReader,
    /// How the lines ended: the worst of them.
    ending: JsonEnd,
}

impl LinesReader {
    /// A reader of lines that are documents with these members.
    pub fn new(table: &'static Table) -> LinesReader {
        LinesReader {
            lines: ndjson::Reader::default(),
            document: DocumentReader::new(table),
            ending: JsonEnd::Empty,
        }
    }

    /// Looks for the only member of the table at this path of each line.
    pub fn look_at(&mut self, path: &RowPath) {
        self.document.look_at(path);
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub fn read(&mut self, mut bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        loop {
            let progress = self.lines.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            match progress.step {
                FrameStep::Data(data) => self.document.read(data, columns, take),
                FrameStep::EventEnd | FrameStep::EventBroken => {
                    // A document that breaks off in its line does not go on in the next one.
                    let ending = match self.document.finish(columns, take) {
                        JsonEnd::Incomplete => JsonEnd::Malformed,
                        ending => ending,
                    };
                    self.add(ending);
                }
                FrameStep::InputEmpty => return,
            }
        }
    }

    /// Ends the body. One line that is not a document makes it malformed.
    pub fn finish(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> JsonEnd {
        if self.lines.is_open() {
            let ending = self.document.finish(columns, take);
            self.add(ending);
        }
        self.ending
    }

    /// Whether a row came, or a member that holds rows.
    pub fn has_rows(&self) -> bool {
        self.document.has_rows()
    }

    fn add(&mut self, ending: JsonEnd) {
        let is_worse = match self.ending {
            JsonEnd::Empty => true,
            JsonEnd::Complete | JsonEnd::Incomplete => ending != JsonEnd::Complete,
            JsonEnd::Malformed | JsonEnd::TooDeep => false,
        };
        if is_worse {
            self.ending = ending;
        }
    }
}
