//! The Open Inference Protocol over REST: tensors in a JSON document, or as raw bytes behind it, or both in one body.
//! No element is kept, but the text of a tensor's data that comes before the tensor's name or shape.
//!
//! Follows `inputs` and `outputs` of "V2 inference protocol" and the *binary tensor data extension* of Triton, which
//! puts the length of the document into a header, and that of a tensor's bytes into its parameters.

mod document;
mod early;

use self::document::Document;
use crate::predictive::{Columns, Event, Fault};
use driftline_wire::{
    encoding::MemoryBudget,
    json::{JsonEnd, Tokenizer},
};

/// Reads the tensors of a body.
#[derive(Debug)]
pub struct RestReader {
    tokenizer: Tokenizer,
    /// Bytes of the document that have not come; `None` if it is the whole body.
    document_left: Option<u64>,
    /// What the document was, once it is over and bytes come behind it.
    document_was: Option<JsonEnd>,
    document: Document,
    /// Bytes of the open raw tensor that have not come.
    raw_left: u64,
    is_raw_open: bool,
    /// Bytes came that belong to no tensor.
    has_surplus: bool,
}

impl RestReader {
    /// Tensors under this member of the root object. `document_bytes` is the length of the document, if a header says
    /// that raw bytes come behind it. Of a tensor in the document whose data comes before its name or shape, so many bytes
    /// are held at most, and taken from `room`.
    pub fn new(
        member: &'static [u8],
        document_bytes: Option<u64>,
        early_bytes_max: usize,
        room: &MemoryBudget,
    ) -> RestReader {
        RestReader {
            tokenizer: Tokenizer::new(),
            document_left: document_bytes,
            document_was: None,
            document: Document::new(member, early_bytes_max, room),
            raw_left: 0,
            is_raw_open: false,
            has_surplus: false,
        }
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub fn read(&mut self, bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let Some(left) = &mut self.document_left else {
            self.read_document(bytes, columns, take);
            return;
        };
        let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
        let (document, raw) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
        *left = left.saturating_sub(document.len() as u64);
        let is_over = *left == 0;
        self.read_document(document, columns, take);
        if is_over && self.document_was.is_none() {
            self.document_was = Some(self.end_document(take));
        }
        if self.document_was == Some(JsonEnd::Complete) {
            self.read_raw(raw, columns, take);
        }
    }

    /// Ends the body: its rows are reported.
    pub fn finish(&mut self, _columns: &Columns, take: &mut impl FnMut(Event<'_>)) -> JsonEnd {
        let ending = match self.document_was {
            Some(JsonEnd::Complete) => {
                let lacks_bytes = self.raw_left != 0 || self.awaits_raw();
                if lacks_bytes { JsonEnd::Incomplete } else { JsonEnd::Complete }
            }
            Some(ending) => ending,
            None => match self.end_document(take) {
                // A header promised more than came.
                JsonEnd::Complete if self.document_left.is_some() => JsonEnd::Incomplete,
                ending => ending,
            },
        };
        let Document { filler, raws, .. } = &mut self.document;
        raws.close(filler, take);
        filler.end_body(take);
        ending
    }

    /// Whether the member that holds the tensors came by.
    pub fn has_rows(&self) -> bool {
        self.document.has_list
    }

    /// How many tensors were not read because their data came before their names or shapes and was too long to be held.
    pub fn too_large(&self) -> u64 {
        self.document.early.too_large()
    }

    /// Whether a tensor was not read for the same reason, because others had all the memory for what is held.
    pub fn lacked_room(&self) -> bool {
        self.document.early.lacked_room()
    }

    fn read_document(
        &mut self,
        mut bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        loop {
            let progress = self.tokenizer.next(bytes);
            let consumed = progress.consumed;
            self.document.pass(bytes.get(..consumed).unwrap_or_default());
            let Some(token) = progress.token else { return };
            if self.document.step(token, columns, take) {
                if self.document.passes_data() {
                    self.tokenizer.skip_to_end();
                } else {
                    self.tokenizer.skip();
                }
            }
            bytes = bytes.get(consumed..).unwrap_or_default();
        }
    }

    /// Ends the document, and the data in it that broke off.
    fn end_document(&mut self, take: &mut impl FnMut(Event<'_>)) -> JsonEnd {
        self.document.end(take);
        let ending = self.tokenizer.finish().ending;
        if self.document.is_malformed { JsonEnd::Malformed } else { ending }
    }

    fn read_raw(&mut self, mut bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let Document { filler, raws, .. } = &mut self.document;
        while !bytes.is_empty() {
            if !self.is_raw_open {
                let Some(size) = raws.next_bytes() else {
                    if !raws.has_more() && !core::mem::replace(&mut self.has_surplus, true) {
                        take(Event::Fault(Fault::WrongShape));
                    }
                    return;
                };
                self.is_raw_open = raws.begin(size, filler, columns, take);
                self.raw_left = size;
            }
            let wanted = usize::try_from(self.raw_left).unwrap_or(usize::MAX);
            let (run, after) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
            bytes = after;
            self.raw_left = self.raw_left.saturating_sub(run.len() as u64);
            raws.read(run, filler, columns, take);
            if self.raw_left == 0 {
                raws.end(false, filler, take);
                self.is_raw_open = false;
            }
        }
    }

    /// Whether bytes must still come for a tensor that has not begun.
    fn awaits_raw(&self) -> bool {
        !self.is_raw_open && self.document.raws.awaits_bytes()
    }
}
