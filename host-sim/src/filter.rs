//! A compiled filter, ready to be instantiated any number of times; compiling happens once.

use wasmtime::{Config, Engine, InstancePre, Module};

use crate::{Error, abi, state::State};

/// A proxy-wasm filter with all its imports satisfied. Clones share the code.
#[derive(Clone)]
pub struct Filter {
    pub(crate) engine: Engine,
    pub(crate) instance: InstancePre<State>,
}

/// The export without which Envoy does not know which ABI a module speaks.
const ABI_MARKER: &str = "proxy_abi_version_0_2_1";

impl Filter {
    /// Compiles a `.wasm` module (or WAT, where wasmtime's `wat` feature is on). Takes about 0.3 s for a large filter.
    ///
    /// # Errors
    /// [`Error::Load`] for bytes that are no module, [`Error::Link`] if the
    /// module is not for ABI 0.2.1 or imports what Envoy does not have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Filter, Error> {
        Filter::compile(bytes, &Config::new())
    }

    /// [`Filter::from_bytes`] with a count of instructions, for [`WorldOptions::measure_cost`](crate::WorldOptions::measure_cost).
    ///
    /// # Errors
    /// As [`Filter::from_bytes`].
    pub fn metered(bytes: &[u8]) -> Result<Filter, Error> {
        Filter::compile(bytes, Config::new().consume_fuel(true))
    }

    fn compile(bytes: &[u8], config: &Config) -> Result<Filter, Error> {
        let engine = Engine::new(config).map_err(|error| Error::Load(format!("{error:#}")))?;
        let load = |error: wasmtime::Error| {
            // Wasmtime's own words for this one list the bytes, a line each.
            let binary = bytes.starts_with(b"\0asm");
            let hint = if binary { "" } else { "it does not begin as a WebAssembly module does: " };
            Error::Load(format!("{hint}{}", one_line(&format!("{error:#}"))))
        };
        let module = Module::new(&engine, bytes).map_err(load)?;
        if module.get_export(ABI_MARKER).is_none() {
            let others: Vec<&str> = module
                .exports()
                .map(|export| export.name())
                .filter(|name| name.starts_with("proxy_abi_version_"))
                .collect();
            let found = if others.is_empty() { "no marker".into() } else { others.join(", ") };
            return Err(Error::Link(format!("it must export {ABI_MARKER}, found {found}")));
        }
        let linker = abi::linker(&engine, &module)?;
        let instance = linker
            .instantiate_pre(&module)
            .map_err(|error| Error::Link(format!("import type mismatch: {error:#}")))?;
        Ok(Filter { engine, instance })
    }
}

/// The same words with every run of white space made one space.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}
