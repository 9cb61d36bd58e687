//! How state lies in the data that all VMs of the filter share, so that the next VM goes on from it; bytes that are not of
//! this form are no state at all.
//!
//! All numbers are little-endian. The record of a panel begins with a fingerprint, of which bins, reference and settings
//! are a part, and so does the section of each instrument, of which only those settings are a part that matter to it:
//! state of other ones is never read as if it were of these. All lengths have to be exact.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | fingerprint of the panel |
//! | 8 | how many counters |
//! | 8 x counters | their totals |
//! | 8 + 4, and as the instrument has it | of each instrument, in their order: fingerprint, bytes of its state, its state |

use alloc::vec::Vec;

use driftline_statistics::window::Ring;

/// A part of every record's fingerprint: to be raised whenever what instruments store means something else.
pub(crate) const FORMAT_VERSION: u64 = 3;

/// Whether these bytes begin with this fingerprint.
pub(crate) fn fits(bytes: &[u8], fingerprint: u64) -> bool {
    Reader::new(bytes).u64() == Some(fingerprint)
}

/// Puts numbers one after another.
#[derive(Debug)]
pub(crate) struct Writer<'a>(&'a mut Vec<u8>);

impl<'a> Writer<'a> {
    /// Begins anew in `bytes`, whose memory is used again.
    pub(crate) fn new(bytes: &'a mut Vec<u8>) -> Writer<'a> {
        bytes.clear();
        Writer(bytes)
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(crate) fn u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A section of this fingerprint, whose bytes `write` writes.
    pub(crate) fn section(&mut self, fingerprint: u64, write: impl FnOnce(&mut Writer<'_>)) {
        self.u64(fingerprint);
        let at = self.0.len();
        self.u32(0);
        let begin = self.0.len();
        write(self);
        let bytes = u32::try_from(self.0.len().saturating_sub(begin)).unwrap_or(u32::MAX);
        if let Some(length) = self.0.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *length = bytes.to_le_bytes();
        }
    }

    /// Two bytes that say how many slots have counted anything; of each its number in eight, and four for each cell.
    pub(crate) fn ring(&mut self, ring: &Ring) {
        let slots = u16::try_from(ring.filled().count()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&slots.to_le_bytes());
        for (number, counts) in ring.filled().take(usize::from(slots)) {
            self.u64(number);
            counts.for_each(|count| self.u32(count));
        }
    }
}

/// Takes numbers off the front; `None` if there are too few bytes.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[number]| number)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Puts the slots back into a ring; those that it does not reach are left out.
    pub(crate) fn ring(&mut self, ring: &mut Ring) -> Option<()> {
        for _ in 0..self.u16()? {
            let number = self.u64()?;
            let (counts, rest) = self.0.split_at_checked(ring.cells().saturating_mul(4))?;
            self.0 = rest;
            let (counts, _) = counts.as_chunks();
            ring.restore(number, counts.iter().map(|count| u32::from_le_bytes(*count)));
        }
        Some(())
    }

    /// A section: its fingerprint, and its bytes.
    pub(crate) fn section(&mut self) -> Option<(u64, Reader<'a>)> {
        let (fingerprint, bytes) = (self.u64()?, self.u32()?);
        let (section, rest) = self.0.split_at_checked(usize::try_from(bytes).ok()?)?;
        self.0 = rest;
        Some((fingerprint, Reader(section)))
    }

    /// `None` if any bytes are left.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use driftline_statistics::time::Timestamp;

    use super::*;

    fn ring() -> Ring {
        Ring::new(10, 4, 3, Timestamp(100))
    }

    fn sums(ring: &Ring) -> Vec<u64> {
        let mut sums = Vec::new();
        ring.sum(0..4, 0..3, &mut sums);
        sums
    }

    /// A number of each width, and a ring with rows in two of its slots.
    fn written() -> Vec<u8> {
        let mut ring = ring();
        ring.add(0, 70_000);
        ring.advance(Timestamp(110));
        ring.add(2, 6);
        let mut bytes = vec![9; 3];
        let mut writer = Writer::new(&mut bytes);
        writer.u64(77);
        writer.u8(1);
        writer.u32(2);
        writer.ring(&ring);
        bytes
    }

    fn read(bytes: &[u8], ring: &mut Ring) -> Option<(u64, u8, u32)> {
        let mut reader = Reader::new(bytes);
        let numbers = (reader.u64()?, reader.u8()?, reader.u32()?);
        reader.ring(ring)?;
        reader.end()?;
        Some(numbers)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut later = ring();
        later.advance(Timestamp(120));
        assert_eq!(read(&written(), &mut later), Some((77, 1, 2)));
        assert_eq!(sums(&later), [70_000, 0, 6]);
        later.advance(Timestamp(140));
        assert_eq!(sums(&later), [0, 0, 6], "slots keep their age");
    }

    #[test]
    fn a_section_can_be_left_out() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.section(5, |section| section.u64(77));
        writer.section(6, |_| {});
        let mut reader = Reader::new(&bytes);
        let (fingerprint, mut section) = reader.section().unwrap();
        assert_eq!((fingerprint, section.u64(), section.u8()), (5, Some(77), None));
        assert_eq!(reader.section().unwrap().0, 6);
        assert!(reader.end().is_some());
        assert!(Reader::new(&bytes[..19]).section().is_none(), "a byte short");
    }

    #[test]
    fn bytes_too_many_or_too_few_are_refused() {
        let bytes = written();
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], &mut ring()), None, "the first {end} bytes");
        }
        assert_eq!(read(&[&bytes[..], &[0]].concat(), &mut ring()), None);
        assert!(fits(&bytes, 77) && !fits(&bytes, 78) && !fits(&bytes[..7], 77));
    }
}
