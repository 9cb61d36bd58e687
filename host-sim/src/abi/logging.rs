//! `proxy_log` and the log level.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, read, split, write},
};
use crate::{LogLevel, state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    log.define(linker, "env", "proxy_log")
}

/// What ABI 0.2.1 added to 0.2.0.
pub(super) fn define_level(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    get_log_level.define(linker, "env", "proxy_get_log_level")
}

fn log(host: &mut Host<'_>, level: u32, pointer: u32, length: u32) -> Answer {
    let (memory, state) = split(host)?;
    let Some(level) = LogLevel::from_raw(level) else { return answer(Err(Status::BadArgument)) };
    answer(read(memory, pointer, length).map(|message| {
        let message = String::from_utf8_lossy(message).into_owned();
        state.log(level, message);
    }))
}

fn get_log_level(host: &mut Host<'_>, level_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    answer(write(memory, level_out, &(state.services.log.level() as u32).to_le_bytes()))
}
