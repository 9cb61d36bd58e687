//! Contexts: which one host calls are about, when one is done, and the stream controls that do nothing here.

use wasmtime::Linker;

use super::memory::{Answer, Host, answer, split};
use crate::{state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "proxy_set_effective_context", set_effective)?;
    linker.func_wrap("env", "proxy_done", done)?;
    linker.func_wrap("env", "proxy_continue_stream", continue_stream)?;
    Ok(())
}

fn set_effective(mut host: Host<'_>, context: u32) -> Answer {
    let (_, state) = split(&mut host)?;
    if !state.roots.contains_key(&context) && !state.streams.contains_key(&context) {
        return answer(Err(Status::BadArgument));
    }
    state.effective = context;
    answer(Ok(()))
}

/// For a context whose `on_done` answered false: it may be deleted now.
fn done(mut host: Host<'_>) -> Answer {
    let (_, state) = split(&mut host)?;
    let context = state.effective;
    state.done_later.push(context);
    answer(Ok(()))
}

/// No stream of this host is ever paused, so there is nothing to continue.
fn continue_stream(mut host: Host<'_>, _kind: u32) -> Answer {
    split(&mut host)?;
    answer(Ok(()))
}
