//! Random numbers that are the same in every run, and what is drawn from them; nothing here is secret or evenly spread.

/// xorshift64; its seed is not 0.
pub(crate) struct Random(pub(crate) u64);

/// What stands in a mutated input where it did not before: the bytes that mean something in some format.
const INSERTS: &[u8] = b"\"\\{}[]:,\r\n 0129.eE+-=/ntfuaN\x00\x01\x08\x1f\x80\xff";

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }

    /// Removes, inserts, changes or doubles something, or cuts the end off.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return bytes.push(self.next() as u8);
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
            4 => bytes[at] = self.next() as u8,
            5 => bytes.truncate(at),
            _ => {
                let end = (at + 1 + self.below(64)).min(bytes.len());
                let run = bytes[at..end].to_vec();
                bytes.splice(at..at, run);
            }
        }
    }
}
