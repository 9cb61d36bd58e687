//! `proxy_get_property` and `proxy_set_property`; what there is to read is in `property.rs`.

use bytes::Bytes;
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, split},
};
use crate::{property, state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    get.define(linker, "env", "proxy_get_property")?;
    set.define(linker, "env", "proxy_set_property")?;
    Ok(())
}

fn get(
    host: &mut Host<'_>,
    path: u32,
    path_length: u32,
    pointer_out: u32,
    length_out: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    let found = read(memory, path, path_length).and_then(|path| property::get(state, path));
    match found {
        Ok(value) => answer(give(host, &value, pointer_out, length_out)?),
        Err(status) => answer(Err(status)),
    }
}

/// Readable again under `wasm.<path>` for access logs in Envoy; here, by the filter itself.
fn set(host: &mut Host<'_>, path: u32, path_length: u32, value: u32, value_length: u32) -> Answer {
    let (memory, state) = split(host)?;
    answer(read(memory, path, path_length).and_then(|path| {
        let value = Bytes::copy_from_slice(read(memory, value, value_length)?);
        let path = path.to_vec();
        let stream = state.stream_mut().ok_or(Status::NotFound)?;
        stream.properties.insert(path, value);
        Ok(())
    }))
}
