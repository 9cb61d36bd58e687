//! How a detector lies in a record: its rings, what they have told of clusters, and what is held of its verdicts. It detects
//! nothing.

use driftline_labels::{DriftReason, Enum};
use driftline_statistics::{
    detection::{Detector, Holding, Overdispersion},
    time::Timestamp,
};

use crate::codec::{Reader, Writer};

/// Writes a detector down. A verdict under other `limits` is none under these.
pub(super) fn store(detector: &Detector, limits: u64, record: &mut Writer<'_>) {
    let Detector { fresh, fast, slow, batches, past, batch, holding, .. } = detector;
    for ring in [fresh, fast, slow] {
        record.ring(ring);
    }
    for told in [batches, past] {
        record.u32(told.statistic.to_bits());
        record.u32(told.degrees.to_bits());
    }
    batch.iter().for_each(|&count| record.u16(count));
    record.u64(limits);
    for held in holding.values() {
        store_holding(*held, record);
    }
}

/// Goes on from what was written down. `None` if these are other bytes.
pub(super) fn restore(detector: &mut Detector, limits: u64, record: &mut Reader<'_>) -> Option<()> {
    record.ring(&mut detector.fresh)?;
    record.ring(&mut detector.fast)?;
    record.ring(&mut detector.slow)?;
    for told in [&mut detector.batches, &mut detector.past] {
        let (statistic, degrees) = (f32::from_bits(record.u32()?), f32::from_bits(record.u32()?));
        let is_possible = |it: f32| it.is_finite() && 0.0 <= it;
        if !is_possible(statistic) || !is_possible(degrees) {
            return None;
        }
        *told = Overdispersion { statistic, degrees };
    }
    for count in &mut detector.batch {
        *count = record.u16()?;
    }
    let has_limits = record.u64()? == limits;
    for held in detector.holding.values_mut() {
        let stored = restored_holding(record)?;
        *held = if has_limits { stored } else { Holding::default() };
    }
    detector.restored();
    Some(())
}

/// A byte for the reason, or for none; then when it began, and since when it is gone, which 0 is never.
fn store_holding(held: Holding, record: &mut Writer<'_>) {
    let reason = held.reason().map_or(DriftReason::ALL.len(), Enum::into_usize);
    record.u8(u8::try_from(reason).unwrap_or(u8::MAX));
    record.u64(held.since().map_or(0, |at| at.0));
    record.u64(held.gone().map_or(0, |at| at.0));
}

fn restored_holding(record: &mut Reader<'_>) -> Option<Holding> {
    let (reason, since, gone) = (usize::from(record.u8()?), record.u64()?, record.u64()?);
    let gone = (gone != 0).then_some(Timestamp(gone));
    match DriftReason::ALL.get(reason) {
        Some(&reason) => Some(Holding::restored(Timestamp(since), reason, gone)),
        None => (reason == DriftReason::ALL.len()).then(Holding::default),
    }
}
