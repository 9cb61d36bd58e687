//! For tests: every way to cut a short stream, because where the network cuts it must never show in a result.

/// Streams up to this length are cut at every pair of positions, longer ones at every single position only.
const PAIRS_BYTES_MAX: usize = 160;

/// Calls `check` with the pieces and a name for each way to cut `stream`: whole, at every position, at every pair of
/// positions, byte by byte, and in chunks of a few sizes, with empty pieces among them.
pub fn every_cut(stream: &[u8], mut check: impl FnMut(&[&[u8]], &str)) {
    check(&[stream], "whole");
    check(&[b"", stream, b""], "whole, between empty pieces");
    for first in 0..=stream.len() {
        let (head, tail) = stream.split_at(first);
        check(&[head, tail], &format!("cut at {first}"));
        if stream.len() <= PAIRS_BYTES_MAX {
            for second in 0..=tail.len() {
                let (middle, tail) = tail.split_at(second);
                check(&[head, middle, tail], &name(first, second));
            }
        }
    }
    for size in [1, 2, 3, 5, 7, 8, 9, 16, 64] {
        let pieces: Vec<&[u8]> = stream.chunks(size).collect();
        check(&pieces, &format!("chunks of {size}"));
    }
}

fn name(first: usize, second: usize) -> String {
    format!("cut at {first} and {}", first + second)
}
