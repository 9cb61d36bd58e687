//! The proxy-wasm face of Driftline: it translates callbacks and decides nothing.
