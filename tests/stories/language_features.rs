//! What requests to language models and their answers are like, against a profile: each value in its bin, verdicts that
//! move when prompts do, and not a word of either anywhere.

use std::time::{Duration, Instant};

use driftline_testbed::{client::Request, scrape::Scrape, upstream};
use host_sim::{Clock, Trace, World, WorldOptions};
use serde_json::{Value, json};

use crate::{
    expectation::PREFIX,
    phrases::{CHAT, DONE, STOP, completion, token, usage},
    script::Script,
    stage::{Host, Network, among_others, filter, run, scrape, settings, stats_config, tell_under},
};

const MESSAGES: &str = "/v1/messages";
/// A word that is in the prompt, the tool's name and the answer.
const MARKER: &str = "xylograph";
const WAIT_LIMIT: Duration = Duration::from_secs(15);
/// Requests on each side of a change, as many as the profile's reference has.
const ROWS: usize = 100;
const TRAINING_ROWS: u64 = 2000;

/// A feature, its edges, and how many of the reference's hundred rows are in each bin.
fn number(name: &str, edges: &[f64], hundredths: &[u64]) -> Value {
    let counts: Vec<u64> = hundredths.iter().map(|count| count * TRAINING_ROWS / 100).collect();
    let means = counts.iter().zip([0.0].iter().chain(edges));
    json!({
        "name": name, "type": "number", "nulls": 0,
        "schema": {"required": true, "minimum": null, "maximum": null},
        "mean": 1, "standard_deviation": 1, "minimum": 0, "maximum": 10_000,
        "bins": {
            "kind": "quantile", "edges": edges, "counts": counts,
            "means": means.map(|(&rows, &mean)| (0 < rows).then_some(mean + 0.1)).collect::<Vec<_>>(),
        },
        "tail_excess": {"low": 1, "high": 1},
        "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 15.0},
    })
}

/// The model `m` with all nine features. Bins are closed on the right.
fn config(tick_milliseconds: u64) -> String {
    let mut stream = number("stream", &[0.0, 1.0], &[0, 100, 0]);
    stream["type"] = json!("boolean");
    stream["bins"] = json!({"kind": "values", "values": [0, 1], "counts": [TRAINING_ROWS, 0, 0], "means": [0, null, null]});
    stream["tail_excess"] = json!({"low": 0, "high": 0});
    let finish_reason = json!({
        "name": "finish_reason", "type": "category", "nulls": 0,
        "schema": {"required": true, "categories": null},
        "bins": {"kind": "categories", "categories": ["stop", "length"], "counts": [TRAINING_ROWS, 0, 0]},
        "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 15.0},
    });
    let profile = json!({
        "format": "driftline-profile", "format_version": 1, "model": "m", "version": null,
        "created_at": "2026-11-25T12:00:00Z", "rows": TRAINING_ROWS, "prediction": null,
        "features": [
            number("prompt_characters", &[100.0, 1000.0], &[30, 60, 10]),
            number("messages", &[1.0, 3.0], &[100, 0, 0]),
            number("tools", &[0.0, 2.0], &[0, 100, 0]),
            number("max_tokens", &[128.0, 512.0], &[100, 0, 0]),
            number("temperature", &[0.3, 0.9], &[0, 100, 0]),
            stream,
            number("output_tokens", &[5.0, 50.0], &[100, 0, 0]),
            finish_reason,
            number("answer_characters", &[10.0, 100.0], &[0, 100, 0]),
        ],
    });
    json!({
        "models": [{"name": "m", "type": "language", "profile": profile}],
        "window_seconds": 3600, "tick_milliseconds": tick_milliseconds, "rows_min": 20,
    })
    .to_string()
}

/// One message of so many characters to `m`, with one tool.
fn ask(characters: usize) -> String {
    let prompt = format!("{MARKER}{}", "é".repeat(characters - MARKER.len()));
    json!({
        "model": "m", "messages": [{"role": "user", "content": prompt}],
        "tools": [{"type": "function", "function": {"name": MARKER}}],
        "max_tokens": 64, "temperature": 0.5, "stream": false,
    })
    .to_string()
}

/// What is answered to [`ask`]: 20 characters.
fn answer() -> String {
    completion(&format!("{MARKER}, then sun"), 9, 4)
}

#[test]
fn a_chat_that_is_streamed_falls_into_nine_bins() {
    let body = json!({
        "model": "m", "stream": true, "stream_options": {"include_usage": true},
        "messages": [
            {"role": "system", "content": "é".repeat(90)},
            {"role": "user", "content": [
                {"type": "text", "text": "Will it rain?"},
                {"type": "image_url", "image_url": {"url": "x".repeat(2000)}},
            ]},
        ],
        "tools": [{"type": "function", "function": {"name": "weather"}}],
        "max_completion_tokens": 256, "temperature": 0.3,
    });
    tell_under(
        &config(60_000),
        Script::post(CHAT, body.to_string())
            .starts_streaming()
            .sends(token("Yes, soon"))
            .sends(STOP)
            .sends(usage(40, 6))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=m,outcome=complete} 1",
            "answers_finished_total{model=m,reason=stop} 1",
            "time_per_output_token_skipped_total{model=m,reason=one_chunk} 1",
            "instances_total{model=m} 1",
            "predictions_total{model=m} 1",
            // 90 and 13; what is no text is none.
            "feature_bin_total{model=m,role=feature,feature=prompt_characters,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=messages,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=tools,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=max_tokens,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=temperature,bin=00} 1",
            "feature_bin_total{model=m,role=feature,feature=stream,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=output_tokens,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=finish_reason,bin=stop} 1",
            "feature_bin_total{model=m,role=feature,feature=answer_characters,bin=00} 1",
            "feature_bin_total 9",
        ],
    );
}

#[test]
fn anthropics_messages_fall_into_nine_bins() {
    let body = json!({
        "model": "m", "max_tokens": 1024, "temperature": 1.0, "stream": true,
        "system": "s".repeat(500),
        "messages": [
            {"role": "user", "content": "u".repeat(500)},
            {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
            {"role": "user", "content": "?"},
            {"role": "user", "content": "!"},
        ],
        "tools": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    });
    let event =
        |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    let text = |text: &str| {
        let delta = json!({"type": "text_delta", "text": text});
        event(json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    };
    let begin = json!({"role": "assistant", "content": [], "usage": {"input_tokens": 250, "output_tokens": 1}});
    let ends = json!({"stop_reason": "max_tokens", "stop_sequence": null});
    tell_under(
        &config(60_000),
        Script::post(MESSAGES, body.to_string())
            .starts_streaming()
            .sends(event(json!({"type": "message_start", "message": begin})))
            .sends(text(&"é".repeat(101)))
            .sends(event(
                json!({"type": "message_delta", "delta": ends, "usage": {"output_tokens": 51}}),
            ))
            .sends(event(json!({"type": "message_stop"})))
            .finishes(),
        &[
            "requests_total{model=m,outcome=complete} 1",
            "answers_finished_total{model=m,reason=length} 1",
            "time_per_output_token_skipped_total{model=m,reason=one_chunk} 1",
            "instances_total{model=m} 1",
            "predictions_total{model=m} 1",
            // 500, 500, 1, 1 and 1.
            "feature_bin_total{model=m,role=feature,feature=prompt_characters,bin=02} 1",
            "feature_bin_total{model=m,role=feature,feature=messages,bin=02} 1",
            "feature_bin_total{model=m,role=feature,feature=tools,bin=02} 1",
            "feature_bin_total{model=m,role=feature,feature=max_tokens,bin=02} 1",
            "feature_bin_total{model=m,role=feature,feature=temperature,bin=02} 1",
            "feature_bin_total{model=m,role=feature,feature=stream,bin=01} 1",
            "feature_bin_total{model=m,role=feature,feature=output_tokens,bin=02} 1",
            "feature_bin_total{model=m,role=feature,feature=finish_reason,bin=length} 1",
            "feature_bin_total{model=m,role=feature,feature=answer_characters,bin=02} 1",
            "feature_bin_total 9",
        ],
    );
}

#[test]
fn a_request_that_leaves_all_to_the_server_says_so() {
    tell_under(
        &config(60_000),
        Script::post(CHAT, r#"{"model": "m", "messages": []}"#).answers(200, answer()),
        &[
            "requests_total{model=m,outcome=complete} 1",
            "answers_finished_total{model=m,reason=stop} 1",
            "feature_bin_total{feature=messages,bin=00} 1",
            "feature_bin_total{feature=tools,bin=00} 1",
            "feature_bin_total{feature=answer_characters,bin=01} 1",
            "feature_unbinned_total{model=m,role=feature,feature=max_tokens,reason=missing} 1",
            "feature_unbinned_total{model=m,role=feature,feature=temperature,reason=missing} 1",
            "feature_unbinned_total{model=m,role=feature,feature=stream,reason=missing} 1",
            "schema_violations_total{model=m,role=feature,feature=max_tokens,reason=required_missing} 1",
            "schema_violations_total{model=m,role=feature,feature=temperature,reason=required_missing} 1",
            "schema_violations_total{model=m,role=feature,feature=stream,reason=required_missing} 1",
        ],
    );
}

/// The features whose verdict over the fast window is this.
fn judged(page: &Scrape, verdict: &str) -> Vec<String> {
    let name = format!("{PREFIX}feature_verdict");
    let labels = [("model", "m"), ("window", "fast"), ("verdict", verdict)];
    let of_it = page.samples().filter(|(it, value)| *value == 1.0 && it.matches(&name, &labels));
    of_it.filter_map(|(it, _)| it.label("feature").map(str::to_owned)).collect()
}

/// Prompts as the profile has them, or each so many times as long.
fn prompts(times: usize) -> impl Iterator<Item = usize> {
    (0..ROWS).map(move |row| times * [50, 500, 500, 50, 500, 500, 2000, 50, 500, 500][row % 10])
}

/// Nine features, as the profile had them, and the one that moved.
#[track_caller]
fn check_verdicts(case: &str, page: &Scrape, drifted: &[&str]) {
    assert_eq!(judged(page, "drift"), drifted, "{case}");
    assert_eq!(judged(page, "ok").len(), 9 - drifted.len(), "{case}");
    let gauge = page.value(&format!("{PREFIX}drifted_features"), &[("window", "fast")]);
    assert_eq!(gauge, Some(drifted.len() as f64), "{case}");
}

#[test]
fn prompts_ten_times_as_long_are_a_drift_and_nothing_else_is() {
    let _among_others = among_others();
    let network = Network::start(settings(&config(250)).workers(2));
    for host in [&network.envoy, &network.embedded] {
        network.block_on(async {
            let answer = upstream::Script::answer(200, "application/json", answer());
            host.upstream().on_path(CHAT, answer);
            // Batches that tell how rows are clustered, and then a change.
            for (times, rounds, drifted) in [(1, 2, &[][..]), (10, 8, &["prompt_characters"])] {
                for _ in 0..rounds {
                    ask_all(host, times).await;
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                let page = wait_for_rows(host, ROWS * if times == 1 { 2 } else { 10 }).await;
                check_verdicts(host.name(), &page, drifted);
            }
        });
    }
}

async fn ask_all(host: &Host, times: usize) {
    for characters in prompts(times) {
        let request = Request::post_json(CHAT, ask(characters));
        assert_eq!(request.send(host.listen()).await.unwrap().status, 200);
    }
}

async fn wait_for_rows(host: &Host, rows: usize) -> Scrape {
    let started = Instant::now();
    loop {
        let page = host.scrape().await.unwrap();
        let found = ["prompt_characters", "answer_characters"].map(|feature| {
            let labels = [("feature", feature), ("window", "fast")];
            page.value(&format!("{PREFIX}feature_window_rows"), &labels)
        });
        if found == [Some(rows as f64); 2] {
            return page;
        }
        assert!(started.elapsed() < WAIT_LIMIT, "{}: {found:?}, expected {rows}", host.name());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A streamed exchange that has the marker wherever text can be.
fn marked() -> Script {
    let body = json!({
        "model": "m", "stream": true, "user": MARKER,
        "messages": [{"role": "user", "content": MARKER}, {"role": "assistant", "content": [{"text": MARKER}]}],
        "tools": [{"type": "function", "function": {"name": MARKER, "description": MARKER}}],
    });
    Script::post(CHAT, body.to_string())
        .starts_streaming()
        .sends(token(MARKER))
        .sends(token(MARKER))
        .sends(STOP)
        .sends(usage(4, 2))
        .sends(DONE)
        .finishes()
}

#[test]
fn no_word_of_a_prompt_or_an_answer_is_shown_logged_or_shared() {
    let mut options = WorldOptions::with_config(config(1000));
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.stats = stats_config();
    options.trace = Trace::on();
    let world = World::new(filter(), options).unwrap();
    run(&world, 0, &marked());
    // A marker that broke off in the middle.
    run(&world, 0, &Script::post(CHAT, ask(50).replace("\"}}]", "")).answers(500, MARKER));
    world.advance(Duration::from_secs(5)).unwrap();
    assert_eq!(
        scrape(&world).value(&format!("{PREFIX}requests_total"), &[("model", "m")]),
        Some(2.0)
    );
    let trace = world.trace().text();
    let shared = world.shared_data().values();
    let log: String = world.log().lines().iter().map(|line| format!("{line}\n")).collect();
    assert!(trace.contains("proxy_set_shared_data") && !shared.is_empty(), "nothing is shared");
    let shared = shared.iter().map(|value| String::from_utf8_lossy(value)).collect::<String>();
    for (place, text) in [
        ("the stats", &world.stats().prometheus()),
        ("the calls", &trace),
        ("shared data", &shared),
        ("the log", &log),
    ] {
        assert!(!text.contains(MARKER), "{place}");
    }

    let _among_others = among_others();
    let network = Network::start(settings(&config(250)));
    for host in [&network.envoy, &network.embedded] {
        let page = network.block_on(async {
            host.pass(&marked()).await.unwrap();
            wait_for_rows(host, 1).await;
            host.scrape_text().await.unwrap()
        });
        assert!(page.contains("prompt_characters") && !page.contains(MARKER), "{}", host.name());
    }
    assert!(!network.envoy_whole_page().contains(MARKER));
    assert!(!network.envoy_log().contains(MARKER));
}
