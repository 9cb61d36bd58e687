//! Envoy's foreign functions, called by name.
//!
//! Not provided, so that calling them traps by name: the expression language
//! (`expr_create`, `expr_evaluate`, `expr_delete`) and the signatures
//! (`sign`, `verify_signature`). A name that Envoy does not have is not found.

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, split, write},
};
use crate::{protobuf, state::State, status::Status};

const NOT_PROVIDED: [&str; 5] =
    ["expr_create", "expr_delete", "expr_evaluate", "sign", "verify_signature"];

/// zlib's default.
const COMPRESSION_LEVEL: u8 = 6;

/// A guest's memory is not larger.
const UNCOMPRESSED_BYTES_MAX: usize = 1 << 30;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    call.define(linker, "env", "proxy_call_foreign_function")
}

fn call(
    host: &mut Host<'_>,
    name: u32,
    name_length: u32,
    argument: u32,
    argument_length: u32,
    pointer_out: u32,
    length_out: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    let (name, argument) =
        match (read(memory, name, name_length), read(memory, argument, argument_length)) {
            (Ok(name), Ok(argument)) => (String::from_utf8_lossy(name), argument),
            _ => return answer(Err(Status::InvalidMemoryAccess)),
        };
    if NOT_PROVIDED.contains(&name.as_ref()) {
        let message = format!("the foreign function {name} is not provided by host-sim");
        return Err(wasmtime::Error::msg(message));
    }
    let outcome = match name.as_ref() {
        "compress" => Ok(compress_to_vec_zlib(argument, COMPRESSION_LEVEL)),
        "uncompress" => decompress_to_vec_zlib_with_limit(argument, UNCOMPRESSED_BYTES_MAX)
            .map_err(|_| Status::SerializationFailure),
        "clear_route_cache" => Ok(Vec::new()),
        "set_envoy_filter_state" => set_filter_state(state, argument).map(|()| Vec::new()),
        "declare_property" => declare_property(state, argument).map(|()| Vec::new()),
        _ => return answer(Err(Status::NotFound)),
    };
    let result = outcome.as_deref().unwrap_or_default().to_vec();
    // A guest that wants no result gives no address for it.
    if pointer_out != 0 {
        let given = give(host, &result, pointer_out, length_out)?;
        return answer(given.and(outcome.map(|_| ())));
    }
    let (memory, _) = split(host)?;
    let length = u32::try_from(result.len()).unwrap_or(u32::MAX);
    let written = match length_out {
        0 => Ok(()),
        out => write(memory, out, &length.to_le_bytes()),
    };
    answer(written.and(outcome.map(|_| ())))
}

/// Envoy knows the objects of its own extensions, which all have its name in theirs.
fn set_filter_state(state: &mut State, argument: &[u8]) -> Result<(), Status> {
    let fields = protobuf::fields(argument).ok_or(Status::BadArgument)?;
    let name = protobuf::text(&fields, 1).unwrap_or_default();
    let value = protobuf::text(&fields, 2).unwrap_or_default();
    let stream = state.stream_mut().ok_or(Status::NotFound)?;
    if !name.starts_with("envoy.") {
        return Err(Status::NotFound);
    }
    let path = [b"filter_state\0", name.as_bytes()].concat();
    stream.properties.insert(path, value.to_string().into());
    Ok(())
}

/// A property is declared once.
fn declare_property(state: &mut State, argument: &[u8]) -> Result<(), Status> {
    let fields = protobuf::fields(argument).ok_or(Status::BadArgument)?;
    let name = protobuf::text(&fields, 1).unwrap_or_default().to_string();
    let root = state.root_id();
    let new = state.roots.entry(root).or_default().declared.insert(name);
    if new { Ok(()) } else { Err(Status::BadArgument) }
}
