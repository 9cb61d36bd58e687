//! What tests have for a Grafana: it reads the JSON model of a dashboard, fills in its variables, asks a Prometheus what the
//! panels ask, and draws the answers as one SVG. It knows no metric, and judges nothing.
//!
//! ```text
//! dashboard (JSON) ──▶ variables ──▶ view: one answer for each question ──▶ draw: SVG
//!                          └── Prometheus ──┘            └── table: rows and columns
//! ```

pub mod dashboard;
pub mod draw;
pub mod variables;
pub mod view;

mod table;
mod units;
