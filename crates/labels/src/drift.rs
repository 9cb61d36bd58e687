//! The words of live drift: which window, since when, and what is said about it. They compute nothing.

crate::labels! {
    /// A window over which live rows are counted.
    pub enum Window {
        /// The window of `window_seconds`.
        Fast = "fast",
        /// `slow_windows` of these, the last one not yet whole.
        Slow = "slow",
    }
}

crate::labels! {
    /// What a move is measured from.
    pub enum Baseline {
        /// The reference profile.
        Training = "training",
        /// The fast window right before the current one.
        WindowBefore = "window_before",
        /// The fast window that ended a slow window earlier. Where a slow window is a day or a week, the label says
        /// [`DAY_BEFORE`] or [`WEEK_BEFORE`] instead.
        SlowWindowBefore = "slow_window_before",
    }
}

/// The word for [`Baseline::SlowWindowBefore`] if a slow window is a day.
pub const DAY_BEFORE: &str = "day_before";
/// The same if it is a week.
pub const WEEK_BEFORE: &str = "week_before";

crate::labels! {
    /// What is said about a window.
    pub enum Verdict {
        /// No drift that is both significant and material.
        Ok = "ok",
        /// It has drifted.
        Drift = "drift",
        /// It has too few rows to tell.
        Insufficient = "insufficient",
    }
}

crate::labels! {
    /// What moved in a column that has drifted.
    pub enum DriftReason {
        /// Where its values lie: they became larger, or smaller.
        Location = "location",
        /// How far apart its values lie.
        Spread = "spread",
        /// How far out its rare values lie, or how many there are beyond those of the reference.
        Tail = "tail",
        /// How often some of its classes come.
        CategoryShare = "category_share",
        /// It has values that the reference never had.
        NovelValues = "novel_values",
        /// How many of its rows have no value.
        Nulls = "nulls",
        /// Its values are of the wrong type, or not finite.
        Types = "types",
    }
}
