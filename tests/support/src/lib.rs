//! Shared by tests of the core and stories of the filter: two corpora of exchanges, the ways to deliver them, and what
//! they must count. It knows no host.
//!
//! ```text
//! tests/data/*/*.exchanges ──▶ corpus: cases ──▶ delivery ──▶ native, or the built filter ──▶ counts
//! ```

pub mod corpus;
pub mod counts;
pub mod delivery;
pub mod labelled_profile;
pub mod message;
pub mod native;
pub mod uniform_profile;

mod aws_event_stream;
mod body;
mod events;
mod exchanges;
mod expectation;
mod profile;
