//! Random changes of inputs, the same in every run; nothing here is secret or evenly spread.

/// Changes drawn from one sequence of random numbers.
pub(crate) struct Random(driftline_random::Random);

/// What stands in a mutated input where it did not before: the bytes that mean something in some format.
const INSERTS: &[u8] = b"\"\\{}[]:,\r\n 0129.eE+-=/ntfuaN\x00\x01\x08\x1f\x80\xff";

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(driftline_random::Random::new(seed))
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    /// Removes, inserts, changes or doubles something, or cuts the end off.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return bytes.push(self.0.word() as u8);
        }
        let at = self.below(bytes.len());
        let byte = INSERTS[self.below(INSERTS.len())];
        match self.below(8) {
            0 => {
                bytes.remove(at);
            }
            1 => bytes.insert(at, byte),
            2 => bytes[at] = byte,
            3 => bytes[at] ^= 1 << self.below(8),
            4 => bytes[at] = self.0.word() as u8,
            5 => bytes.truncate(at),
            _ => {
                let end = (at + 1 + self.below(64)).min(bytes.len());
                let run = bytes[at..end].to_vec();
                bytes.splice(at..at, run);
            }
        }
    }
}
