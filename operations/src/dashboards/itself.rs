//! The dashboard of Driftline itself: how much of the traffic it reads, and what it costs.

use driftline_metrics::catalogue::{Label, Metric};

use super::{
    Dashboard,
    grid::row,
    panel::{Panel, unit},
    queries::{POD_LABEL, Queries, ratio, this_pod},
    words::{GREEN, RED, SCRAPED, YELLOW},
};

/// What a VM has for configurations, windows, decoders and streams.
const VM_MEMORY_BYTES: f64 = 48.0 * 1024.0 * 1024.0;

pub(super) fn dashboard(of: &Queries) -> Dashboard {
    Dashboard {
        name: "itself",
        title: "Driftline itself",
        about: "How much of the traffic does Driftline read, what does it not read and why, and what does it cost?",
        variables: Vec::new(),
        rows: vec![
            row("Coverage", coverage(of)),
            row("What is not read", unread(of)),
            row("Feedback and names", feedback(of)),
            row("Cost in the proxy", cost(of)),
            row("Scrapes", scrapes()),
        ],
    }
}

/// What Envoy counts of requests itself.
const ENVOY_REQUESTS: &str =
    "envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix!=\"admin\"";

/// By pod, which is a label that the reader chooses.
fn by_pod(how: &str, expression: &str) -> String {
    format!("{how} by (${POD_LABEL}) ({expression})")
}

/// What a legend shows of a pod.
fn pod() -> String {
    format!("{{{{${POD_LABEL}}}}}")
}

/// Series of the proxy or of Prometheus about pods that have the filter.
fn of_pods(series: &str) -> String {
    format!(
        "{series}{{{}}} and on (${POD_LABEL}) {}{{{}}}",
        this_pod(),
        Metric::Evaluations.definition().name,
        this_pod()
    )
}

fn coverage(of: &Queries) -> Vec<Panel> {
    let measured = of.rate(&[], Metric::Requests, &[]);
    let unmeasured = of.rate(&[], Metric::Unmeasured, &[]);
    let problems = of.rate(&[], Metric::ReadProblems, &[]);
    vec![
        Panel::stat(
            "Streams that are measured",
            "Requests that ended and were measured, in parts of all streams that passed the filter.",
            unit::SHARE,
        )
        .ask("measured", format!("{measured} / ({measured} + {unmeasured} > 0)"))
        .colours(RED, [(0.5, YELLOW), (0.9, GREEN)])
        .sized(6, 6),
        Panel::stat(
            "Requests without a read problem",
            "Requests of which all was read as their dialect promises, in parts of those measured. A request with several \
             problems counts as several.",
            unit::SHARE,
        )
        .ask("read", format!("clamp_min(1 - {problems} / ({measured} > 0), 0)"))
        .colours(RED, [(0.9, YELLOW), (0.99, GREEN)])
        .sized(6, 6),
        Panel::stat(
            "Values compared with a reference",
            "Values of features and predictions in each second, and records of feedback.",
            unit::PER_SECOND,
        )
        .ask("values", of.rate(&[], Metric::MonitoredValues, &[]))
        .colours(GREEN, [])
        .sized(6, 6),
        Panel::lines(
            "Requests that the filter counts",
            "Streams that the filter counts, measured or not, in parts of the requests that Envoy counts. Far below 1, a VM has \
             failed and its traffic passes unseen.",
            unit::SHARE,
        )
        .ask(&pod(), counted(of))
        .sized(6, 6),
    ]
}

/// What the filter counts of what the proxy does.
fn counted(of: &Queries) -> String {
    let rate = |series: &str| by_pod("sum", &format!("rate({series}[$__rate_interval])"));
    let of_filter = [Metric::Requests, Metric::Unmeasured, Metric::FeedbackRequests]
        .map(|metric| rate(&of.of(metric, &[])));
    let of_proxy = rate(&format!("{ENVOY_REQUESTS}, {}}}", this_pod()));
    ratio(&format!("({})", of_filter.join(" + ")), &of_proxy)
}

fn unread(of: &Queries) -> Vec<Panel> {
    vec![
        Panel::stacked(
            "Streams that are not measured",
            "A path of no dialect, another method, an endpoint that is declared as none, no headers, or no memory left.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate_of_occurring(&[Label::Reason], Metric::Unmeasured, &[]))
        .sized(12, 7),
        Panel::stacked(
            "Read problems by reason",
            "What could not be read as its dialect promises.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate_of_occurring(&[Label::Reason], Metric::ReadProblems, &[]))
        .sized(12, 7),
    ]
}

fn feedback(of: &Queries) -> Vec<Panel> {
    let names = |label: Label| {
        let series = of.of(Metric::RequestsInFlight, &[]);
        format!("count(count by ({0}) ({series}))", label.name())
    };
    let versions = of.of(Metric::Predictions, &[]);
    let panel = Panel::stat(
        "Names that match patterns",
        "Those that are listed, and those that were admitted because they match a pattern; other is one of them. names_max \
         bounds them.",
        unit::COUNT,
    )
    .ask("models", names(Label::Model))
    .ask("versions", format!("count(count by (model, version) ({versions}))"));
    let panel = match of.has_routes() {
        true => panel.ask("routes", names(Label::Route)),
        false => panel,
    };
    vec![
        Panel::stacked(
            "Requests with feedback",
            "By how they ended.",
            unit::REQUESTS_PER_SECOND,
        )
        .ask("{{outcome}}", of.rate_of_occurring(&[Label::Outcome], Metric::FeedbackRequests, &[]))
        .sized(6, 7),
        Panel::stacked(
            "Records of feedback that are refused",
            "By reason. The answer to the request says the same.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate_of_occurring(&[Label::Reason], Metric::FeedbackRefused, &[]))
        .sized(6, 7),
        Panel::stacked(
            "Predictions that cannot get a label",
            "Predictions that were not noted: without an id, in too large a batch, or refused by the proxy.",
            unit::PER_SECOND,
        )
        .ask("{{reason}}", of.rate(&[Label::Reason], Metric::PredictionsUntracked, &[]))
        .sized(6, 7),
        panel.colours(GREEN, []).sized(6, 7),
    ]
}

fn cost(of: &Queries) -> Vec<Panel> {
    let memory = |series: &str| by_pod("max", &of_pods(series));
    vec![
        Panel::lines(
            "Evaluations",
            "How often the windows are compared with the reference.",
            unit::PER_SECOND,
        )
        .ask(&pod(), by_pod("sum", &format!("rate({}[$__rate_interval])", of.of(Metric::Evaluations, &[]))))
        .sized(8, 7),
        Panel::lines(
            "Memory of the fullest VM",
            "What the VM with the least memory left has taken of it: for configurations, windows, decoders and streams. The \
             dashed line is all that it has.",
            unit::BYTES,
        )
        .ask(&pod(), by_pod("max", &of.of(Metric::VmMemory, &[])))
        .colours(GREEN, [(VM_MEMORY_BYTES, RED)])
        .sized(8, 7),
        Panel::lines(
            "Memory of Envoy",
            "Allocated, reserved by its heap, and resident, by pod.",
            unit::BYTES,
        )
        .ask(&format!("{} allocated", pod()), memory("envoy_server_memory_allocated"))
        .ask(&format!("{} heap", pod()), memory("envoy_server_memory_heap_size"))
        .ask(&format!("{} resident", pod()), memory("envoy_server_memory_physical_size"))
        .sized(8, 7),
        Panel::lines(
            "VMs",
            "Virtual machines that Envoy runs, one for each worker and one for the main thread, for each filter in Wasm.",
            unit::COUNT,
        )
        .ask(&pod(), by_pod("max", &of_pods("envoy_wasm_envoy_wasm_runtime_v8_active")))
        .sized(8, 7),
        Panel::lines(
            "Reloads of VMs since the start",
            "VMs that Envoy started anew because one had failed, those that failed again, and those that had to wait.",
            unit::COUNT,
        )
        .ask(
            "{{__name__}}",
            format!(
                "sum by (__name__) ({{__name__=~\"envoy_wasm_.+_vm_reload_(success|backoff|failure)\", {}}})",
                this_pod()
            ),
        )
        .sized(8, 7),
        Panel::lines(
            "Configurations without room",
            "Configurations in VMs that have no memory left for them: their streams pass unmeasured.",
            unit::COUNT,
        )
        .ask(&pod(), by_pod("max", &of.of(Metric::ConfigurationsWithoutRoom, &[])))
        .sized(8, 7),
    ]
}

fn scrapes() -> Vec<Panel> {
    let seen = Metric::Evaluations.definition().name;
    let of_filter = format!("{{__name__=~\"driftline_.+\", {}}}", this_pod());
    vec![
        Panel::states(
            "Proxies that are scraped",
            "Whether the last scrape of a proxy succeeded, of those with the filter that were scraped in the time shown.",
            SCRAPED,
        )
        .ask(
            &pod(),
            by_pod(
                "min",
                &format!(
                    "up{{{0}}} and on (${POD_LABEL}) last_over_time({seen}{{{0}}}[$__range])",
                    this_pod()
                ),
            ),
        )
        .sized(6, 8),
        Panel::lines(
            "Samples of a scrape",
            "All that a proxy exports, and what the filter makes of it. A histogram is as many samples as it has buckets, and \
             three more.",
            unit::COUNT,
        )
        .ask(&format!("{} all", pod()), by_pod("max", &of_pods("scrape_samples_scraped")))
        .ask(&format!("{} of the filter", pod()), by_pod("count", &of_filter))
        .sized(6, 8),
        Panel::lines("Duration of a scrape", "How long the proxy takes to answer Prometheus.", unit::SECONDS)
            .ask(&pod(), by_pod("max", &of_pods("scrape_duration_seconds")))
            .sized(6, 8),
        Panel::table("Metrics with the most series", "Over all pods that are chosen, the ten largest.")
            .label("__name__", "metric")
            .column(
                "series",
                unit::COUNT,
                format!("topk(10, count by (__name__) ({of_filter}))"),
            )
            .decimals(0)
            .sorted_by("series", true)
            .sized(6, 8),
    ]
}
