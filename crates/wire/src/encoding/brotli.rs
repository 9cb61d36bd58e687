//! The coding `br`, on top of `brotli-decompressor`; it takes no memory that was not granted.

use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use core::fmt;

use brotli_decompressor::{
    Allocator, BrotliDecoderErrorCode as Code, BrotliDecoderTakeOutput, BrotliDecompressStream,
    BrotliResult, BrotliState, SliceWrapper, SliceWrapperMut,
};

use super::{
    Fault, Take,
    memory::{BodyBudget, MemoryBudget, Reservation},
};

type BrotliDecoder = BrotliState<Grants, Grants, Grants>;

/// Its memory begins at 3 KiB and grows with what is said, up to the window that the body asks for.
pub(super) struct Brotli {
    decoder: Box<BrotliDecoder>,
    account: Arc<BodyBudget>,
    is_whole: bool,
    _held: Reservation,
}

impl Brotli {
    pub(super) fn new(room: &MemoryBudget) -> Result<Brotli, Fault> {
        let account = BodyBudget::new(room);
        let held = account.reserve(size_of::<BrotliDecoder>())?;
        let grants = || Grants(Arc::clone(&account));
        // Strict: without the windows beyond 16 MiB, which are no part of the coding.
        let decoder = Box::new(BrotliDecoder::new_strict(grants(), grants(), grants()));
        Ok(Brotli { decoder, account, is_whole: false, _held: held })
    }

    pub(super) fn read(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
        let (mut left, mut position) = (bytes.len(), 0);
        if self.is_whole {
            return if left == 0 { Ok(()) } else { Err(Fault::Malformed) };
        }
        loop {
            let before = left;
            // Without a place to write to, the decoder keeps what it said in its window, from where it is handed out.
            let result = BrotliDecompressStream(
                &mut left,
                &mut position,
                bytes,
                &mut 0,
                &mut 0,
                &mut [],
                &mut 0,
                &mut self.decoder,
            );
            let has_output = self.hand_out(take)?;
            match result {
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::NeedsMoreOutput if has_output || left < before => {}
                BrotliResult::ResultSuccess => {
                    self.is_whole = true;
                    return if left == 0 { Ok(()) } else { Err(Fault::Malformed) };
                }
                BrotliResult::NeedsMoreOutput | BrotliResult::ResultFailure => {
                    return Err(self.fault());
                }
            }
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn hand_out(&mut self, take: &mut Take<'_>) -> Result<bool, Fault> {
        let mut has_output = false;
        loop {
            let mut length = 0;
            let piece = BrotliDecoderTakeOutput(&mut self.decoder, &mut length);
            let piece = piece.get(..length).unwrap_or_default();
            if piece.is_empty() {
                return Ok(has_output);
            }
            has_output = true;
            take(piece)?;
        }
    }

    fn fault(&self) -> Fault {
        match self.decoder.error_code {
            Code::BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
            | Code::BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS
            | Code::BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP
            | Code::BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1
            | Code::BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2
            | Code::BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES => self.account.refusal(),
            _ => Fault::Malformed,
        }
    }
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli").field("is_whole", &self.is_whole).finish_non_exhaustive()
    }
}

/// Grants the decoder memory, or an empty slice, which it knows to be a refusal.
struct Grants(Arc<BodyBudget>);

/// Memory that was granted.
struct Granted<T> {
    cells: Vec<T>,
    _held: Option<Reservation>,
}

impl<T: Clone + Default> Allocator<T> for Grants {
    type AllocatedMemory = Granted<T>;

    fn alloc_cell(&mut self, len: usize) -> Granted<T> {
        match self.0.reserve(len.saturating_mul(size_of::<T>())) {
            Ok(held) => Granted { cells: vec![T::default(); len], _held: Some(held) },
            Err(_) => Granted::default(),
        }
    }

    fn free_cell(&mut self, data: Granted<T>) {
        drop(data);
    }
}

impl<T> Default for Granted<T> {
    fn default() -> Granted<T> {
        Granted { cells: Vec::new(), _held: None }
    }
}

impl<T> SliceWrapper<T> for Granted<T> {
    fn slice(&self) -> &[T] {
        &self.cells
    }
}

impl<T> SliceWrapperMut<T> for Granted<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.cells
    }
}
