//! Deflated data without its frame, on top of `miniz_oxide`; it knows no header but zlib's, and no length.

use alloc::{boxed::Box, vec};
use core::fmt;

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, TINFL_LZ_DICT_SIZE, decompress,
        inflate_flags::{
            TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_IGNORE_ADLER32,
            TINFL_FLAG_PARSE_ZLIB_HEADER,
        },
    },
};

use super::{
    Fault, Take,
    memory::{MemoryBudget, Reservation},
};

/// What frames the data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    /// Nothing, or something that the caller reads.
    None,
    /// The header and the checksum of zlib.
    Zlib,
}

/// Inflates. Its memory is fixed: a window of 32 KiB, which is the format's largest, and 11 KiB of tables.
pub(super) struct Inflater {
    state: Box<DecompressorOxide>,
    /// What was said last; what is new is handed out from here.
    window: Box<[u8]>,
    position: usize,
    flags: u32,
    _held: Reservation,
}

impl Inflater {
    pub(super) fn new(room: &MemoryBudget, frame: Frame) -> Result<Inflater, Fault> {
        let bytes = size_of::<DecompressorOxide>().saturating_add(TINFL_LZ_DICT_SIZE);
        let held = room.of_body().reserve(bytes)?;
        let mut inflater = Inflater {
            state: Box::default(),
            window: vec![0; TINFL_LZ_DICT_SIZE].into_boxed_slice(),
            position: 0,
            flags: 0,
            _held: held,
        };
        inflater.restart(frame);
        Ok(inflater)
    }

    /// Begins anew with the next piece.
    pub(super) fn restart(&mut self, frame: Frame) {
        self.state.init();
        self.position = 0;
        self.flags = TINFL_FLAG_HAS_MORE_INPUT
            | match frame {
                Frame::None => TINFL_FLAG_IGNORE_ADLER32,
                Frame::Zlib => TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_COMPUTE_ADLER32,
            };
    }

    /// Takes the next piece; gives the bytes after the end once it is reached.
    pub(super) fn read<'b>(
        &mut self,
        mut bytes: &'b [u8],
        take: &mut Take<'_>,
    ) -> Result<Option<&'b [u8]>, Fault> {
        loop {
            let (status, read, written) =
                decompress(&mut self.state, bytes, &mut self.window, self.position, self.flags);
            let end = self.position.saturating_add(written);
            let piece = self.window.get(self.position..end).unwrap_or_default();
            if !piece.is_empty() {
                take(piece)?;
            }
            self.position = if end < self.window.len() { end } else { 0 };
            bytes = bytes.get(read..).unwrap_or_default();
            match status {
                TINFLStatus::Done => return Ok(Some(bytes)),
                TINFLStatus::NeedsMoreInput => return Ok(None),
                TINFLStatus::HasMoreOutput if written != 0 => {}
                _ => return Err(Fault::Malformed),
            }
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("position", &self.position).finish_non_exhaustive()
    }
}
