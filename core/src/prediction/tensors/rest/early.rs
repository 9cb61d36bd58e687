//! The text of a tensor's data that comes before the tensor's name or shape, held until these are known; it reads none.

use alloc::vec::Vec;

/// Holds the data of one tensor at a time, and its memory no longer than that.
#[derive(Debug)]
pub(super) struct Early {
    text: Vec<u8>,
    bytes_max: usize,
    is_open: bool,
    is_too_large: bool,
    too_large: u64,
}

impl Early {
    /// Holds at most so many bytes; of longer data none.
    pub(super) const fn new(bytes_max: usize) -> Early {
        Early { text: Vec::new(), bytes_max, is_open: false, is_too_large: false, too_large: 0 }
    }

    /// From here on the document's bytes are held.
    pub(super) fn begin(&mut self) {
        self.discard();
        self.is_open = true;
    }

    /// Takes the next bytes of the document, if they are to be held: those of the data, without what leads to it.
    #[inline]
    pub(super) fn hold(&mut self, bytes: &[u8]) {
        if self.is_open {
            let leads = |byte: &u8| matches!(byte, b':' | b' ' | b'\t' | b'\n' | b'\r');
            let is_begun = !self.text.is_empty();
            let start = if is_begun { Some(0) } else { bytes.iter().position(|byte| !leads(byte)) };
            self.push(start.and_then(|start| bytes.get(start..)).unwrap_or_default());
        }
    }

    /// The bytes that were held so far are those of the data.
    pub(super) fn end(&mut self) {
        self.is_open = false;
    }

    /// What was held, once; `None`, and counted, if it was too long. Nothing is held any more.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let text = core::mem::take(&mut self.text);
        let is_too_large = self.is_too_large;
        self.too_large = self.too_large.saturating_add(u64::from(is_too_large));
        self.discard();
        (!is_too_large).then_some(text)
    }

    /// Holds nothing any more.
    pub(super) fn discard(&mut self) {
        self.text = Vec::new();
        self.is_open = false;
        self.is_too_large = false;
    }

    /// How many tensors were not read because their data was too long to be held.
    pub(super) fn too_large(&self) -> u64 {
        self.too_large
    }

    fn push(&mut self, bytes: &[u8]) {
        let length = self.text.len().saturating_add(bytes.len());
        if self.bytes_max < length {
            self.text = Vec::new();
            self.is_open = false;
            self.is_too_large = true;
            return;
        }
        if self.text.capacity() < length {
            // Twice as much, as a vector does by itself, but never more than may be held.
            let room = self.text.capacity().saturating_mul(2).max(length).min(self.bytes_max);
            self.text.reserve_exact(room.saturating_sub(self.text.len()));
        }
        self.text.extend_from_slice(bytes);
    }
}
