//! Renders scrape configurations, for Prometheus itself and for its operator, beside the rules. It spells no metric.

use super::{
    Bundle, File, labels_member, rule_files,
    template::{fill, templated},
};
use crate::{rules::INTERVAL_SECONDS, yaml::quoted};

/// Seconds between two scrapes: often enough for a rate over a minute.
const SCRAPE_SECONDS: u64 = 15;
/// The metrics that are kept: the filter's own, Envoy's on itself and on Wasm, what proxies count of requests themselves,
/// which an alert compares with what the filter counts, and what runbooks ask of upstreams.
const KEPT: &str = "(driftline|envoy_wasm|envoy_server|envoy_cluster_membership|envoy_cluster_upstream_cx_connect|envoy_cluster_upstream_rq)_.*|envoy_http_downstream_rq_total|istio_requests_total";

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let rules = rule_files(bundle.settings);
    let names =
        rules.iter().map(|file| file.path.rsplit_once('/').map_or(&*file.path, |(_, name)| name));
    let names: Vec<String> = names.map(|name| format!("- {name}")).collect();
    let values = [
        ("interval", &*interval(bundle)),
        ("evaluation", &*bundle.settings.scale.span(INTERVAL_SECONDS)),
        ("rule_files", &*names.join("\n")),
        ("admin", &*quoted(&bundle.deployment.admin.to_string())),
        ("kept", &*quoted(KEPT)),
    ];
    let configurations = [
        templated!("prometheus/prometheus.yml", &values),
        templated!("prometheus/kubernetes.yml", &values),
    ];
    configurations.into_iter().chain(rules).collect()
}

/// How often Prometheus scrapes. In a rehearsal as often as it evaluates, which is often enough.
pub(super) fn interval(bundle: &Bundle<'_>) -> String {
    let scale = bundle.settings.scale;
    scale.span(if scale.is_true() { SCRAPE_SECONDS } else { INTERVAL_SECONDS })
}

/// Pods that Prometheus' operator has scraped.
pub(super) struct Monitor<'m> {
    /// Which these are, for people.
    pub(super) what: &'m str,
    /// What the name of the object ends with.
    pub(super) suffix: &'m str,
    /// The name of the port.
    pub(super) port: &'m str,
    /// Which namespaces they are in, if not the monitor's own.
    pub(super) namespaces: &'m str,
    /// Their labels, as lines.
    pub(super) selector: &'m str,
}

impl Monitor<'_> {
    pub(super) fn render(&self, bundle: &Bundle<'_>) -> String {
        let Monitor { what, suffix, port, namespaces, selector } = *self;
        fill(
            include_str!("templates/pod-monitor.yaml"),
            &[
                ("what", what),
                ("suffix", suffix),
                ("port", port),
                ("namespaces", namespaces),
                ("selector", selector),
                ("namespace", &bundle.namespace()),
                ("labels", &labels_member(&bundle.deployment.monitor_labels)),
                ("interval", &interval(bundle)),
                ("kept", &quoted(KEPT)),
            ],
        )
    }
}
