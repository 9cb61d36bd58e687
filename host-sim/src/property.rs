//! The properties a filter can read, by phase of the stream, as Envoy 1.40 answers them; unknown paths are not found.

use bytes::Bytes;

use crate::{
    HeaderMap, StreamInfo,
    attribute::{Value, joined},
    state::{Declared, Phase, State, StreamState},
    status::Status,
};

/// Names that hold others and have no value of their own, with what they may hold.
///
/// Filter state has no list: it holds what was set.
const GROUPS: [(&str, &[&str]); 8] = [
    ("connection", &["id", "mtls", "requested_server_name"]),
    ("destination", &["address", "port"]),
    ("filter_state", &[]),
    (
        "request",
        &[
            "duration",
            "headers",
            "headers_bytes",
            "host",
            "id",
            "method",
            "path",
            "protocol",
            "query",
            "referer",
            "scheme",
            "size",
            "time",
            "total_size",
            "url_path",
            "useragent",
        ],
    ),
    (
        "response",
        &[
            "backend_latency",
            "code",
            "code_details",
            "flags",
            "grpc_status",
            "headers",
            "headers_bytes",
            "size",
            "total_size",
            "trailers",
        ],
    ),
    ("source", &["address", "port"]),
    ("upstream", &["address", "num_endpoints", "port", "request_attempt_count"]),
    (
        "xds",
        &[
            "cluster_name",
            "filter_chain_name",
            "listener_direction",
            "route_name",
            "virtual_host_name",
        ],
    ),
];

/// The value under a path whose parts are separated by zero bytes.
///
/// # Errors
/// Not found if there is none now; a serialization failure for a group of values.
pub(crate) fn get(state: &State, path: &[u8]) -> Result<Bytes, Status> {
    if let Some(value) = state.stream().and_then(|stream| stream.properties.get(path)) {
        return Ok(value.clone());
    }
    let text = std::str::from_utf8(path).map_err(|_| Status::NotFound)?;
    let mut parts = text.trim_end_matches('\0').split('\0');
    let (first, rest) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
    let value = value(state, state.effective, first, &rest).ok_or(Status::NotFound)?;
    value.serialised().ok_or(Status::SerializationFailure)
}

/// The value of a top-level name of an expression, in the context whose callback runs.
pub(crate) fn named(state: &State, name: &str) -> Option<Value> {
    value(state, state.current, name, &[]).or_else(|| {
        let set = state.streams.get(&state.current)?.properties.get(name.as_bytes())?.clone();
        Some(match state.roots.get(&state.root_of(state.current))?.declared.get(name) {
            Some(Declared::Text) => Value::Text(set),
            _ => Value::Bytes(set),
        })
    })
}

fn value(state: &State, context: u32, first: &str, rest: &[&str]) -> Option<Value> {
    let names = &state.services.plugin;
    match (first, rest) {
        ("plugin_name", []) => return Some(string(&names.name)),
        ("plugin_root_id", []) => return Some(string(&names.root_id)),
        ("plugin_vm_id", []) => return Some(string(&names.vm_id)),
        _ => {}
    }
    let (stream, now_ns) = (state.streams.get(&context)?, state.services.clock.monotonic_ns());
    let Some((group, fields)) =
        GROUPS.iter().find(|(name, _)| *name == first).filter(|_| rest.is_empty())
    else {
        return of_stream(stream, now_ns, first, rest);
    };
    let known = fields.iter().filter_map(|field| {
        Some(((*field).to_string(), of_stream(stream, now_ns, group, &[field])?))
    });
    let prefix = format!("{group}\0");
    let set = stream.properties.iter().filter_map(|(path, value)| {
        let name = std::str::from_utf8(path.strip_prefix(prefix.as_bytes())?).ok()?;
        Some((name.to_string(), Value::Bytes(value.clone())))
    });
    Some(Value::Group(known.chain(set).collect()))
}

fn of_stream(stream: &StreamState, now_ns: u64, first: &str, rest: &[&str]) -> Option<Value> {
    let info = &stream.info;
    match (first, rest) {
        ("request", ["headers", name]) => header(readable_request(stream), name),
        ("request", ["headers"]) => Some(pairs(readable_request(stream))),
        ("request", [name]) => request(stream, name),
        ("response", ["headers", name]) => header(readable_response(stream), name),
        ("response", ["headers"]) => Some(pairs(readable_response(stream))),
        ("response", ["trailers", name]) => header(readable_trailers(stream), name),
        ("response", ["trailers"]) => Some(pairs(readable_trailers(stream))),
        ("response", [name]) => response(stream, now_ns, name),
        ("upstream", [name]) => upstream(stream, name),
        ("connection", ["id"]) | ("connection_id", []) => Some(Value::Uint(info.connection_id)),
        ("connection", ["mtls"]) => Some(Value::Bool(false)),
        ("connection", ["requested_server_name"]) => Some(string("")),
        ("source", ["address"]) => Some(string(&info.source_address)),
        ("source", ["port"]) => port(&info.source_address),
        ("destination", ["address"]) => Some(string(&info.destination_address)),
        ("destination", ["port"]) => port(&info.destination_address),
        ("xds", [name]) => xds(info, name),
        _ => None,
    }
}

fn request(stream: &StreamState, name: &str) -> Option<Value> {
    let info = &stream.info;
    let header =
        |name: &str| readable_request(stream).and_then(|headers| headers.get(name)).cloned();
    match name {
        "path" => header(":path").map(Value::Text),
        "url_path" => header(":path").map(|path| Value::Text(cut_query(&path).0)),
        "query" => header(":path").map(|path| Value::Text(cut_query(&path).1)),
        "host" => header(":authority").map(Value::Text),
        "method" => header(":method").map(Value::Text),
        "scheme" => header(":scheme").map(Value::Text),
        "useragent" => header("user-agent").map(Value::Text),
        "referer" => header("referer").map(Value::Text),
        "id" => header("x-request-id").map(Value::Text),
        "protocol" => Some(string(&info.protocol)),
        "time" => Some(Value::Time(signed(info.start_wall_ns))),
        "duration" => {
            let end = info.end_monotonic_ns?;
            Some(Value::Duration(signed(end.saturating_sub(info.start_monotonic_ns))))
        }
        "size" => {
            // Where the headers are readable, Envoy believes the content-length.
            let announced = header("content-length");
            let announced =
                announced.and_then(|length| std::str::from_utf8(&length).ok()?.parse().ok());
            Some(int(announced.unwrap_or(info.request_bytes)))
        }
        "headers_bytes" => Some(int(bytes_of(readable_request(stream)))),
        "total_size" => Some(int(info.request_bytes + bytes_of(readable_request(stream)))),
        _ => None,
    }
}

fn response(stream: &StreamState, now_ns: u64, name: &str) -> Option<Value> {
    let info = &stream.info;
    match name {
        "code" => info.response_code.map(int),
        "code_details" => info.code_details.as_deref().map(string),
        "grpc_status" => grpc_status(stream).map(int),
        "flags" => Some(int(info.flags)),
        "size" => Some(int(info.response_bytes)),
        "headers_bytes" => Some(int(bytes_of(readable_response(stream)))),
        "total_size" => {
            let headers = bytes_of(readable_response(stream));
            let trailers = bytes_of(readable_trailers(stream));
            Some(int(info.response_bytes + headers + trailers))
        }
        "backend_latency" => {
            let over = info.end_monotonic_ns.is_some() || stream.end_of_stream;
            let end = info.end_monotonic_ns.unwrap_or(now_ns);
            (over && info.upstream_address.is_some())
                .then(|| Value::Duration(signed(end - info.start_monotonic_ns)))
        }
        _ => None,
    }
}

fn upstream(stream: &StreamState, name: &str) -> Option<Value> {
    let info = &stream.info;
    match name {
        "address" => info.upstream_address.as_deref().map(string),
        "port" => info.upstream_address.as_deref().and_then(port),
        "request_attempt_count" => Some(Value::Uint(info.attempts)),
        "num_endpoints" => info.cluster_name.is_some().then_some(Value::Uint(1)),
        _ => None,
    }
}

fn xds(info: &StreamInfo, name: &str) -> Option<Value> {
    match name {
        "route_name" => info.route_name.as_deref().map(string),
        "cluster_name" => info.cluster_name.as_deref().map(string),
        "virtual_host_name" => info.virtual_host_name.as_deref().map(string),
        "filter_chain_name" => Some(string("")),
        // An outbound, an inbound or an unspecified listener; Envoy's default is the last.
        "listener_direction" => Some(int(0)),
        _ => None,
    }
}

/// The status of a gRPC response; for any other, the one that corresponds to its HTTP status.
fn grpc_status(stream: &StreamState) -> Option<u64> {
    let given = [&stream.response_trailers, &stream.response_headers]
        .into_iter()
        .find_map(|map| map.as_ref()?.get_str("grpc-status")?.parse().ok());
    given.or(Some(match stream.info.response_code? {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }))
}

/// All values of a header, which Envoy joins here and nowhere else.
fn header(map: Option<&HeaderMap>, name: &str) -> Option<Value> {
    joined(map?, name).map(Value::Text)
}

fn pairs(map: Option<&HeaderMap>) -> Value {
    Value::Headers(map.cloned().unwrap_or_default())
}

fn bytes_of(map: Option<&HeaderMap>) -> u64 {
    map.map_or(0, |map| map.byte_size() as u64)
}

fn readable_request(stream: &StreamState) -> Option<&HeaderMap> {
    let now = matches!(stream.phase, Phase::RequestHeaders | Phase::Log);
    stream.request_headers.as_ref().filter(|_| now)
}

fn readable_response(stream: &StreamState) -> Option<&HeaderMap> {
    let now = matches!(stream.phase, Phase::ResponseHeaders | Phase::Log);
    stream.response_headers.as_ref().filter(|_| now)
}

fn readable_trailers(stream: &StreamState) -> Option<&HeaderMap> {
    let now = matches!(stream.phase, Phase::ResponseTrailers | Phase::Log);
    stream.response_trailers.as_ref().filter(|_| now)
}

fn cut_query(path: &Bytes) -> (Bytes, Bytes) {
    match path.iter().position(|&byte| byte == b'?') {
        Some(at) => (path.slice(..at), path.slice(at + 1..)),
        None => (path.clone(), Bytes::new()),
    }
}

fn port(address: &str) -> Option<Value> {
    address.rsplit_once(':')?.1.parse().ok().map(int)
}

fn string(text: &str) -> Value {
    Value::Text(Bytes::copy_from_slice(text.as_bytes()))
}

fn int(value: u64) -> Value {
    Value::Int(signed(value))
}

/// Nothing that is counted here reaches half of 64 bits.
fn signed(value: u64) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
