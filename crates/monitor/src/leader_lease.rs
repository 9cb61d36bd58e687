//! Which of several VMs evaluates: a lease with an end, kept in memory that they share. It evaluates nothing.

use alloc::{format, string::String, vec::Vec};

use driftline_statistics::time::Timestamp;

use crate::{
    codec::{Reader, Writer},
    host::Host,
};

/// Where VMs of this filter number themselves, for each of their configurations.
const VM_COUNT: &str = "driftline/vms";

/// What an encoded lease has.
const LEASE_BYTES: usize = 17;
/// How long a lease holds without being renewed, in ticks of its owner.
const TICKS: u64 = 3;
/// All VMs of one start, and of one update, begin within this time. So one that began later by more is of an update,
/// and stands for what is in force now. While they wait for the end of old streams, hosts let the VMs and
/// configurations of before go on ticking: Envoy for ten minutes.
const ONE_START_NS: u64 = 2_000_000_000;

/// A VM's part in agreeing with the others on who evaluates.
#[derive(Debug)]
pub(crate) struct Leadership {
    /// Where the lease lies. Other filters may share the memory.
    key: String,
    began_ns: u64,
    tick_ns: u64,
}

/// A VM that could evaluate, under one of its configurations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Candidate {
    /// When it began, in nanoseconds; unlike any other candidate's of this process.
    began_ns: u64,
    /// Whether this VM carries traffic. One that does not, as Envoy's main thread, is preferred:
    /// there an evaluation delays no request.
    carries_traffic: bool,
}

/// A lease as it lies in shared memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct LeaderLease {
    owner: Candidate,
    expires_ns: u64,
}

impl Leadership {
    /// Prepares the lease to evaluate what has this fingerprint.
    pub(crate) fn begin(host: &impl Host, watched: u64, tick_milliseconds: u64) -> Leadership {
        let key = format!("driftline/evaluator/{watched:016x}");
        // A replacement needs a version, so there must be a value before the first tick.
        if host.shared_data(&key).is_none() {
            host.set_shared_data(&key, &[], 0);
        }
        let tick_ns = tick_milliseconds.saturating_mul(1_000_000);
        Leadership { key, began_ns: unique_start(host), tick_ns }
    }

    /// Whether this VM is to evaluate now; takes or renews the lease if so. Without shared memory there is no other VM to
    /// agree with.
    pub(crate) fn is_held(&self, host: &impl Host, now: Timestamp, carries_traffic: bool) -> bool {
        let Some((current, version)) = host.shared_data(&self.key) else {
            return true;
        };
        let me = Candidate { began_ns: self.began_ns, carries_traffic };
        try_acquire(LeaderLease::decode(&current), me, now.0, self.tick_ns)
            .is_some_and(|lease| host.set_shared_data(&self.key, &lease.encode(), version))
    }
}

/// Now, as no other VM of this process has it: with a number in the digits that a host's clock leaves open.
///
/// The count is taken by compare-and-swap; only its very first value can be given twice, to two VMs that start at once,
/// and then the microsecond of their start tells them apart.
pub(crate) fn unique_start(host: &impl Host) -> u64 {
    const TRIES_MAX: usize = 64;
    const OPEN_DIGITS: u64 = 1000;
    let mut number = 0u64;
    for _ in 0..TRIES_MAX {
        let (current, version) = host.shared_data(VM_COUNT).unwrap_or_default();
        let before = current.try_into().map_or(0, u64::from_le_bytes);
        number = before.wrapping_add(1);
        if host.set_shared_data(VM_COUNT, &number.to_le_bytes(), version) {
            break;
        }
    }
    let now = host.now().0;
    now.saturating_sub(now % OPEN_DIGITS).saturating_add(number % OPEN_DIGITS)
}

impl Candidate {
    /// Whether it takes over from an owner that is well. It cannot go round in a circle: first come VMs without traffic,
    /// then those that began later.
    fn preempts(self, owner: Candidate) -> bool {
        match (self.carries_traffic, owner.carries_traffic) {
            (false, true) => true,
            (true, false) => false,
            _ => owner.began_ns.saturating_add(ONE_START_NS) < self.began_ns,
        }
    }
}

impl LeaderLease {
    /// Reads an encoded lease; `None` if these are not the bytes of one.
    fn decode(bytes: &[u8]) -> Option<LeaderLease> {
        let mut lease = Reader::new(bytes);
        let (began_ns, expires_ns) = (lease.u64()?, lease.u64()?);
        let carries_traffic = lease.u8()? != 0;
        lease.end()?;
        Some(LeaderLease { owner: Candidate { began_ns, carries_traffic }, expires_ns })
    }

    /// The bytes to leave in shared memory.
    fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEASE_BYTES);
        let mut lease = Writer::new(&mut bytes);
        lease.u64(self.owner.began_ns);
        lease.u64(self.expires_ns);
        lease.u8(u8::from(self.owner.carries_traffic));
        bytes
    }
}

/// Whether `me` may evaluate at `now_ns`: the lease to write first if so, `None` to stand aside.
///
/// The caller writes it only if the shared memory still holds `current`, and stands aside if that fails: so at most one
/// candidate wins a tick. All candidates must share a clock.
fn try_acquire(
    current: Option<LeaderLease>,
    me: Candidate,
    now_ns: u64,
    tick_ns: u64,
) -> Option<LeaderLease> {
    let is_free = current.is_none_or(|LeaderLease { owner, expires_ns }| {
        owner.began_ns == me.began_ns || expires_ns < now_ns || me.preempts(owner)
    });
    is_free.then(|| LeaderLease {
        owner: me,
        expires_ns: now_ns.saturating_add(tick_ns.saturating_mul(TICKS)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: Candidate = Candidate { began_ns: 1, carries_traffic: false };
    const WORKER: Candidate = Candidate { began_ns: 2, carries_traffic: true };
    const TICK: u64 = 100;

    #[test]
    fn the_first_one_takes_it_and_keeps_it() {
        let lease = try_acquire(None, MAIN, 0, TICK).unwrap();
        assert_eq!(try_acquire(Some(lease), WORKER, 100, TICK), None);
        let renewed = try_acquire(Some(lease), MAIN, 100, TICK).unwrap();
        assert_eq!(try_acquire(Some(renewed), WORKER, 400, TICK), None);
    }

    #[test]
    fn an_owner_that_is_gone_is_replaced() {
        let lease = try_acquire(None, MAIN, 0, TICK).unwrap();
        assert!(try_acquire(Some(lease), WORKER, 301, TICK).is_some());
    }

    #[test]
    fn a_vm_without_traffic_takes_over_from_one_with() {
        let lease = try_acquire(None, WORKER, 0, TICK).unwrap();
        assert!(try_acquire(Some(lease), MAIN, 1, TICK).is_some());
    }

    #[test]
    fn a_vm_that_begins_with_an_update_takes_over_and_keeps_it() {
        let began_ns = MAIN.began_ns + ONE_START_NS + 1;
        let updated = Candidate { began_ns, ..MAIN };
        let old = try_acquire(None, MAIN, began_ns, TICK).unwrap();
        let new = try_acquire(Some(old), updated, began_ns + 1, TICK).unwrap();
        assert_eq!(
            try_acquire(Some(new), MAIN, began_ns + 2, TICK),
            None,
            "the old one stands aside"
        );
        // A new worker does not take it from the old main thread, where an evaluation delays no request; and all of one
        // start are alike.
        for carries_traffic in [true, false] {
            let worker = Candidate { began_ns: began_ns + 7, carries_traffic };
            assert_eq!(try_acquire(Some(new), worker, began_ns + 8, TICK), None);
            assert_eq!(
                try_acquire(Some(old), worker, began_ns + 8, TICK).is_some(),
                !carries_traffic,
                "{carries_traffic}"
            );
        }
    }

    #[test]
    fn encoding_keeps_all_of_it() {
        let lease = try_acquire(None, WORKER, 7, TICK).unwrap();
        assert_eq!(lease.encode().len(), LEASE_BYTES);
        assert_eq!(LeaderLease::decode(&lease.encode()), Some(lease));
        assert_eq!(LeaderLease::decode(b"short"), None);
        assert_eq!(LeaderLease::decode(&[0; 18]), None);
    }
}
