//! The largest change of one bin's share, and which bin it is; it does not know the order of the bins.
//!
//! Reference: A. L. Gibbs, F. E. Su (2002), "On Choosing and Bounding Probability Metrics", International Statistical
//! Review 70(3). TensorFlow Data Validation and SageMaker compare categories by it.

use super::{Compared, Histograms};

/// The bin that changed most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LInfinity {
    /// `max(|p - q|)`, from 0 to 1.
    pub value: f64,
    /// The first bin that changed so much.
    pub bin: usize,
}

/// Finds the bin in one pass.
#[must_use]
pub fn l_infinity(histograms: &Histograms<'_>) -> LInfinity {
    let mut largest = LInfinity { value: 0.0, bin: 0 };
    for (bin, (p, q)) in histograms.shares().enumerate() {
        let value = libm::fabs(p - q);
        if largest.value < value {
            largest = LInfinity { value, bin };
        }
    }
    largest
}

/// The change, without its bin.
pub(super) fn values(compared: &Compared<'_>) -> [f64; 1] {
    [compared.histograms().map_or(0.0, |both| l_infinity(&both).value)]
}
