//! Panels: instruments of one subject that read the same counters. A panel reads these once for all of its instruments, and
//! stores them with the instruments' state as one record; it sets no gauge itself.

use alloc::{boxed::Box, format, string::String, vec, vec::Vec};
use core::fmt;

use driftline_statistics::{detection::Overdispersion, fingerprint::Fingerprint, time::Timestamp};

use super::{DriftSettings, Evaluation, Instrument};
use crate::{
    codec::{FORMAT_VERSION, Reader, Writer, fits},
    host::{Host, IF_ABSENT},
    host_series::HostSeries,
    memory::BLOCK_BYTES,
};
use driftline_metrics::series::SeriesId;

/// Where a panel reads its counters back, and where it is stored.
pub(crate) struct Proxy<'a, H, S> {
    pub(crate) host: &'a H,
    pub(crate) series: &'a S,
}

/// What reading and storing need; kept to be allocated once.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// By cell of the panel at hand.
    growth: Vec<u64>,
    record: Vec<u8>,
    /// Whether the host refused none of the counters.
    pub(crate) is_complete: bool,
}

/// Instruments that read the same counters of one subject.
pub(super) struct Panel<S> {
    /// Names its record.
    key: u64,
    fingerprint: u64,
    counters: usize,
    cells: usize,
    /// By counter; empty while another VM evaluates.
    totals: Box<[Total]>,
    /// One at least.
    members: Vec<Member<S>>,
}

/// An instrument of a panel.
struct Member<S> {
    instrument: Box<dyn Instrument<S>>,
    /// The fingerprint of its section.
    layout: u64,
    /// Whether it goes on from a record.
    is_restored: bool,
}

/// What a counter stood at when it was last read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Total(u64);

impl<S> Panel<S> {
    fn new(identity: Fingerprint, counters: &[(usize, SeriesId)]) -> Panel<S> {
        let cells = counters.iter().map(|&(cell, _)| cell.saturating_add(1)).max();
        Panel {
            key: identity.value(),
            fingerprint: Fingerprint::new().with_number(FORMAT_VERSION).value(),
            counters: counters.len(),
            cells: cells.unwrap_or(0),
            totals: Box::default(),
            members: Vec::new(),
        }
    }

    fn add(&mut self, subject: &S, settings: &DriftSettings, instrument: Box<dyn Instrument<S>>) {
        let layout = instrument.layout(subject, settings).value();
        let all = Fingerprint::new().with_number(self.fingerprint).with_number(layout);
        self.fingerprint = all.value();
        let layout = Fingerprint::new().with_number(FORMAT_VERSION).with_number(layout).value();
        // Two at most, and many panels.
        self.members.reserve_exact(1);
        self.members.push(Member { instrument, layout, is_restored: false });
    }

    /// The name of its record; `None` if it keeps none.
    pub(super) fn stored_key(&self) -> Option<u64> {
        (self.counters != 0).then_some(self.key)
    }

    /// What its state takes at most, in bytes.
    pub(super) fn state_bytes_max(&self, subject: &S, settings: &DriftSettings) -> usize {
        let of_instruments =
            self.members.iter().map(|it| it.instrument.state_bytes_max(subject, settings));
        let totals = self.counters.saturating_mul(size_of::<Total>());
        of_instruments.fold(totals.saturating_add(BLOCK_BYTES), usize::saturating_add)
    }

    fn begin(&mut self, subject: &S, settings: &DriftSettings, now: Timestamp) {
        self.totals = vec![Total::UNREAD; self.counters].into();
        for member in &mut self.members {
            member.instrument.begin(subject, settings, now);
            member.is_restored = false;
        }
    }

    /// What its instruments have found out about clusters.
    pub(super) fn clusters(&self) -> Overdispersion {
        let told = self.members.iter().map(|member| member.instrument.clusters());
        told.fold(Overdispersion::default(), Overdispersion::with)
    }

    /// Gives up all state.
    pub(super) fn release(&mut self) {
        self.totals = Box::default();
        self.members.iter_mut().for_each(|member| member.instrument.release());
    }

    /// Stores where the counters stand now, unless there is a record of this layout already. Instruments go on from a
    /// record of another configuration that has their own layout; the others begin now. It holds no state afterwards.
    pub(super) fn store_initial_snapshot(
        &mut self,
        subject: &S,
        settings: &DriftSettings,
        now: Timestamp,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
        reading: &mut Reading,
    ) {
        let Some(key) = self.stored_key().map(record_name) else {
            return;
        };
        let stored = proxy.host.shared_data(&key);
        if stored.as_ref().is_some_and(|(bytes, _)| fits(bytes, self.fingerprint)) {
            return;
        }
        self.begin(subject, settings, now);
        if let Some((bytes, _)) = &stored
            && self.take_over(bytes).is_none()
        {
            self.begin(subject, settings, now);
        }
        self.read(subject, proxy.series, reading);
        for member in self.members.iter_mut().filter(|member| member.is_restored) {
            member.instrument.catch_up(&reading.growth);
        }
        self.write(&mut reading.record);
        let version = stored.map_or(IF_ABSENT, |(_, version)| version);
        proxy.host.set_shared_data(&key, &reading.record, version);
        self.release();
    }

    /// Begins, and goes on from the stored record as far as it is of this layout.
    pub(super) fn restore(
        &mut self,
        subject: &S,
        settings: &DriftSettings,
        now: Timestamp,
        host: &impl Host,
    ) {
        self.begin(subject, settings, now);
        let key = self.stored_key().map(record_name);
        let Some((bytes, _)) = key.and_then(|key| host.shared_data(&key)) else {
            return;
        };
        if self.take_over(&bytes).is_none() {
            // Some of it may have been taken over before it turned out to be wrong.
            self.begin(subject, settings, now);
        } else if self.members.iter().any(|member| !member.is_restored) {
            // What came since must not be counted by those that begin now.
            self.totals.fill(Total::UNREAD);
        }
    }

    /// Restores the instruments whose sections have their own layout. `None` if there is none, or these are not bytes of
    /// a panel of as many instruments that reads as many counters.
    fn take_over(&mut self, bytes: &[u8]) -> Option<()> {
        let mut record = Reader::new(bytes);
        let (_fingerprint, counters) = (record.u64()?, record.u64()?);
        if usize::try_from(counters).ok()? != self.totals.len() {
            return None;
        }
        for total in &mut self.totals {
            *total = Total(record.u64()?);
        }
        for Member { instrument, layout, is_restored } in &mut self.members {
            let (found, mut section) = record.section()?;
            if found == *layout {
                instrument.restore(&mut section)?;
                section.end()?;
                *is_restored = true;
            }
        }
        record.end()?;
        self.members.iter().any(|member| member.is_restored).then_some(())
    }

    /// Reads the counters, runs the instruments, flushes their gauges, and stores the record if the subject has its
    /// turn or an instrument asks for it.
    pub(super) fn evaluate(
        &mut self,
        subject: &S,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
        evaluation: &mut Evaluation<'_>,
        reading: &mut Reading,
    ) {
        self.read(subject, proxy.series, reading);
        evaluation.must_store = evaluation.has_turn;
        for member in &mut self.members {
            member.instrument.evaluate(subject, &reading.growth, evaluation);
        }
        proxy.series.flush(evaluation.buffer);
        if evaluation.must_store {
            self.store(proxy.host, &mut reading.record);
        }
    }

    /// Adds up, by cell, what the counters grew by since they were last read. A counter that the host refuses keeps its
    /// total and has not grown; the next reading makes up for it.
    fn read(&mut self, subject: &S, series: &impl HostSeries, reading: &mut Reading) {
        let Reading { growth, is_complete, .. } = reading;
        growth.clear();
        growth.resize(self.cells, 0);
        let mut totals = self.totals.iter_mut();
        if let Some(first) = self.members.first() {
            first.instrument.counters(subject, &mut |cell, id| {
                let (Some(total), Some(grown)) = (totals.next(), growth.get_mut(cell)) else {
                    return;
                };
                match series.total(id) {
                    Some(now) => *grown = grown.saturating_add(total.advance(now)),
                    None => *is_complete = false,
                }
            });
        }
    }

    /// Stores the panel for the VM that evaluates next. What another configuration stored, which then is a newer one,
    /// stays.
    fn store(&self, host: &impl Host, record: &mut Vec<u8>) {
        let Some(key) = self.stored_key().map(record_name) else {
            return;
        };
        let version = match host.shared_data(&key) {
            Some((stored, version)) if fits(&stored, self.fingerprint) => version,
            Some(_) => return,
            None => IF_ABSENT,
        };
        self.write(record);
        host.set_shared_data(&key, record, version);
    }

    fn write(&self, record: &mut Vec<u8>) {
        let mut record = Writer::new(record);
        record.u64(self.fingerprint);
        record.u64(u64::try_from(self.totals.len()).unwrap_or(u64::MAX));
        self.totals.iter().for_each(|total| record.u64(total.0));
        for Member { instrument, layout, .. } in &self.members {
            record.section(*layout, |section| instrument.store(section));
        }
    }
}

impl<S> fmt::Debug for Panel<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Total {
    /// Of a counter that was never read: whatever it stands at when it is read first is no growth.
    const UNREAD: Total = Total(u64::MAX);

    /// Takes over where the counter stands now, and returns what it grew by. One that went backwards, as after a restart
    /// of the proxy, has grown from zero.
    fn advance(&mut self, now: u64) -> u64 {
        match core::mem::replace(self, Total(now)) {
            Total::UNREAD => 0,
            Total(before) => now.checked_sub(before).unwrap_or(now),
        }
    }
}

/// Where the record of a panel lies.
fn record_name(key: u64) -> String {
    format!("driftline/windows/{key:016x}")
}

/// Puts instruments that follow each other and read the same counters into one panel.
pub(super) fn panels<S>(
    instruments: Vec<Box<dyn Instrument<S>>>,
    subject: &S,
    settings: &DriftSettings,
) -> Box<[Panel<S>]> {
    let mut panels: Vec<Panel<S>> = Vec::new();
    let mut counters_before = Vec::new();
    for instrument in instruments {
        let counters = counters(&*instrument, subject);
        if panels.is_empty() || counters != counters_before {
            panels.push(Panel::new(instrument.identity(subject), &counters));
        }
        if let Some(panel) = panels.last_mut() {
            panel.add(subject, settings, instrument);
        }
        counters_before = counters;
    }
    panels.into_boxed_slice()
}

fn counters<S>(instrument: &dyn Instrument<S>, subject: &S) -> Vec<(usize, SeriesId)> {
    let mut counters = Vec::new();
    instrument.counters(subject, &mut |cell, id| counters.push((cell, id)));
    counters
}

#[cfg(test)]
mod tests;
