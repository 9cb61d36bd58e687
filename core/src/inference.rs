//! What an HTTP exchange with a model says: dialects, bodies, outcomes. It knows no metric.

pub mod dialect;
pub mod exchange;
pub mod generative;
pub mod glob;
pub mod known;
pub mod load;
pub mod outcome;
pub mod predictive;
pub mod recognition;
