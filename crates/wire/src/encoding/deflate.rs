//! The coding `deflate`: zlib's frame as the standard says, or none as some servers send; it asks nobody which.

use super::{
    Fault, Take,
    inflate::{Frame, Inflater},
    memory::MemoryBudget,
};

#[derive(Debug)]
pub(super) struct Deflate {
    inflater: Inflater,
    state: ZlibState,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ZlibState {
    Begin,
    /// The first byte may be zlib's; the second one tells.
    Second(u8),
    Data,
    End,
}

impl Deflate {
    pub(super) fn new(room: &MemoryBudget) -> Result<Deflate, Fault> {
        Ok(Deflate { inflater: Inflater::new(room, Frame::None)?, state: ZlibState::Begin })
    }

    pub(super) fn read(&mut self, mut bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.state {
                ZlibState::Begin if is_zlib(byte) => {
                    self.state = ZlibState::Second(byte);
                    bytes = rest;
                }
                ZlibState::Begin => self.state = ZlibState::Data,
                ZlibState::Second(first) => {
                    if is_zlib_pair(first, byte) {
                        self.inflater.restart(Frame::Zlib);
                    }
                    self.state = ZlibState::Data;
                    self.inflate(&[first], take)?;
                }
                ZlibState::Data => return self.inflate(bytes, take),
                ZlibState::End => return Err(Fault::Malformed),
            }
        }
        Ok(())
    }

    pub(super) fn is_whole(&self) -> bool {
        self.state == ZlibState::End
    }

    fn inflate(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        match self.inflater.read(bytes, take)? {
            None => Ok(()),
            Some(after) => {
                self.state = ZlibState::End;
                if after.is_empty() { Ok(()) } else { Err(Fault::Malformed) }
            }
        }
    }
}

/// Whether a zlib header can begin so. Bare data would be a stored block with a bit set in its padding,
/// which no encoder writes.
fn is_zlib(first: u8) -> bool {
    first & 0x8f == 8
}

/// Whether the two bytes are a zlib header: it is a multiple of 31.
fn is_zlib_pair(first: u8, second: u8) -> bool {
    u16::from_be_bytes([first, second]).is_multiple_of(31)
}
