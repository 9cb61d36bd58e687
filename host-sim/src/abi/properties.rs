//! `proxy_get_property` and `proxy_set_property`; what there is to read is in `property.rs`.

use bytes::Bytes;
use wasmtime::Linker;

use super::memory::{Answer, Host, answer, give, read, split};
use crate::{property, state::State, status::Status};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "proxy_get_property", get)?;
    linker.func_wrap("env", "proxy_set_property", set)?;
    Ok(())
}

fn get(
    mut host: Host<'_>,
    path: u32,
    path_length: u32,
    pointer_out: u32,
    length_out: u32,
) -> Answer {
    let (memory, state) = split(&mut host)?;
    let found = read(memory, path, path_length).and_then(|path| property::get(state, path));
    match found {
        Ok(value) => answer(give(&mut host, &value, pointer_out, length_out)?),
        Err(status) => answer(Err(status)),
    }
}

/// Readable again under `wasm.<path>` for access logs in Envoy; here, by the filter itself.
fn set(mut host: Host<'_>, path: u32, path_length: u32, value: u32, value_length: u32) -> Answer {
    let (memory, state) = split(&mut host)?;
    answer(read(memory, path, path_length).and_then(|path| {
        let value = Bytes::copy_from_slice(read(memory, value, value_length)?);
        let path = path.to_vec();
        let stream = state.stream_mut().ok_or(Status::NotFound)?;
        stream.properties.insert(path, value);
        Ok(())
    }))
}
