//! Real servers of scikit-learn models behind a real Envoy with the filter, which counts what the servers' own clients sent
//! and got. It installs nothing.
//!
//! ```text
//! NAME/ways.py ──▶ Envoy with the filter ──▶ NAME/serve.py
//!      │                  │
//!      └─ Counted ─▶ judge ◀─ scrape
//! ```
//!
//! The client counts by the profile's edges in Python (`common/counting.py`), so that no mistake is made twice.

pub mod case;
pub mod client;
pub mod judge;
pub mod place;
pub mod play;
pub mod report;
pub mod server;
