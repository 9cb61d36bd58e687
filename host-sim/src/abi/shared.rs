//! Shared data with compare-and-swap.

use bytes::Bytes;
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, split, write},
};
use crate::{state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    get.define(linker, "env", "proxy_get_shared_data")?;
    set.define(linker, "env", "proxy_set_shared_data")?;
    Ok(())
}

fn get(
    host: &mut Host<'_>,
    key: u32,
    key_length: u32,
    pointer_out: u32,
    length_out: u32,
    cas_out: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    let found = read(memory, key, key_length).and_then(|key| {
        let services = &state.services;
        services.shared.get(&services.plugin.vm_id, key).ok_or(Status::NotFound)
    });
    let (value, cas) = match found {
        Ok(found) => found,
        Err(status) => return answer(Err(status)),
    };
    let given = give(host, &value, pointer_out, length_out)?;
    let (memory, _) = split(host)?;
    answer(given.and_then(|()| write(memory, cas_out, &cas.to_le_bytes())))
}

fn set(
    host: &mut Host<'_>,
    key: u32,
    key_length: u32,
    value: u32,
    value_length: u32,
    cas: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    answer(read(memory, key, key_length).and_then(|key| {
        let value = Bytes::copy_from_slice(read(memory, value, value_length)?);
        let services = &state.services;
        let set = services.shared.set(&services.plugin.vm_id, key, value, cas);
        set.map_err(|_| Status::CasMismatch)
    }))
}
