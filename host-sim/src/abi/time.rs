//! The wall clock and the tick period.

use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, split, write},
};
use crate::state::{State, Tick};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    current_time.define(linker, "env", "proxy_get_current_time_nanoseconds")?;
    set_tick_period.define(linker, "env", "proxy_set_tick_period_milliseconds")?;
    Ok(())
}

fn current_time(host: &mut Host<'_>, time_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    answer(write(memory, time_out, &state.services.clock.wall_ns().to_le_bytes()))
}

/// Always of the root context, whichever context asks; 0 stops the ticks.
fn set_tick_period(host: &mut Host<'_>, milliseconds: u32) -> Answer {
    let (_, state) = split(host)?;
    let period_ns = u64::from(milliseconds) * 1_000_000;
    let due_ns = state.services.clock.monotonic_ns() + period_ns;
    let root = state.root_id();
    state.roots.entry(root).or_default().tick =
        (0 < milliseconds).then_some(Tick { period_ns, due_ns });
    answer(Ok(()))
}
