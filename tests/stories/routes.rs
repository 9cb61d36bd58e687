//! Routes told apart: the label `route` for those that the configuration admits, `other` for all else.

use crate::{
    expectation::{PREFIX, Seen, problems},
    phrases::{CHAT, CONFIG, chat, completion, predict},
    script::Script,
    stage::{run, scrape, tell_under, world, world_of},
};

/// The shared configuration with these routes.
fn with_routes(routes: &str) -> String {
    CONFIG.replacen('{', &format!("{{\"names_max\": 2, \"routes\": {routes},"), 1)
}

fn answered(model: &str) -> Script {
    chat(model).answers(200, completion("Yes", 2, 1))
}

#[track_caller]
fn check(route: &str, routes: &str, label: &str) {
    let labels = format!("model=demo-llm,route={label}");
    tell_under(
        &with_routes(routes),
        answered("demo-llm").on_route(route),
        &[
            &format!("requests_total{{{labels},outcome=complete}} 1"),
            &format!("answers_finished_total{{{labels},reason=stop}} 1"),
            &format!("request_duration_observations_total{{{labels},result=success}} 1"),
            &format!("output_tokens_total{{{labels}}} 1"),
        ],
    );
}

#[test]
fn a_listed_route_is_a_label() {
    check("chat-eu", r#"["chat-eu"]"#, "chat-eu");
}

#[test]
fn a_route_that_fits_a_pattern_is_a_label() {
    check("chat-eu", r#"["batch", "chat-*"]"#, "chat-eu");
}

#[test]
fn a_route_that_is_not_admitted_or_has_no_name_is_another_one() {
    check("embeddings", r#"["chat-*"]"#, "other");
    check("", r#"["chat-*"]"#, "other");
}

#[test]
fn without_routes_there_is_no_such_label() {
    let world = world(CONFIG);
    run(&world, 0, &answered("demo-llm").on_route("chat-eu"));
    let page = scrape(&world);
    assert!(page.samples().all(|(series, _)| series.label("route").is_none()));
    assert_eq!(page.value(&format!("{PREFIX}requests_total"), &[]), Some(1.0));
}

#[test]
fn rows_have_no_route_and_their_requests_do() {
    tell_under(
        &with_routes(r#"["score-*"]"#),
        predict(r#"{"instances": [[-3, 0.5]]}"#)
            .on_route("score-eu")
            .answers(200, r#"{"predictions": [1]}"#),
        &[
            "requests_total{model=rain,route=score-eu,outcome=complete} 1",
            "instances_total{model=rain} 1",
            "predictions_total{model=rain} 1",
        ],
    );
}

#[test]
fn models_and_routes_share_the_places_and_each_keeps_what_is_listed() {
    let config = r#"{"models": [{"name": "m"}, {"name": "gpt-*"}], "routes": ["r", "chat-*"], "names_max": 2}"#;
    let world = world_of(2, config);
    let before = scrape(&world);
    for (worker, (model, route)) in
        [("gpt-1", "r"), ("m", "chat-1"), ("gpt-2", "r"), ("m", "chat-2"), ("x", "y"), ("m", "r")]
            .into_iter()
            .enumerate()
    {
        run(&world, worker, &answered(model).on_route(route));
    }
    let seen = Seen::exact("world", scrape(&world).difference(&before));
    let mut lines = Vec::new();
    for labels in [
        "model=gpt-1,route=r",
        "model=m,route=chat-1",
        "model=other,route=r",
        "model=m,route=other",
        "model=other,route=other",
        "model=m,route=r",
    ] {
        lines.push(format!("requests_total{{{labels},outcome=complete}} 1"));
        lines.push(format!("answers_finished_total{{{labels},reason=stop}} 1"));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(problems(&seen, &lines), Vec::<String>::new());
}

#[test]
fn a_request_that_never_names_its_model_keeps_its_route() {
    tell_under(
        &with_routes(r#"["chat-*"]"#),
        Script::post(CHAT, "{\"messages\":[]}").on_route("chat-eu").answers(400, "{\"error\":{}}"),
        &["requests_total{model=other,route=chat-eu,outcome=error_status} 1"],
    );
    tell_under(
        &with_routes(r#"["chat-*"]"#),
        Script::post(CHAT, "{\"messages\":[]}")
            .on_route("chat-eu")
            .client_leaves_at_ms(250)
            .at_ms(700)
            .starts_streaming()
            .finishes(),
        &["requests_total{model=other,route=chat-eu,outcome=client_cancel} 1"],
    );
}
