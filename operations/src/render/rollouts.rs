//! Renders what rolls a bad version of a model back: an analysis for Argo Rollouts, and metrics for Flagger. It decides
//! nothing; thresholds are arguments with a default.

use driftline_labels::Outcome;
use driftline_monitor::config::{Config, ModelKind};
use serde_json::{Value, json};

use super::{Bundle, File, file, queries::Selection};
use crate::{
    objectives::Objectives,
    promql,
    rules::experiment::{ABSOLUTE_ERROR, ACCURACY, LATENCY},
    settings::{Lookback, Settings},
    yaml,
};

/// What is looked back over for errors and first tokens, in seconds.
const RANGE_SECONDS: u64 = 300;
/// How often, in seconds.
const INTERVAL_SECONDS: u64 = 60;
/// After this many failed looks, the version is rolled back.
const FAILURES_MAX: u32 = 2;
/// The share of requests that may fail, unless the argument says otherwise.
const ERROR_RATIO_MAX: &str = "0.05";
/// How late first tokens may be, in seconds, likewise.
const FIRST_TOKEN_MAX: &str = "2";

const ANALYSIS_HEAD: &str = "\
# Written by `driftline render`: rolls a bad version of a model back, by Argo Rollouts.
#
#   kubectl apply --server-side -f analysis-templates.yaml
#
# driftline-serving runs beside a canary, and driftline-versions as a step of its own, because intervals are right for one
# look:
#
#   strategy:
#     canary:
#       analysis:
#         templates: [{ templateName: driftline-serving }]
#         args: [{ name: model, value: my-model }]
#       steps:
#         - setWeight: 20
#         - analysis:
#             templates: [{ templateName: driftline-versions }]
#             args: [{ name: model, value: my-model }, { name: baseline, value: \"3\" }, { name: candidate, value: \"4\" }]
#
# Values of arguments stand within strings of PromQL. No answer counts as success: too little traffic is no evidence.
";

const METRICS_HEAD: &str = "\
# Written by `driftline render`: rolls a bad version of a model back, by Flagger.
#
#   kubectl apply --server-side -f metric-templates.yaml
#
# In a Canary, under spec.analysis:
#
#   metrics:
#     - name: error ratio
#       templateRef: { name: driftline-error-ratio }
#       templateVariables: { model: my-model, route: \".*\" }
#       thresholdRange: { max: 0.05 }
#       interval: 1m
#
# Too little traffic is no evidence, and counts as 0.
";

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let checks = Check::all(bundle.settings);
    let mut analyses = vec![analysis(bundle, Group::Serving, &checks)];
    if checks.iter().any(|check| check.group == Group::Versions) {
        analyses.push(analysis(bundle, Group::Versions, &checks));
    }
    let metrics: Vec<Value> = checks.iter().map(|check| metric_template(bundle, check)).collect();
    vec![
        file("rollouts/analysis-templates.yaml", documents(ANALYSIS_HEAD, &analyses)),
        file("rollouts/metric-templates.yaml", documents(METRICS_HEAD, &metrics)),
    ]
}

/// The queries by name, for a model and two of its versions in the place of the arguments.
#[must_use]
pub fn queries(settings: &Settings<'_>, model: &str, versions: [&str; 2]) -> Vec<(String, String)> {
    let [model, baseline, candidate] = [model, versions[0], versions[1]].map(promql::escaped);
    let values = |name: &str| match name {
        "model" => model.clone(),
        "baseline" => baseline.clone(),
        "candidate" => candidate.clone(),
        _ => String::from(".*"),
    };
    let checks = Check::all(settings).into_iter();
    checks.map(|check| (check.name.to_owned(), (check.query)(settings, &values))).collect()
}

/// Several documents in one file.
pub(super) fn documents(head: &str, documents: &[Value]) -> String {
    let texts: Vec<String> = documents.iter().map(yaml::document).collect();
    [head, &texts.join("---\n")].concat()
}

/// When a check is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Group {
    /// Again and again, as long as the rollout lasts.
    Serving,
    /// Once, when there is enough traffic.
    Versions,
}

/// A query, with a value for each argument.
type Query = fn(&Settings<'_>, &dyn Fn(&str) -> String) -> String;

/// What must not be, for a version to stay.
struct Check {
    name: &'static str,
    group: Group,
    /// The arguments of the query.
    arguments: &'static [&'static str],
    query: Query,
    /// The argument with the largest value that is allowed, and its default. Without one it is below 1.
    max: Option<(&'static str, &'static str)>,
}

impl Check {
    /// Those that the configuration has metrics for.
    fn all(settings: &Settings<'_>) -> Vec<Check> {
        let Config { models, feedback, .. } = settings.config;
        let has = |kind| models.iter().any(|model| model.kind == kind);
        let mut checks = vec![Check {
            name: "error-ratio",
            group: Group::Serving,
            arguments: &["model", "route"],
            query: |settings, value| {
                let selection = Selection::of(&value("model")).route(&value("route"));
                selection.error_ratio(&bad_outcomes(settings), &settings.scale.span(RANGE_SECONDS))
            },
            max: Some(("error-ratio-max", ERROR_RATIO_MAX)),
        }];
        if has(ModelKind::Language) {
            checks.push(Check {
                name: "first-token-seconds",
                group: Group::Serving,
                arguments: &["model", "route"],
                query: |settings, value| {
                    let selection = Selection::of(&value("model")).route(&value("route"));
                    selection.first_token(&settings.scale.span(RANGE_SECONDS))
                },
                max: Some(("first-token-seconds-max", FIRST_TOKEN_MAX)),
            });
        }
        if feedback.is_some() {
            checks.push(Check {
                name: "quality-drift",
                group: Group::Serving,
                arguments: &["model", "version"],
                query: |_, value| {
                    Selection::of(&value("model")).version(&value("version")).quality()
                },
                max: None,
            });
        }
        if has(ModelKind::Predictive) {
            checks.push(Check {
                name: "latency-worse",
                group: Group::Versions,
                arguments: &["model", "baseline", "candidate"],
                query: |settings, value| worse(settings, value, &[LATENCY]),
                max: None,
            });
        }
        if has(ModelKind::Predictive) && feedback.is_some() {
            checks.push(Check {
                name: "quality-worse",
                group: Group::Versions,
                arguments: &["model", "baseline", "candidate"],
                query: |settings, value| worse(settings, value, &[ACCURACY, ABSOLUTE_ERROR]),
                max: None,
            });
        }
        checks
    }
}

/// The outcomes that the objective of availability calls bad, or would if there were one.
fn bad_outcomes(settings: &Settings<'_>) -> Vec<Outcome> {
    let promised = settings.objectives.availability.clone();
    let availability =
        promised.or_else(|| Objectives::usual(&settings.config.buckets).availability);
    availability.map_or(Vec::new(), |availability| availability.bad_outcomes)
}

/// The shortest window that rules compare versions over.
fn lookback(settings: &Settings<'_>) -> Lookback {
    settings.lookbacks.iter().min().copied().unwrap_or(Lookback::HOUR)
}

fn worse(settings: &Settings<'_>, value: &dyn Fn(&str) -> String, figures: &[&str]) -> String {
    let selection = Selection::of(&value("model"));
    let selection = selection.versions(&value("baseline"), &value("candidate"), figures);
    selection.worse(lookback(settings))
}

fn analysis(bundle: &Bundle<'_>, group: Group, checks: &[Check]) -> Value {
    let name = match group {
        Group::Serving => "driftline-serving",
        Group::Versions => "driftline-versions",
    };
    let checks = || checks.iter().filter(|check| check.group == group);
    let mut arguments: Vec<&str> = Vec::new();
    for argument in checks().flat_map(|check| check.arguments) {
        if !arguments.contains(argument) {
            arguments.push(argument);
        }
    }
    let arguments = arguments.into_iter().map(|name| argument(bundle, name));
    let limits = checks().filter_map(|check| check.max);
    let limits = limits.map(|(name, value)| json!({"name": name, "value": value}));
    let arguments: Vec<Value> = arguments.chain(limits).collect();
    let metrics: Vec<Value> = checks().map(|check| metric(bundle, check)).collect();
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": metadata(bundle, name),
        "spec": {"args": arguments, "metrics": metrics},
    })
}

fn metadata(bundle: &Bundle<'_>, name: &str) -> Value {
    match &bundle.deployment.namespace {
        Some(namespace) => json!({"name": name, "namespace": namespace.to_string()}),
        None => json!({"name": name}),
    }
}

/// An argument, with a default where there is one.
fn argument(bundle: &Bundle<'_>, name: &str) -> Value {
    let default = match name {
        "model" => only_model(bundle.settings.config).map(promql::escaped),
        "route" | "version" => Some(String::from(".*")),
        _ => None,
    };
    match default {
        Some(value) => json!({"name": name, "value": value}),
        None => json!({"name": name}),
    }
}

/// The name of the model, if all entries have the same one.
fn only_model(config: &Config) -> Option<&str> {
    let first = config.models.first()?;
    let is_only = config.models.iter().all(|model| model.name == first.name) && !first.is_pattern();
    is_only.then_some(&*first.name)
}

fn metric(bundle: &Bundle<'_>, check: &Check) -> Value {
    let scale = bundle.settings.scale;
    let query = (check.query)(bundle.settings, &|name| format!("{{{{args.{name}}}}}"));
    let is_fine = match check.max {
        Some((limit, _)) => format!("result[0] <= {{{{args.{limit}}}}}"),
        None => String::from("result[0] < 1"),
    };
    let mut metric = json!({
        "name": check.name,
        "successCondition": format!("len(result) == 0 || {is_fine}"),
        "provider": {"prometheus": {"address": bundle.deployment.prometheus, "query": query}},
    });
    let when = match check.group {
        Group::Serving => [
            ("interval", json!(scale.span(INTERVAL_SECONDS))),
            ("failureLimit", json!(FAILURES_MAX)),
        ],
        Group::Versions => [
            ("initialDelay", json!(scale.span(lookback(bundle.settings).seconds))),
            ("count", json!(1)),
        ],
    };
    if let Some(object) = metric.as_object_mut() {
        object.extend(when.map(|(name, value)| (name.to_owned(), value)));
    }
    metric
}

fn metric_template(bundle: &Bundle<'_>, check: &Check) -> Value {
    let query = (check.query)(bundle.settings, &|name| format!("{{{{ variables.{name} }}}}"));
    json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "MetricTemplate",
        "metadata": metadata(bundle, &format!("driftline-{}", check.name)),
        "spec": {
            "provider": {"type": "prometheus", "address": bundle.deployment.prometheus},
            "query": format!("({query})\nor vector(0)"),
        },
    })
}
