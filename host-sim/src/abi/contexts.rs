//! Contexts: which one host calls are about, when one is done, and the stream controls that do nothing here.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, split},
};
use crate::{state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    set_effective.define(linker, "env", "proxy_set_effective_context")?;
    done.define(linker, "env", "proxy_done")?;
    continue_stream.define(linker, "env", "proxy_continue_stream")?;
    Ok(())
}

fn set_effective(host: &mut Host<'_>, context: u32) -> Answer {
    let (_, state) = split(host)?;
    if !state.roots.contains_key(&context) && !state.streams.contains_key(&context) {
        return answer(Err(Status::BadArgument));
    }
    state.effective = context;
    answer(Ok(()))
}

/// For a context whose `on_done` answered false: it may be deleted now.
fn done(host: &mut Host<'_>) -> Answer {
    let (_, state) = split(host)?;
    let context = state.effective;
    state.done_later.push(context);
    answer(Ok(()))
}

/// No stream of this host is ever paused, so there is nothing to continue.
fn continue_stream(host: &mut Host<'_>, _kind: u32) -> Answer {
    split(host)?;
    answer(Ok(()))
}
