//! Everything that an operator copies, put together for one configuration: one list of files. It writes none.
//!
//! Documents that people read and change are templates, with comments; what repeats for models or metrics is made of
//! values. To add rules or dashboards, add a line to [`rule_files`] or [`dashboards`].

mod autoscaling;
mod deployment;
mod envoy;
mod envoy_gateway;
mod filter;
mod grafana;
mod istio;
mod json;
mod kubernetes;
mod prometheus;
mod queries;
mod rollouts;
mod size;
mod template;

pub use self::{
    autoscaling::queries as scaling_queries,
    deployment::{Deployment, Host, Image, IstioObject, Label, Name, read_digest},
    rollouts::queries as rollout_queries,
    size::{OBJECT_BYTES_MAX, TooLarge},
};

use self::json::Json;
use crate::{File, alerts, dashboards, rules, settings::Settings, slo};

/// The widest line of a configuration within another document.
const WIDTH: usize = 110;

/// A part of what is rendered: a folder, or the files of the plain Envoy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// A whole static Envoy.
    Envoy,
    /// Istio.
    Istio,
    /// Envoy Gateway.
    EnvoyGateway,
    /// Rules and dashboards as objects, and an Envoy of its own.
    Kubernetes,
    /// Scrape configurations and rules.
    Prometheus,
    /// Dashboards and what provisions them.
    Grafana,
    /// What rolls a bad version back.
    Rollouts,
    /// What scales models by their requests in flight.
    Autoscaling,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 8] = [
        Part::Envoy,
        Part::Istio,
        Part::EnvoyGateway,
        Part::Kubernetes,
        Part::Prometheus,
        Part::Grafana,
        Part::Rollouts,
        Part::Autoscaling,
    ];

    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Part::Envoy => "envoy",
            Part::Istio => "istio",
            Part::EnvoyGateway => "envoy-gateway",
            Part::Kubernetes => "kubernetes",
            Part::Prometheus => "prometheus",
            Part::Grafana => "grafana",
            Part::Rollouts => "rollouts",
            Part::Autoscaling => "autoscaling",
        }
    }

    fn files(self, bundle: &Bundle<'_>) -> Vec<File> {
        match self {
            Part::Envoy => envoy::files(bundle),
            Part::Istio => istio::files(bundle),
            Part::EnvoyGateway => envoy_gateway::files(bundle),
            Part::Kubernetes => kubernetes::files(bundle),
            Part::Prometheus => prometheus::files(bundle),
            Part::Grafana => grafana::files(bundle),
            Part::Rollouts => rollouts::files(bundle),
            Part::Autoscaling => autoscaling::files(bundle),
        }
    }

    /// Whether its files name the image of the filter.
    #[must_use]
    pub fn names_image(self) -> bool {
        matches!(self, Part::Istio | Part::EnvoyGateway | Part::Kubernetes)
    }

    /// Whether its files become objects of Kubernetes, which hold only so much.
    fn is_of_kubernetes(self) -> bool {
        !matches!(self, Part::Envoy | Part::Prometheus | Part::Grafana)
    }
}

/// The files with recording rules and alerts.
#[must_use]
pub fn rule_files(settings: &Settings<'_>) -> Vec<File> {
    let mut files = rules::files(settings);
    files.extend([slo::file(settings), alerts::file(settings)]);
    files
}

/// The texts of these files by names without folders, as a Prometheus has them beside its configuration.
#[must_use]
pub fn rules_by_name(settings: &Settings<'_>) -> Vec<(String, String)> {
    let named = |file: File| (file.path.replace('/', "-"), file.text);
    rule_files(settings).into_iter().map(named).collect()
}

/// The dashboards.
#[must_use]
pub fn dashboards(settings: &Settings<'_>) -> Vec<File> {
    dashboards::files(settings)
}

/// Everything that is rendered for one configuration.
#[derive(Clone, Debug)]
pub struct Bundle<'c> {
    settings: &'c Settings<'c>,
    deployment: &'c Deployment,
    configuration: Json,
}

impl<'c> Bundle<'c> {
    /// Of the configuration of the settings, whose text this is; `None` if the text is no JSON.
    #[must_use]
    pub fn new(
        settings: &'c Settings<'c>,
        configuration: &str,
        deployment: &'c Deployment,
    ) -> Option<Bundle<'c>> {
        let configuration = Json::parse(configuration)?;
        Some(Bundle { settings, deployment, configuration })
    }

    /// The files of these parts, in order.
    ///
    /// # Errors
    ///
    /// If a file is larger than the object that it becomes may be.
    pub fn files(&self, parts: &[Part]) -> Result<Vec<File>, TooLarge> {
        let mut files = Vec::new();
        let mut too_large = Vec::new();
        for part in Part::ALL.into_iter().filter(|part| parts.contains(part)) {
            let of_part = part.files(self);
            if part.is_of_kubernetes() {
                too_large.extend(size::beyond_limit(&of_part));
            }
            files.extend(of_part);
        }
        if too_large.is_empty() { Ok(files) } else { Err(TooLarge::new(too_large, self)) }
    }

    /// The configuration, as lines.
    fn configuration(&self) -> String {
        self.configuration.lines(WIDTH)
    }

    /// `namespace: NAME`, or nothing.
    fn namespace(&self) -> String {
        namespace(self.deployment.namespace.as_ref())
    }

    fn monitoring_namespace(&self) -> String {
        namespace(self.deployment.monitoring_namespace.as_ref())
    }
}

fn namespace(name: Option<&Name>) -> String {
    name.map_or(String::new(), |name| format!("namespace: \"{name}\""))
}

/// Labels as lines of YAML.
fn label_lines(labels: &[Label]) -> String {
    let lines = labels.iter().map(|Label { key, value }| format!("{key}: \"{value}\""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The same, within `labels`, or nothing if there are none.
fn labels_member(labels: &[Label]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    format!("labels:\n{}", template::indented(&label_lines(labels), 2))
}

fn file(path: &str, text: String) -> File {
    File { path: path.to_owned(), text }
}
