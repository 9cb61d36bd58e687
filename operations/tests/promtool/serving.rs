//! Serving over all pods: rates, errors, quantiles, concurrency, what model servers report, and OpenTelemetry's names.

use driftline_operations::settings::Settings;

use crate::{
    settings::config,
    story::{Label, Story},
};

const MODEL: &str = "m";
/// As Prometheus 3 writes the bounds of its buckets.
const THREE: &str = "three";
const IDLE: &str = "idle";
/// All of its requests are complete, and its pods hide counters that never moved.
const HIDDEN: &str = "hidden";

const OUTCOMES: [(&str, u64); 6] = [
    ("complete", 60),
    ("client_cancel", 12),
    ("error_status", 6),
    ("timeout", 3),
    ("truncated", 3),
    ("local_reply", 6),
];
const REQUESTS: f64 = 90.0;
const SPANS: [(&str, f64); 2] = [("5m", 300.0), ("1h", 3600.0)];

/// What model servers say, what that is in its natural unit, and the rule.
const SERVER: [(&str, u64, f64); 9] = [
    ("cpu_utilization_ppm", 250_000, 0.25),
    ("memory_utilization_ppm", 500_000, 0.5),
    ("application_utilization_ppm", 1_250_000, 1.25),
    ("request_rate_millihertz", 12_500, 12.5),
    ("error_rate_millihertz", 125, 0.125),
    ("kv_cache_usage_ppm", 800_000, 0.8),
    ("kv_cache_capacity_tokens", 60_000, 60_000.0),
    ("running_requests", 12, 12.0),
    ("waiting_requests", 4, 4.0),
];

/// The rule of a gauge: without its unit, but for what is a plain count.
fn of_server(gauge: &str, span: &str) -> String {
    let stem =
        ["_ppm", "_millihertz"].iter().fold(gauge, |it, unit| it.strip_suffix(unit).unwrap_or(it));
    format!("driftline:model:server_{stem}{span}")
}

/// Ten samples up to 80 ms, twenty up to 100 ms, ten up to 2.5 s; and quantiles of these in seconds, by interpolation.
fn buckets(is_three: bool) -> [(&'static str, u64); 4] {
    let of = |two, three| if is_three { three } else { two };
    [
        (of("80000", "80000.0"), 10),
        (of("100000", "100000.0"), 20),
        (of("2500000", "2.5e+06"), 10),
        ("+Inf", 0),
    ]
}

const QUANTILES: [(&str, f64); 3] = [("0.5", 0.09), ("0.95", 2.02), ("0.99", 2.404)];

const TIMES: [(&str, &str); 3] = [
    ("time_to_first_token", "gen_ai_server_time_to_first_token"),
    ("time_per_output_token", "gen_ai_server_time_per_output_token"),
    ("request_duration", "gen_ai_server_request_duration"),
];

fn traffic(story: &mut Story, model: &str, grows: bool) {
    let labels = [("model", model), ("route", "chat")];
    let of = |amount: u64| if grows { amount } else { 0 };
    for (outcome, requests) in OUTCOMES {
        if model != HIDDEN || outcome == "complete" {
            story.counter(
                "driftline_requests_total",
                &[&labels[..], &[("outcome", outcome)]].concat(),
                of(requests),
            );
        }
    }
    story.gauge("driftline_requests_in_flight", &labels, if grows { 3 } else { 0 });
    for (time, _) in TIMES {
        for (result, times) in [("success", 1), ("failure", 2), ("cancelled", 1)] {
            let labels = [&labels[..], &[("result", result)]].concat();
            let buckets =
                buckets(model == THREE).map(|(bound, samples)| (bound, of(samples * times)));
            story.histogram(&format!("driftline_{time}_microseconds"), &labels, &buckets);
            // An hour in all.
            story.counter(
                &format!("driftline_{time}_microseconds_total"),
                &labels,
                of(900_000_000 * times),
            );
            story.counter(&format!("driftline_{time}_observations_total"), &labels, of(40 * times));
        }
    }
    for (tokens, amount) in [("input", 7200), ("output", 1800)] {
        story.counter(&format!("driftline_{tokens}_tokens_total"), &labels, of(amount));
    }
    story.counter("driftline_load_reports_total", &labels, of(10));
    for (gauge, value, _) in SERVER {
        story.gauge(&format!("driftline_server_{gauge}"), &labels, if grows { value } else { 0 });
    }
}

#[test]
fn what_is_served_is_told_for_each_model_and_route() {
    let config = config(r#"{"models": [{"name": "m"}], "routes": ["chat"]}"#);
    let mut story = Story::of("serving", &Settings::of(&config));
    for (model, grows) in [(MODEL, true), (THREE, true), (HIDDEN, true), (IDLE, false)] {
        traffic(&mut story, model, grows);
    }
    story.says("driftline:model:requests_in_flight", &[("model", MODEL)], 6.0);
    for (subject, labels) in
        [("model", vec![("model", MODEL)]), ("route", vec![("model", MODEL), ("route", "chat")])]
    {
        of_subject(&mut story, subject, &labels);
    }
    for (span, seconds) in SPANS {
        let of_model = |rule: &str| format!("driftline:model:{rule}{span}");
        story.says(&of_model("input_tokens_per_second"), &[("model", MODEL)], 7200.0 / seconds);
        story.says(&of_model("output_tokens_per_second"), &[("model", MODEL)], 1800.0 / seconds);
        for (gauge, _, value) in SERVER {
            story.says(&of_server(gauge, span), &[("model", MODEL)], value);
        }
        story.says(&of_model("error_ratio"), &[("model", HIDDEN), ("error", "server")], 0.0);
        story.says(&of_model("failed_requests_per_second"), &[("model", HIDDEN)], 0.0);
    }
    opentelemetry(&mut story);
    let copies = TIMES
        .map(|(_, name)| ["bucket", "sum", "count"].map(|it| format!("{name}_seconds_{it}")))
        .concat();
    let rates = SPANS.map(|(span, _)| {
        [
            "model:requests_per_second",
            "model:failed_requests_per_second",
            "model:concurrency",
            "route:requests_per_second",
            "route:failed_requests_per_second",
            "route:concurrency",
            "model:input_tokens_per_second",
            "model:output_tokens_per_second",
        ]
        .map(|rule| format!("driftline:{rule}{span}"))
    });
    let in_flight = ["driftline:model:requests_in_flight".to_owned()];
    let counts = [&copies[..], &rates.concat(), &in_flight].concat();
    let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
    story.only(&[("model", IDLE)], &counts);
    story.holds();
}

fn of_subject(story: &mut Story, subject: &str, labels: &[Label<'_>]) {
    for (span, seconds) in SPANS {
        let of = |rule: &str| format!("driftline:{subject}:{rule}{span}");
        story.says(&of("requests_per_second"), labels, REQUESTS / seconds);
        story.says(&of("failed_requests_per_second"), labels, 30.0 / seconds);
        for (class, requests) in
            [("client", 12.0), ("status", 6.0), ("server", 6.0), ("proxy", 6.0)]
        {
            story.says(
                &of("error_ratio"),
                &[labels, &[("error", class)]].concat(),
                requests / REQUESTS,
            );
        }
        story.says(&of("concurrency"), labels, 3600.0 / seconds);
        for (time, _) in TIMES {
            for (quantile, value) in QUANTILES {
                for result in ["success", "failure", "cancelled"] {
                    let labels = [labels, &[("result", result), ("quantile", quantile)]].concat();
                    story.says(&of(&format!("{time}_seconds")), &labels, value);
                }
            }
        }
    }
}

/// Copies keep each pod's labels: a third of all is at the first one.
fn opentelemetry(story: &mut Story) {
    for (time, name) in TIMES {
        for model in [MODEL, THREE] {
            let labels = [
                ("gen_ai_request_model", model),
                ("model", model),
                ("route", "chat"),
                ("result", "success"),
                ("pod", "one"),
            ];
            let bucket = format!("{name}_seconds_bucket");
            for (bound, samples) in [("0.08", 3.0), ("0.1", 10.0), ("2.5", 13.0), ("+Inf", 13.0)] {
                if (time, bound) != ("request_duration", "0.1")
                    && (time, bound) != ("request_duration", "2.5")
                    && (time, bound) != ("time_per_output_token", "0.08")
                {
                    story.says(&bucket, &[&labels[..], &[("le", bound)]].concat(), samples);
                }
            }
            story.says(&format!("{name}_seconds_sum"), &labels, 300.0);
            story.says(&format!("{name}_seconds_count"), &labels, 13.0);
        }
    }
    for (error, count) in [("_OTHER", 54.0), ("cancelled", 27.0)] {
        let ended = [("model", MODEL), ("error_type", error), ("pod", "two")];
        story.says("gen_ai_server_request_duration_seconds_count", &ended, count);
    }
    // Of the tokens of failures the conventions know nothing.
    story.is_silent_at(
        crate::story::END,
        "gen_ai_server_time_to_first_token_seconds_count{result=\"failure\"}".to_owned(),
    );
}
