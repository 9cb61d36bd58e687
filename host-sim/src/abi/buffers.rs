//! Bodies and configurations as buffers; a body is readable only in its own callback, or while the filter holds it.

use bytes::{Bytes, BytesMut};
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, split, write},
};
use crate::{
    state::{Phase, State},
    status::Status,
};

const REQUEST_BODY: u32 = 0;
const RESPONSE_BODY: u32 = 1;
const DOWNSTREAM_DATA: u32 = 2;
const UPSTREAM_DATA: u32 = 3;
const HTTP_CALL_BODY: u32 = 4;
const GRPC_MESSAGE: u32 = 5;
const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;
const CALL_DATA: u32 = 8;

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    get_bytes.define(linker, "env", "proxy_get_buffer_bytes")?;
    get_status.define(linker, "env", "proxy_get_buffer_status")?;
    set_bytes.define(linker, "env", "proxy_set_buffer_bytes")?;
    Ok(())
}

/// The buffer of a kind as it is now. A body outside its callback is there, but empty.
fn buffer(state: &State, kind: u32) -> Result<Bytes, Status> {
    match kind {
        REQUEST_BODY | RESPONSE_BODY => {
            let Some(stream) = state.stream() else { return Ok(Bytes::new()) };
            let held =
                if kind == REQUEST_BODY { &stream.held_request } else { &stream.held_response };
            Ok(match &held.body {
                _ if stream.phase == phase_of(kind) => stream.body.clone(),
                Some(held) => held.clone(),
                None => Bytes::new(),
            })
        }
        // For filters of connections; others find them empty.
        DOWNSTREAM_DATA | UPSTREAM_DATA => Ok(Bytes::new()),
        HTTP_CALL_BODY => state.arrived.body.clone().ok_or(Status::NotFound),
        GRPC_MESSAGE => state.arrived.message.clone().ok_or(Status::NotFound),
        VM_CONFIGURATION => Ok(state.services.plugin.vm_config.clone()),
        CALL_DATA if state.arrived.addresses.is_some() => {
            Ok(state.arrived.addresses.clone().unwrap_or_default())
        }
        // Envoy answers with the configuration for call data, too.
        PLUGIN_CONFIGURATION | CALL_DATA => state.configuring.clone().ok_or(Status::NotFound),
        kind if kind <= CALL_DATA => Err(Status::NotFound),
        _ => Err(Status::BadArgument),
    }
}

fn phase_of(kind: u32) -> Phase {
    if kind == REQUEST_BODY { Phase::RequestBody } else { Phase::ResponseBody }
}

fn get_bytes(
    host: &mut Host<'_>,
    kind: u32,
    start: u32,
    length: u32,
    pointer_out: u32,
    length_out: u32,
) -> Answer {
    let (_, state) = split(host)?;
    let bytes = match buffer(state, kind) {
        Ok(bytes) => bytes,
        Err(status) => return answer(Err(status)),
    };
    let start = (start as usize).min(bytes.len());
    let end = start.saturating_add(length as usize).min(bytes.len());
    answer(give(host, &bytes[start..end], pointer_out, length_out)?)
}

fn get_status(host: &mut Host<'_>, kind: u32, length_out: u32, flags_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    answer(buffer(state, kind).and_then(|bytes| {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        write(memory, length_out, &length.to_le_bytes())?;
        write(memory, flags_out, &0_u32.to_le_bytes())
    }))
}

/// Envoy can prepend (after dropping `size` bytes from the front) and append, nothing in between.
fn set_bytes(
    host: &mut Host<'_>,
    kind: u32,
    start: u32,
    size: u32,
    pointer: u32,
    length: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    answer(read(memory, pointer, length).and_then(|new| {
        if !matches!(kind, REQUEST_BODY | RESPONSE_BODY) {
            return Err(Status::BadArgument);
        }
        let phase = phase_of(kind);
        let stream = state.stream_mut().filter(|stream| stream.phase == phase);
        let stream = stream.ok_or(Status::BadArgument)?;
        let old = &stream.body;
        let mut body = BytesMut::new();
        if start == 0 {
            let kept = &old[(size as usize).min(old.len())..];
            body.reserve(new.len() + kept.len());
            body.extend_from_slice(new);
            body.extend_from_slice(kept);
        } else if old.len() <= start as usize {
            body.extend_from_slice(old);
            body.extend_from_slice(new);
        } else {
            return Err(Status::BadArgument);
        }
        stream.body = body.freeze();
        Ok(())
    }))
}
