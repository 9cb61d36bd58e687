//! Envoy's configuration as text. It never reads or writes a file.

use std::{net::SocketAddr, path::Path};

use serde_json::{Value, json};

use super::EnvoyOptions;

const REQUESTS_MAX: u32 = 1 << 20;

/// The bootstrap: everything but the listener. JSON is YAML, so only the statistics are pasted in as they are.
pub(super) fn bootstrap(options: &EnvoyOptions, lds: &Path) -> String {
    let upstream = json!({
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "1s",
        // Stories may have more than Envoy's 1,024 requests at once.
        "circuit_breakers": {"thresholds": [{
            "max_connections": REQUESTS_MAX, "max_pending_requests": REQUESTS_MAX, "max_requests": REQUESTS_MAX,
        }]},
        // Without this, Envoy's codec drops the trailers of HTTP/1.
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http_protocol_options": {"enable_trailers": true}},
            },
        },
        "load_assignment": load_assignment("upstream", options.upstream),
    });
    let clusters: Vec<&Value> = [&upstream].into_iter().chain(&options.clusters).collect();
    let parts = [
        ("node", json!({"id": "driftline-testbed", "cluster": "driftline-testbed"})),
        ("admin", json!({"address": socket(options.admin)})),
        ("stats_flush_interval", json!("0.1s")),
        ("static_resources", json!({"clusters": clusters})),
        ("dynamic_resources", json!({"lds_config": {"path_config_source": {"path": lds}}})),
    ];
    let mut text: String = parts.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
    text += &options.stats_config;
    text
}

/// A cluster of one server that speaks HTTP/2 from the first byte.
pub(super) fn http2_cluster(name: &str, server: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            },
        },
        "load_assignment": load_assignment(name, server),
    })
}

fn load_assignment(cluster: &str, server: SocketAddr) -> Value {
    json!({
        "cluster_name": cluster,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket(server)}}]}],
    })
}

/// The listener, as the file that Envoy watches.
pub(super) fn listener(options: &EnvoyOptions) -> String {
    let mut filters = options.filters_before.clone();
    if let Some(module) = &options.filter {
        filters.push(wasm(module, options));
    }
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }));
    let mut routes = options.routes.clone();
    // Timeouts are the story's own business.
    routes
        .push(json!({"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}));
    let mut connection_manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ingress",
        "codec_type": "HTTP1",
        "stream_idle_timeout": "0s",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": filters,
    });
    for (name, value) in &options.connection_manager {
        connection_manager[name] = value.clone();
    }
    let mut listener = json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": "ingress",
        "address": socket(options.listen),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": connection_manager,
        }]}],
    });
    if let Some(limit) = options.buffer_bytes_max {
        listener["per_connection_buffer_limit_bytes"] = json!(limit);
    }
    json!({"resources": [listener]}).to_string()
}

fn wasm(module: &Path, options: &EnvoyOptions) -> Value {
    json!({
        "name": "envoy.filters.http.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "driftline",
                "root_id": "driftline",
                "fail_open": true,
                "allow_on_headers_stop_iteration": options.allow_on_headers_stop_iteration,
                "vm_config": {
                    "vm_id": "driftline",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                },
                "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": options.config},
            },
        },
    })
}

fn socket(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}})
}
