//! Over which windows of live rows a column is judged; it reads no clock.

use core::ops::Range;

driftline_labels::labels! {
    /// A window that ends now.
    pub enum Length {
        /// The quarter of a step that is under way.
        QuarterStep = "1/4",
        /// The last two quarters of a step.
        HalfStep = "1/2",
        /// The step of the fast ring that is under way.
        Step = "1",
        /// The last two steps.
        TwoSteps = "2",
        /// The last four.
        FourSteps = "4",
        /// The fast window: eight steps.
        Fast = "8",
        /// The slow window.
        Slow = "slow",
    }
}

impl Length {
    /// Those within a step: with the ring of quarters, the slots that each has beyond those of the one before it.
    pub const OF_FRESH: [(Length, Range<u64>); 2] =
        [(Length::QuarterStep, 0..1), (Length::HalfStep, 1..2)];

    /// Those of steps: with the fast ring, in the same way.
    pub const OF_FAST: [(Length, Range<u64>); 4] = [
        (Length::Step, 0..1),
        (Length::TwoSteps, 1..2),
        (Length::FourSteps, 2..4),
        (Length::Fast, 4..8),
    ];

    /// How many standard errors a measure must lie above a limit to be surely beyond it. Without them, one of the many looks
    /// at a change that does not matter would find it larger than it is; and the shorter a length, the more such looks
    /// there are.
    #[must_use]
    pub const fn errors(self) -> f64 {
        match self {
            Length::QuarterStep | Length::HalfStep | Length::Step => 2.75,
            Length::TwoSteps | Length::FourSteps | Length::Fast | Length::Slow => 2.0,
        }
    }

    /// How many steps of the fast ring it lies in; of the slow window, those of the fast one.
    #[must_use]
    pub const fn steps(self) -> u64 {
        match self {
            Length::QuarterStep | Length::Step => 1,
            // It may have begun in the step before.
            Length::HalfStep | Length::TwoSteps => 2,
            Length::FourSteps => 4,
            Length::Fast | Length::Slow => 8,
        }
    }
}
