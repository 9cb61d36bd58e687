//! Renders what Envoy Gateway takes: the filter, labels and buckets, and what Prometheus scrapes.

use super::{Bundle, File, file, prometheus::Monitor, template::templated};
use crate::{stats, yaml::quoted};

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let deployment = bundle.deployment;
    let gateway = deployment.gateway.to_string();
    let values = [
        ("namespace", &*bundle.namespace()),
        ("gateway", &*gateway),
        ("image_url", &*quoted(&deployment.image.pinned())),
        ("configuration", &*bundle.configuration()),
        ("stats", &*stats::settings(&bundle.settings.config.buckets)),
    ];
    let selector = format!(
        "app.kubernetes.io/component: proxy\napp.kubernetes.io/managed-by: envoy-gateway\n\
         gateway.envoyproxy.io/owning-gateway-name: \"{gateway}\""
    );
    let monitor = Monitor {
        what: "the proxies of Envoy Gateway, which run in a namespace of their own",
        suffix: "-envoy-gateway",
        port: "metrics",
        namespaces: "namespaceSelector:\n  any: true",
        selector: &selector,
    };
    vec![
        templated!("envoy-gateway/extension-policy.yaml", &values),
        templated!("envoy-gateway/envoy-proxy.yaml", &values),
        file("envoy-gateway/pod-monitor.yaml", monitor.render(bundle)),
        templated!("envoy-gateway/kustomization.yaml", &values),
    ]
}
