//! Envoy's foreign functions, called by name; a name that Envoy does not have is not found.

use std::{mem, sync::Arc};

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, split, write},
};
use crate::{
    LogLevel, foreign_functions, property,
    protobuf::{self, Message},
    state::{Declared, State},
    status::Status,
};

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
    let outcome = match name.as_ref() {
        "compress" => Ok(compress_to_vec_zlib(argument, COMPRESSION_LEVEL)),
        "uncompress" => decompress_to_vec_zlib_with_limit(argument, UNCOMPRESSED_BYTES_MAX)
            .map_err(|_| Status::SerializationFailure),
        "clear_route_cache" => Ok(Vec::new()),
        "set_envoy_filter_state" => set_filter_state(state, argument).map(|()| Vec::new()),
        "declare_property" => declare_property(state, argument).map(|()| Vec::new()),
        name => match optional(state, name, argument) {
            Some(outcome) => outcome,
            None => return answer(Err(Status::NotFound)),
        },
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

/// A function that not every build has. Expressions belong to the root of the context whose callback runs.
fn optional(state: &mut State, name: &str, argument: &[u8]) -> Option<Result<Vec<u8>, Status>> {
    let root = state.root_of(state.current);
    let mut expressions = mem::take(&mut state.roots.entry(root).or_default().expressions);
    let find = |name: &str| property::named(state, name);
    let outcome = foreign_functions::call(name, argument, &mut expressions, find);
    state.roots.entry(root).or_default().expressions = expressions;
    if foreign_functions::LEFT_OUT.contains(&name) {
        let first = Arc::clone(&state.services.left_out);
        first.call_once(|| {
            state.log(
                LogLevel::Warn,
                format!(
                    "the foreign function {name} is not found: host-sim is built without its feature foreign-functions"
                ),
            );
        });
    }
    outcome
}

/// Envoy knows the objects of its own extensions, which all have its name in theirs.
fn set_filter_state(state: &mut State, argument: &[u8]) -> Result<(), Status> {
    let message = Message::read(argument).ok_or(Status::BadArgument)?;
    let name = message.text(1).ok_or(Status::BadArgument)?;
    let value = message.text(2).ok_or(Status::BadArgument)?;
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
    let message = Message::read(argument).ok_or(Status::BadArgument)?;
    let name = message.text(1).ok_or(Status::BadArgument)?;
    let kind = protobuf::number(argument, TYPE_FIELD).ok_or(Status::BadArgument)?;
    let declared = if kind == TYPE_STRING { Declared::Text } else { Declared::Bytes };
    let root = state.root_of(state.current);
    let known = &mut state.roots.entry(root).or_default().declared;
    if known.contains_key(name) {
        return Err(Status::BadArgument);
    }
    known.insert(name.to_string(), declared);
    Ok(())
}

/// In `DeclarePropertyArguments`, the type of the value.
const TYPE_FIELD: u64 = 3;
const TYPE_STRING: u64 = 1;
