//! Imports that Envoy satisfies and this host does not: they link, and trap by name when called.

use wasmtime::{Caller, ExternType, Linker, Module, Val};

use crate::{Error, state::State};

/// Host functions of Envoy 1.40 that are not defined elsewhere in this folder.
const ENVOY_ONLY: &[&str] = &["envoy_resolve_dns"];

/// The WASI functions that Envoy registers and this host does not implement.
const WASI: &[&str] = &[
    "clock_res_get",
    "fd_advise",
    "fd_allocate",
    "fd_datasync",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_pwrite",
    "fd_readdir",
    "fd_renumber",
    "fd_sync",
    "fd_tell",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// Defines what `module` imports and nobody provided.
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
        // The linker refuses a second definition, so this succeeds only for what nobody provided.
        if linker.func_new(from, name, signature, trap).is_ok() && !envoy_has(from, name) {
            problems.push(format!("missing import {from}.{name}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Link(problems.join(", "))) }
}

fn envoy_has(module: &str, name: &str) -> bool {
    match module {
        "env" => ENVOY_ONLY.contains(&name),
        "wasi_snapshot_preview1" | "wasi_unstable" => WASI.contains(&name),
        _ => false,
    }
}
