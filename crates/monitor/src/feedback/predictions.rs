//! Predictions that wait for their labels, in the memory that all workers of a proxy share. It knows no model and counts
//! nothing.
//!
//! The table is an array of buckets, each of which is one shared value with room for [`SLOTS`] predictions. A prediction
//! goes into the bucket that the hash of its id says, in the place of the oldest one there if the bucket is full. While a
//! table is filled to 80 %, fewer than one prediction in a thousand is overwritten early, because buckets of 128 differ
//! little in how full they are.
//!
//! Each change of a bucket is a compare-and-swap, so two workers never overwrite what the other has just written. What has
//! come for a prediction is marked in it, so a label that comes twice, at whatever workers, counts once.
//!
//! | bytes | what of a bucket |
//! | --- | --- |
//! | 4 | [`LAYOUT`], and how many buckets the table has |
//! | 4 | the place that is written next |
//! | 32 x slots | of each prediction: hash of its id, value, seconds, tag of its model, segments, marks |

use alloc::vec::Vec;

use driftline_statistics::fingerprint::Fingerprint;

use crate::host::{Host, IF_ABSENT};

/// Predictions of one bucket.
const SLOTS: usize = 128;
/// Bytes of one prediction.
const SLOT_BYTES: usize = 32;
/// Bytes before the first one.
const HEAD_BYTES: usize = 8;
/// To be raised whenever what is stored means something else.
const LAYOUT: u32 = 1 << 24;
/// How often a change is tried while other workers change the same bucket.
const TRIES_MAX: u32 = 32;
/// The mark of a prediction whose label came, or any figure if figures are all that is counted.
pub(crate) const LABELLED: u32 = 1;

/// What is known of a prediction when its label comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prediction {
    /// What was predicted, as its model writes it down.
    pub(crate) value: f64,
    /// When, in seconds of the proxy's monotonic clock.
    pub(crate) seconds: u32,
    /// Tells models apart.
    pub(crate) model: u32,
    /// In which segments.
    pub(crate) segments: u32,
}

/// The id of a prediction: the hash of what its request is called, and of the number of its row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PredictionId(u64);

/// What became of a prediction that was to be noted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Noted {
    /// It is in the table.
    Added,
    /// It is, in the place of one of this model that had no label yet.
    Evicted {
        /// The model of that one.
        model: u32,
    },
    /// It took the place of one with the same id that had no label yet.
    Replaced,
    /// The proxy did not take it.
    Refused,
}

/// A prediction that feedback found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) prediction: Prediction,
    /// The marks that it has now and did not have before.
    pub(crate) new: u32,
}

/// The table. It holds no prediction itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PredictionTable {
    buckets: u32,
}

impl PredictionId {
    /// The id of a row of a request that is called so.
    pub(crate) fn new(name: Fingerprint, row: u64) -> PredictionId {
        PredictionId(name.with_number(row).value())
    }

    /// FNV's low bits depend on few bytes; all bits of this depend on all of them.
    fn spread(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }
}

impl PredictionTable {
    /// A table for this many predictions; `None` for none.
    pub(crate) fn new(predictions_max: u64) -> Option<PredictionTable> {
        let buckets = usize::try_from(predictions_max).ok()?.div_ceil(SLOTS);
        let buckets = u32::try_from(buckets).ok().filter(|&buckets| buckets != 0)?;
        Some(PredictionTable { buckets })
    }

    /// Notes a prediction. One shared value is read and written, of some 4 KiB at most.
    pub(crate) fn note(
        &self,
        host: &impl Host,
        id: PredictionId,
        prediction: &Prediction,
    ) -> Noted {
        let noted = self.change(host, id, |bucket, hash| Some(bucket.note(hash, prediction)));
        noted.unwrap_or(Noted::Refused)
    }

    /// Finds a prediction, and gives it the marks that `mark` returns, which receives those that it has. `mark` may be
    /// called several times; no two calls at any workers return the same mark as new. `None` if there is no
    /// such prediction, or the host does not take the marks.
    pub(crate) fn mark(
        &self,
        host: &impl Host,
        id: PredictionId,
        mut mark: impl FnMut(&Prediction, u32) -> u32,
    ) -> Option<Found> {
        let mut found = None;
        let changed = self.change(host, id, |bucket, hash| {
            found = bucket.mark(hash, &mut mark);
            found.filter(|found| found.new != 0)
        });
        // Without new marks nothing was to be changed.
        changed.or(found.filter(|found| found.new == 0))
    }

    /// Changes the bucket of an id, if `change` says so; `None` if it does not, or the host does not take it.
    fn change<T>(
        &self,
        host: &impl Host,
        id: PredictionId,
        mut change: impl FnMut(&mut Bucket, u64) -> Option<T>,
    ) -> Option<T> {
        let hash = id.spread();
        let number = u32::try_from(hash.checked_rem(u64::from(self.buckets))?).ok()?;
        let mut name = [0; NAME_BYTES];
        let name = bucket_name(number, &mut name)?;
        for _ in 0..TRIES_MAX {
            let (bytes, version) = host.shared_data(name).unwrap_or((Vec::new(), IF_ABSENT));
            let mut bucket = Bucket::of(bytes, LAYOUT | self.buckets);
            let changed = change(&mut bucket, hash)?;
            if host.set_shared_data(name, &bucket.bytes, version) {
                return Some(changed);
            }
        }
        None
    }
}

/// The predictions of one bucket, as they lie in shared memory.
struct Bucket {
    bytes: Vec<u8>,
}

impl Bucket {
    /// The bucket that these bytes are; an empty one if they are that of another table.
    fn of(mut bytes: Vec<u8>, layout: u32) -> Bucket {
        let slots = bytes.len().saturating_sub(HEAD_BYTES);
        let is_whole = slots.checked_rem(SLOT_BYTES) == Some(0)
            && slots <= SLOTS.saturating_mul(SLOT_BYTES)
            && number(&bytes, 0) == Some(layout);
        if !is_whole {
            bytes.clear();
            bytes.extend_from_slice(&layout.to_le_bytes());
            bytes.extend_from_slice(&0_u32.to_le_bytes());
        }
        Bucket { bytes }
    }

    /// Where the prediction with this hash is.
    fn find(&self, hash: u64) -> Option<usize> {
        let (slots, _) = self.bytes.get(HEAD_BYTES..)?.as_chunks::<SLOT_BYTES>();
        let hash = hash.to_le_bytes();
        // As arrays, which are compared as one word.
        slots.iter().position(|slot| slot.first_chunk() == Some(&hash))
    }

    fn slot(&self, slot: usize) -> Option<&[u8; SLOT_BYTES]> {
        self.bytes.get(start(slot)..)?.first_chunk()
    }

    fn note(&mut self, hash: u64, prediction: &Prediction) -> Noted {
        let Prediction { value, seconds, model, segments } = *prediction;
        let mut slot = [0; SLOT_BYTES];
        let fields: [&[u8]; 6] = [
            &hash.to_le_bytes(),
            &value.to_bits().to_le_bytes(),
            &seconds.to_le_bytes(),
            &model.to_le_bytes(),
            &segments.to_le_bytes(),
            &[0; 4],
        ];
        for (to, &byte) in slot.iter_mut().zip(fields.into_iter().flatten()) {
            *to = byte;
        }
        if let Some(place) = self.find(hash) {
            let before = self.slot(place).map(read);
            self.put(place, &slot);
            let was_labelled = before.is_some_and(|(_, marks)| marks & LABELLED != 0);
            return if was_labelled { Noted::Added } else { Noted::Replaced };
        }
        let next = number(&self.bytes, 4).and_then(|next| usize::try_from(next).ok());
        let next = next.filter(|&next| next < SLOTS).unwrap_or(0);
        let after = if next.saturating_add(1) < SLOTS { next.saturating_add(1) } else { 0 };
        let before = self.slot(next).copied();
        self.put(next, &slot);
        let after = u32::try_from(after).unwrap_or(0).to_le_bytes();
        if let Some(to) = self.bytes.get_mut(4..HEAD_BYTES) {
            to.copy_from_slice(&after);
        }
        match before.as_ref().map(read) {
            Some((prediction, marks)) if marks & LABELLED == 0 => {
                Noted::Evicted { model: prediction.model }
            }
            _ => Noted::Added,
        }
    }

    /// Puts a prediction in its place, which is one of those that are there or the next one.
    fn put(&mut self, place: usize, slot: &[u8; SLOT_BYTES]) {
        let start = start(place);
        match self.bytes.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
            Some(to) => *to = *slot,
            None => {
                self.bytes.truncate(start);
                self.bytes.extend_from_slice(slot);
            }
        }
    }

    fn mark(&mut self, hash: u64, mark: &mut impl FnMut(&Prediction, u32) -> u32) -> Option<Found> {
        let place = self.find(hash)?;
        let mut slot = *self.slot(place)?;
        let (prediction, marks) = read(&slot);
        let new = mark(&prediction, marks) & !marks;
        if let Some(to) = slot.last_chunk_mut() {
            *to = (marks | new).to_le_bytes();
        }
        self.put(place, &slot);
        Some(Found { prediction, new })
    }
}

/// A prediction, and its marks.
fn read(slot: &[u8; SLOT_BYTES]) -> (Prediction, u32) {
    let word = |at: usize| number(slot, at).unwrap_or(0);
    let value = u64::from(word(8)) | u64::from(word(12)) << 32;
    let prediction = Prediction {
        value: f64::from_bits(value),
        seconds: word(16),
        model: word(20),
        segments: word(24),
    };
    (prediction, word(28))
}

/// Where a slot begins.
fn start(slot: usize) -> usize {
    HEAD_BYTES.saturating_add(slot.saturating_mul(SLOT_BYTES))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

const NAME: &[u8] = b"driftline/predictions/";
const NAME_BYTES: usize = NAME.len() + 8;

/// The name of a bucket; written by hand, because it is for every prediction.
fn bucket_name(number: u32, name: &mut [u8; NAME_BYTES]) -> Option<&str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (head, tail) = name.split_at_mut(NAME.len());
    head.copy_from_slice(NAME);
    for (place, digit) in tail.iter_mut().rev().enumerate() {
        let shifted = number.checked_shr(u32::try_from(place).ok()?.saturating_mul(4))? & 15;
        *digit = DIGITS.get(usize::try_from(shifted).ok()?).copied()?;
    }
    str::from_utf8(name).ok()
}

/// What a request is called, as text, made into what its rows are called.
pub(crate) fn request_name(text: &[u8]) -> Fingerprint {
    Fingerprint::new().with(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::NativeHost;

    fn id(number: u64) -> PredictionId {
        PredictionId::new(request_name(&number.to_le_bytes()), 0)
    }

    fn prediction(number: u64) -> Prediction {
        let number = number as u32;
        Prediction {
            value: f64::from(number) / 3.0,
            seconds: number,
            model: 7,
            segments: number & 0xffff,
        }
    }

    /// Whether a label finds this prediction; `None` if it has one.
    fn label(host: &NativeHost, table: &PredictionTable, id: PredictionId) -> Option<bool> {
        table.mark(host, id, |_, _| LABELLED).map(|found| found.new == LABELLED)
    }

    #[test]
    fn a_label_finds_its_prediction_once() {
        let (host, table) = (NativeHost::default(), PredictionTable::new(1000).unwrap());
        assert_eq!(label(&host, &table, id(1)), None);
        assert_eq!(table.note(&host, id(1), &prediction(1)), Noted::Added);
        let other_row = PredictionId::new(request_name(&1_u64.to_le_bytes()), 1);
        assert_eq!(label(&host, &table, other_row), None);
        let found = table.mark(&host, id(1), |found, marks| {
            assert_eq!((*found, marks), (prediction(1), 0));
            LABELLED
        });
        assert_eq!(found, Some(Found { prediction: prediction(1), new: LABELLED }));
        assert_eq!(label(&host, &table, id(1)), Some(false));
        let found = table.mark(&host, id(1), |_, marks| marks | 6).unwrap();
        assert_eq!((found.new, label(&host, &table, id(1))), (6, Some(false)), "another mark");
        let noted = table.note(&host, id(1), &prediction(2));
        assert_eq!(noted, Noted::Added, "nothing is lost with one that had its label");
        assert_eq!(table.note(&host, id(1), &prediction(3)), Noted::Replaced);
        assert_eq!(label(&host, &table, id(1)), Some(true), "a new one of that id");
    }

    #[test]
    fn the_oldest_of_a_bucket_is_overwritten() {
        let (host, table) = (NativeHost::default(), PredictionTable::new(1).unwrap());
        for number in 0..128 {
            assert_eq!(table.note(&host, id(number), &prediction(number)), Noted::Added);
        }
        assert_eq!(label(&host, &table, id(1)), Some(true));
        let noted = table.note(&host, id(128), &prediction(128));
        assert_eq!(noted, Noted::Evicted { model: 7 });
        let noted = table.note(&host, id(129), &prediction(129));
        assert_eq!(noted, Noted::Added, "that one had its label");
        assert_eq!(label(&host, &table, id(0)), None);
        assert_eq!(label(&host, &table, id(127)), Some(true));
    }

    #[test]
    fn a_table_that_is_four_fifths_full_loses_next_to_nothing() {
        let (host, table) = (NativeHost::default(), PredictionTable::new(100_000).unwrap());
        let evicted = (0..80_000)
            .filter(|&number| table.note(&host, id(number), &prediction(number)) != Noted::Added)
            .count();
        assert!(evicted < 80, "{evicted} of 80,000");
        let found = (0..80_000).filter(|&number| label(&host, &table, id(number)).is_some());
        assert_eq!(found.count(), 80_000 - evicted);
    }

    #[test]
    fn what_another_table_left_is_nothing() {
        let host = NativeHost::default();
        let (one, other) = (PredictionTable::new(1).unwrap(), PredictionTable::new(129).unwrap());
        one.note(&host, id(5), &prediction(5));
        assert_eq!(label(&host, &other, id(5)), None);
        let mut name = [0; NAME_BYTES];
        for bytes in [&b""[..], &[0; 3], &[7; 8 + 32], &[255; 9000]] {
            for number in 0..2 {
                host.set_shared_data(bucket_name(number, &mut name).unwrap(), bytes, 0);
            }
            assert_eq!(label(&host, &other, id(5)), None);
            assert_eq!(other.note(&host, id(5), &prediction(5)), Noted::Added);
        }
    }

    #[test]
    fn names_are_those_of_buckets() {
        let mut name = [0; NAME_BYTES];
        assert_eq!(bucket_name(0xab_0012, &mut name), Some("driftline/predictions/00ab0012"));
        assert!(PredictionTable::new(0).is_none());
    }
}
