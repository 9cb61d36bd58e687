//! Ways to cut one body into the chunks that a proxy might read; the bytes and their order never change.

use bytes::Bytes;

use crate::random::Random;

/// A way to cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Chunking {
    /// As the sender wrote it.
    AsWritten,
    /// One byte at a time.
    Bytes,
    /// In two, at this byte; see [`Chunking::every_split`].
    SplitAt(usize),
    /// One chunk for each event of a stream: what ends with an empty line.
    Events,
    /// All at once.
    Coalesced,
    /// At random, neighbours joined as often as chunks are cut; the same seed cuts the same way.
    Fuzzed(u64),
}

/// Fuzzed chunks are not longer than this, so that long bodies are cut, too.
const FUZZED_BYTES_MAX: usize = 600;

impl Chunking {
    /// The same bytes in other chunks, none of them empty.
    #[must_use]
    pub fn cut(self, written: &[Bytes]) -> Vec<Bytes> {
        if self == Chunking::AsWritten {
            return written.iter().filter(|chunk| !chunk.is_empty()).cloned().collect();
        }
        let whole = Bytes::from(written.concat());
        let ends: Vec<usize> = match self {
            Chunking::AsWritten | Chunking::Coalesced => Vec::new(),
            Chunking::Bytes => (1..whole.len()).collect(),
            Chunking::SplitAt(at) => vec![at],
            Chunking::Events => ends_of_events(&whole),
            Chunking::Fuzzed(seed) => {
                let mut random = Random::new(seed);
                let mut at = 0;
                let mut step = || {
                    // Small pieces as often as large ones: cuts inside of tokens are the interesting ones.
                    let most = [4, 32, FUZZED_BYTES_MAX][random.below(3)];
                    at += 1 + random.below(most);
                    at
                };
                std::iter::repeat_with(&mut step).take_while(|&end| end < whole.len()).collect()
            }
        };
        let mut start = 0;
        let mut chunks = Vec::with_capacity(ends.len() + 1);
        for end in ends.into_iter().chain([whole.len()]) {
            let end = end.min(whole.len());
            if start < end {
                chunks.push(whole.slice(start..end));
                start = end;
            }
        }
        chunks
    }

    /// Every way to cut `length` bytes in two.
    pub fn every_split(length: usize) -> impl Iterator<Item = Chunking> {
        (1..length).map(Chunking::SplitAt)
    }
}

/// Where each event ends: after its empty line, with or without carriage returns.
fn ends_of_events(body: &[u8]) -> Vec<usize> {
    let ends = (1..=body.len()).filter(|&end| {
        let so_far = &body[..end];
        so_far.ends_with(b"\n\n") || so_far.ends_with(b"\n\r\n")
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: [&str; 3] = ["data: 1\n", "\ndata: 2\r\n\r\nda", "ta: 3"];

    #[track_caller]
    fn check(chunking: Chunking, expected: &[&str]) {
        assert_eq!(chunking.cut(&WRITTEN.map(Bytes::from)), expected);
    }

    #[test]
    fn each_way_cuts_as_it_says() {
        check(Chunking::AsWritten, &WRITTEN);
        check(Chunking::Coalesced, &["data: 1\n\ndata: 2\r\n\r\ndata: 3"]);
        check(Chunking::Events, &["data: 1\n\n", "data: 2\r\n\r\n", "data: 3"]);
        check(Chunking::SplitAt(5), &["data:", " 1\n\ndata: 2\r\n\r\ndata: 3"]);
        check(Chunking::SplitAt(999), &["data: 1\n\ndata: 2\r\n\r\ndata: 3"]);
    }

    #[test]
    fn no_way_changes_a_byte() {
        let written = WRITTEN.map(Bytes::from);
        let whole = written.concat();
        let fuzzed = (0..200).map(Chunking::Fuzzed);
        for chunking in Chunking::every_split(whole.len()).chain([Chunking::Bytes]).chain(fuzzed) {
            let chunks = chunking.cut(&written);
            assert_eq!(chunks.concat(), whole, "{chunking:?}");
            assert!(chunks.iter().all(|chunk| !chunk.is_empty()), "{chunking:?}");
            assert_eq!(chunks, chunking.cut(&written), "{chunking:?} is not repeatable");
        }
    }

    #[test]
    fn a_body_of_nothing_has_no_chunks() {
        for chunking in [Chunking::AsWritten, Chunking::Bytes, Chunking::Fuzzed(1)] {
            assert_eq!(chunking.cut(&[]), [""; 0], "{chunking:?}");
        }
    }
}
