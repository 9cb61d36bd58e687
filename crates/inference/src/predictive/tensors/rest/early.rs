//! The text of a tensor's data that comes before the tensor's name or shape, held until these are known; it reads none.

use alloc::vec::Vec;

use driftline_wire::encoding::{MemoryBudget, Reservation};

/// Holds the data of one tensor at a time, and its memory no longer than that.
#[derive(Debug)]
pub(super) struct Early {
    text: Vec<u8>,
    bytes_max: usize,
    /// What is left for all readers that hold something.
    room: MemoryBudget,
    /// What the text takes of it.
    held: Option<Reservation>,
    is_open: bool,
    lost: Option<Lost>,
    too_large: u64,
    lacked_room: bool,
}

/// Why data is not held.
#[derive(Clone, Copy, Debug)]
enum Lost {
    TooLarge,
    NoRoom,
}

impl Early {
    /// Holds at most so many bytes, which it takes from there; of longer data none.
    pub(super) fn new(bytes_max: usize, room: &MemoryBudget) -> Early {
        Early {
            text: Vec::new(),
            bytes_max,
            room: room.clone(),
            held: None,
            is_open: false,
            lost: None,
            too_large: 0,
            lacked_room: false,
        }
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

    /// What was held, once; `None`, and counted, if it was too long or found no room. Nothing is held any more.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let text = core::mem::take(&mut self.text);
        let lost = self.lost;
        match lost {
            Some(Lost::TooLarge) => self.too_large = self.too_large.saturating_add(1),
            Some(Lost::NoRoom) => self.lacked_room = true,
            None => {}
        }
        self.discard();
        lost.is_none().then_some(text)
    }

    /// Holds nothing any more.
    pub(super) fn discard(&mut self) {
        self.text = Vec::new();
        self.held = None;
        self.is_open = false;
        self.lost = None;
    }

    /// How many tensors were not read because their data was too long to be held.
    pub(super) fn too_large(&self) -> u64 {
        self.too_large
    }

    /// Whether a tensor was not read because others had all the memory for what is held.
    pub(super) fn lacked_room(&self) -> bool {
        self.lacked_room
    }

    fn push(&mut self, bytes: &[u8]) {
        let length = self.text.len().saturating_add(bytes.len());
        if self.bytes_max < length {
            self.lose(Lost::TooLarge);
            return;
        }
        if self.text.capacity() < length {
            // Twice as much, as a vector does by itself, but never more than may be held.
            let room = self.text.capacity().saturating_mul(2).max(length).min(self.bytes_max);
            let held = self.held.get_or_insert_with(|| self.room.reservation());
            if held.resize(room).is_err() {
                self.lose(Lost::NoRoom);
                return;
            }
            self.text.reserve_exact(room.saturating_sub(self.text.len()));
        }
        self.text.extend_from_slice(bytes);
    }

    fn lose(&mut self, why: Lost) {
        self.discard();
        self.lost = Some(why);
    }
}
