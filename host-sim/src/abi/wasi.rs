//! The part of WASI that works in Envoy: clocks, random bytes, standard output, variables. There are no files.

use wasmtime::Linker;

use super::{
    gate::{HostFunction as _, check_restriction},
    memory::{Answer, Host, read, split, write},
};
use crate::{LogLevel, state::State};

pub(super) const SUCCESS: u32 = 0;
pub(super) const BAD_DESCRIPTOR: u32 = 8;
const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NO_SUCH_FILE: u32 = 44;
pub(super) const NO_SUCH_FUNCTION: u32 = 52;
pub(super) const NOT_SUPPORTED: u32 = 58;

/// What the modules are called that have all of this.
pub(super) const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// The one right that a descriptor has.
const RIGHT_TO_WRITE: u8 = 64;

/// Envoy refuses to give more at once.
const RANDOM_BYTES_MAX: u32 = 64 * 1024;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    for module in MODULES {
        clock_time_get.define(linker, module, "clock_time_get")?;
        clock_res_get.define(linker, module, "clock_res_get")?;
        random_get.define(linker, module, "random_get")?;
        fd_write.define(linker, module, "fd_write")?;
        environ_sizes_get.define(linker, module, "environ_sizes_get")?;
        environ_get.define(linker, module, "environ_get")?;
        args_sizes_get.define(linker, module, "args_sizes_get")?;
        args_get.define(linker, module, "args_get")?;
        fd_read.define(linker, module, "fd_read")?;
        fd_seek.define(linker, module, "fd_seek")?;
        fd_close.define(linker, module, "fd_close")?;
        fd_fdstat_get.define(linker, module, "fd_fdstat_get")?;
        fd_prestat_get.define(linker, module, "fd_prestat_get")?;
        fd_prestat_dir_name.define(linker, module, "fd_prestat_dir_name")?;
        path_open.define(linker, module, "path_open")?;
        fd_pwrite.define(linker, module, "fd_pwrite")?;
        linker.func_wrap(module, "proc_exit", proc_exit)?;
    }
    // What an Emscripten build of a filter imports from its runtime.
    let growth = "emscripten_notify_memory_growth";
    linker.func_wrap("env", growth, |host: Host<'_>, _: u32| {
        check_restriction(host.data(), "env", growth)
    })?;
    pthread_equal.define(linker, "env", "pthread_equal")?;
    Ok(())
}

fn errno(written: Result<(), crate::status::Status>) -> Answer {
    Ok(if written.is_ok() { SUCCESS } else { FAULT })
}

/// Clock 0 is the wall clock, 1 the monotonic one; Envoy has no others.
fn clock_time_get(host: &mut Host<'_>, clock: u32, _precision: u64, time_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    let time = match clock {
        0 => state.services.clock.wall_ns(),
        1 => state.services.clock.monotonic_ns(),
        _ => return Ok(NOT_SUPPORTED),
    };
    errno(write(memory, time_out, &time.to_le_bytes()))
}

/// Envoy's clocks say that they tell nanoseconds apart.
fn clock_res_get(host: &mut Host<'_>, clock: u32, resolution_out: u32) -> Answer {
    let (memory, _) = split(host)?;
    match clock {
        0 | 1 => errno(write(memory, resolution_out, &1_u64.to_le_bytes())),
        _ => Ok(NOT_SUPPORTED),
    }
}

fn random_get(host: &mut Host<'_>, pointer: u32, length: u32) -> Answer {
    let (memory, state) = split(host)?;
    if RANDOM_BYTES_MAX < length {
        return Ok(INVALID);
    }
    let bytes: Vec<u8> =
        (0..length.div_ceil(8)).flat_map(|_| state.random().to_le_bytes()).collect();
    errno(write(memory, pointer, &bytes[..length as usize]))
}

/// Standard output is logged as information, standard error as an error.
fn fd_write(
    host: &mut Host<'_>,
    descriptor: u32,
    vectors: u32,
    count: u32,
    written_out: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    let level = match descriptor {
        1 => LogLevel::Info,
        2 => LogLevel::Error,
        _ => return Ok(BAD_DESCRIPTOR),
    };
    let mut text = Vec::new();
    for index in 0..count {
        let at = vectors.wrapping_add(index.wrapping_mul(8));
        let word = |at| {
            let bytes = read(memory, at, 4).ok()?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let (Some(pointer), Some(length)) = (word(at), word(at.wrapping_add(4))) else {
            return Ok(FAULT);
        };
        // Of no bytes, Envoy does not ask where they are.
        if length == 0 {
            continue;
        }
        let Ok(bytes) = read(memory, pointer, length) else { return Ok(FAULT) };
        text.extend_from_slice(bytes);
    }
    let written = u32::try_from(text.len()).unwrap_or(u32::MAX);
    state.log(level, String::from_utf8_lossy(&text).trim_end_matches('\n').to_string());
    errno(write(memory, written_out, &written.to_le_bytes()))
}

/// Output has no positions.
fn fd_pwrite(
    host: &mut Host<'_>,
    descriptor: u32,
    vectors: u32,
    count: u32,
    _at: i64,
    written_out: u32,
) -> Answer {
    fd_write(host, descriptor, vectors, count, written_out)
}

/// No file can be read.
fn fd_read(_: &mut Host<'_>, _fd: u32, _vectors: u32, _count: u32, _read_out: u32) -> Answer {
    Ok(NO_SUCH_FUNCTION)
}

/// Envoy complains, and says that it worked.
fn fd_seek(host: &mut Host<'_>, _fd: u32, _offset: i64, _whence: u32, _at_out: u32) -> Answer {
    host.data_mut().log(LogLevel::Error, "wasi_unstable fd_seek".into());
    Ok(SUCCESS)
}

/// Envoy complains, and says that it worked.
fn fd_close(host: &mut Host<'_>, _fd: u32) -> Answer {
    host.data_mut().log(LogLevel::Error, "wasi_unstable fd_close".into());
    Ok(SUCCESS)
}

/// Standard output and error can be written to; there is nothing else.
fn fd_fdstat_get(host: &mut Host<'_>, descriptor: u32, stat_out: u32) -> Answer {
    if !(1..=2).contains(&descriptor) {
        return Ok(BAD_DESCRIPTOR);
    }
    let (memory, _) = split(host)?;
    let mut stat = [0; 24];
    stat[8] = RIGHT_TO_WRITE;
    errno(write(memory, stat_out, &stat))
}

/// No directory is open.
fn fd_prestat_get(_: &mut Host<'_>, _fd: u32, _stat_out: u32) -> Answer {
    Ok(BAD_DESCRIPTOR)
}

fn fd_prestat_dir_name(_: &mut Host<'_>, _fd: u32, _path: u32, _length: u32) -> Answer {
    Ok(NO_SUCH_FUNCTION)
}

/// No file is there.
#[allow(clippy::too_many_arguments, reason = "WASI has them")]
fn path_open(
    _: &mut Host<'_>,
    _directory: u32,
    _directory_flags: u32,
    _path: u32,
    _path_length: u32,
    _flags: u32,
    _rights: i64,
    _inherited: i64,
    _descriptor_flags: u32,
    _fd_out: u32,
) -> Answer {
    Ok(NO_SUCH_FILE)
}

/// How many variables there are, and the bytes of all, each `NAME=VALUE` and a zero.
fn environ_sizes_get(host: &mut Host<'_>, count_out: u32, bytes_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    let variables = &state.services.environment;
    let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let word = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    errno(
        write(memory, count_out, &word(variables.len()))
            .and_then(|()| write(memory, bytes_out, &word(bytes))),
    )
}

fn environ_get(host: &mut Host<'_>, mut strings: u32, mut bytes: u32) -> Answer {
    let (memory, state) = split(host)?;
    for (name, value) in state.services.environment.iter() {
        let variable = format!("{name}={value}\0");
        let written = write(memory, strings, &bytes.to_le_bytes())
            .and_then(|()| write(memory, bytes, variable.as_bytes()));
        if written.is_err() {
            return Ok(FAULT);
        }
        strings = strings.wrapping_add(4);
        bytes = bytes.wrapping_add(u32::try_from(variable.len()).unwrap_or(u32::MAX));
    }
    Ok(SUCCESS)
}

/// A filter has no arguments.
fn args_sizes_get(host: &mut Host<'_>, count_out: u32, bytes_out: u32) -> Answer {
    let (memory, _) = split(host)?;
    errno(write(memory, count_out, &[0; 4]).and_then(|()| write(memory, bytes_out, &[0; 4])))
}

fn args_get(_: &mut Host<'_>, _strings: u32, _bytes: u32) -> Answer {
    Ok(SUCCESS)
}

fn pthread_equal(_: &mut Host<'_>, one: u32, other: u32) -> Answer {
    Ok(u32::from(one == other))
}

fn proc_exit(host: Host<'_>, code: u32) -> wasmtime::Result<()> {
    check_restriction(host.data(), MODULES[0], "proc_exit")?;
    Err(wasmtime::Error::msg(format!("the filter called proc_exit({code})")))
}
