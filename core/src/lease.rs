//! Which of several VMs evaluates: a lease with an end, kept in memory that they share.
//! It decides and encodes; reading and writing the shared memory is the host's part.

/// How long a lease holds without being renewed, in ticks of its owner.
const TICKS: u64 = 3;

/// A VM that could evaluate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// Unlike any other VM's of this process.
    pub id: u64,
    /// Whether this VM carries traffic. One that does not, as Envoy's main thread, is preferred:
    /// there an evaluation delays nobody.
    pub carries_traffic: bool,
}

/// A lease as it lies in shared memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    owner: Candidate,
    expires_ns: u64,
}

/// Bytes of an encoded [`Lease`].
pub const LEASE_BYTES: usize = 17;

impl Lease {
    /// Reads an encoded lease; `None` if these are not the bytes of one.
    pub fn decode(bytes: &[u8]) -> Option<Lease> {
        let (id, rest) = bytes.split_first_chunk::<8>()?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let [carries_traffic] = *rest else {
            return None;
        };
        Some(Lease {
            owner: Candidate { id: u64::from_le_bytes(*id), carries_traffic: carries_traffic != 0 },
            expires_ns: u64::from_le_bytes(*expires),
        })
    }

    /// The bytes to leave in shared memory.
    pub fn encode(self) -> [u8; LEASE_BYTES] {
        let mut bytes = [0; LEASE_BYTES];
        let fields = self
            .owner
            .id
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
pub fn claim(current: Option<Lease>, me: Candidate, now_ns: u64, tick_ns: u64) -> Option<Lease> {
    let is_free = match current {
        None => true,
        Some(lease) => {
            lease.owner.id == me.id
                || lease.expires_ns < now_ns
                || (lease.owner.carries_traffic && !me.carries_traffic)
        }
    };
    is_free.then(|| Lease {
        owner: me,
        expires_ns: now_ns.saturating_add(tick_ns.saturating_mul(TICKS)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: Candidate = Candidate { id: 1, carries_traffic: false };
    const WORKER: Candidate = Candidate { id: 2, carries_traffic: true };
    const TICK: u64 = 100;

    #[test]
    fn the_first_one_takes_it_and_keeps_it() {
        let lease = claim(None, MAIN, 0, TICK).unwrap();
        assert_eq!(claim(Some(lease), WORKER, 100, TICK), None);
        let renewed = claim(Some(lease), MAIN, 100, TICK).unwrap();
        assert_eq!(claim(Some(renewed), WORKER, 400, TICK), None);
    }

    #[test]
    fn an_owner_that_is_gone_is_replaced() {
        let lease = claim(None, MAIN, 0, TICK).unwrap();
        assert!(claim(Some(lease), WORKER, 301, TICK).is_some());
    }

    #[test]
    fn a_vm_without_traffic_takes_over_from_one_with() {
        let lease = claim(None, WORKER, 0, TICK).unwrap();
        assert!(claim(Some(lease), MAIN, 1, TICK).is_some());
    }

    #[test]
    fn encoding_keeps_all_of_it() {
        let lease = claim(None, WORKER, 7, TICK).unwrap();
        assert_eq!(Lease::decode(&lease.encode()), Some(lease));
        assert_eq!(Lease::decode(b"short"), None);
        assert_eq!(Lease::decode(&[0; LEASE_BYTES + 1]), None);
    }
}
