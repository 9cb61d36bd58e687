//! Shared queues. The world decides who is notified of an entry, and when.

use bytes::Bytes;
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, simulated_only, split, write},
};
use crate::{state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    register.define(linker, "env", "proxy_register_shared_queue")?;
    resolve.define(linker, "env", "proxy_resolve_shared_queue")?;
    enqueue.define(linker, "env", "proxy_enqueue_shared_queue")?;
    dequeue.define(linker, "env", "proxy_dequeue_shared_queue")?;
    Ok(())
}

fn register(host: &mut Host<'_>, name: u32, length: u32, id_out: u32) -> Answer {
    simulated_only(host, "proxy_register_shared_queue")?;
    let (memory, state) = split(host)?;
    let root = state.root_id();
    let id = read(memory, name, length).map(|name| {
        let services = &state.services;
        services.queues.register(&services.plugin.vm_id, name, (state.number, root))
    });
    answer(id.and_then(|id| write(memory, id_out, &id.to_le_bytes())))
}

/// An empty `vm_id` is the filter's own.
fn resolve(
    host: &mut Host<'_>,
    vm_id: u32,
    vm_id_length: u32,
    name: u32,
    name_length: u32,
    id_out: u32,
) -> Answer {
    simulated_only(host, "proxy_resolve_shared_queue")?;
    let (memory, state) = split(host)?;
    let id = read(memory, vm_id, vm_id_length).and_then(|vm_id| {
        let own = &state.services.plugin.vm_id;
        let vm_id = String::from_utf8_lossy(vm_id);
        let vm_id = if vm_id.is_empty() { own } else { vm_id.as_ref() };
        let name = read(memory, name, name_length)?;
        state.services.queues.resolve(vm_id, name).ok_or(Status::NotFound)
    });
    answer(id.and_then(|id| write(memory, id_out, &id.to_le_bytes())))
}

fn enqueue(host: &mut Host<'_>, id: u32, data: u32, length: u32) -> Answer {
    simulated_only(host, "proxy_enqueue_shared_queue")?;
    let (memory, state) = split(host)?;
    answer(
        read(memory, data, length)
            .and_then(|data| state.services.queues.enqueue(id, Bytes::copy_from_slice(data))),
    )
}

fn dequeue(host: &mut Host<'_>, id: u32, pointer_out: u32, length_out: u32) -> Answer {
    simulated_only(host, "proxy_dequeue_shared_queue")?;
    match host.data().services.queues.dequeue(id) {
        Ok(entry) => answer(give(host, &entry, pointer_out, length_out)?),
        Err(status) => answer(Err(status)),
    }
}
