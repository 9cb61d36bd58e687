//! What a frame said so far, which its next block may look back to; it hands out each byte when it is decoded.
//!
//! `ruzstd` gives nothing out before its window is full, or the frame over, and then forgets it. A token must not wait
//! for either. So it is told of each block that it is the frame's last one, and what it offers then is looked at but
//! not taken. When there is more than enough to look back to, all is taken, and its end given back as plain blocks.

use alloc::vec::Vec;
use core::fmt;

use ruzstd::{
    decoding::{BlockDecodingStrategy, FrameDecoder},
    io::{Error, Read, Write},
};

use super::{
    super::{Fault, Take},
    frame::{BLOCK_BYTES_MAX, Block, CHECKSUM_BIT, DESCRIPTOR},
};

/// The furthest that a frame may look back, whatever its window.
pub(super) const HISTORY_BYTES_MAX: usize = 512 << 10;
/// What a decoder takes before it says anything: tables.
pub(super) const BASE_BYTES: usize = 24 << 10;

pub(super) struct History {
    decoder: FrameDecoder,
    window: u64,
    /// Bytes of what `decoder` offers that were handed out.
    seen: usize,
    /// The place that `decoder` has for them, which never shrinks.
    reserved: usize,
    /// It is longer than what is kept, so that a frame can look back too far without being malformed.
    is_cut: bool,
}

impl History {
    pub(super) fn new(head: &[u8], window: u64) -> Result<History, Fault> {
        let mut head = Vec::from(head);
        if let Some(descriptor) = head.get_mut(DESCRIPTOR) {
            // Blocks would not end a frame that has one.
            *descriptor &= !CHECKSUM_BIT;
        }
        let mut decoder = FrameDecoder::new();
        decoder.reset(head.as_slice()).map_err(|_| Fault::Malformed)?;
        Ok(History { decoder, window, seen: 0, reserved: 0, is_cut: false })
    }

    /// The most that a block may say.
    pub(super) fn block_bytes_max(&self) -> u32 {
        u32::try_from(self.window).unwrap_or(u32::MAX).min(BLOCK_BYTES_MAX)
    }

    /// The memory that it has.
    pub(super) fn bytes(&self) -> usize {
        self.reserved
    }

    /// The memory that it may take while it decodes one more block: the place that the bytes have, the one that they
    /// move to, and what is kept aside.
    pub(super) fn bytes_for_a_block(&self) -> usize {
        let kept = if self.is_full() { self.kept_max() } else { 0 };
        let grown = reserved(self.seen.saturating_add(self.block_bytes_max() as usize));
        self.reserved.saturating_add(grown).saturating_add(kept)
    }

    pub(super) fn decode(
        &mut self,
        block: Block,
        content: &[u8],
        take: &mut Take<'_>,
    ) -> Result<(), Fault> {
        if self.is_full() {
            self.forget()?;
        }
        self.push(block, content)?;
        let mut look = Look { from: self.seen, take, result: Ok(()) };
        let looked = self.decoder.collect_to_writer(&mut look);
        let result = look.result;
        self.seen = self.decoder.can_collect();
        self.reserved = self.reserved.max(reserved(self.seen));
        looked.map_err(|_| Fault::Malformed)?;
        result
    }

    fn push(&mut self, block: Block, content: &[u8]) -> Result<(), Fault> {
        let source = HeadAndContent { head: &block.last_head(), content };
        match self.decoder.decode_blocks(source, BlockDecodingStrategy::UptoBlocks(1)) {
            Ok(_) => Ok(()),
            Err(_) if self.is_cut => Err(Fault::TooLarge),
            Err(_) => Err(Fault::Malformed),
        }
    }

    /// How much of the past is kept.
    fn kept_max(&self) -> usize {
        usize::try_from(self.window).unwrap_or(usize::MAX).min(HISTORY_BYTES_MAX)
    }

    fn is_full(&self) -> bool {
        let kept = self.kept_max();
        kept.saturating_add(kept.max(BLOCK_BYTES_MAX as usize)) <= self.seen
    }

    /// Keeps the end only.
    fn forget(&mut self) -> Result<(), Fault> {
        let mut end = End { bytes: Vec::new(), length: self.kept_max() };
        self.decoder.collect_to_writer(&mut end).map_err(|_| Fault::Malformed)?;
        // There is nothing left to collect; this moves the place to write to back to the beginning, so that all that
        // follows is one slice.
        let _ = self.decoder.collect();
        self.is_cut = (end.bytes.len() as u64) < self.window;
        for piece in end.bytes.chunks(self.block_bytes_max().max(1) as usize) {
            self.push(Block::plain(piece.len()), piece)?;
        }
        self.seen = end.bytes.len();
        Ok(())
    }
}

/// How much `ruzstd` reserves for so many bytes.
fn reserved(bytes: usize) -> usize {
    const SLACK: usize = 2 * BLOCK_BYTES_MAX as usize;
    match bytes.checked_sub(SLACK) {
        None | Some(0) => bytes.next_power_of_two(),
        Some(beyond) => beyond.next_power_of_two().saturating_add(SLACK),
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("window", &self.window)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// A block with the head that we gave it.
struct HeadAndContent<'b> {
    head: &'b [u8],
    content: &'b [u8],
}

impl Read for HeadAndContent<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let from = if self.head.is_empty() { &mut self.content } else { &mut self.head };
        from.read(buffer)
    }
}

/// Looks at what is offered, and takes none of it.
struct Look<'l, 't> {
    /// What was seen before.
    from: usize,
    take: &'l mut Take<'t>,
    result: Result<(), Fault>,
}

impl Write for Look<'_, '_> {
    fn write(&mut self, offered: &[u8]) -> Result<usize, Error> {
        let new = offered.get(self.from..).unwrap_or_default();
        if !new.is_empty() {
            self.result = (self.take)(new);
        }
        Ok(0)
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Takes all, and keeps the last bytes.
struct End {
    bytes: Vec<u8>,
    length: usize,
}

impl Write for End {
    fn write(&mut self, offered: &[u8]) -> Result<usize, Error> {
        let start = offered.len().saturating_sub(self.length);
        self.bytes = Vec::from(offered.get(start..).unwrap_or_default());
        Ok(offered.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
