//! Imports that Envoy satisfies and this host does not: they link, and trap by name when called.

use wasmtime::{Caller, ExternType, Linker, Module, Val};

use crate::{Error, state::State};

/// Functions of Envoy 1.40 that are not defined elsewhere in this folder.
const NOT_PROVIDED: [(&str, &str); 2] =
    [("wasi_snapshot_preview1", "poll_oneoff"), ("wasi_unstable", "poll_oneoff")];

/// Defines the imports of `module` that are not defined yet.
///
/// # Errors
/// Every import that Envoy could not satisfy either, in one message.
pub(super) fn define(linker: &mut Linker<State>, module: &Module) -> Result<(), Error> {
    let mut problems = Vec::new();
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let ExternType::Func(signature) = import.ty() else {
            problems.push(format!("{from}.{name} is not a function"));
            continue;
        };
        let message = format!("{name} is not provided by host-sim");
        let trap = move |_: Caller<'_, State>, _: &[Val], _: &mut [Val]| {
            Err(wasmtime::Error::msg(message.clone()))
        };
        // The linker refuses a second definition, so this succeeds only for imports that are not defined yet.
        if linker.func_new(from, name, signature, trap).is_ok()
            && !NOT_PROVIDED.contains(&(from, name))
        {
            problems.push(format!("missing import {from}.{name}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Link(problems.join(", "))) }
}
