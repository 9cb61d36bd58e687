//! Renders rules and dashboards as objects of Kubernetes, and an Envoy that needs no controller. It spells no metric.

use std::net::Ipv4Addr;

use super::{
    Bundle, File, dashboards,
    envoy::Bootstrap,
    file, labels_member,
    prometheus::Monitor,
    rule_files,
    template::{fill, indented, templated},
};
use crate::{stats, yaml::quoted};

/// The port of the statistics.
const STATS_PORT: u16 = 9902;
/// Where the image of the filter is mounted.
const FILTER_FOLDER: &str = "/var/lib/driftline";
/// The file in the image.
const FILTER_FILE: &str = "plugin.wasm";
/// The version of Envoy that tests start.
const ENVOY_VERSION: &str = "1.40.0";
const START: &str = "# It is the file of a ConfigMap: see kustomization.yaml.";

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let rules = rule_files(bundle.settings).into_iter().map(|file| rule(bundle, &file));
    let dashboards = dashboards(bundle.settings).into_iter().map(|file| dashboard(bundle, &file));
    let base: Vec<File> = rules.chain(dashboards).collect();
    let names = base.iter().filter_map(|file| file.path.strip_prefix("kubernetes/base/"));
    let names: Vec<String> = names.map(|name| format!("- {name}")).collect();
    let values = [("resources", &*names.join("\n"))];
    let mut files = vec![templated!("kubernetes/base/kustomization.yaml", &values)];
    files.extend(base);
    files.extend(envoy(bundle));
    files
}

/// What the file is called without its folder, its ending and our name, which each object has anyway.
fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    stem.strip_prefix("driftline-").unwrap_or(stem)
}

/// A file of rules as a PrometheusRule.
fn rule(bundle: &Bundle<'_>, rules: &File) -> File {
    let name = stem(&rules.path);
    // The comments at the head say how the file of Prometheus is used.
    let groups = rules.text.lines().skip_while(|line| line.starts_with('#'));
    let groups = groups.collect::<Vec<_>>().join("\n");
    let labels = labels_member(&bundle.deployment.monitor_labels);
    let metadata = [format!("name: driftline-{name}"), bundle.monitoring_namespace(), labels];
    let metadata: String =
        metadata.iter().filter(|line| !line.is_empty()).map(|line| indented(line, 2)).collect();
    let text = format!(
        "# Written by `driftline render`: {} for Prometheus' operator.\napiVersion: monitoring.coreos.com/v1\nkind: \
         PrometheusRule\nmetadata:\n{metadata}spec:\n{}",
        rules.path,
        indented(&groups, 2)
    );
    file(&format!("kubernetes/base/{name}-rules.yaml"), text)
}

/// A dashboard as a ConfigMap that the sidecar of Grafana finds.
fn dashboard(bundle: &Bundle<'_>, dashboard: &File) -> File {
    let name = stem(&dashboard.path);
    let namespace = bundle.monitoring_namespace();
    let namespace = if namespace.is_empty() { namespace } else { indented(&namespace, 2) };
    let text = format!(
        "# Written by `driftline render`: {} for the sidecar of Grafana.\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \
         driftline-dashboard-{name}\n{namespace}  labels:\n    grafana_dashboard: \"1\"\ndata:\n  driftline-{name}.json: |\n{}",
        dashboard.path,
        indented(&dashboard.text, 4)
    );
    file(&format!("kubernetes/base/{name}-dashboard.yaml"), text)
}

/// An Envoy with the filter, its service and its monitor.
fn envoy(bundle: &Bundle<'_>) -> Vec<File> {
    let deployment = bundle.deployment;
    let filter = format!("{FILTER_FOLDER}/{FILTER_FILE}");
    let values = [
        ("namespace", &*bundle.namespace()),
        ("envoy_version", ENVOY_VERSION),
        ("listen_port", &*deployment.listen.port().to_string()),
        ("stats_port", &*STATS_PORT.to_string()),
        ("admin_port", &*deployment.admin.port().to_string()),
        ("filter_folder", FILTER_FOLDER),
        ("image", &*quoted(&deployment.image.pinned())),
    ];
    let bootstrap = Bootstrap {
        start: START,
        filter: &filter,
        // A pod's own address is not known before it runs, and its network decides who reaches it.
        listen: Ipv4Addr::UNSPECIFIED.into(),
        stats_listener: &fill(
            include_str!("templates/kubernetes/envoy/stats-listener.yaml"),
            &values,
        ),
        stats_cluster: &fill(
            include_str!("templates/kubernetes/envoy/stats-cluster.yaml"),
            &values,
        ),
    };
    let monitor = Monitor {
        what: "the Envoy of this folder",
        suffix: "-envoy",
        port: "metrics",
        namespaces: "",
        selector: "app.kubernetes.io/name: driftline-envoy",
    };
    vec![
        file(
            "kubernetes/envoy/envoy.yaml",
            bootstrap.render(bundle) + "\n" + &stats::settings(&bundle.settings.config.buckets),
        ),
        templated!("kubernetes/envoy/deployment.yaml", &values),
        templated!("kubernetes/envoy/service.yaml", &values),
        file("kubernetes/envoy/pod-monitor.yaml", monitor.render(bundle)),
        templated!("kubernetes/envoy/kustomization.yaml", &values),
    ]
}
