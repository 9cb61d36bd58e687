//! Where Envoy sends requests, by what their path begins with; it is configuration, and does nothing.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::scenario::RETRIES;

/// How long the routes `/slow` and `/slow-framed` wait: long enough for an upstream that answers on a busy machine.
const PATIENCE: &str = "0.5s";

/// A cluster that uses a connection for one request, so that none is taken that has just been closed.
pub(crate) fn cluster(name: &str, address: SocketAddr, protocol: Value) -> Value {
    let options = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"max_requests_per_connection": 1},
        "explicit_http_config": protocol,
    });
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options":
            {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                "address": address.ip().to_string(),
                "port_value": address.port(),
            }}}}]}],
        },
    })
}

/// What a path begins with says what the proxy does.
pub(super) fn routes() -> Vec<Value> {
    let to = |cluster: &str, timeout: &str| json!({"cluster": cluster, "timeout": timeout});
    let mut retried = to("plain", "0s");
    retried["retry_policy"] = json!({"retry_on": "5xx", "num_retries": RETRIES});
    vec![
        json!({"match": {"prefix": "/direct/"}, "direct_response":
            {"status": 200, "body": {"inline_string": "direct"}}}),
        json!({"match": {"prefix": "/refused/"}, "direct_response": {"status": 429}}),
        json!({"match": {"prefix": "/redirect/"}, "redirect": {"host_redirect": "elsewhere"}}),
        json!({"match": {"prefix": "/nobody/"}, "route": to("nobody", "0s")}),
        json!({"match": {"prefix": "/slow/"}, "route": to("plain", PATIENCE)}),
        json!({"match": {"prefix": "/retried/"}, "route": retried}),
        json!({"match": {"prefix": "/framed/"}, "route": to("framed", "0s")}),
        json!({"match": {"prefix": "/slow-framed/"}, "route": to("framed", PATIENCE)}),
        json!({"match": {"prefix": "/"}, "route": to("plain", "0s")}),
    ]
}
