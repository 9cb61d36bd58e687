//! Every object passes the validator of its kind, and has no field that its kind does not have. What the validators are is
//! in `tests/validators`.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use driftline_testbed::pieces;
use serde_json::Value;

use super::{
    Rendered,
    configurations::{self, Configuration, DEMO},
};

const CHECK: &str = include_str!("../../../tests/validators/check.mjs");
const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/validators/schemas.json");
/// Options that put something into every optional place.
const OPTIONS: &[&str] = &[
    "--namespace",
    "istio-ingress",
    "--monitoring-namespace",
    "monitoring",
    "--monitor-label",
    "release=kube-prometheus-stack",
    "--selector",
    "app.kubernetes.io/name=gateway",
    "--digest",
    "b9941d90aacaa051f3f58079fe89efec3067afc1eef17e6368d46b901c1ac66d",
];

/// What is said of a document.
struct Verdict {
    file: String,
    kind: String,
    checks: u64,
    problems: String,
}

/// Runs all checks on these files.
fn check(files: &[PathBuf]) -> Vec<Verdict> {
    let mut node = Command::new("node")
        .current_dir(pieces::validators().unwrap())
        .args(["--input-type=module", "-", SCHEMAS])
        .args(files)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`cargo xtask setup` installs Node.js");
    node.stdin.take().unwrap().write_all(CHECK.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let documents: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |document: &Value, member: &str| document[member].as_str().unwrap().to_owned();
    let documents = documents.as_array().unwrap().iter();
    documents
        .map(|document| Verdict {
            file: text(document, "file"),
            kind: text(document, "kind"),
            checks: document["checks"].as_u64().unwrap(),
            problems: document["problems"].to_string(),
        })
        .collect()
}

/// The files that are no configuration of Envoy, no configuration of Prometheus and no dashboard.
fn objects(rendered: &Rendered) -> Vec<PathBuf> {
    let files = rendered.files().into_iter();
    let objects = files.filter(|path| {
        path.ends_with(".yaml") && !path.ends_with("envoy.yaml") && path != "stats.yaml"
    });
    objects.map(|path| rendered.folder.join(path)).collect()
}

#[test]
fn every_object_is_valid_and_has_no_unknown_field() {
    let mut rendered: Vec<Rendered> = configurations::all()
        .iter()
        .map(|Configuration { name, text }| Rendered::new(&format!("kubernetes-{name}"), text, &[]))
        .collect();
    rendered.push(Rendered::new("kubernetes-options", DEMO, OPTIONS));
    let files: Vec<PathBuf> = rendered.iter().flat_map(objects).collect();
    let verdicts = check(&files);
    assert!(files.len() <= verdicts.len() && 25 * rendered.len() < verdicts.len());
    for Verdict { file, kind, checks, problems } in &verdicts {
        assert_eq!(problems, "[]", "{file}, {kind}");
        assert!(0 < *checks, "nothing checks {file}, {kind}");
    }
    for kind in [
        "extensions.istio.io/v1alpha1/WasmPlugin",
        "extensions.istio.io/v1alpha1/TrafficExtension",
        "networking.istio.io/v1alpha3/EnvoyFilter",
        "gateway.envoyproxy.io/v1alpha1/EnvoyExtensionPolicy",
        "gateway.envoyproxy.io/v1alpha1/EnvoyProxy",
        "monitoring.coreos.com/v1/PodMonitor",
        "monitoring.coreos.com/v1/PrometheusRule",
        "argoproj.io/v1alpha1/AnalysisTemplate",
        "flagger.app/v1beta1/MetricTemplate",
        "keda.sh/v1alpha1/ScaledObject",
        "autoscaling/v2/HorizontalPodAutoscaler",
        "apps/v1/Deployment",
        "v1/Service",
    ] {
        assert!(verdicts.iter().any(|verdict| verdict.kind == kind), "no {kind}");
    }
}

/// A file, what is replaced in it, by what, and what is said of it.
type Broken = (&'static str, &'static str, &'static str, &'static str);

const BROKEN: &[Broken] = &[
    ("istio/wasm-plugin.yaml", "  pluginName:", "  plugnName:", "plugnName"),
    ("istio/wasm-plugin.yaml", "FAIL_OPEN", "FAIL_OPNE", "failStrategy"),
    ("istio/traffic-extension.yaml", "    pluginName:", "    plugnName:", "plugnName"),
    ("istio/traffic-extension.yaml", "type: HTTP", "type: HTP", "/spec/wasm/type"),
    ("istio/envoy-filter.yaml", "workloadSelector", "workloadSelektor", "workloadSelektor"),
    ("istio/envoy-filter.yaml", "INSERT_BEFORE", "INSERT_BEFOER", "operation"),
    ("istio/pod-monitor.yaml", "metricRelabelings", "metricRelabeling", "metricRelabeling"),
    ("istio/pod-monitor.yaml", "interval: 15s", "interval: 15 s", "interval"),
    (
        "istio/gateway-patch.yaml",
        "extraStatTags: model,",
        "extraStatTags: model, ",
        "extraStatTags",
    ),
    ("istio/kustomization.yaml", "resources:", "resource:", "resource"),
    ("envoy-gateway/extension-policy.yaml", "failOpen", "failOpne", "failOpne"),
    ("envoy-gateway/extension-policy.yaml", "type: Image", "type: Imag", "Imag"),
    ("envoy-gateway/envoy-proxy.yaml", "bootstrap:", "bootstrp:", "bootstrp"),
    ("envoy-gateway/envoy-proxy.yaml", "type: Merge", "type: Merg", "Merg"),
    ("kubernetes/base/drift-rules.yaml", "- record:", "- recrd:", "recrd"),
    ("kubernetes/envoy/deployment.yaml", "readinessProbe:", "readynessProbe:", "readynessProbe"),
    ("kubernetes/envoy/deployment.yaml", "replicas: 2", "replicas: two", "replicas"),
    ("kubernetes/envoy/service.yaml", "targetPort:", "targtPort:", "targtPort"),
    (
        "rollouts/analysis-templates.yaml",
        "successCondition:",
        "sucessCondition:",
        "sucessCondition",
    ),
    ("rollouts/analysis-templates.yaml", "count: 1", "count: [1]", "count"),
    (
        "rollouts/metric-templates.yaml",
        "type: prometheus",
        "type: promtheus",
        "/spec/provider/type",
    ),
    ("rollouts/metric-templates.yaml", "  query:", "  qery:", "qery"),
    ("autoscaling/scaled-objects.yaml", "pollingInterval:", "poolingInterval:", "poolingInterval"),
    ("autoscaling/scaled-objects.yaml", "ignoreNullValues", "ignoreNulValues", "ignoreNulValues"),
    ("autoscaling/horizontal-pod-autoscalers.yaml", "maxReplicas", "maxReplica", "maxReplica"),
    ("autoscaling/prometheus-adapter.yaml", "metricsQuery", "metricQuery", "metricQuery"),
    ("grafana/provisioning/datasources/driftline.yaml", "access: proxy", "access: none", "access"),
    (
        "grafana/provisioning/dashboards/driftline.yaml",
        "allowUiUpdates",
        "allowUiUpdate",
        "allowUiUpdate",
    ),
    // YAML 1.1 takes it for a truth value.
    ("kubernetes/envoy/service.yaml", "name: http", "name: on", "YAML 1.1"),
];

#[test]
fn what_is_misspelt_is_refused() {
    let rendered = Rendered::new("kubernetes-broken", DEMO, &[]);
    let write = |(number, (path, from, to, _)): (usize, &Broken)| -> PathBuf {
        let text = rendered.text(path);
        let broken = text.replacen(from, to, 1);
        assert!(broken != text, "{path} has no {from:?}");
        let file = rendered.folder.join(number.to_string()).join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, broken).unwrap();
        file
    };
    let files: Vec<PathBuf> = BROKEN.iter().enumerate().map(write).collect();
    let verdicts = check(&files);
    for ((path, _, to, expected), file) in BROKEN.iter().zip(&files) {
        let of_file = verdicts.iter().filter(|verdict| Path::new(&verdict.file) == file);
        let problems: String = of_file.map(|verdict| &*verdict.problems).collect();
        assert!(problems.contains(expected), "{path} with {to:?}: {problems}");
    }
}
