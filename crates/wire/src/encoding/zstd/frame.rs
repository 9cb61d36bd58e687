//! What the heads of frames and blocks say (RFC 8878, 3.1); it decodes nothing.

use super::super::Fault;

/// Magic number, descriptor, window, dictionary and content size.
pub(super) const FRAME_HEAD_BYTES_MAX: usize = 18;
pub(super) const BLOCK_HEAD_BYTES: usize = 3;
/// No block says more, whatever the window.
pub(super) const BLOCK_BYTES_MAX: u32 = 128 << 10;
/// The bit of a frame's descriptor that announces a checksum.
pub(super) const CHECKSUM_BIT: u8 = 1 << 2;
/// Where the descriptor stands.
pub(super) const DESCRIPTOR: usize = 4;

const MAGIC: u32 = 0xfd2f_b528;
/// Sixteen magic numbers begin frames without a meaning.
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;
const SEQUENCE_BYTES: usize = 12;

/// What begins a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Head {
    Incomplete,
    /// So many bytes follow that mean nothing.
    Skippable(u64),
    Frame {
        window: u64,
        has_checksum: bool,
    },
}

/// The head of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// Bytes that follow; for a repeated byte, how often it is said.
    pub(super) size: u32,
    pub(super) is_last: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BlockKind {
    Plain,
    Repeated,
    Compressed,
}

/// Reads the head of a frame, which grows byte by byte until it is complete.
pub(super) fn frame_head(bytes: &[u8]) -> Result<Head, Fault> {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(Head::Incomplete);
    };
    match u32::from_le_bytes(*magic) {
        MAGIC => {}
        magic if magic & 0xffff_fff0 == SKIPPABLE_MAGIC => {
            return Ok(match rest.first_chunk::<4>() {
                Some(&length) => Head::Skippable(u64::from(u32::from_le_bytes(length))),
                None => Head::Incomplete,
            });
        }
        _ => return Err(Fault::Malformed),
    }
    let Some((&descriptor, fields)) = rest.split_first() else {
        return Ok(Head::Incomplete);
    };
    // One bit is reserved, and nobody has a dictionary.
    if descriptor & 0b1011 != 0 {
        return Err(Fault::Malformed);
    }
    let is_single = descriptor & 1 << 5 != 0;
    let size_bytes: usize = match descriptor >> 6 {
        0 => usize::from(is_single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let (window, size) = if is_single {
        (None, fields)
    } else {
        match fields.split_first() {
            Some((&window, size)) => (Some(window), size),
            None => return Ok(Head::Incomplete),
        }
    };
    if size.len() < size_bytes {
        return Ok(Head::Incomplete);
    }
    let window = window.map_or_else(|| content_size(size), window_size);
    Ok(Head::Frame { window, has_checksum: descriptor & CHECKSUM_BIT != 0 })
}

fn window_size(byte: u8) -> u64 {
    let base = 1u64.wrapping_shl(u32::from(byte >> 3).saturating_add(10));
    (base >> 3).saturating_mul(u64::from(byte & 7)).saturating_add(base)
}

/// The lowest byte comes first; two bytes begin where one ends.
fn content_size(bytes: &[u8]) -> u64 {
    let size = bytes.iter().rev().fold(0u64, |size, &byte| (size << 8) | u64::from(byte));
    if bytes.len() == 2 { size.saturating_add(256) } else { size }
}

impl Block {
    pub(super) fn of(head: [u8; BLOCK_HEAD_BYTES]) -> Result<Block, Fault> {
        let [low, middle, high] = head;
        let word = u32::from_le_bytes([low, middle, high, 0]);
        let kind = match (word >> 1) & 3 {
            0 => BlockKind::Plain,
            1 => BlockKind::Repeated,
            2 => BlockKind::Compressed,
            _ => return Err(Fault::Malformed),
        };
        Ok(Block { kind, size: word >> 3, is_last: word & 1 != 0 })
    }

    /// A part of a plain block, as a block of its own.
    pub(super) fn plain(length: usize) -> Block {
        let size = u32::try_from(length).unwrap_or(u32::MAX);
        Block { kind: BlockKind::Plain, size, is_last: false }
    }

    /// Bytes that follow.
    pub(super) fn content_bytes(self) -> usize {
        match self.kind {
            BlockKind::Repeated => 1,
            BlockKind::Plain | BlockKind::Compressed => self.size as usize,
        }
    }

    /// The head again, said to be the frame's last one.
    pub(super) fn last_head(self) -> [u8; BLOCK_HEAD_BYTES] {
        let word = (self.size << 3) | ((self.kind as u32) << 1) | 1;
        let [low, middle, high, _] = word.to_le_bytes();
        [low, middle, high]
    }
}

/// The memory that decoding a compressed block takes beside what it says: its literals and its sequences.
///
/// A block of no more than `longest` bytes has no more literals; `ruzstd` looks at that later, or never.
pub(super) fn scratch_bytes(content: &[u8], longest: u32) -> Result<usize, Fault> {
    let literals = Literals::of(content).ok_or(Fault::Malformed)?;
    if longest < literals.said {
        return Err(Fault::Malformed);
    }
    let start = literals.head.saturating_add(literals.length as usize);
    let sequences = match content.get(start..) {
        Some(&[count @ 0..=127, ..]) => usize::from(count),
        Some(&[high @ 128..=254, low, ..]) => usize::from(u16::from_be_bytes([high & 0x7f, low])),
        Some(&[255, low, high, ..]) => {
            usize::from(u16::from_le_bytes([low, high])).saturating_add(0x7f00)
        }
        _ => return Err(Fault::Malformed),
    };
    Ok((literals.said as usize).saturating_add(sequences.saturating_mul(SEQUENCE_BYTES)))
}

/// The head of a block's literals.
struct Literals {
    /// Bytes of the head.
    head: usize,
    /// Bytes that follow.
    length: u32,
    /// Bytes that they say.
    said: u32,
}

impl Literals {
    fn of(content: &[u8]) -> Option<Literals> {
        let first = *content.first()?;
        let mut head = [0u8; 8];
        for (place, &byte) in head.iter_mut().zip(content.iter().take(5)) {
            *place = byte;
        }
        let word = u64::from_le_bytes(head);
        let bits = |from: u32, count: u32| {
            let mask = 1u64.wrapping_shl(count).saturating_sub(1);
            u32::try_from(word.wrapping_shr(from) & mask).unwrap_or(u32::MAX)
        };
        let is_coded = first & 2 != 0;
        let (head, said, length) = match (is_coded, (first >> 2) & 3) {
            (false, 0 | 2) => (1, bits(3, 5), None),
            (false, 1) => (2, bits(4, 12), None),
            (false, _) => (3, bits(4, 20), None),
            (true, 0 | 1) => (3, bits(4, 10), Some(bits(14, 10))),
            (true, 2) => (4, bits(4, 14), Some(bits(18, 14))),
            (true, _) => (5, bits(4, 18), Some(bits(22, 18))),
        };
        // Without a length of their own they are as long as what they say, or one byte that is repeated.
        let length = length.unwrap_or(if first & 1 == 0 { said } else { 1 });
        Some(Literals { head, length, said })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_complete_with_its_last_byte_and_not_before() {
        let heads: [(&[u8], Head); 4] = [
            (b"\x28\xb5\x2f\xfd\x04\x58", Head::Frame { window: 2 << 20, has_checksum: true }),
            (b"\x28\xb5\x2f\xfd\x20\x05", Head::Frame { window: 5, has_checksum: false }),
            (b"\x28\xb5\x2f\xfd\x60\x01\x01", Head::Frame { window: 513, has_checksum: false }),
            (b"\x5a\x2a\x4d\x18\x07\x00\x00\x00", Head::Skippable(7)),
        ];
        for (bytes, head) in heads {
            for end in 0..bytes.len() {
                assert_eq!(frame_head(&bytes[..end]), Ok(Head::Incomplete), "{bytes:x?} {end}");
            }
            assert_eq!(frame_head(bytes), Ok(head), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_no_frame_or_needs_a_dictionary_is_malformed() {
        assert_eq!(frame_head(b"\x1f\x8b\x08\x00"), Err(Fault::Malformed));
        assert_eq!(frame_head(b"\x28\xb5\x2f\xfd\x01"), Err(Fault::Malformed));
    }

    #[test]
    fn a_window_is_a_power_and_some_eighths() {
        assert_eq!(window_size(0), 1 << 10);
        assert_eq!(window_size(0x0f), 2048 + 7 * 256);
        assert_eq!(window_size(0xff), (1 << 41) + 7 * (1 << 38));
    }

    #[test]
    fn a_block_head_survives_the_way_back() {
        let block = Block::of([0x0c, 0x01, 0x00]).unwrap();
        assert_eq!(block, Block { kind: BlockKind::Compressed, size: 33, is_last: false });
        assert_eq!(Block::of(block.last_head()), Ok(Block { is_last: true, ..block }));
        assert_eq!(Block::of([0x06, 0, 0]), Err(Fault::Malformed));
    }

    #[test]
    fn literals_longer_than_a_block_are_refused_before_they_are_made() {
        // A repeated byte, 2^20 - 1 times.
        assert_eq!(scratch_bytes(&[0xfd, 0xff, 0xff, b'x', 0], 1 << 17), Err(Fault::Malformed));
        assert_eq!(scratch_bytes(&[0x0d, 0x01, 0x00, b'x', 0], 1 << 17), Ok(16));
        assert_eq!(
            scratch_bytes(&[0x0d, 0x01, 0x00, b'x', 255, 1, 0], 1 << 17),
            Ok(16 + 12 * 0x7f01)
        );
    }
}
