//! A VM's part in evaluating one configuration: on each tick it evaluates, unless another VM does or nothing has changed.
//! It has no clock and no store of its own, and computes no measure.
//!
//! Of several VMs the one that holds the leader lease evaluates, and only that one has windows. It stores them as they
//! move on, so that the next one, in a new configuration or in new code, goes on from there.

use alloc::format;

use driftline_statistics::{
    fingerprint::Fingerprint,
    time::{Timestamp, WallClock},
};

use crate::{
    host::{Host, LogLevel},
    instruments::{Evaluation, Findings, Instruments, Proxy, Reading, Scratch, turns_at_once},
    layout::Monitor,
    leader_lease::Leadership,
    memory::VmMemory,
};
use driftline_metrics::buffer::MetricBuffer;
use driftline_wire::encoding::Reservation;

pub use crate::host_series::HostSeries;

/// On how many ticks without room a VM holds the lease, for windows that drain in it to go.
const TICKS_TO_WAIT: u32 = 3;
/// After how many ticks without room it tries that again.
const TICKS_TO_RETRY: u32 = 60;

/// What a VM does on each tick.
#[derive(Debug)]
pub struct Tick {
    instruments: Instruments,
    leadership: Leadership,
    /// What the windows take of the VM's memory, at most.
    windows_bytes: usize,
    /// How many columns have their turn in one evaluation.
    turns_at_once: usize,
    /// On how many ticks there was no room for them, although this VM was to evaluate.
    lacking: u32,
    /// `None` while another VM evaluates.
    leading: Option<Leading>,
}

/// What only the VM that evaluates has, beside the state of the instruments.
#[derive(Debug, Default)]
struct Leading {
    _reservation: Option<Reservation>,
    changes: ChangeCounter,
    /// `None` if it has yet to come.
    evaluated_at: Option<Timestamp>,
    /// `None` if the host knows no time of day.
    wall_clock: Option<WallClock>,
    /// When an evaluation may not be left out, whether counters move or not.
    due_at: Timestamp,
    reading: Reading,
    findings: Findings,
    scratch: Scratch,
}

/// The counter that moves whenever any other one does that instruments read.
#[derive(Debug, Default)]
struct ChangeCounter {
    /// `None` if it has yet to be read.
    last: Option<u64>,
    /// Whether it was the same the time before.
    was_same: bool,
}

impl Tick {
    /// Stores where the counters stand, for the VM that evaluates first; `None` if there is nothing to evaluate. `instruments` are those of `monitor`.
    pub fn begin(
        host: &impl Host,
        series: &impl HostSeries,
        monitor: &Monitor,
        instruments: Instruments,
    ) -> Option<Tick> {
        instruments.keys().next()?;
        // Not the configuration's: one that takes another's place is to take its lease, too, if it watches the same.
        let watched = instruments.keys().fold(Fingerprint::new(), Fingerprint::with_number).value();
        let leadership = Leadership::begin(host, watched, monitor.tick_milliseconds);
        let windows_bytes = instruments.state_bytes_max(&monitor.subjects());
        let columns = monitor.predicting().map(|model| model.columns().count()).sum();
        let step_seconds = monitor.drift.windows.step_seconds();
        let turns_at_once = turns_at_once(columns, monitor.tick_milliseconds, step_seconds);
        let mut tick = Tick {
            instruments,
            leadership,
            windows_bytes,
            turns_at_once,
            lacking: 0,
            leading: None,
        };
        let proxy = Proxy { host, series };
        tick.instruments.store_initial_snapshots(&monitor.subjects(), host.now(), &proxy);
        Some(tick)
    }

    /// Evaluates, if no other VM does: moves the windows to now and sets all gauges. Counts as an evaluation too if none
    /// is needed, because nothing has changed. `monitor` is the one that it began with.
    ///
    /// `carries_traffic` is whether this VM ever had a stream: one that has is no good place to evaluate.
    pub fn tick(
        &mut self,
        host: &impl Host,
        series: &impl HostSeries,
        monitor: &Monitor,
        memory: &VmMemory,
        buffer: &mut MetricBuffer,
        carries_traffic: bool,
    ) {
        let now = host.now();
        if !self.has_room(memory) {
            return self.lack_room(host, memory, now, carries_traffic);
        }
        self.lacking = 0;
        if !self.leadership.is_held(host, now, carries_traffic) {
            self.release();
            return;
        }
        let changes = series.total(monitor.common.monitored_values);
        if !self.leading.as_mut().is_some_and(|leading| leading.is_unchanged(now, changes)) {
            if self.leading.is_none() {
                self.restore(host, monitor, memory, now);
            }
            self.evaluate(&Proxy { host, series }, monitor, buffer, now);
        }
        buffer.add(monitor.common.evaluations, 1);
        series.flush(buffer);
    }

    /// Whether there is room to evaluate.
    fn has_room(&self, memory: &VmMemory) -> bool {
        self.leading.is_some() || self.windows_bytes <= memory.bytes_left()
    }

    /// Passes a tick on which there is no room. The lease is taken all the same at first, because the windows of a
    /// configuration that drains in this VM may be what takes the room: it gives them up when it sees another one hold the
    /// lease. Later it is left to VMs that have room.
    fn lack_room(
        &mut self,
        host: &impl Host,
        memory: &VmMemory,
        now: Timestamp,
        carries_traffic: bool,
    ) {
        if self.lacking < TICKS_TO_WAIT && !self.leadership.is_held(host, now, carries_traffic) {
            // Another one evaluates.
            self.lacking = 0;
            return;
        }
        self.lacking = self.lacking.saturating_add(1);
        if self.lacking == TICKS_TO_WAIT {
            let (needed, left) = (self.windows_bytes, memory.bytes_left());
            let message = format!(
                "driftline: this VM evaluates no drift for lack of memory: its windows take {needed} bytes, {left} are left",
            );
            host.log(LogLevel::Error, &message);
        } else if TICKS_TO_RETRY <= self.lacking {
            self.lacking = 0;
        }
    }

    fn release(&mut self) {
        if self.leading.take().is_some() {
            self.instruments.release();
        }
    }

    fn restore(&mut self, host: &impl Host, monitor: &Monitor, memory: &VmMemory, now: Timestamp) {
        let reservation = memory.reserve(self.windows_bytes);
        self.instruments.restore(&monitor.subjects(), now, host);
        self.leading = Some(Leading { _reservation: reservation, ..Leading::default() });
    }

    fn evaluate(
        &mut self,
        proxy: &Proxy<'_, impl Host, impl HostSeries>,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        now: Timestamp,
    ) {
        let Some(leading) = &mut self.leading else {
            return;
        };
        let windows = monitor.drift.windows;
        let last = leading.evaluated_at;
        let step_ended = last.is_none_or(|last| windows.step(last) < windows.step(now));
        leading.evaluated_at = last.max(Some(now));
        leading.due_at = windows.step_end(now);
        let wall_clock = proxy.host.wall_clock().map(|wall| WallClock::at(now, wall));
        leading.wall_clock = match (leading.wall_clock, wall_clock) {
            (Some(before), Some(newer)) => Some(before.updated(newer)),
            (_, newer) => newer,
        };
        leading.reading.is_complete = true;
        let mut evaluation = Evaluation {
            settings: &monitor.drift,
            now,
            wall_clock: leading.wall_clock,
            step_ended,
            turns_left: self.turns_at_once,
            has_turn: false,
            buffer,
            findings: &mut leading.findings,
            scratch: &mut leading.scratch,
            due_at: leading.due_at,
            must_store: false,
        };
        self.instruments.evaluate(
            &monitor.subjects(),
            proxy,
            &mut evaluation,
            &mut leading.reading,
        );
        leading.due_at = evaluation.due_at;
        if !leading.reading.is_complete {
            // The next evaluation makes up for what the host refused.
            leading.changes = ChangeCounter::default();
        }
    }
}

impl Leading {
    /// Whether an evaluation at `now` would change nothing, so that the counters need not be read.
    fn is_unchanged(&mut self, now: Timestamp, changes: Option<u64>) -> bool {
        self.changes.is_unchanged(changes) && now < self.due_at
    }
}

impl ChangeCounter {
    /// Whether it stood still, twice. The evaluation that follows a movement is followed by one more: a worker that
    /// flushed its changes while the counters were read had moved this one already, and some of the others not yet.
    /// Never if the host refuses it.
    fn is_unchanged(&mut self, now: Option<u64>) -> bool {
        let is_same = now.is_some() && self.last == now;
        self.last = now;
        let was_same = core::mem::replace(&mut self.was_same, is_same);
        is_same && was_same
    }
}
