//! Tensors whose raw bytes come after all descriptions, in the same order. It keeps a bounded number of descriptions.

use alloc::vec::Vec;

use super::{
    TENSORS_MAX,
    datatype::Datatype,
    filler::{Description, Filler},
    passing::Passing,
    raw::RawReader,
};
use crate::predictive::{Columns, Event};

/// The tensors of one body, or of one message, whose bytes come later.
#[derive(Debug)]
pub(super) struct Raws {
    tensors: Vec<RawTensor>,
    /// The tensor whose bytes come next, or that is open.
    at: usize,
    reader: RawReader,
    open: Open,
    /// Some tensors are not described here: what comes after the others is theirs.
    has_more: bool,
}

/// A tensor whose bytes come later.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawTensor {
    /// `None` if its bytes pass unread.
    pub(super) description: Option<Description>,
    /// `None` if there is no such type.
    pub(super) datatype: Option<Datatype>,
    /// How many bytes it has by its description; 0 if only the bytes themselves say it.
    pub(super) bytes: u64,
}

/// What becomes of the bytes that come.
#[derive(Clone, Copy, Debug)]
enum Open {
    No,
    Read,
    /// Unread, and counted if it has rows.
    Pass(Option<Passing>),
}

impl Raws {
    pub(super) const fn new() -> Raws {
        Raws {
            tensors: Vec::new(),
            at: 0,
            reader: RawReader::new(),
            open: Open::No,
            has_more: false,
        }
    }

    /// Adds a tensor. Beyond [`TENSORS_MAX`] its bytes pass unread.
    pub(super) fn push(&mut self, tensor: RawTensor) {
        if self.is_full() {
            self.has_more = true;
        } else {
            self.tensors.push(tensor);
        }
    }

    /// No further tensor is known.
    pub(super) fn is_full(&self) -> bool {
        TENSORS_MAX <= self.tensors.len()
    }

    /// How many bytes the next tensor has by its description; `None` after the last one.
    pub(super) fn next_bytes(&self) -> Option<u64> {
        self.tensors.get(self.at).map(|tensor| tensor.bytes)
    }

    /// Whether a tensor that has not begun must have bytes.
    pub(super) fn awaits_bytes(&self) -> bool {
        self.tensors.iter().skip(self.at).any(|tensor| tensor.bytes != 0)
    }

    /// Whether bytes after those of the last known tensor belong to others.
    pub(super) const fn has_more(&self) -> bool {
        self.has_more
    }

    /// Begins the next tensor, which has this many bytes; false if there is none.
    pub(super) fn begin(
        &mut self,
        bytes: u64,
        filler: &mut Filler,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let Some(&RawTensor { description, datatype, .. }) = self.tensors.get(self.at) else {
            return false;
        };
        self.open = match (description, datatype) {
            (Some(description), Some(datatype)) if description.is_wanted() => {
                filler.begin(description, columns);
                self.reader.begin(datatype, bytes);
                Open::Read
            }
            (Some(description), Some(datatype)) => {
                // A text has at least its length.
                Open::Pass(Some(Passing::new(description, datatype.size().unwrap_or(4))))
            }
            (Some(description), None) => {
                filler.lacks(description, take);
                Open::Pass(None)
            }
            (None, _) => Open::Pass(None),
        };
        true
    }

    /// Takes the next bytes of the open tensor, and of no other.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        filler: &mut Filler,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        match &mut self.open {
            Open::Read => self.reader.read(bytes, filler, columns, take),
            Open::Pass(Some(passing)) => passing.count(bytes),
            Open::Pass(None) | Open::No => {}
        }
    }

    /// Ends the open tensor, if there is one; `is_cut` if some of its bytes did not come.
    pub(super) fn end(
        &mut self,
        is_cut: bool,
        filler: &mut Filler,
        take: &mut impl FnMut(Event<'_>),
    ) {
        match core::mem::replace(&mut self.open, Open::No) {
            Open::No => return,
            Open::Read => {
                self.reader.end(filler, take);
                filler.end(is_cut, take);
            }
            Open::Pass(Some(passing)) => passing.end(filler, take),
            Open::Pass(None) => {}
        }
        self.at = self.at.saturating_add(1);
    }

    /// Reports all tensors whose bytes did not come, and forgets them.
    pub(super) fn close(&mut self, filler: &mut Filler, take: &mut impl FnMut(Event<'_>)) {
        self.end(true, filler, take);
        for tensor in self.tensors.iter().skip(self.at) {
            if let Some(description) = tensor.description {
                filler.lacks(description, take);
            }
        }
        self.tensors.clear();
        self.at = 0;
        self.has_more = false;
    }
}
