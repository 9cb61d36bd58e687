//! What tests of the core and stories of the filter share: two corpora of exchanges, how they are delivered, and what
//! they must count. It judges nothing itself, and knows no host.
//!
//! ```text
//! tests/data/llm, tests/data/predict ──▶ corpus: cases ──▶ delivery ──▶ native, or the built filter ──▶ counts
//! ```

pub mod corpus;
pub mod counts;
pub mod delivery;
pub mod even;
pub mod host;
pub mod message;
pub mod native;

mod aws_event_stream;
mod body;
mod events;
mod exchanges;
mod expectation;
mod profile;
