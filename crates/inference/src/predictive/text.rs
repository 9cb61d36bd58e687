//! A text that comes in pieces: it keeps the beginning and the number of characters, and no more.

use driftline_wire::{
    base64::Decoder,
    json::{TEXT_BYTES_MAX, characters, drop_blanks},
};

/// Base64 is decoded in pieces of this many digits.
const DIGITS_MAX: usize = 64;

/// The first [`TEXT_BYTES_MAX`] bytes of a text, without ASCII blanks before them if it is longer, and its length.
#[derive(Debug)]
pub(super) struct Scratch {
    bytes: [u8; TEXT_BYTES_MAX],
    /// Bytes that are kept.
    length: usize,
    characters: u64,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch { bytes: [0; TEXT_BYTES_MAX], length: 0, characters: 0 }
    }
}

impl Scratch {
    pub(super) const fn clear(&mut self) {
        self.length = 0;
        self.characters = 0;
    }

    /// Appends a piece, which may begin or end within a character.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.characters = self.characters.saturating_add(characters(piece));
        let mut piece = piece;
        if TEXT_BYTES_MAX < self.length.saturating_add(piece.len()) {
            let kept = self.bytes.get_mut(..self.length).unwrap_or_default();
            self.length = self.length.saturating_sub(drop_blanks(kept));
            piece = if self.length == 0 { piece.trim_ascii_start() } else { piece };
        }
        let room = self.bytes.get_mut(self.length..).unwrap_or_default();
        let count = room.len().min(piece.len());
        if let (Some(room), Some(piece)) = (room.get_mut(..count), piece.get(..count)) {
            room.copy_from_slice(piece);
            self.length = self.length.saturating_add(count);
        }
    }

    /// Appends the bytes that a piece of Base64 encodes.
    pub(super) fn push_base64(&mut self, decoder: &mut Decoder, piece: &[u8]) {
        for digits in piece.chunks(DIGITS_MAX) {
            let mut decoded = [0; DIGITS_MAX];
            let count = decoder.decode(digits, &mut decoded);
            self.push(decoded.get(..count).unwrap_or_default());
        }
    }

    /// The beginning.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// How many characters the whole text has. Of bytes that are not UTF-8, those count that could begin a character.
    pub(super) const fn characters(&self) -> u64 {
        self.characters
    }
}
