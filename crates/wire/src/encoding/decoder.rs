//! A body on its way through its codings; it keeps no byte that they do not need, and stops at the first fault.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{
    Coding, DECODED_BYTES_FREE, DECODED_PER_ENCODED_BYTE_MAX, Fault, Layers, Take, brotli::Brotli,
    deflate::Deflate, gzip::Gzip, memory::MemoryBudget, zstd::Zstd,
};

/// A body in any cut, decoded.
///
/// After a fault it is to be dropped: its memory is free then, and whatever else comes has no meaning.
pub struct Decoder {
    /// The outermost coding first.
    layers: Vec<Layer>,
    meter: ExpansionGuard,
}

/// The reader of one coding. Behind a table of its functions, the code that ends a reader is there once.
type Layer = Box<dyn LayerReader>;

/// It is no `Debug`, which would keep the code that prints every reader in the filter.
trait LayerReader {
    fn read(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault>;

    fn is_whole(&self) -> bool;
}

macro_rules! layers {
    ($($coding:ident),*) => {
        $(impl LayerReader for $coding {
            fn read(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), Fault> {
                $coding::read(self, bytes, take)
            }

            fn is_whole(&self) -> bool {
                $coding::is_whole(self)
            }
        })*

        fn layer(coding: Coding, room: &MemoryBudget) -> Result<Layer, Fault> {
            Ok(match coding {
                $(Coding::$coding => Box::new($coding::new(room)?)),*
            })
        }
    };
}

layers!(Gzip, Deflate, Brotli, Zstd);

/// Compares what a body says with what it has. All layers count together, so that two of them cannot multiply.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExpansionGuard {
    encoded: u64,
    decoded: u64,
}

impl Decoder {
    /// Takes the memory that the codings need at least.
    ///
    /// # Errors
    ///
    /// [`Fault::NoRoom`] if other bodies have it.
    pub fn new(layers: Layers, room: &MemoryBudget) -> Result<Decoder, Fault> {
        Decoder::metered(layers, room, ExpansionGuard::default())
    }

    /// The same for a part of a body whose other parts have said so much before.
    pub(super) fn metered(
        layers: Layers,
        room: &MemoryBudget,
        meter: ExpansionGuard,
    ) -> Result<Decoder, Fault> {
        let layers = layers.outermost_first().map(|coding| layer(coding, room));
        Ok(Decoder { layers: layers.collect::<Result<_, _>>()?, meter })
    }

    /// What all parts have said up to here.
    pub(super) fn meter(&self) -> ExpansionGuard {
        self.meter
    }

    /// Takes the next piece of the body, and calls `take` with all that it says, as it comes.
    ///
    /// # Errors
    ///
    /// What was handed out before the fault stands.
    pub fn read(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), Fault> {
        self.meter.encoded = self.meter.encoded.saturating_add(bytes.len() as u64);
        let mut take = |piece: &[u8]| {
            take(piece);
            Ok(())
        };
        read_through(&mut self.layers, &mut self.meter, bytes, &mut take)
    }

    /// Whether the body may end here: each coding came to its own end.
    pub fn is_whole(&self) -> bool {
        self.layers.iter().all(|layer| layer.is_whole())
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("meter", &self.meter).finish_non_exhaustive()
    }
}

/// Reads through the first layer, what it says through the second one, and so on.
fn read_through(
    layers: &mut [Layer],
    meter: &mut ExpansionGuard,
    bytes: &[u8],
    take: &mut Take<'_>,
) -> Result<(), Fault> {
    let Some((layer, below)) = layers.split_first_mut() else {
        return take(bytes);
    };
    layer.read(bytes, &mut |piece| {
        meter.count(piece)?;
        read_through(below, meter, piece, take)
    })
}

impl ExpansionGuard {
    fn count(&mut self, piece: &[u8]) -> Result<(), Fault> {
        self.decoded = self.decoded.saturating_add(piece.len() as u64);
        let allowed = self.encoded.saturating_mul(DECODED_PER_ENCODED_BYTE_MAX);
        if self.decoded <= allowed.max(DECODED_BYTES_FREE) { Ok(()) } else { Err(Fault::TooDense) }
    }
}
