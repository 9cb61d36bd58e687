//! The elements of a tensor as raw bytes: little-endian numbers, and texts after their lengths. It keeps one element,
//! and of a text only the beginning.

use alloc::vec::Vec;

use super::{
    datatype::Datatype,
    filler::{Element, Filler},
};
use crate::predictive::{Cell, Columns, Event};
use driftline_wire::json::{TEXT_BYTES_MAX, characters, drop_blanks};

/// Reads the elements of one tensor after the other.
#[derive(Debug)]
pub(super) struct RawReader {
    datatype: Datatype,
    /// Bytes of the tensor that have not come.
    left: u64,
    /// The number, or the length of a text, that is not whole yet, and how many bytes of it came.
    bits: u64,
    taken: u8,
    /// The text that is open.
    text: Option<Text>,
    /// The beginning of an open text, if it is to be kept; at most [`TEXT_BYTES_MAX`] bytes.
    kept: Vec<u8>,
    /// A text is longer than what is left of the tensor, so it is not known where the next one begins.
    is_lost: bool,
}

/// A text that is open.
#[derive(Clone, Copy, Debug)]
struct Text {
    /// Bytes that have not come.
    left: u64,
    characters: u64,
    wants_characters: bool,
}

/// Each text comes after its length, which takes this many bytes.
const LENGTH_BYTES: u8 = 4;

impl RawReader {
    /// A reader without a tensor.
    pub(super) const fn new() -> RawReader {
        RawReader {
            datatype: Datatype::Bool,
            left: 0,
            bits: 0,
            taken: 0,
            text: None,
            kept: Vec::new(),
            is_lost: false,
        }
    }

    /// Begins a tensor of this many bytes; the filler has begun it, too.
    pub(super) fn begin(&mut self, datatype: Datatype, bytes: u64) {
        let kept = core::mem::take(&mut self.kept);
        *self = RawReader { datatype, left: bytes, kept, ..RawReader::new() };
    }

    /// Takes the next bytes of the tensor, no more than are left.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        filler: &mut Filler,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        self.left = self.left.saturating_sub(bytes.len() as u64);
        match self.datatype.size() {
            Some(size) => self.read_numbers(bytes, size, filler, columns, take),
            None => self.read_texts(bytes, filler, columns, take),
        }
    }

    /// Ends the elements, of which the last one may be cut.
    pub(super) fn end(&mut self, filler: &mut Filler, take: &mut impl FnMut(Event<'_>)) {
        if self.taken != 0 || self.text.is_some() {
            filler.wrong_shape(take);
        }
        self.begin(self.datatype, 0);
    }

    /// Begins a text of this many bytes.
    pub(super) fn begin_text(&mut self, length: u64, filler: &Filler, columns: &Columns) {
        let wants_characters = filler.wants_characters(columns);
        self.text = Some(Text { left: length, characters: 0, wants_characters });
    }

    /// Takes the next bytes of the text, or no bytes of an empty one; true if that was all of it. Bytes after the text
    /// stay in `rest`.
    pub(super) fn read_text(
        &mut self,
        rest: &mut &[u8],
        filler: &mut Filler,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let Some(mut text) = self.text else { return true };
        let wanted = usize::try_from(text.left).unwrap_or(usize::MAX);
        let (run, after) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
        *rest = after;
        text.left = text.left.saturating_sub(run.len() as u64);
        if text.left != 0 {
            self.keep(&mut text, run);
            self.text = Some(text);
            return false;
        }
        self.text = None;
        let element = if text.wants_characters {
            Element::Characters(text.characters.saturating_add(characters(run)))
        } else if self.kept.is_empty() {
            let run = if TEXT_BYTES_MAX < run.len() { run.trim_ascii_start() } else { run };
            Element::Cell(Cell::Text(run.get(..TEXT_BYTES_MAX).unwrap_or(run)))
        } else {
            self.keep(&mut text, run);
            Element::Cell(Cell::Text(&self.kept))
        };
        filler.element(element, columns, take);
        self.kept.clear();
        true
    }

    fn read_numbers(
        &mut self,
        bytes: &[u8],
        size: u8,
        filler: &mut Filler,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let mut rest = bytes;
        if self.taken != 0 {
            match self.take_bits(&mut rest, size) {
                Some(bits) => {
                    filler.element(Element::Cell(self.datatype.cell(bits)), columns, take);
                }
                None => return,
            }
        }
        let mut elements = rest.chunks_exact(usize::from(size).max(1));
        for element in &mut elements {
            let cell = self.datatype.cell(little_endian(element));
            filler.element(Element::Cell(cell), columns, take);
        }
        let mut tail = elements.remainder();
        self.take_bits(&mut tail, size);
    }

    fn read_texts(
        &mut self,
        bytes: &[u8],
        filler: &mut Filler,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let mut rest = bytes;
        while !self.is_lost {
            if self.text.is_some() {
                if !self.read_text(&mut rest, filler, columns, take) {
                    return;
                }
                continue;
            }
            let Some(length) = self.take_bits(&mut rest, LENGTH_BYTES) else { return };
            if (rest.len() as u64).saturating_add(self.left) < length {
                self.is_lost = true;
                filler.wrong_shape(take);
            } else {
                self.begin_text(length, filler, columns);
            }
        }
    }

    fn keep(&mut self, text: &mut Text, run: &[u8]) {
        if text.wants_characters {
            text.characters = text.characters.saturating_add(characters(run));
        } else {
            let mut run = run;
            if TEXT_BYTES_MAX < self.kept.len().saturating_add(run.len()) {
                let blanks = drop_blanks(&mut self.kept);
                self.kept.truncate(self.kept.len().saturating_sub(blanks));
                run = if self.kept.is_empty() { run.trim_ascii_start() } else { run };
            }
            let room = TEXT_BYTES_MAX.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(run.get(..room).unwrap_or(run));
        }
    }

    /// Takes bytes until there are `wanted` of them, and then returns the number.
    fn take_bits(&mut self, rest: &mut &[u8], wanted: u8) -> Option<u64> {
        while self.taken < wanted {
            let (&byte, after) = rest.split_first()?;
            *rest = after;
            let shift = u32::from(self.taken).saturating_mul(8);
            self.bits |= u64::from(byte).wrapping_shl(shift);
            self.taken = self.taken.saturating_add(1);
        }
        self.taken = 0;
        Some(core::mem::take(&mut self.bits))
    }
}

/// The number in these bytes, at most eight.
#[inline]
fn little_endian(bytes: &[u8]) -> u64 {
    let mut all = [0; 8];
    for (slot, &byte) in all.iter_mut().zip(bytes) {
        *slot = byte;
    }
    u64::from_le_bytes(all)
}
