//! Ticks of one VM: holds the lease to evaluate if it can, reads the counters back, and hands them to the core.

use std::rc::Rc;

use driftline_core::monitor::{
    evaluator::Evaluator,
    lease::{Candidate, LeaderLease, try_acquire},
};
use driftline_statistics::fingerprint::Fingerprint;

use crate::{host, shared::Shared};

/// Where VMs of this filter number themselves, for each of their configurations.
const VM_COUNT: &str = "driftline/vms";

/// A VM's part in evaluating one configuration.
pub(crate) struct Evaluation {
    shared: Rc<Shared>,
    evaluator: Evaluator,
    /// Totals of the counters that the evaluator asks for; kept to be allocated once.
    totals: Vec<u64>,
    /// The windows of a column as they are written down; likewise.
    written: Vec<u8>,
    /// Where the lease to evaluate these columns lies. Other filters may share the memory.
    lease_key: String,
    began_ns: u64,
    tick_ns: u64,
}

impl Evaluation {
    /// Opens the windows and asks for ticks; `None` if the configuration has nothing to evaluate.
    pub(crate) fn begin(shared: Rc<Shared>) -> Option<Evaluation> {
        let evaluator = Evaluator::new(shared.monitor());
        if evaluator.counters().is_empty() {
            return None;
        }
        let tick_milliseconds = shared.monitor().tick_milliseconds;
        // Not the configuration's: one that takes another's place is to take its lease, too, if it watches the same.
        let columns = evaluator.keys().fold(Fingerprint::new(), Fingerprint::with_number).value();
        let mut evaluation = Evaluation {
            totals: Vec::new(),
            written: Vec::new(),
            shared,
            evaluator,
            lease_key: format!("driftline/evaluator/{columns:016x}"),
            began_ns: begin_alone(),
            tick_ns: tick_milliseconds.saturating_mul(1_000_000),
        };
        // A replacement needs a number, so there must be a value before the first tick.
        if host::shared_data(&evaluation.lease_key).is_none() {
            host::set_shared_data(&evaluation.lease_key, &[], 0);
        }
        evaluation.open_windows();
        host::set_tick_period(u32::try_from(tick_milliseconds).unwrap_or(u32::MAX));
        Some(evaluation)
    }

    /// Evaluates, if no other VM does.
    pub(crate) fn tick(&mut self) {
        let now = host::now();
        if !self.holds_lease(now.0) {
            self.evaluator.rest();
            self.totals = Vec::new();
            self.written = Vec::new();
            return;
        }
        let pulse = self.shared.total(self.evaluator.pulse());
        let evaluator = &mut self.evaluator;
        if self.shared.record(|monitor, buffer| evaluator.is_settled(monitor, buffer, now, pulse)) {
            return;
        }
        self.read_totals();
        let (evaluator, totals) = (&mut self.evaluator, &self.totals);
        let monitor = self.shared.monitor();
        if !evaluator.is_running() {
            let kept = |key| Some(host::shared_data(&window_key(key))?.0);
            evaluator.resume(monitor, now, totals, kept);
        }
        self.shared.record(|monitor, buffer| {
            let flush = |buffer: &mut _| self.shared.flush(buffer);
            evaluator.evaluate(monitor, buffer, now, totals, flush);
        });
        if self.evaluator.takes_a_step() {
            self.write_windows();
        }
    }

    fn holds_lease(&self, now_ns: u64) -> bool {
        let Some((current, cas)) = host::shared_data(&self.lease_key) else {
            // Without shared memory there is no other VM to agree with.
            return true;
        };
        let me = Candidate {
            began_ns: self.began_ns,
            carries_traffic: self.shared.carries_traffic.get(),
        };
        try_acquire(LeaderLease::decode(&current), me, now_ns, self.tick_ns)
            .is_some_and(|lease| host::set_shared_data(&self.lease_key, &lease.encode(), cas))
    }

    fn read_totals(&mut self) {
        self.totals.clear();
        let counters = self.evaluator.counters().iter();
        self.totals.extend(counters.map(|&series| self.shared.total(series)));
    }

    /// Notes where the counters stand for whoever evaluates first, unless windows of this configuration are there.
    fn open_windows(&mut self) {
        self.read_totals();
        let (now, monitor) = (host::now(), self.shared.monitor());
        for (column, key) in self.evaluator.keys().enumerate() {
            let key = window_key(key);
            let (kept, cas) = kept(&key);
            let opening =
                self.evaluator.opening(monitor, column, kept.as_deref(), now, &self.totals);
            if let Some(opening) = opening {
                host::set_shared_data(&key, &opening, cas);
            }
        }
        self.totals = Vec::new();
    }

    /// Writes the windows down for whoever evaluates next.
    fn write_windows(&mut self) {
        for (column, key) in self.evaluator.keys().enumerate() {
            let key = window_key(key);
            let (kept, cas) = kept(&key);
            if self.evaluator.write(column, kept.as_deref(), &mut self.written) {
                host::set_shared_data(&key, &self.written, cas);
            }
        }
    }
}

/// What lies under a key, and what a replacement must be given: that nobody wrote since.
fn kept(key: &str) -> (Option<Vec<u8>>, u32) {
    match host::shared_data(key) {
        Some((kept, cas)) => (Some(kept), cas),
        None => (None, host::CAS_IF_ABSENT),
    }
}

/// Where the windows of a column lie.
fn window_key(key: u64) -> String {
    format!("driftline/windows/{key:016x}")
}

/// Now, as nobody else of this process has it: with a number in the digits that a host's clock leaves open.
///
/// The count is taken by compare-and-swap; only its very first value can be given twice, to two VMs that start at once,
/// and then the microsecond of their start tells them apart.
fn begin_alone() -> u64 {
    const TRIES_MAX: usize = 64;
    const OPEN_DIGITS: u64 = 1000;
    let mut number = 0u64;
    for _ in 0..TRIES_MAX {
        let (current, cas) = host::shared_data(VM_COUNT).unwrap_or_default();
        let before = current.try_into().map_or(0, u64::from_le_bytes);
        number = before.wrapping_add(1);
        if host::set_shared_data(VM_COUNT, &number.to_le_bytes(), cas) {
            break;
        }
    }
    let now = host::now().0;
    now.saturating_sub(now % OPEN_DIGITS).saturating_add(number % OPEN_DIGITS)
}
