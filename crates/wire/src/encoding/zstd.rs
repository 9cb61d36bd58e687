//! The coding `zstd`: frames one after another, cut into blocks for `ruzstd`; it waits for no more than one block.
//!
//! Checksums are passed over. Frames that need a dictionary are malformed: nobody can have sent one along.

mod frame;
mod history;

use alloc::vec::Vec;

use self::{
    frame::{
        BLOCK_HEAD_BYTES, Block, BlockKind, FRAME_HEAD_BYTES_MAX, Head, frame_head, scratch_bytes,
    },
    history::{BASE_BYTES, History},
};
use super::{
    Fault, Take,
    memory::{MemoryBudget, Reservation},
};

/// The longest window that a frame may ask for, which is the longest that the web has (RFC 9659).
const WINDOW_BYTES_MAX: u64 = 8 << 20;

/// Its memory begins at 24 KiB and grows with what is said, up to the window, but not beyond
/// [`history::HISTORY_BYTES_MAX`]. A frame that looks further back is given up.
#[derive(Debug)]
pub(super) struct Zstd {
    state: ZstdState,
    /// A head that a cut divides.
    head: Vec<u8>,
    /// A block that a cut divides.
    content: Vec<u8>,
    history: Option<History>,
    has_checksum: bool,
    has_frame: bool,
    /// What `ruzstd` took for literals, sequences and copies of blocks; it keeps that.
    scratch: usize,
    held: Reservation,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum ZstdState {
    FrameHead,
    /// So many bytes without a meaning, and then another frame.
    Skip(u64),
    BlockHead,
    /// So many bytes of a block that stand for themselves.
    Plain {
        left: u32,
        is_last: bool,
    },
    Content(Block),
}

impl Zstd {
    pub(super) fn new(room: &MemoryBudget) -> Result<Zstd, Fault> {
        Ok(Zstd {
            state: ZstdState::FrameHead,
            head: Vec::with_capacity(FRAME_HEAD_BYTES_MAX),
            content: Vec::new(),
            history: None,
            has_checksum: false,
            has_frame: false,
            scratch: 0,
            held: room.of_body().reserve(BASE_BYTES)?,
        })
    }

    pub(super) fn read(&mut self, mut bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        while !bytes.is_empty() {
            bytes = match self.state {
                ZstdState::FrameHead => self.frame_head(bytes)?,
                ZstdState::Skip(left) => {
                    let (skipped, rest) = split(bytes, left);
                    self.skip(left.saturating_sub(skipped.len() as u64));
                    rest
                }
                ZstdState::BlockHead => self.block_head(bytes)?,
                ZstdState::Plain { left, is_last } => {
                    let (plain, rest) = split(bytes, u64::from(left));
                    self.decode(Block::plain(plain.len()), plain, take)?;
                    let left = left.saturating_sub(u32::try_from(plain.len()).unwrap_or(left));
                    self.state = ZstdState::Plain { left, is_last };
                    if left == 0 {
                        self.end_block(is_last);
                    }
                    rest
                }
                ZstdState::Content(block) => self.content(block, bytes, take)?,
            };
        }
        Ok(())
    }

    pub(super) fn is_whole(&self) -> bool {
        self.has_frame && matches!(self.state, ZstdState::FrameHead) && self.head.is_empty()
    }

    fn frame_head<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let Some((&byte, rest)) = bytes.split_first() else {
            return Ok(bytes);
        };
        // Byte by byte: each one may tell how many follow.
        self.head.push(byte);
        match frame_head(&self.head)? {
            Head::Incomplete => return Ok(rest),
            Head::Skippable(length) => self.skip(length),
            Head::Frame { window, has_checksum } => {
                if WINDOW_BYTES_MAX < window {
                    return Err(Fault::TooLarge);
                }
                self.history = Some(History::new(&self.head, window)?);
                self.has_checksum = has_checksum;
                self.state = ZstdState::BlockHead;
            }
        }
        self.head.clear();
        Ok(rest)
    }

    fn skip(&mut self, left: u64) {
        self.state = if left == 0 { ZstdState::FrameHead } else { ZstdState::Skip(left) };
    }

    fn block_head<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let missing = BLOCK_HEAD_BYTES.saturating_sub(self.head.len());
        let (part, rest) = split(bytes, missing as u64);
        self.head.extend_from_slice(part);
        let Ok(head) = <[u8; BLOCK_HEAD_BYTES]>::try_from(self.head.as_slice()) else {
            return Ok(rest);
        };
        self.head.clear();
        let block = Block::of(head)?;
        let longest = self.history.as_ref().map_or(0, History::block_bytes_max);
        if longest < block.size {
            return Err(Fault::Malformed);
        }
        match block.kind {
            BlockKind::Plain if block.size == 0 => self.end_block(block.is_last),
            BlockKind::Plain => {
                self.state = ZstdState::Plain { left: block.size, is_last: block.is_last };
            }
            _ if block.content_bytes() == 0 => return Err(Fault::Malformed),
            _ => self.state = ZstdState::Content(block),
        }
        Ok(rest)
    }

    /// Gathers a block and decodes it; one that comes in one piece is not copied.
    fn content<'b>(
        &mut self,
        block: Block,
        bytes: &'b [u8],
        take: &mut Take<'_>,
    ) -> Result<&'b [u8], Fault> {
        let length = block.content_bytes();
        let (part, rest) = split(bytes, length.saturating_sub(self.content.len()) as u64);
        if part.len() == length {
            self.decode(block, part, take)?;
        } else {
            if self.content.is_empty() {
                self.hold(length)?;
                self.content.reserve_exact(length);
            }
            self.content.extend_from_slice(part);
            if self.content.len() < length {
                return Ok(rest);
            }
            let content = core::mem::take(&mut self.content);
            self.decode(block, &content, take)?;
        }
        self.end_block(block.is_last);
        Ok(rest)
    }

    fn decode(&mut self, block: Block, content: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        let Some(history) = &mut self.history else {
            return Err(Fault::Malformed);
        };
        if block.kind == BlockKind::Compressed {
            let scratch = scratch_bytes(content, history.block_bytes_max())?;
            self.scratch = self.scratch.max(scratch.saturating_add(content.len()));
        }
        // What a block says is known afterwards; until then it may be the most.
        let fixed = BASE_BYTES.saturating_add(self.scratch).saturating_add(content.len());
        self.held.resize(fixed.saturating_add(history.bytes_for_a_block()))?;
        history.decode(block, content, take)?;
        self.hold(0)
    }

    /// Holds what is kept between two pieces of the body, and `content` bytes of a block that is not all there.
    fn hold(&mut self, content: usize) -> Result<(), Fault> {
        let history = self.history.as_ref().map_or(0, History::bytes);
        let bytes = BASE_BYTES.saturating_add(history).saturating_add(self.scratch);
        self.held.resize(bytes.saturating_add(content))
    }

    fn end_block(&mut self, is_last: bool) {
        self.state = ZstdState::BlockHead;
        if is_last {
            // At once, and not with the body: what follows may be long, and of no frame.
            self.history = None;
            self.scratch = 0;
            let _ = self.hold(0);
            self.has_frame = true;
            self.skip(if self.has_checksum { 4 } else { 0 });
        }
    }
}

/// The first `length` bytes, or all there are, and the rest.
fn split(bytes: &[u8], length: u64) -> (&[u8], &[u8]) {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    bytes.split_at_checked(length).unwrap_or((bytes, &[]))
}
