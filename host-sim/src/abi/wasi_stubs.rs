//! The part of WASI that does nothing in Envoy, with the numbers that Envoy 1.40 returns (measured); no file is touched.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, split, write},
    wasi::{BAD_DESCRIPTOR, MODULES, NO_SUCH_FUNCTION, NOT_SUPPORTED, SUCCESS},
};
use crate::state::State;

const NOT_A_DIRECTORY: u32 = 20;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    for module in MODULES {
        descriptors(linker, module)?;
        paths(linker, module)?;
        sockets(linker, module)?;
        fd_tell.define(linker, module, "fd_tell")?;
        sched_yield.define(linker, module, "sched_yield")?;
    }
    Ok(())
}

fn descriptors(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    (|_: &mut Host<'_>, _fd: u32, _from: i64, _length: i64, _advice: u32| Ok(SUCCESS)).define(
        linker,
        module,
        "fd_advise",
    )?;
    (|_: &mut Host<'_>, fd: u32, _from: i64, _length: i64| Ok(of_output(fd))).define(
        linker,
        module,
        "fd_allocate",
    )?;
    (|_: &mut Host<'_>, fd: u32| Ok(of_output(fd))).define(linker, module, "fd_datasync")?;
    (|_: &mut Host<'_>, fd: u32| Ok(of_output(fd))).define(linker, module, "fd_sync")?;
    (|_: &mut Host<'_>, _fd: u32, _flags: u32| Ok(NO_SUCH_FUNCTION)).define(
        linker,
        module,
        "fd_fdstat_set_flags",
    )?;
    (|_: &mut Host<'_>, fd: u32, _base: i64, _inheriting: i64| Ok(of_output(fd))).define(
        linker,
        module,
        "fd_fdstat_set_rights",
    )?;
    (|_: &mut Host<'_>, _fd: u32, _stat_out: u32| Ok(BAD_DESCRIPTOR)).define(
        linker,
        module,
        "fd_filestat_get",
    )?;
    (|_: &mut Host<'_>, fd: u32, _size: i64| Ok(of_output(fd))).define(
        linker,
        module,
        "fd_filestat_set_size",
    )?;
    (|_: &mut Host<'_>, fd: u32, _access: i64, _change: i64, _flags: u32| Ok(of_output(fd)))
        .define(linker, module, "fd_filestat_set_times")?;
    (|_: &mut Host<'_>, _fd: u32, _vectors: u32, _count: u32, _at: i64, _out: u32| {
        Ok(NO_SUCH_FUNCTION)
    })
    .define(linker, module, "fd_pread")?;
    (|_: &mut Host<'_>, _fd: u32, _to: u32, _size: u32, _cookie: i64, _out: u32| {
        Ok(NOT_A_DIRECTORY)
    })
    .define(linker, module, "fd_readdir")?;
    (|_: &mut Host<'_>, _fd: u32, _to: u32| Ok(BAD_DESCRIPTOR)).define(
        linker,
        module,
        "fd_renumber",
    )
}

fn paths(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    for name in ["path_create_directory", "path_remove_directory", "path_unlink_file"] {
        (|_: &mut Host<'_>, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED))
            .define(linker, module, name)?;
    }
    for name in ["path_link", "path_readlink", "path_rename"] {
        // A link has one parameter less than WASI gives it, in Envoy and so here.
        (|_: &mut Host<'_>, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED))
            .define(linker, module, name)?;
    }
    // And so has a symbolic one.
    (|_: &mut Host<'_>, _: u32, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED)).define(
        linker,
        module,
        "path_symlink",
    )?;
    (|_: &mut Host<'_>, _: u32, _: u32, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED)).define(
        linker,
        module,
        "path_filestat_get",
    )?;
    (|_: &mut Host<'_>, _: u32, _: u32, _: u32, _: u32, _: i64, _: i64, _: u32| Ok(NOT_SUPPORTED))
        .define(linker, module, "path_filestat_set_times")
}

fn sockets(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    (|_: &mut Host<'_>, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED)).define(
        linker,
        module,
        "sock_accept",
    )?;
    (|_: &mut Host<'_>, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED)).define(
        linker,
        module,
        "sock_recv",
    )?;
    (|_: &mut Host<'_>, _: u32, _: u32, _: u32, _: u32, _: u32| Ok(NOT_SUPPORTED)).define(
        linker,
        module,
        "sock_send",
    )?;
    (|_: &mut Host<'_>, _: u32, _: u32| Ok(NOT_SUPPORTED)).define(linker, module, "sock_shutdown")
}

/// What is open is standard output and standard error.
fn of_output(descriptor: u32) -> u32 {
    if (1..=2).contains(&descriptor) { SUCCESS } else { BAD_DESCRIPTOR }
}

/// Output is always at its beginning.
fn fd_tell(host: &mut Host<'_>, descriptor: u32, at_out: u32) -> Answer {
    let (memory, _) = split(host)?;
    if of_output(descriptor) == SUCCESS {
        // Envoy does not check whether there was room for it.
        let _ = write(memory, at_out, &0_u64.to_le_bytes());
    }
    Ok(of_output(descriptor))
}

fn sched_yield(_: &mut Host<'_>) -> Answer {
    Ok(SUCCESS)
}
