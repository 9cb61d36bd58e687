//! The two clocks that a filter can read, real or moved by a test; nothing else in the library asks for the time.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// A wall clock and a monotonic clock. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Real,
    Virtual { elapsed_ns: Arc<AtomicU64>, start_wall_ns: u64 },
}

/// What the monotonic clock of the operating system counts from does not matter, only that all VMs share it.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A virtual monotonic clock does not begin at zero, so that zero is not taken for "never".
const VIRTUAL_START_NS: u64 = 1_000_000_000;

impl Clock {
    /// The clocks of this machine.
    #[must_use]
    pub fn real() -> Clock {
        Clock(Kind::Real)
    }

    /// Clocks that stand still until [`Clock::advance`]; the wall clock begins
    /// `since_epoch` after 1970.
    #[must_use]
    pub fn virtual_from(since_epoch: Duration) -> Clock {
        Clock(Kind::Virtual { elapsed_ns: Arc::default(), start_wall_ns: nanoseconds(since_epoch) })
    }

    /// Moves both virtual clocks. Real clocks cannot be moved; the call then does nothing.
    pub fn advance(&self, by: Duration) {
        if let Kind::Virtual { elapsed_ns, .. } = &self.0 {
            elapsed_ns.fetch_add(nanoseconds(by), Relaxed);
        }
    }

    /// Nanoseconds since 1970, cut to whole microseconds as Envoy's are.
    #[must_use]
    pub fn wall_ns(&self) -> u64 {
        let exact = match &self.0 {
            Kind::Real => {
                nanoseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
            }
            Kind::Virtual { elapsed_ns, start_wall_ns } => {
                start_wall_ns.saturating_add(elapsed_ns.load(Relaxed))
            }
        };
        exact - exact % 1_000
    }

    /// Nanoseconds since some moment before the first call; never goes back.
    #[must_use]
    pub fn monotonic_ns(&self) -> u64 {
        match &self.0 {
            Kind::Real => nanoseconds(START.elapsed()),
            Kind::Virtual { elapsed_ns, .. } => VIRTUAL_START_NS + elapsed_ns.load(Relaxed),
        }
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_clock_moves_only_with_advance_and_for_all_clones() {
        let clock = Clock::virtual_from(Duration::from_secs(100));
        let seen_elsewhere = clock.clone();
        let (wall, monotonic) = (clock.wall_ns(), clock.monotonic_ns());
        clock.advance(Duration::from_nanos(1_999));
        assert_eq!(seen_elsewhere.wall_ns() - wall, 1_000);
        assert_eq!(seen_elsewhere.monotonic_ns() - monotonic, 1_999);
    }

    #[test]
    fn the_real_wall_clock_has_microseconds() {
        assert_eq!(Clock::real().wall_ns() % 1_000, 0);
    }
}
