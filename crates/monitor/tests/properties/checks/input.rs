//! What a check makes of its bytes: where the network cuts, and which results are the same; it reads no format.

/// Pieces of one body, as the first bytes of an input say: the same bytes are always cut alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cuts {
    state: u32,
    longest: usize,
}

impl Cuts {
    /// Takes how to cut from the head of an input: the rest of it is what is cut.
    pub(crate) fn take(input: &[u8]) -> (Cuts, &[u8]) {
        let (head, rest) = input.split_at(input.len().min(2));
        let state = head.iter().fold(1, |state, &byte| state << 8 | u32::from(byte));
        // Byte by byte, up to pieces of 128 bytes.
        let longest = 1 << (state % 8);
        (Cuts { state, longest }, rest)
    }

    /// The pieces of `body`, in order.
    pub(crate) fn of(mut self, body: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = body;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let length = 1 + (self.state >> 16) as usize % self.longest;
            let (piece, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            Some(piece)
        })
    }
}

/// Takes a number from the head of an input; 0 if there is none.
pub(crate) fn take_number(input: &[u8]) -> (usize, &[u8]) {
    input.split_first().map_or((0, input), |(&first, rest)| (first.into(), rest))
}

/// Two results that have the same digest are taken for the same. It needs no memory, so that what the code under test
/// takes is all that there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const EMPTY: Digest = Digest(0xcbf2_9ce4_8422_2325);

    /// FNV-1a.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}
