//! What the filter does if nobody says otherwise, as far as the verdict depends on it. It computes nothing.

use driftline_statistics::detection::WindowLengths;

/// Seconds between two looks.
pub const TICK_SECONDS: u64 = 5;
/// The windows, with no season.
pub const LENGTHS: WindowLengths =
    WindowLengths { window_seconds: 3600, slow_windows: 24, season_windows: 0 };
/// For how long a drift must have been gone.
pub const RECOVERY_NS: u64 = LENGTHS.recovery_seconds() * 1_000_000_000;
