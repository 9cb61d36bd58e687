//! Detectors of concept drift in a stream of errors: has a model become worse since it was first watched? They keep a
//! fixed amount of memory, and never see a label, a prediction or the time.
//!
//! | detector | observations | detects | source |
//! | --- | --- | --- | --- |
//! | [`Adwin`](adwin::Adwin) | numbers, one by one or many at once | a change of the mean, up or down | A. Bifet, R. Gavaldà (2007) |
//! | [`Ddm`](ddm::Ddm) | errors, 0 or 1 | a rise of the error rate | J. Gama et al. (2004) |
//! | [`PageHinkley`](page_hinkley::PageHinkley) | numbers | a change of the mean, up, down or both | E. S. Page (1954) |
//! | [`Eddm`](eddm::Eddm) | errors, 0 or 1, in their true order | errors that come closer together | M. Baena-García et al. (2006) |
//!
//! All four decide as river 0.26.1 does, row by row. As there, a detector that has signalled drift forgets all it has
//! seen when the next observation arrives.
//!
//! Counters tell how many errors a tick had, not in which order. [`Batch`](adwin::Batch) is a whole tick for ADWIN, and
//! [`evenly`] spreads the errors of a tick over its rows for DDM and Page-Hinkley. EDDM measures the distance between
//! errors, so fed from counters it means nothing.
//!
//! All that a detector knows is plain data, which can be stored: each has a `restored`, which refuses what no detector
//! can have become.
//!
//! # Example
//!
//! ```
//! use driftline_statistics::streams::{Signal, adwin::{Adwin, Batch}};
//!
//! let mut detector = Adwin::default();
//! // Ticks of 50 rows with 2 errors each, then with 10.
//! let mut tick = |errors| detector.update_batch(&Batch::of_errors(errors, 50).unwrap());
//! assert!((0..100).all(|_| tick(2) == Signal::Stable));
//! assert!((0..10).any(|_| tick(10) == Signal::Drift));
//! ```

pub mod adwin;
pub mod ddm;
mod detector;
pub mod eddm;
mod evenly;
pub mod page_hinkley;
mod signal;

#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod simulations;

pub use self::{
    detector::{Detector, Rule},
    evenly::evenly,
    signal::{Signal, VALUE_MAX},
};
