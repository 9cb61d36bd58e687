//! `driftline render`: writes what an operator copies, for a configuration. It makes none of it, and never overwrites a file
//! that it did not write.

mod output;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    num::NonZeroU32,
    path::PathBuf,
};

use anyhow::{Context as _, anyhow};
use clap::builder::PossibleValuesParser;
use driftline_operations::{
    objectives::Objectives,
    render::{Bundle, Deployment, Host, Image, IstioObject, Label, Name, Part, read_digest},
    settings::{Lookback, Settings},
    time_scale::TimeScale,
};

use self::output::{Output, Written};
use crate::inputs::{address, read, read_config};

/// Write what an operator copies: proxy configurations, rules, dashboards, objects of Kubernetes.
///
/// Without a PART, all of them are written:
///
///   envoy          a whole static Envoy, and the labels and buckets of the metrics
///   istio          an EnvoyFilter, a WasmPlugin and a TrafficExtension, of which you apply one
///   envoy-gateway  an EnvoyExtensionPolicy and an EnvoyProxy
///   kubernetes     PrometheusRules, ConfigMaps of dashboards, and an Envoy that needs no controller
///   prometheus     scrape configurations, recording rules and alerts
///   grafana        dashboards and what provisions them
///   rollouts       an AnalysisTemplate for Argo Rollouts and MetricTemplates for Flagger
///   autoscaling    ScaledObjects for KEDA, HorizontalPodAutoscalers and rules for prometheus-adapter
///
/// The same configuration and options give the same files. What was written before is replaced; files that were changed
/// since, or were there before, stop it before anything is written.
#[derive(clap::Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// What to write.
    #[arg(value_name = "PART", value_parser = PossibleValuesParser::new(Part::ALL.map(Part::word)))]
    parts: Vec<String>,
    /// The filter's configuration, with its profiles.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder that they are written to; it is made if it is not there.
    #[arg(long, short, value_name = "FOLDER")]
    output: PathBuf,
    /// Replace files that were changed, or that something else wrote.
    #[arg(long)]
    force: bool,
    /// The image of the filter, such as registry.example/driftline:0.1.0, also with its digest.
    #[arg(long, value_name = "REFERENCE")]
    image: Option<Image>,
    /// The digest of the image, as `cargo xtask oci` prints it.
    #[arg(long, value_name = "SHA256", value_parser = read_digest)]
    digest: Option<String>,
    /// The filter's module, as the static Envoy finds it [default: target/driftline.wasm].
    #[arg(long, value_name = "FILE")]
    filter: Option<String>,
    /// Where the static Envoy sends requests [default: 127.0.0.1:8000].
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Option<Host>,
    /// Where the static Envoy takes requests [default: 127.0.0.1:10000].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Where its admin interface is, which Prometheus scrapes [default: 127.0.0.1:9901].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    admin: Option<SocketAddr>,
    /// The namespace of the gateway. Without it, objects name none.
    #[arg(long, value_name = "NAME")]
    namespace: Option<Name>,
    /// The namespace of rules and dashboards, likewise.
    #[arg(long, value_name = "NAME")]
    monitoring_namespace: Option<Name>,
    /// A label of the pods of Istio's gateway [default: istio=ingressgateway].
    #[arg(long, value_name = "KEY=VALUE")]
    selector: Vec<Label>,
    /// The object that the Kustomize folder of Istio has.
    #[arg(
        long,
        value_name = "OBJECT",
        default_value = IstioObject::EnvoyFilter.word(),
        value_parser = PossibleValuesParser::new(IstioObject::ALL.map(IstioObject::word))
    )]
    istio: String,
    /// The Gateway of Envoy Gateway [default: my-gateway].
    #[arg(long, value_name = "NAME")]
    gateway: Option<Name>,
    /// A label that Prometheus' operator selects monitors and rules by, such as release=kube-prometheus-stack.
    #[arg(long, value_name = "KEY=VALUE")]
    monitor_label: Vec<Label>,
    /// Where Prometheus answers [default: http://prometheus-operated.monitoring:9090].
    #[arg(long, value_name = "URL", value_parser = url)]
    prometheus: Option<String>,
    /// Requests in flight for which a model gets one replica [default: 8].
    #[arg(long, value_name = "REQUESTS")]
    concurrency: Option<NonZeroU32>,
    /// The most replicas of a model [default: 10].
    #[arg(long, value_name = "REPLICAS")]
    replicas_max: Option<NonZeroU32>,
    /// What rules look back over, such as 1h, 30m or 7d; may be given several times.
    #[arg(long, value_name = "SPAN", value_parser = lookback, default_value = "1h")]
    lookback: Vec<Lookback>,
    /// What is promised of the models, as JSON; without it, the defaults.
    #[arg(long, value_name = "FILE")]
    objectives: Option<PathBuf>,
    /// Where the runbooks are that alerts link to, such as https://wiki.example/driftline [default: docs/runbooks].
    #[arg(long, value_name = "URL")]
    runbooks: Option<String>,
    /// Write every span of time this many times shorter, to rehearse alerts.
    #[arg(long, value_name = "TIMES", default_value = "1")]
    time_scale: NonZeroU32,
}

/// The units of a span of time, in seconds.
const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
/// The longest span that rules may look back over, in seconds: half a year.
const LOOKBACK_MAX: u64 = 180 * 86_400;

/// Writes the files, and says which.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let named = || format!("--config {}", args.config.display());
    let (json, config) = read_config(&args.config, "--config")?;
    let json = String::from_utf8_lossy(&json).into_owned();
    let deployment = deployment(&args);
    let mut settings = Settings::of(&config);
    settings.lookbacks.clone_from(&args.lookback);
    settings.lookbacks.sort();
    settings.lookbacks.dedup();
    settings.scale = TimeScale::divided_by(args.time_scale);
    if let Some(runbooks) = &args.runbooks {
        runbooks.trim_end_matches('/').clone_into(&mut settings.runbooks);
    }
    if let Some(path) = &args.objectives {
        let objectives = Objectives::from_json(&read(path, "--objectives")?, &config.buckets);
        settings.objectives =
            objectives.with_context(|| format!("--objectives {}", path.display()))?;
    }
    let bundle = Bundle::new(&settings, &json, &deployment)
        .with_context(|| format!("{}: it is nested too deep", named()))?;
    let files = bundle.files(&parts(&args)).map_err(|error| anyhow!(error)).with_context(named)?;
    let written = Output { folder: &args.output, force: args.force }.write(&files)?;
    let said = say(&args, &written);
    io::stdout().write_all(said.as_bytes())?;
    Ok(())
}

/// The parts that are asked for; all of them if none is.
fn parts(args: &Args) -> Vec<Part> {
    let is_asked =
        |part: &Part| args.parts.is_empty() || args.parts.iter().any(|it| it == part.word());
    Part::ALL.into_iter().filter(is_asked).collect()
}

fn deployment(args: &Args) -> Deployment {
    let local = Deployment::local();
    let mut image = args.image.clone().unwrap_or(local.image);
    if let Some(digest) = &args.digest {
        image.digest = Some(digest.clone());
    }
    let istio = IstioObject::ALL.into_iter().find(|object| object.word() == args.istio);
    let selector = if args.selector.is_empty() { local.selector } else { args.selector.clone() };
    Deployment {
        image,
        filter: args.filter.clone().unwrap_or(local.filter),
        listen: args.listen.unwrap_or(local.listen),
        admin: args.admin.unwrap_or(local.admin),
        upstream: args.upstream.clone().unwrap_or(local.upstream),
        namespace: args.namespace.clone(),
        monitoring_namespace: args.monitoring_namespace.clone(),
        selector,
        istio: istio.unwrap_or(local.istio),
        gateway: args.gateway.clone().unwrap_or(local.gateway),
        monitor_labels: args.monitor_label.clone(),
        prometheus: args.prometheus.clone().unwrap_or(local.prometheus),
        concurrency: args.concurrency.map_or(local.concurrency, NonZeroU32::get),
        replicas_max: args.replicas_max.map_or(local.replicas_max, NonZeroU32::get),
    }
}

/// What was done, a line for each file, and what is still to do.
fn say(args: &Args, written: &Written) -> String {
    let mut said = String::new();
    let mut list = |what: &str, paths: &[String]| {
        for path in paths {
            said += &format!("{what} {}\n", args.output.join(path).display());
        }
    };
    list("wrote", &written.new);
    list("left over, remove it unless you use it:", &written.left_over);
    said += &format!("{} files written, {} unchanged\n", written.new.len(), written.unchanged);
    if args.image.is_none() && parts(args).iter().any(|part| part.names_image()) {
        said += &format!(
            "the image is {}, which does not exist: name yours with --image\n",
            Deployment::local().image.reference
        );
    }
    said
}

fn lookback(text: &str) -> Result<Lookback, String> {
    let read = UNITS.into_iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds).filter(|span| (1..=LOOKBACK_MAX).contains(span))
    });
    match read {
        Some(seconds) => Ok(Lookback { seconds }),
        None => Err(format!(
            "`{text}` is none; allowed is a number with s, m, h or d, such as 1h, up to 180d"
        )),
    }
}

fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_fine = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic());
    match rest {
        Some(rest) if is_fine(rest) => Ok(text.to_owned()),
        _ => Err(format!(
            "`{text}` is none; allowed is a URL such as http://prometheus.monitoring:9090"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_unit() {
        for (text, seconds) in [("1h", 3600), ("30m", 1800), ("7d", 604_800), ("90s", 90)] {
            assert_eq!(lookback(text).unwrap(), Lookback { seconds });
        }
        for text in ["", "1", "h", "0h", "1.5h", "1w", "999d", "-1h", "18446744073709551615d"] {
            assert!(lookback(text).unwrap_err().contains("such as 1h"), "{text}");
        }
    }

    #[test]
    fn urls_have_a_scheme_and_no_blank() {
        assert!(url("https://thanos.example/prometheus").is_ok());
        for text in ["prometheus:9090", "http://", "http://a b", "http://a\n"] {
            assert!(url(text).unwrap_err().contains("allowed is a URL"), "{text}");
        }
    }
}
