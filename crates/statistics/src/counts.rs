//! Counts added up. It divides nothing.

/// The sum of counts; the most that there is if they are too many.
#[must_use]
pub fn total<N: Copy + Into<u64>>(counts: &[N]) -> u64 {
    counts.iter().fold(0, |sum: u64, &count| sum.saturating_add(count.into()))
}
