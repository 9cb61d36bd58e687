//! `driftline` as its users start it, with the built filter and beside a real Envoy; what it says of a filter that is not
//! Driftline's is in `host`.

mod check;
mod feedback;
mod first_profile;
#[path = "../input/mod.rs"]
mod input;
mod serve_prometheus;
