//! The text of a tensor's data that comes before the tensor's name or shape, held until these are known; it does not
//! read it.

use alloc::vec::Vec;

use driftline_wire::encoding::{MemoryBudget, Reservation};

/// Holds the data of one tensor at a time, and its memory only as long.
#[derive(Debug)]
pub(super) struct Early {
    text: Vec<u8>,
    bytes_max: usize,
    /// The memory that is left for all readers.
    room: MemoryBudget,
    /// How much of it the text takes.
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
    /// Holds at most this many bytes, which it takes from `room`. Longer data is not held at all.
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

    /// From here on, the document's bytes are held.
    pub(super) fn begin(&mut self) {
        self.discard();
        self.is_open = true;
    }

    /// Takes the next bytes of the document, if they are to be held: those of the data, without the ones before it.
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

    /// Returns what was held, and holds nothing any more. `None`, and counted, if it was too long or there was no
    /// memory.
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

    /// Forgets what is held.
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

    /// Whether a tensor was not read because others held all the memory.
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
            // Twice as much, as a vector grows by itself, but never more than may be held.
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
