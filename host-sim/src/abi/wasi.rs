//! The part of WASI that Envoy gives a filter and filters use: clocks, random bytes, standard output, an empty environment.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, read, split, write},
};
use crate::{LogLevel, state::State};

const SUCCESS: u32 = 0;
const BAD_DESCRIPTOR: u32 = 8;
const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NOT_SUPPORTED: u32 = 58;

/// Envoy refuses to give more at once.
const RANDOM_BYTES_MAX: u32 = 64 * 1024;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        clock_time_get.define(linker, module, "clock_time_get")?;
        random_get.define(linker, module, "random_get")?;
        fd_write.define(linker, module, "fd_write")?;
        sizes_get.define(linker, module, "environ_sizes_get")?;
        sizes_get.define(linker, module, "args_sizes_get")?;
        strings_get.define(linker, module, "environ_get")?;
        strings_get.define(linker, module, "args_get")?;
        linker.func_wrap(module, "proc_exit", proc_exit)?;
    }
    // What an Emscripten build of a filter imports from its runtime.
    linker.func_wrap("env", "emscripten_notify_memory_growth", |_: u32| {})?;
    linker.func_wrap("env", "pthread_equal", |a: u32, b: u32| u32::from(a == b))?;
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
        let Ok(bytes) = read(memory, pointer, length) else { return Ok(FAULT) };
        text.extend_from_slice(bytes);
    }
    let written = u32::try_from(text.len()).unwrap_or(u32::MAX);
    state.log(level, String::from_utf8_lossy(&text).trim_end_matches('\n').to_string());
    errno(write(memory, written_out, &written.to_le_bytes()))
}

fn sizes_get(host: &mut Host<'_>, count_out: u32, bytes_out: u32) -> Answer {
    let (memory, _) = split(host)?;
    errno(write(memory, count_out, &[0; 4]).and_then(|()| write(memory, bytes_out, &[0; 4])))
}

fn strings_get(_: &mut Host<'_>, _strings: u32, _bytes: u32) -> Answer {
    Ok(SUCCESS)
}

fn proc_exit(_: Host<'_>, code: u32) -> wasmtime::Result<()> {
    Err(wasmtime::Error::msg(format!("the filter called proc_exit({code})")))
}
