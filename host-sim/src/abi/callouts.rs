//! Calls to other services, HTTP and gRPC; they are noted here, and the test that plays the peers answers them.

use std::time::Duration;

use bytes::Bytes;
use wasmtime::Linker;

use super::{
    gate::HostFunction as _,
    memory::{Answer, Host, answer, give, read, simulated_only, split, write},
};
use crate::{
    HeaderMap, LogLevel,
    callout::{GrpcCall, HttpCall, Kind},
    protobuf::Message,
    state::State,
    status::Status,
};

pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    http_call.define(linker, "env", "proxy_http_call")?;
    grpc_call.define(linker, "env", "proxy_grpc_call")?;
    grpc_stream.define(linker, "env", "proxy_grpc_stream")?;
    grpc_send.define(linker, "env", "proxy_grpc_send")?;
    grpc_cancel.define(linker, "env", "proxy_grpc_cancel")?;
    grpc_close.define(linker, "env", "proxy_grpc_close")?;
    get_status.define(linker, "env", "proxy_get_status")?;
    Ok(())
}

/// Envoy does not send a request without these.
const REQUIRED: [&str; 3] = [":path", ":method", ":authority"];

#[allow(clippy::too_many_arguments, reason = "the ABI has them")]
fn http_call(
    host: &mut Host<'_>,
    cluster: u32,
    cluster_length: u32,
    headers: u32,
    headers_length: u32,
    body: u32,
    body_length: u32,
    trailers: u32,
    trailers_length: u32,
    milliseconds: u32,
    token_out: u32,
) -> Answer {
    simulated_only(host, "proxy_http_call")?;
    let (memory, state) = split(host)?;
    let token = (|| {
        let cluster = text(memory, cluster, cluster_length)?;
        let headers = pairs(memory, headers, headers_length)?;
        let body = Bytes::copy_from_slice(read(memory, body, body_length)?);
        let trailers = pairs(memory, trailers, trailers_length)?;
        let complete = REQUIRED.iter().all(|name| headers.get(name).is_some());
        if !is_declared(state, "proxy_http_call", &cluster) || !complete {
            return Err(Status::BadArgument);
        }
        let token = state.calls.next_token(Kind::Http);
        let timeout = Duration::from_millis(milliseconds.into());
        let call = HttpCall {
            vm: state.vm.clone(),
            vm_number: state.number,
            token,
            cluster,
            headers,
            body,
            trailers,
            timeout,
            root: state.root_id(),
            due_ns: due_ns(state, milliseconds),
        };
        state.calls.http.insert(token, call);
        Ok(token)
    })();
    // Envoy writes a token even where there is no call.
    let written = write(memory, token_out, &token.unwrap_or(0).to_le_bytes());
    answer(written.and(token.map(|_| ())))
}

#[allow(clippy::too_many_arguments, reason = "the ABI has them")]
fn grpc_call(
    host: &mut Host<'_>,
    target: u32,
    target_length: u32,
    service: u32,
    service_length: u32,
    method: u32,
    method_length: u32,
    metadata: u32,
    metadata_length: u32,
    message: u32,
    message_length: u32,
    milliseconds: u32,
    token_out: u32,
) -> Answer {
    simulated_only(host, "proxy_grpc_call")?;
    let (memory, state) = split(host)?;
    let token = (|| {
        let message = Bytes::copy_from_slice(read(memory, message, message_length)?);
        let names = [(target, target_length), (service, service_length), (method, method_length)];
        let function = "proxy_grpc_call";
        let metadata = (metadata, metadata_length);
        let mut call = new_call(state, memory, (function, Kind::GrpcCall), names, metadata)?;
        call.messages.push(message);
        call.half_closed = true;
        call.timeout = Some(Duration::from_millis(milliseconds.into()));
        call.due_ns = due_ns(state, milliseconds);
        Ok(begin(state, call))
    })();
    answer(token.and_then(|token| write(memory, token_out, &token.to_le_bytes())))
}

#[allow(clippy::too_many_arguments, reason = "the ABI has them")]
fn grpc_stream(
    host: &mut Host<'_>,
    target: u32,
    target_length: u32,
    service: u32,
    service_length: u32,
    method: u32,
    method_length: u32,
    metadata: u32,
    metadata_length: u32,
    token_out: u32,
) -> Answer {
    simulated_only(host, "proxy_grpc_stream")?;
    let (memory, state) = split(host)?;
    let names = [(target, target_length), (service, service_length), (method, method_length)];
    let function = "proxy_grpc_stream";
    let metadata = (metadata, metadata_length);
    let call = new_call(state, memory, (function, Kind::GrpcStream), names, metadata);
    let token = call.map(|call| begin(state, call));
    answer(token.and_then(|token| write(memory, token_out, &token.to_le_bytes())))
}

fn grpc_send(
    host: &mut Host<'_>,
    token: u32,
    message: u32,
    length: u32,
    end_of_stream: u32,
) -> Answer {
    let (memory, state) = split(host)?;
    answer(read(memory, message, length).and_then(|message| {
        if is_call(token) {
            return Err(Status::BadArgument);
        }
        let call = state.calls.grpc.get_mut(&token).ok_or(Status::NotFound)?;
        call.messages.push(Bytes::copy_from_slice(message));
        call.half_closed |= end_of_stream != 0;
        Ok(())
    }))
}

/// Nothing more is heard of it.
fn grpc_cancel(host: &mut Host<'_>, token: u32) -> Answer {
    let (_, state) = split(host)?;
    answer(state.calls.grpc.remove(&token).map(|_| ()).ok_or(Status::NotFound))
}

/// Cancels a call; of a stream, only the filter's own side is closed.
fn grpc_close(host: &mut Host<'_>, token: u32) -> Answer {
    if is_call(token) {
        return grpc_cancel(host, token);
    }
    let (_, state) = split(host)?;
    let call = state.calls.grpc.get_mut(&token).ok_or(Status::NotFound);
    answer(call.map(|call| call.half_closed = true))
}

/// The status of the call whose callback runs.
fn get_status(host: &mut Host<'_>, code_out: u32, pointer_out: u32, length_out: u32) -> Answer {
    let (memory, state) = split(host)?;
    let (code, message) = state.status.clone();
    if let Err(status) = write(memory, code_out, &code.to_le_bytes()) {
        return answer(Err(status));
    }
    answer(give(host, message.as_bytes(), pointer_out, length_out)?)
}

fn new_call(
    state: &mut State,
    memory: &[u8],
    (function, kind): (&str, Kind),
    [target, service, method]: [(u32, u32); 3],
    metadata: (u32, u32),
) -> Result<GrpcCall, Status> {
    let target = read(memory, target.0, target.1)?;
    let service = text(memory, service.0, service.1)?;
    let method = text(memory, method.0, method.1)?;
    let metadata = pairs(memory, metadata.0, metadata.1)?;
    let Some(cluster) = cluster_of(state, target) else {
        is_declared(state, function, &String::from_utf8_lossy(target));
        return Err(Status::ParseFailure);
    };
    Ok(GrpcCall {
        vm: state.vm.clone(),
        vm_number: state.number,
        token: state.calls.next_token(kind),
        cluster,
        service,
        method,
        metadata,
        messages: Vec::new(),
        half_closed: false,
        timeout: None,
        root: state.root_id(),
        due_ns: None,
    })
}

fn begin(state: &mut State, call: GrpcCall) -> u32 {
    let token = call.token;
    state.calls.grpc.insert(token, call);
    token
}

/// A cluster's name as it is, or inside a `GrpcService` message (`envoy_grpc.cluster_name`).
fn cluster_of(state: &State, target: &[u8]) -> Option<String> {
    let known = |name: &str| state.services.clusters.contains(name).then(|| name.to_string());
    if let Some(cluster) = std::str::from_utf8(target).ok().and_then(known) {
        return Some(cluster);
    }
    let envoy_grpc = Message::read(Message::read(target)?.bytes(1))?;
    known(envoy_grpc.text(1)?)
}

/// Whether a filter may call this cluster. If not, the log says how a test declares it: the status alone tells nobody.
fn is_declared(state: &mut State, function: &str, cluster: &str) -> bool {
    let clusters = &state.services.clusters;
    if clusters.contains(cluster) {
        return true;
    }
    let known: Vec<&str> = clusters.iter().map(String::as_str).collect();
    let message = format!(
        "{function}: no cluster is called {cluster:?}, so nothing is sent; WorldOptions::clusters declares {known:?}"
    );
    state.log(LogLevel::Warn, message);
    false
}

fn is_call(token: u32) -> bool {
    token % 4 == Kind::GrpcCall as u32
}

/// Nothing for a timeout of zero: Envoy then waits without limit.
fn due_ns(state: &State, milliseconds: u32) -> Option<u64> {
    let now = state.services.clock.monotonic_ns();
    (0 < milliseconds).then(|| now.saturating_add(u64::from(milliseconds) * 1_000_000))
}

fn text(memory: &[u8], pointer: u32, length: u32) -> Result<String, Status> {
    Ok(String::from_utf8_lossy(read(memory, pointer, length)?).into_owned())
}

/// Pairs that cannot be read are no pairs.
fn pairs(memory: &[u8], pointer: u32, length: u32) -> Result<HeaderMap, Status> {
    Ok(HeaderMap::deserialised(read(memory, pointer, length)?).unwrap_or_default())
}
