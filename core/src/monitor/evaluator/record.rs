//! How the windows of one column are written down for the VM that evaluates next; bytes that are not of this form are
//! no past at all.
//!
//! All numbers are little-endian. A fingerprint of the profile's column and of the window settings comes first, so that
//! windows over other bins are never read as those of these.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | fingerprint |
//! | 8 | when the profile came into use, or the PSI of the skew |
//! | 1 | 3 if the skew is still gathered, else its verdict |
//! | 4 x (bins + 1) | rows gathered for the skew |
//! | 8 x cells | totals of the counters |
//! | for both rings: 2 + slots x (8 + 4 x cells) | how many slots, and of each its number and its cells |

use alloc::vec::Vec;
use core::ops::Range;

use super::{Skew, Verdict};
use driftline_statistics::{time::Timestamp, window::Ring};

/// What stands in place of a verdict while the skew is gathered.
const GATHERING: u8 = 3;

/// A column's place in what the evaluator holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) bins: usize,
    /// The first of its cells among those of all columns.
    pub(crate) first: usize,
    pub(crate) cells: usize,
    pub(crate) fingerprint: u64,
}

impl Layout {
    /// Its cells among those of all columns.
    pub(crate) const fn range(&self) -> Range<usize> {
        self.first..self.first.saturating_add(self.cells)
    }
}

/// Whether these bytes are of a column of this layout.
pub(crate) fn fits(layout: &Layout, bytes: &[u8]) -> bool {
    Reader(bytes).u64() == Some(layout.fingerprint)
}

/// Writes a column down; without rings if it has no past. `totals` are those of this column.
pub(crate) fn write(
    layout: &Layout,
    skew: &Skew,
    totals: &[u64],
    rings: [Option<&Ring>; 2],
    out: &mut Vec<u8>,
) {
    out.clear();
    out.extend_from_slice(&layout.fingerprint.to_le_bytes());
    match skew {
        Skew::Gathering { since, seen } => {
            out.extend_from_slice(&since.0.to_le_bytes());
            out.push(GATHERING);
            for rows in seen {
                out.extend_from_slice(&rows.to_le_bytes());
            }
        }
        Skew::Known { psi_ppm, verdict } => {
            out.extend_from_slice(&psi_ppm.to_le_bytes());
            out.push(*verdict as u8);
            out.resize(out.len().saturating_add(seen_bytes(layout)), 0);
        }
    }
    for total in totals {
        out.extend_from_slice(&total.to_le_bytes());
    }
    for ring in rings {
        let written = || ring.into_iter().flat_map(|ring| ring.written(layout.range()));
        let slots = u16::try_from(written().count()).unwrap_or(u16::MAX);
        out.extend_from_slice(&slots.to_le_bytes());
        for (number, counts) in written().take(usize::from(slots)) {
            out.extend_from_slice(&number.to_le_bytes());
            for count in counts {
                out.extend_from_slice(&count.to_le_bytes());
            }
        }
    }
}

/// Reads a column back into `totals`, which are those of this column, and into the rings. `None`, and nothing is
/// changed, if these bytes are not of this layout.
pub(crate) fn read(
    layout: &Layout,
    bytes: &[u8],
    totals: &mut [u64],
    rings: [&mut Ring; 2],
) -> Option<Skew> {
    if !fits(layout, bytes) || !has_whole_slots(layout, bytes) {
        return None;
    }
    let mut reader = Reader(bytes);
    reader.u64()?;
    let number = reader.u64()?;
    let tag = reader.take(1)?.first().copied()?;
    let seen = Reader(reader.take(seen_bytes(layout))?).u32s().collect();
    let skew = match Verdict::ALL.get(usize::from(tag)) {
        Some(&verdict) => Skew::Known { psi_ppm: number, verdict },
        None => Skew::Gathering { since: Timestamp(number), seen },
    };
    for total in totals {
        *total = reader.u64()?;
    }
    for ring in rings {
        for _ in 0..reader.u16()? {
            let number = reader.u64()?;
            ring.restore(number, layout.first, Reader(reader.take(slot_bytes(layout))?).u32s());
        }
    }
    Some(skew)
}

/// Whether there are exactly as many bytes as they say themselves.
fn has_whole_slots(layout: &Layout, bytes: &[u8]) -> bool {
    let walk = || {
        let mut reader = Reader(bytes);
        reader.take(17)?;
        reader.take(seen_bytes(layout))?;
        reader.take(layout.cells.saturating_mul(8))?;
        for _ in 0..2 {
            let slots = usize::from(reader.u16()?);
            reader.take(slots.saturating_mul(slot_bytes(layout).saturating_add(8)))?;
        }
        reader.0.is_empty().then_some(())
    };
    walk().is_some()
}

fn seen_bytes(layout: &Layout) -> usize {
    layout.bins.saturating_add(1).saturating_mul(4)
}

fn slot_bytes(layout: &Layout) -> usize {
    layout.cells.saturating_mul(4)
}

/// Takes numbers off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn u16(&mut self) -> Option<u16> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*number))
    }

    fn u32s(self) -> impl Iterator<Item = u32> + 'a {
        let (numbers, _) = self.0.as_chunks();
        numbers.iter().map(|number| u32::from_le_bytes(*number))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const LAYOUT: Layout = Layout { bins: 2, first: 1, cells: 3, fingerprint: 77 };

    fn rings() -> [Ring; 2] {
        [Ring::new(10, 4, 5, Timestamp(100)), Ring::new(40, 3, 5, Timestamp(100))]
    }

    /// A column with rows in two slots of the one ring and in one of the other.
    fn written(skew: &Skew) -> Vec<u8> {
        let [mut fast, mut slow] = rings();
        fast.add(1, 5);
        fast.advance(Timestamp(110));
        fast.add(3, 6);
        slow.add(2, 7);
        // What is not of this column is not written.
        slow.add(0, 9);
        let mut bytes = Vec::new();
        write(&LAYOUT, skew, &[50, 60, 70], [Some(&fast), Some(&slow)], &mut bytes);
        bytes
    }

    #[track_caller]
    fn check(skew: &Skew) {
        let bytes = written(skew);
        let ([mut fast, mut slow], mut totals) = (rings(), [0; 3]);
        fast.advance(Timestamp(120));
        let read = read(&LAYOUT, &bytes, &mut totals, [&mut fast, &mut slow]);
        assert_eq!(read.as_ref(), Some(skew));
        assert_eq!(totals, [50, 60, 70]);
        let mut sums = Vec::new();
        fast.sum(1..3, 0..5, &mut sums);
        assert_eq!(sums, [0, 5, 0, 6, 0]);
        slow.sum(0..3, 0..5, &mut sums);
        assert_eq!(sums, [0, 0, 7, 0, 0]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        check(&Skew::Gathering { since: Timestamp(8), seen: vec![1, 2, 3] });
        check(&Skew::Known { psi_ppm: 123, verdict: Verdict::Insufficient });
    }

    #[test]
    fn other_bytes_are_no_past_and_change_nothing() {
        let bytes = written(&Skew::Known { psi_ppm: 123, verdict: Verdict::Ok });
        let refuses = |layout: &Layout, bytes: &[u8]| {
            let ([mut fast, mut slow], mut totals) = (rings(), [1, 2, 3]);
            let found = read(layout, bytes, &mut totals, [&mut fast, &mut slow]);
            found.is_none() && totals == [1, 2, 3] && fast.written(0..5).count() == 0
        };
        for end in 0..bytes.len() {
            assert!(refuses(&LAYOUT, &bytes[..end]), "the first {end} bytes");
        }
        assert!(refuses(&LAYOUT, &[&bytes[..], &[0]].concat()));
        assert!(refuses(&Layout { fingerprint: 78, ..LAYOUT }, &bytes));
        assert!(refuses(&Layout { cells: 4, ..LAYOUT }, &bytes));
    }
}
