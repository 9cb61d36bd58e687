//! Moments and spans as the host's clock gives them, and moments as text; nothing here reads a clock.

pub mod hour;
pub mod moment;
pub mod rfc3339;
mod wall_clock;

pub use self::wall_clock::WallClock;

/// Nanoseconds since some fixed moment. Only differences carry meaning.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Seconds since the moment that it counts from.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Whole microseconds from `earlier` to `self`, rounded down; zero if the clock stepped back.
    pub const fn microseconds_since(self, earlier: Timestamp) -> u64 {
        self.nanoseconds_since(earlier) / 1_000
    }

    /// Nanoseconds from `earlier` to `self`, zero if the clock stepped back.
    pub const fn nanoseconds_since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
