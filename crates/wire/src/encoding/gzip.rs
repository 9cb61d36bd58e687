//! The coding `gzip`: members one after another, each checked against its trailer; names and comments are passed over.

use crc32fast::Hasher;

use super::{
    Fault, Take,
    inflate::{Frame, Inflater},
    memory::MemoryBudget,
};

/// Bits of a header's flags: what follows its ten bytes.
mod flag {
    pub(super) const HEADER_CHECK: u8 = 1 << 1;
    pub(super) const EXTRA: u8 = 1 << 2;
    pub(super) const NAME: u8 = 1 << 3;
    pub(super) const COMMENT: u8 = 1 << 4;
    pub(super) const RESERVED: u8 = 0xe0;
}

const HEADER_BYTES: u8 = 10;
const TRAILER_BYTES: u8 = 8;

#[derive(Debug)]
pub(super) struct Gzip {
    inflater: Inflater,
    state: GzipState,
    /// What the header still has, bit by bit as in its flags.
    flags: u8,
    check: Hasher,
    /// Bytes that the member said, modulo 2^32.
    length: u32,
    has_member: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum GzipState {
    /// So many bytes of a header have come; at 0 the body may end as well.
    Header(u8),
    /// The length of the extra field: its first byte, if that has come.
    ExtraLength(Option<u8>),
    Extra(u16),
    Name,
    Comment,
    HeaderCheck(u8),
    Data,
    /// So many bytes of the trailer have come, the first one lowest.
    Trailer(u8, u64),
}

impl Gzip {
    pub(super) fn new(room: &MemoryBudget) -> Result<Gzip, Fault> {
        Ok(Gzip {
            inflater: Inflater::new(room, Frame::None)?,
            state: GzipState::Header(0),
            flags: 0,
            check: Hasher::new(),
            length: 0,
            has_member: false,
        })
    }

    pub(super) fn read(&mut self, mut bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if let GzipState::Data = self.state {
                bytes = self.inflate(bytes, take)?;
            } else {
                self.state = self.step(byte)?;
                bytes = rest;
            }
        }
        Ok(())
    }

    pub(super) fn is_whole(&self) -> bool {
        self.has_member && matches!(self.state, GzipState::Header(0))
    }

    /// Takes a byte of a header or a trailer.
    fn step(&mut self, byte: u8) -> Result<GzipState, Fault> {
        match self.state {
            // Tapes and some writers pad with zeros.
            GzipState::Header(0) if self.has_member && byte == 0 => Ok(GzipState::Header(0)),
            GzipState::Header(at) => self.header(at, byte),
            GzipState::ExtraLength(None) => Ok(GzipState::ExtraLength(Some(byte))),
            GzipState::ExtraLength(Some(first)) => {
                Ok(self.extra(u16::from_le_bytes([first, byte])))
            }
            GzipState::Extra(left) => Ok(self.extra(left.saturating_sub(1))),
            GzipState::Name | GzipState::Comment if byte != 0 => Ok(self.state),
            GzipState::Name | GzipState::Comment | GzipState::HeaderCheck(1) => {
                Ok(self.next_field())
            }
            GzipState::HeaderCheck(left) => Ok(GzipState::HeaderCheck(left.saturating_sub(1))),
            GzipState::Trailer(at, word) => {
                let word = (word >> 8) | (u64::from(byte) << 56);
                let at = at.saturating_add(1);
                if at < TRAILER_BYTES { Ok(GzipState::Trailer(at, word)) } else { self.end(word) }
            }
            GzipState::Data => Ok(GzipState::Data),
        }
    }

    fn header(&mut self, at: u8, byte: u8) -> Result<GzipState, Fault> {
        let fits = match at {
            0 => byte == 0x1f,
            1 => byte == 0x8b,
            2 => byte == 8,
            3 => {
                self.flags = byte;
                byte & flag::RESERVED == 0
            }
            _ => true,
        };
        let at = at.saturating_add(1);
        match (fits, at) {
            (false, _) => Err(Fault::Malformed),
            (true, HEADER_BYTES) => Ok(self.next_field()),
            (true, _) => Ok(GzipState::Header(at)),
        }
    }

    fn extra(&mut self, left: u16) -> GzipState {
        if left == 0 { self.next_field() } else { GzipState::Extra(left) }
    }

    /// The next thing that the flags announce, in the order of the format.
    fn next_field(&mut self) -> GzipState {
        let fields = [
            (flag::EXTRA, GzipState::ExtraLength(None)),
            (flag::NAME, GzipState::Name),
            (flag::COMMENT, GzipState::Comment),
            (flag::HEADER_CHECK, GzipState::HeaderCheck(2)),
        ];
        for (bit, state) in fields {
            if self.flags & bit != 0 {
                self.flags &= !bit;
                return state;
            }
        }
        self.inflater.restart(Frame::None);
        self.check.reset();
        self.length = 0;
        GzipState::Data
    }

    /// Takes a piece of a member's data; gives the bytes after it.
    fn inflate<'b>(&mut self, bytes: &'b [u8], take: &mut Take<'_>) -> Result<&'b [u8], Fault> {
        let (check, length) = (&mut self.check, &mut self.length);
        let after = self.inflater.read(bytes, &mut |piece| {
            check.update(piece);
            *length = length.wrapping_add(u32::try_from(piece.len()).unwrap_or_default());
            take(piece)
        })?;
        if after.is_some() {
            self.state = GzipState::Trailer(0, 0);
        }
        Ok(after.unwrap_or_default())
    }

    /// Ends a member with its trailer: the checksum below, the length above.
    fn end(&mut self, trailer: u64) -> Result<GzipState, Fault> {
        let expected = u64::from(self.check.clone().finalize()) | (u64::from(self.length) << 32);
        if trailer != expected {
            return Err(Fault::Malformed);
        }
        self.has_member = true;
        Ok(GzipState::Header(0))
    }
}
