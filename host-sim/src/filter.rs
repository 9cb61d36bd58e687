//! A compiled filter, ready to be instantiated any number of times; compiling happens once.

use std::sync::{Arc, Once};

use wasmtime::{Config, Engine, ExternType, InstancePre, Module};

use crate::{Error, abi, state::State};

/// A proxy-wasm filter with all its imports satisfied. Clones share the code.
#[derive(Clone)]
pub struct Filter {
    pub(crate) engine: Engine,
    pub(crate) instance: InstancePre<State>,
    /// Done once a VM of it has a limit of time.
    pub(crate) watched: Arc<Once>,
}

/// The prefix of the export that names a module's ABI. Envoy uses the first such export.
const ABI_MARKER: &str = "proxy_abi_version_";

/// The ABI that this host plays.
const ABI: &str = "proxy_abi_version_0_2_1";

/// The one before, which the SDKs for Go and AssemblyScript speak.
const ABI_BEFORE: &str = "proxy_abi_version_0_2_0";

/// Exports that allocate memory for data from the host. The first one that exists is used.
pub(crate) const ALLOCATORS: [&str; 2] = ["malloc", "proxy_on_memory_allocate"];

impl Filter {
    /// Compiles a `.wasm` module. Takes about 0.3 s for a large filter.
    ///
    /// # Errors
    /// [`Error::Load`] for bytes that are no module, [`Error::Link`] if the
    /// module is not for ABI 0.2.1 (or 0.2.0, which only lacks
    /// `proxy_get_log_level`), exports no allocator or imports what Envoy
    /// does not have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Filter, Error> {
        Filter::compile(bytes, &mut Config::new())
    }

    /// [`Filter::from_bytes`] with a count of instructions, for [`WorldOptions::measure_cost`](crate::WorldOptions::measure_cost).
    ///
    /// # Errors
    /// As [`Filter::from_bytes`].
    pub fn metered(bytes: &[u8]) -> Result<Filter, Error> {
        Filter::compile(bytes, Config::new().consume_fuel(true))
    }

    fn compile(bytes: &[u8], config: &mut Config) -> Result<Filter, Error> {
        // For `callback_time_max`. It costs a look at one number per call and loop iteration.
        let engine = Engine::new(config.epoch_interruption(true))
            .map_err(|error| Error::Load(format!("{error:#}")))?;
        let load = |error: wasmtime::Error| {
            // Wasmtime's own message for this case lists the bytes, a line each.
            let binary = bytes.starts_with(b"\0asm");
            let hint = if binary { "" } else { "it does not begin as a WebAssembly module does: " };
            Error::Load(format!("{hint}{}", one_line(&format!("{error:#}"))))
        };
        let module = Module::new(&engine, bytes).map_err(load)?;
        let marker = module.exports().map(|e| e.name()).find(|name| name.starts_with(ABI_MARKER));
        if marker != Some(ABI) && marker != Some(ABI_BEFORE) {
            let found = marker.unwrap_or("no marker");
            return Err(Error::Link(format!(
                "it must export {ABI} or {ABI_BEFORE}, found {found}"
            )));
        }
        check_allocator(&module)?;
        let linker = abi::linker(&engine, &module, marker == Some(ABI))?;
        let instance = linker
            .instantiate_pre(&module)
            .map_err(|error| Error::Link(format!("import type mismatch: {error:#}")))?;
        Ok(Filter { engine, instance, watched: Arc::new(Once::new()) })
    }
}

/// Envoy refuses a module without an allocator.
fn check_allocator(module: &Module) -> Result<(), Error> {
    let [first, second] = ALLOCATORS;
    let found = ALLOCATORS.into_iter().find_map(|name| Some((name, module.get_export(name)?)));
    let Some((name, ExternType::Func(signature))) = found else {
        return Err(Error::Link(format!("it must export {first} or {second}, found neither")));
    };
    let is_i32 = |kind: wasmtime::ValType| kind.is_i32();
    let (takes, gives) = (signature.params(), signature.results());
    if takes.len() == 1 && gives.len() == 1 && takes.chain(gives).all(is_i32) {
        return Ok(());
    }
    Err(Error::Link(format!("export {name} must take an i32 and give one, found {signature}")))
}

/// The text with each run of white space as one space.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}
