//! Headers and trailers: each map only in its own callback, and read-only in `on_log`.

use bytes::Bytes;
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, split, write},
};
use crate::{
    HeaderMap,
    state::{Phase, State, StreamState},
    status::Status,
};

const REQUEST_HEADERS: u32 = 0;
const REQUEST_TRAILERS: u32 = 1;
const RESPONSE_HEADERS: u32 = 2;
const RESPONSE_TRAILERS: u32 = 3;
const GRPC_INITIAL_METADATA: u32 = 4;
const GRPC_TRAILING_METADATA: u32 = 5;
const CALL_HEADERS: u32 = 6;
const CALL_TRAILERS: u32 = 7;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    get_value.define(linker, "env", "proxy_get_header_map_value")?;
    get_pairs.define(linker, "env", "proxy_get_header_map_pairs")?;
    get_size.define(linker, "env", "proxy_get_header_map_size")?;
    set_pairs.define(linker, "env", "proxy_set_header_map_pairs")?;
    add_value.define(linker, "env", "proxy_add_header_map_value")?;
    replace_value.define(linker, "env", "proxy_replace_header_map_value")?;
    remove_value.define(linker, "env", "proxy_remove_header_map_value")?;
    Ok(())
}

fn readable(state: &State, kind: u32) -> Option<&HeaderMap> {
    match kind {
        GRPC_INITIAL_METADATA => return state.arrived.initial_metadata.as_ref(),
        GRPC_TRAILING_METADATA => return state.arrived.trailing_metadata.as_ref(),
        CALL_HEADERS => return state.arrived.headers.as_ref(),
        CALL_TRAILERS => return state.arrived.trailers.as_ref(),
        _ => {}
    }
    let stream = state.stream()?;
    let map = |kind: u32| match kind {
        REQUEST_HEADERS => stream.request_headers.as_ref(),
        RESPONSE_HEADERS => stream.response_headers.as_ref(),
        RESPONSE_TRAILERS => stream.response_trailers.as_ref(),
        _ => None,
    };
    match stream.phase {
        Phase::Log => map(kind),
        Phase::RequestTrailers if kind == REQUEST_TRAILERS => stream.request_trailers.as_ref(),
        phase if own_phase(kind) == Some(phase) => map(kind),
        _ if is_held(stream, kind) && kind == REQUEST_TRAILERS => stream.request_trailers.as_ref(),
        _ if is_held(stream, kind) => map(kind),
        // Trailers that the last body callback made for itself.
        _ if trailers_may_begin(stream, kind) && kind == REQUEST_TRAILERS => {
            stream.request_trailers.as_ref()
        }
        _ if trailers_may_begin(stream, kind) => stream.response_trailers.as_ref(),
        _ => None,
    }
}

/// The map to write to. In the last body callback, asking for the trailers creates them.
fn writable(state: &mut State, kind: u32) -> Result<&mut HeaderMap, Status> {
    let stream = state.stream_mut().ok_or(Status::BadArgument)?;
    let begin = trailers_may_begin(stream, kind);
    if !begin && own_phase(kind) != Some(stream.phase) && !is_held(stream, kind) {
        return Err(Status::BadArgument);
    }
    let map = match kind {
        REQUEST_HEADERS => &mut stream.request_headers,
        REQUEST_TRAILERS => &mut stream.request_trailers,
        RESPONSE_HEADERS => &mut stream.response_headers,
        RESPONSE_TRAILERS => &mut stream.response_trailers,
        _ => return Err(Status::BadArgument),
    };
    if begin {
        return Ok(map.get_or_insert_default());
    }
    map.as_mut().ok_or(Status::BadArgument)
}

fn own_phase(kind: u32) -> Option<Phase> {
    match kind {
        REQUEST_HEADERS => Some(Phase::RequestHeaders),
        REQUEST_TRAILERS => Some(Phase::RequestTrailers),
        RESPONSE_HEADERS => Some(Phase::ResponseHeaders),
        RESPONSE_TRAILERS => Some(Phase::ResponseTrailers),
        _ => None,
    }
}

/// A map that the filter keeps back stays open to it until it lets go.
fn is_held(stream: &StreamState, kind: u32) -> bool {
    match kind {
        REQUEST_HEADERS => stream.held_request.headers,
        REQUEST_TRAILERS => stream.held_request.trailers,
        RESPONSE_HEADERS => stream.held_response.headers,
        RESPONSE_TRAILERS => stream.held_response.trailers,
        _ => false,
    }
}

fn trailers_may_begin(stream: &StreamState, kind: u32) -> bool {
    stream.end_of_stream
        && matches!(
            (kind, stream.phase),
            (REQUEST_TRAILERS, Phase::RequestBody) | (RESPONSE_TRAILERS, Phase::ResponseBody)
        )
}

fn get_value(
    host: &mut Host<'_>,
    kind: u32,
    key: u32,
    key_length: u32,
    pointer_out: u32,
    length_out: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    let key = match read(memory, key, key_length) {
        Ok(key) => key,
        Err(status) => return answer(Err(status)),
    };
    let Some(map) = readable(state, kind) else {
        // Once a stream is being logged, a map that never came is only absent.
        let logging = state.stream().is_some_and(|stream| stream.phase == Phase::Log);
        return answer(Err(if logging { Status::NotFound } else { Status::BadArgument }));
    };
    let Some(value) = map.get_bytes(key).cloned() else { return answer(Err(Status::NotFound)) };
    answer(give(host, &value, pointer_out, length_out)?)
}

fn get_pairs(host: &mut Host<'_>, kind: u32, pointer_out: u32, length_out: u32) -> Answer {
    let (_, state) = split(host)?;
    if CALL_TRAILERS < kind {
        return answer(Err(Status::BadArgument));
    }
    let pairs = readable(state, kind).filter(|map| !map.is_empty()).map(HeaderMap::serialised);
    answer(give(host, &pairs.unwrap_or_default(), pointer_out, length_out)?)
}

fn get_size(host: &mut Host<'_>, kind: u32, size_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    if RESPONSE_TRAILERS < kind {
        let size = readable(state, kind).map(HeaderMap::byte_size).ok_or(Status::BadArgument);
        let size = size.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        return answer(size.and_then(|size| write(memory, size_out, &size.to_le_bytes())));
    }
    answer(writable(state, kind).and_then(|map| {
        let size = u32::try_from(map.byte_size()).unwrap_or(u32::MAX);
        write(memory, size_out, &size.to_le_bytes())
    }))
}

fn set_pairs(host: &mut Host<'_>, kind: u32, pointer: u32, length: u32) -> Answer {
    let (memory, state) = split(host)?;
    answer(read(memory, pointer, length).and_then(|bytes| {
        // What Envoy cannot read, or finds too much, is no pairs to it.
        *writable(state, kind)? = HeaderMap::deserialised(bytes).unwrap_or_default();
        Ok(())
    }))
}

fn add_value(
    host: &mut Host<'_>,
    kind: u32,
    key: u32,
    key_length: u32,
    value: u32,
    value_length: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    answer(pair(memory, key, key_length, value, value_length).and_then(|(key, value)| {
        writable(state, kind)?.add(key, value);
        Ok(())
    }))
}

fn replace_value(
    host: &mut Host<'_>,
    kind: u32,
    key: u32,
    key_length: u32,
    value: u32,
    value_length: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    answer(pair(memory, key, key_length, value, value_length).and_then(|(key, value)| {
        writable(state, kind)?.replace(key, value);
        Ok(())
    }))
}

fn remove_value(host: &mut Host<'_>, kind: u32, key: u32, key_length: u32) -> Answer {
    let (memory, state) = split(host)?;
    answer(read(memory, key, key_length).and_then(|key| {
        writable(state, kind)?.remove(key);
        Ok(())
    }))
}

fn pair(
    memory: &[u8],
    key: u32,
    key_length: u32,
    value: u32,
    value_length: u32,
) -> Result<(&[u8], Bytes), Status> {
    let key = read(memory, key, key_length)?;
    Ok((key, Bytes::copy_from_slice(read(memory, value, value_length)?)))
}
