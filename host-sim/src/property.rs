//! The properties a filter can read, by phase of the stream, as Envoy 1.40 answers them; unknown paths are not found.

use bytes::Bytes;

use crate::{
    HeaderMap, StreamInfo,
    state::{Phase, State, StreamState},
    status::Status,
};

/// Names that hold others and have no value of their own.
const GROUPS: [&str; 8] = [
    "connection",
    "destination",
    "filter_state",
    "request",
    "response",
    "source",
    "upstream",
    "xds",
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
    if state.stream().is_some() && GROUPS.contains(&text) {
        return Err(Status::SerializationFailure);
    }
    value(state, text).ok_or(Status::NotFound)
}

fn value(state: &State, text: &str) -> Option<Bytes> {
    let mut parts = text.trim_end_matches('\0').split('\0');
    let (first, rest) = (parts.next()?, parts.collect::<Vec<_>>());
    let names = &state.services.plugin;
    match (first, rest.as_slice()) {
        ("plugin_name", []) => Some(string(&names.name)),
        ("plugin_root_id", []) => Some(string(&names.root_id)),
        ("plugin_vm_id", []) => Some(string(&names.vm_id)),
        _ => of_stream(state.stream()?, state.services.clock.monotonic_ns(), first, &rest),
    }
}

fn of_stream(stream: &StreamState, now_ns: u64, first: &str, rest: &[&str]) -> Option<Bytes> {
    let info = &stream.info;
    match (first, rest) {
        ("request", ["headers", name]) => readable_request(stream)?.get(name).cloned(),
        ("request", ["headers"]) => Some(pairs(readable_request(stream))),
        ("request", [name]) => request(stream, name),
        ("response", ["headers", name]) => readable_response(stream)?.get(name).cloned(),
        ("response", ["headers"]) => Some(pairs(readable_response(stream))),
        ("response", ["trailers", name]) => readable_trailers(stream)?.get(name).cloned(),
        ("response", [name]) => response(stream, now_ns, name),
        ("upstream", [name]) => upstream(stream, name),
        ("connection", ["id"]) => Some(number(info.connection_id)),
        ("connection", ["mtls"]) => Some(Bytes::from_static(&[0])),
        ("source", ["address"]) => Some(string(&info.source_address)),
        ("source", ["port"]) => port(&info.source_address),
        ("destination", ["address"]) => Some(string(&info.destination_address)),
        ("destination", ["port"]) => port(&info.destination_address),
        ("xds", [name]) => xds(info, name),
        _ => None,
    }
}

fn request(stream: &StreamState, name: &str) -> Option<Bytes> {
    let info = &stream.info;
    let header =
        |name: &str| readable_request(stream).and_then(|headers| headers.get(name)).cloned();
    match name {
        "path" => header(":path"),
        "url_path" => header(":path").map(|path| cut_query(&path).0),
        "query" => header(":path").map(|path| cut_query(&path).1),
        "host" => header(":authority"),
        "method" => header(":method"),
        "scheme" => header(":scheme"),
        "useragent" => header("user-agent"),
        "referer" => header("referer"),
        "id" => header("x-request-id"),
        "protocol" => Some(string(&info.protocol)),
        "time" => Some(number(info.start_wall_ns)),
        "duration" => {
            info.end_monotonic_ns.map(|end| number(end.saturating_sub(info.start_monotonic_ns)))
        }
        "size" => {
            // Where the headers are readable, Envoy believes the content-length.
            let announced = header("content-length");
            let announced =
                announced.and_then(|length| std::str::from_utf8(&length).ok()?.parse().ok());
            Some(number(announced.unwrap_or(info.request_bytes)))
        }
        "total_size" => {
            let headers = readable_request(stream).map_or(0, HeaderMap::byte_size);
            Some(number(info.request_bytes + headers as u64))
        }
        _ => None,
    }
}

fn response(stream: &StreamState, now_ns: u64, name: &str) -> Option<Bytes> {
    let info = &stream.info;
    match name {
        "code" => info.response_code.map(number),
        "code_details" => info.code_details.as_deref().map(string),
        "grpc_status" => grpc_status(stream).map(number),
        "flags" => Some(number(info.flags)),
        "size" => Some(number(info.response_bytes)),
        "total_size" => {
            let headers = readable_response(stream).map_or(0, HeaderMap::byte_size);
            let trailers = readable_trailers(stream).map_or(0, HeaderMap::byte_size);
            Some(number(info.response_bytes + (headers + trailers) as u64))
        }
        "backend_latency" => {
            let over = info.end_monotonic_ns.is_some() || stream.end_of_stream;
            (over && info.upstream_address.is_some())
                .then(|| number(info.end_monotonic_ns.unwrap_or(now_ns) - info.start_monotonic_ns))
        }
        _ => None,
    }
}

fn upstream(stream: &StreamState, name: &str) -> Option<Bytes> {
    let info = &stream.info;
    match name {
        "address" => info.upstream_address.as_deref().map(string),
        "port" => info.upstream_address.as_deref().and_then(port),
        "request_attempt_count" => Some(number(info.attempts)),
        _ => None,
    }
}

fn xds(info: &StreamInfo, name: &str) -> Option<Bytes> {
    match name {
        "route_name" => info.route_name.as_deref().map(string),
        "cluster_name" => info.cluster_name.as_deref().map(string),
        "virtual_host_name" => info.virtual_host_name.as_deref().map(string),
        // An outbound, an inbound or an unspecified listener; Envoy's default is the last.
        "listener_direction" => Some(number(0)),
        _ => None,
    }
}

/// The status of a gRPC answer; for any other, the one that its HTTP status stands for.
fn grpc_status(stream: &StreamState) -> Option<u64> {
    let told = [&stream.response_trailers, &stream.response_headers]
        .into_iter()
        .find_map(|map| map.as_ref()?.get_str("grpc-status")?.parse().ok());
    told.or(Some(match stream.info.response_code? {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }))
}

fn pairs(map: Option<&HeaderMap>) -> Bytes {
    map.map_or_else(|| HeaderMap::new().serialised(), HeaderMap::serialised).into()
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

fn port(address: &str) -> Option<Bytes> {
    address.rsplit_once(':')?.1.parse().ok().map(number)
}

fn string(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn number(value: u64) -> Bytes {
    Bytes::copy_from_slice(&value.to_le_bytes())
}
