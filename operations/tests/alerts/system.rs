//! Faults of the system, and the alerts that they fire.

use crate::{
    scenario::{Scenario, carry_out, scenario},
    series::{Series, burns, counter, gauge, recorded},
};

const PROXY: &str = r#"job="envoy", instance="a:9901""#;
const AT_PROXY: &str = r#"instance="a:9901""#;

fn requests(outcome: &str, health: f64, fault: f64) -> Series {
    counter(
        &format!("driftline_requests_total{{model=\"rain\", outcome={outcome:?}, {PROXY}}}"),
        health,
        fault,
    )
}

fn first_tokens(what: &str, health: f64, fault: f64) -> Series {
    let labels = r#"model="rain", result="success""#;
    let metric = "driftline_time_to_first_token";
    match what {
        "sum" => counter(&format!("{metric}_microseconds_total{{{labels}}}"), health, fault),
        "count" => counter(&format!("{metric}_observations_total{{{labels}}}"), health, fault),
        bound => {
            let name = format!("{metric}_microseconds_bucket{{{labels}, le={bound:?}}}");
            counter(&name, health, fault)
        }
    }
}

fn up() -> Series {
    recorded(&format!("up{{{PROXY}}}"), 1.0, 0.0)
}

fn up_always() -> Series {
    recorded(&format!("up{{{PROXY}}}"), 1.0, 1.0)
}

fn problem(reason: &str) -> Series {
    let name = format!("driftline_read_problems_total{{model=\"rain\", reason={reason:?}}}");
    counter(&name, 0.0, 20.0)
}

fn names(count: usize) -> Vec<Series> {
    (0..count)
        .map(|number| {
            let name = format!(
                "driftline_requests_total{{model=\"gpt-{number}\", outcome=\"complete\", {PROXY}}}"
            );
            let series = counter(&name, 1.0, 1.0);
            if number < 5 { series } else { series.that_begins() }
        })
        .collect()
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let proxied = |prefix: &str, rate: f64| {
        let name = format!(
            "envoy_http_downstream_rq_total{{envoy_http_conn_manager_prefix={prefix:?}, {PROXY}}}"
        );
        counter(&name, rate, rate)
    };
    vec![
        scenario(
            "DriftlineAvailabilityBudgetBurnsFast",
            3,
            burns("availability", ["1h", "5m"], 20.0),
        ),
        // A slower fire, over the longer of the two pairs.
        scenario(
            "DriftlineAvailabilityBudgetBurnsFast",
            3,
            burns("availability", ["6h", "30m"], 7.0),
        ),
        scenario(
            "DriftlineAvailabilityBudgetBurnsSlowly",
            16,
            burns("availability", ["3d", "6h"], 1.5),
        ),
        scenario("DriftlineFirstTokenBudgetBurns", 3, burns("ttft", ["1h", "5m"], 20.0)),
        scenario("DriftlineTokenPaceBudgetBurns", 3, burns("tpot", ["1h", "5m"], 20.0)),
        scenario("DriftlineLatencyBudgetBurnsSlowly", 16, burns("tpot", ["3d", "6h"], 1.5)),
        scenario(
            "DriftlineSlowFirstTokens",
            8,
            vec![
                first_tokens("100000", 20.0, 0.0),
                first_tokens("1000000", 20.0, 20.0),
                first_tokens("+Inf", 20.0, 20.0),
                first_tokens("sum", 20.0 * 8e4, 20.0 * 8e5),
                first_tokens("count", 20.0, 20.0),
            ],
        )
        .after(130),
        scenario(
            "DriftlineErrorBurst",
            4,
            vec![requests("complete", 100.0, 50.0), requests("error_status", 1.0, 50.0)],
        ),
        scenario(
            "DriftlineTruncatedStreams",
            5,
            vec![requests("complete", 100.0, 90.0), requests("truncated", 0.0, 10.0)],
        ),
        scenario(
            "DriftlineUpstreamFailures",
            5,
            vec![requests("complete", 100.0, 80.0), requests("timeout", 0.0, 20.0)],
        ),
        scenario(
            "DriftlineUsageMissing",
            8,
            vec![requests("complete", 20.0, 20.0), problem("usage_missing")],
        ),
        scenario(
            "DriftlineUnreadTraffic",
            8,
            vec![requests("complete", 20.0, 20.0), problem("unexpected_content_type")],
        ),
        scenario(
            "DriftlineNoRoom",
            4,
            vec![
                requests("complete", 20.0, 20.0),
                counter(
                    &format!("driftline_unmeasured_streams_total{{reason=\"no_room\", {PROXY}}}"),
                    0.0,
                    5.0,
                ),
            ],
        )
        .with_labels(AT_PROXY),
        scenario(
            "DriftlineMemoryLow",
            27,
            vec![gauge(&format!("driftline_vm_memory_bytes{{{PROXY}}}"), 3e7, 4.7e7)],
        )
        .with_labels(AT_PROXY),
        scenario(
            "DriftlineFilterFailing",
            9,
            vec![requests("complete", 20.0, 0.0), proxied("ingress", 20.0), proxied("admin", 4.0)],
        )
        .with_labels(AT_PROXY),
        // Its counters are gone altogether.
        scenario(
            "DriftlineFilterFailing",
            12,
            vec![
                requests("complete", 20.0, 20.0).that_ends(),
                proxied("ingress", 20.0),
                up_always(),
            ],
        )
        .with_labels(AT_PROXY),
        // One of two workers, as Istio's proxies show it.
        scenario(
            "DriftlineFilterFailing",
            11,
            vec![
                requests("complete", 20.0, 10.0),
                counter(
                    &format!("istio_requests_total{{reporter=\"source\", {PROXY}}}"),
                    20.0,
                    20.0,
                ),
            ],
        )
        .with_labels(AT_PROXY),
        scenario(
            "DriftlineEvaluatorStopped",
            22,
            vec![
                requests("complete", 20.0, 20.0),
                counter(&format!("driftline_evaluations_total{{{PROXY}}}"), 12.0, 0.0),
            ],
        )
        .with_labels(AT_PROXY)
        .after(90)
        .of_silence(),
        scenario(
            "DriftlineScrapeLost",
            6,
            vec![up(), requests("complete", 20.0, 20.0).that_ends()],
        )
        .with_labels(AT_PROXY),
        scenario(
            "DriftlineModelUnseen",
            6,
            vec![up(), requests("complete", 20.0, 20.0).that_ends()],
        ),
        scenario("DriftlineNoTraffic", 17, vec![requests("complete", 5.0, 0.0)]).of_silence(),
        scenario(
            "DriftlineModelServerSaturated",
            13,
            vec![
                gauge(r#"driftline_server_running_requests{model="rain"}"#, 40.0, 40.0),
                gauge(r#"driftline_server_waiting_requests{model="rain"}"#, 2.0, 40.0),
                counter(r#"driftline_load_reports_total{model="rain"}"#, 20.0, 20.0),
            ],
        ),
        scenario(
            "DriftlineModelServerSaturated",
            32,
            vec![
                gauge(r#"driftline_server_kv_cache_usage_ppm{model="rain"}"#, 5e5, 9.9e5),
                counter(r#"driftline_load_reports_total{model="rain"}"#, 20.0, 20.0),
            ],
        ),
        scenario(
            "DriftlineRequestsPileUp",
            9,
            vec![
                gauge(r#"driftline_requests_in_flight{model="rain"}"#, 10.0, 100.0),
                requests("complete", 20.0, 20.0),
            ],
        ),
        scenario("DriftlineNamesFull", 16, names(9)).with_labels(AT_PROXY),
    ]
}

#[test]
fn faults_of_the_system_fire_their_alerts() {
    carry_out(&scenarios());
}
