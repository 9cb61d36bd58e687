//! Renders what scales models by their requests in flight: for KEDA, and for the HorizontalPodAutoscaler by way of
//! prometheus-adapter. It knows no workload; a model's is taken to be called as the model.

use driftline_metrics::catalogue::{Label, Metric};
use serde_json::{Value, json};

use super::{Bundle, File, file, queries::Selection, rollouts::documents};
use crate::{promql, settings::Settings, yaml};

/// What requests in flight are averaged over, in seconds.
const RANGE_SECONDS: u64 = 60;
/// How often KEDA asks, in seconds.
const POLL_SECONDS: u64 = 15;
/// A model keeps its replicas for this long after traffic fell, in seconds.
const COOLDOWN_SECONDS: u64 = 300;
/// After this many failed answers, replicas stay as they are.
const FAILURES_MAX: u32 = 3;
/// How much of a model's name is a part of the names of its objects.
const SLUG_MAX: usize = 40;

const KEDA_HEAD: &str = "\
# Written by `driftline render`: replicas of each model by its requests in flight, by KEDA.
#
#   kubectl apply --server-side -f scaled-objects.yaml
#
# `scaleTargetRef` is the Deployment of the model's servers: change it if it is not called as the model is. If Prometheus
# does not answer, or has no sample, replicas stay as they are. Use this or horizontal-pod-autoscalers.yaml, not both.
";

const ADAPTER_HEAD: &str = "\
# Written by `driftline render`: requests in flight of each model as external metrics, by prometheus-adapter. Add the rules
# to its configuration: with Helm, under `rules.external`, else under `externalRules`, as here.
";

const SCALER_HEAD: &str = "\
# Written by `driftline render`: replicas of each model by its requests in flight, by Kubernetes itself. It needs the
# metrics of prometheus-adapter.yaml.
#
#   kubectl apply --server-side -f horizontal-pod-autoscalers.yaml
#
# `scaleTargetRef` is the Deployment of the model's servers: change it if it is not called as the model is. Use this or
# scaled-objects.yaml, not both.
";

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let models = models(bundle.settings);
    let of = |render: fn(&Bundle<'_>, &Scaled<'_>) -> Value| -> Vec<Value> {
        models.iter().map(|model| render(bundle, model)).collect()
    };
    if models.is_empty() {
        return Vec::new();
    }
    let rules = json!({"externalRules": of(adapter_rule)});
    vec![
        file("autoscaling/scaled-objects.yaml", documents(KEDA_HEAD, &of(scaled_object))),
        file(
            "autoscaling/prometheus-adapter.yaml",
            [ADAPTER_HEAD, &yaml::document(&rules)].concat(),
        ),
        file(
            "autoscaling/horizontal-pod-autoscalers.yaml",
            documents(SCALER_HEAD, &of(horizontal_pod_autoscaler)),
        ),
    ]
}

/// The query for each model, by the model's name.
#[must_use]
pub fn queries(settings: &Settings<'_>) -> Vec<(String, String)> {
    let models = models(settings);
    models.iter().map(|model| (model.name.to_owned(), model.query(settings))).collect()
}

/// A model that is scaled.
struct Scaled<'c> {
    name: &'c str,
    /// Its name as a part of names of objects, which no other model has.
    slug: String,
}

impl Scaled<'_> {
    fn query(&self, settings: &Settings<'_>) -> String {
        let range = settings.scale.span(RANGE_SECONDS);
        Selection::of(&promql::escaped(self.name)).in_flight(&range)
    }

    /// The name of the external metric.
    fn metric(&self) -> String {
        format!("driftline_requests_in_flight_{}", self.slug.replace('-', "_"))
    }
}

/// The models that are listed by name, each once.
fn models<'c>(settings: &Settings<'c>) -> Vec<Scaled<'c>> {
    let mut models: Vec<Scaled<'c>> = Vec::new();
    for model in settings.config.models.iter().filter(|model| !model.is_pattern()) {
        if models.iter().any(|scaled| scaled.name == model.name) {
            continue;
        }
        let first = slug(&model.name);
        let mut slug = first.clone();
        let mut number: u32 = 2;
        while models.iter().any(|scaled| scaled.slug == slug) {
            slug = format!("{first}-{number}");
            number = number.saturating_add(1);
        }
        models.push(Scaled { name: &model.name, slug });
    }
    models
}

/// Small letters, digits, and `-` between them.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().take(SLUG_MAX) {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    // What names of objects begin with must be a letter in some places.
    if slug.starts_with(|first: char| first.is_ascii_lowercase()) {
        slug.to_owned()
    } else {
        format!("model-{slug}").trim_end_matches('-').to_owned()
    }
}

fn metadata(bundle: &Bundle<'_>, model: &Scaled<'_>) -> Value {
    let name = format!("driftline-{}", model.slug);
    match &bundle.deployment.namespace {
        Some(namespace) => json!({"name": name, "namespace": namespace.to_string()}),
        None => json!({"name": name}),
    }
}

fn scaled_object(bundle: &Bundle<'_>, model: &Scaled<'_>) -> Value {
    json!({
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(bundle, model),
        "spec": {
            "scaleTargetRef": {"name": model.slug},
            "minReplicaCount": 1,
            "maxReplicaCount": bundle.deployment.replicas_max,
            "pollingInterval": POLL_SECONDS,
            "cooldownPeriod": COOLDOWN_SECONDS,
            "fallback": {"failureThreshold": FAILURES_MAX, "replicas": 1, "behavior": "currentReplicas"},
            "triggers": [{
                "type": "prometheus",
                "metricType": "AverageValue",
                "metadata": {
                    "serverAddress": bundle.deployment.prometheus,
                    "query": model.query(bundle.settings),
                    "threshold": bundle.deployment.concurrency.to_string(),
                    // Without samples there is no traffic that is known, which is not the same as no traffic.
                    "ignoreNullValues": "false",
                },
            }],
        },
    })
}

fn adapter_rule(bundle: &Bundle<'_>, model: &Scaled<'_>) -> Value {
    let series = Metric::RequestsInFlight.definition().name;
    let label = Label::Model.name();
    json!({
        "seriesQuery": format!("{series}{{{label}={}}}", promql::string(model.name)),
        "resources": {"namespaced": false},
        "name": {"matches": ".*", "as": model.metric()},
        "metricsQuery": model.query(bundle.settings),
    })
}

fn horizontal_pod_autoscaler(bundle: &Bundle<'_>, model: &Scaled<'_>) -> Value {
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(bundle, model),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": model.slug},
            "minReplicas": 1,
            "maxReplicas": bundle.deployment.replicas_max,
            "metrics": [{
                "type": "External",
                "external": {
                    "metric": {"name": model.metric()},
                    "target": {
                        "type": "AverageValue",
                        "averageValue": bundle.deployment.concurrency.to_string(),
                    },
                },
            }],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": COOLDOWN_SECONDS}},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_are_made_of_those_of_models() {
        for (name, expected) in [
            ("my-llm", "my-llm"),
            ("meta/Llama-3.1:70B", "meta-llama-3-1-70b"),
            ("雨", "model"),
            ("4o", "model-4o"),
            ("{{x}}", "x"),
        ] {
            assert_eq!(slug(name), expected);
        }
        assert!(slug(&"a.".repeat(100)).len() <= SLUG_MAX);
    }
}
