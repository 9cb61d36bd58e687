//! `proxy_log` and the log level.

use wasmtime::Linker;

use super::memory::{Answer, Host, answer, open, read, split, write};
use crate::{LogLevel, state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "proxy_log", log)?;
    linker.func_wrap("env", "proxy_get_log_level", get_log_level)?;
    Ok(())
}

fn log(mut host: Host<'_>, level: u32, pointer: u32, length: u32) -> Answer {
    let (memory, state) = open(&mut host)?;
    let Some(level) = LogLevel::from_raw(level) else { return answer(Err(Status::BadArgument)) };
    answer(read(memory, pointer, length).map(|message| {
        let message = String::from_utf8_lossy(message).into_owned();
        state.log(level, message);
    }))
}

fn get_log_level(mut host: Host<'_>, level_out: u32) -> Answer {
    let (memory, state) = split(&mut host)?;
    answer(write(memory, level_out, &(state.services.log.level() as u32).to_le_bytes()))
}
