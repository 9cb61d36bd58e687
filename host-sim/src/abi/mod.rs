//! The host functions of proxy-wasm ABI 0.2.1, one file per subject, with the statuses that Envoy 1.40 gives.
//!
//! What Envoy has and this host does not (`absent.rs`) still links; calling it traps with
//! its name, so that a filter which imports everything but uses little runs.

mod absent;
mod buffers;
mod callouts;
mod contexts;
mod dns;
mod foreign;
mod gate;
mod header_maps;
mod logging;
mod memory;
mod metrics;
mod properties;
mod queues;
mod shared;
mod time;
mod wasi;
mod wasi_stubs;

use wasmtime::{Engine, Linker, Module};

use crate::{Error, state::State};

/// A linker that can satisfy every import of `module`, or the reason why Envoy could not either.
///
/// `has_log_level` is false for modules that speak ABI 0.2.0.
pub(crate) fn linker(
    engine: &Engine,
    module: &Module,
    has_log_level: bool,
) -> Result<Linker<State>, Error> {
    let mut linker = Linker::new(engine);
    let defined = [
        buffers::define,
        callouts::define,
        contexts::define,
        dns::define,
        foreign::define,
        header_maps::define,
        logging::define,
        metrics::define,
        properties::define,
        queues::define,
        shared::define,
        time::define,
        wasi::define,
        wasi_stubs::define,
    ];
    for define in defined {
        define(&mut linker).map_err(|error| Error::Link(format!("{error:#}")))?;
    }
    if has_log_level {
        logging::define_level(&mut linker).map_err(|error| Error::Link(format!("{error:#}")))?;
    }
    absent::define(&mut linker, module)?;
    Ok(linker)
}
