//! Which of several VMs evaluates: a lease with an end, kept in memory that they share.
//! It decides and encodes; reading and writing the shared memory is the host's part.

/// How long a lease holds without being renewed, in ticks of its owner.
const TICKS: u64 = 3;
/// All VMs of one start, and of one update, begin within this time. So one that began later by more is of an update,
/// and stands for what is in force now. While they wait for the end of old streams, hosts let the VMs and
/// configurations of before go on ticking: Envoy for ten minutes.
const ONE_START_NS: u64 = 2_000_000_000;

/// A VM that could evaluate, under one of its configurations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// When it began, in nanoseconds; unlike any other candidate's of this process.
    pub began_ns: u64,
    /// Whether this VM carries traffic. One that does not, as Envoy's main thread, is preferred:
    /// there an evaluation delays nobody.
    pub carries_traffic: bool,
}

impl Candidate {
    /// Whether it takes over from an owner that is well. It cannot go round in a circle: first comes who carries no
    /// traffic, then who began later.
    fn preempts(self, owner: Candidate) -> bool {
        match (self.carries_traffic, owner.carries_traffic) {
            (false, true) => true,
            (true, false) => false,
            _ => owner.began_ns.saturating_add(ONE_START_NS) < self.began_ns,
        }
    }
}

/// A lease as it lies in shared memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LeaderLease {
    owner: Candidate,
    expires_ns: u64,
}

/// Bytes of an encoded [`LeaderLease`].
pub const LEASE_BYTES: usize = 17;

impl LeaderLease {
    /// Reads an encoded lease; `None` if these are not the bytes of one.
    pub fn decode(bytes: &[u8]) -> Option<LeaderLease> {
        let (began, rest) = bytes.split_first_chunk::<8>()?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let [carries_traffic] = *rest else {
            return None;
        };
        Some(LeaderLease {
            owner: Candidate {
                began_ns: u64::from_le_bytes(*began),
                carries_traffic: carries_traffic != 0,
            },
            expires_ns: u64::from_le_bytes(*expires),
        })
    }

    /// The bytes to leave in shared memory.
    pub fn encode(self) -> [u8; LEASE_BYTES] {
        let mut bytes = [0; LEASE_BYTES];
        let fields = self
            .owner
            .began_ns
            .to_le_bytes()
            .into_iter()
            .chain(self.expires_ns.to_le_bytes())
            .chain([u8::from(self.owner.carries_traffic)]);
        for (byte, value) in bytes.iter_mut().zip(fields) {
            *byte = value;
        }
        bytes
    }
}

/// Whether `me` may evaluate at `now_ns`: the lease to write first if so, `None` to stand aside.
///
/// The caller writes it only if the shared memory still holds `current`, and stands aside if that
/// fails: so at most one candidate wins a tick. A clock that all candidates share is needed.
pub fn try_acquire(
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
    fn who_begins_with_an_update_takes_over_and_keeps_it() {
        let began_ns = MAIN.began_ns + ONE_START_NS + 1;
        let updated = Candidate { began_ns, ..MAIN };
        let old = try_acquire(None, MAIN, began_ns, TICK).unwrap();
        let new = try_acquire(Some(old), updated, began_ns + 1, TICK).unwrap();
        assert_eq!(
            try_acquire(Some(new), MAIN, began_ns + 2, TICK),
            None,
            "the old one stands aside"
        );
        // A new worker does not take it from the old main thread, which evaluates at nobody's cost; and all of one start
        // are alike.
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
        assert_eq!(LeaderLease::decode(&lease.encode()), Some(lease));
        assert_eq!(LeaderLease::decode(b"short"), None);
        assert_eq!(LeaderLease::decode(&[0; LEASE_BYTES + 1]), None);
    }
}
