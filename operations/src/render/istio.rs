//! Renders what Istio's gateways take: the filter in three ways, labels and buckets, and what Prometheus scrapes.

use super::{Bundle, File, file, filter, label_lines, prometheus::Monitor, template::templated};
use crate::{stats, yaml::quoted};

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let deployment = bundle.deployment;
    let selector = label_lines(&deployment.selector);
    let digest = deployment.image.digest.as_ref();
    let values = [
        ("namespace", &*bundle.namespace()),
        ("selector", &*selector),
        ("oci_url", &*quoted(&format!("oci://{}", deployment.image.reference))),
        ("sha256", &*digest.map_or(String::new(), |digest| format!("sha256: {}", quoted(digest)))),
        ("configuration", &*bundle.configuration()),
        ("filter", &*filter::typed_config(bundle, &filter::image(bundle))),
        ("tags", &*stats::istio_tags()),
        ("buckets", &*stats::istio_buckets(&bundle.settings.config.buckets)),
        ("istio", deployment.istio.word()),
    ];
    let monitor = Monitor {
        what: "Istio's gateway",
        suffix: "-istio",
        port: "http-envoy-prom",
        namespaces: "",
        selector: &selector,
    };
    vec![
        templated!("istio/envoy-filter.yaml", &values),
        templated!("istio/wasm-plugin.yaml", &values),
        templated!("istio/traffic-extension.yaml", &values),
        templated!("istio/gateway-patch.yaml", &values),
        file("istio/pod-monitor.yaml", monitor.render(bundle)),
        templated!("istio/kustomization.yaml", &values),
    ]
}
