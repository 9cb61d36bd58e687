//! Requests that speak a dialect because the configuration says so, whatever their path looks like.

use crate::{
    phrases::{CHAT, CONFIG, completion},
    script::Script,
    stage::tell_under,
};

/// The shared configuration with these declarations.
fn with_endpoints(endpoints: &str) -> String {
    CONFIG.replacen('{', &format!("{{\"endpoints\": [{endpoints}],"), 1)
}

const ANSWERED: &[&str] = &[
    "requests_total{model=demo-llm,outcome=complete} 1",
    "answers_finished_total{model=demo-llm,reason=stop} 1",
    "output_tokens_total{model=demo-llm} 1",
];

fn asked(path: &str, body: &str) -> Script {
    Script::post(path, body).answers(200, completion("Yes", 2, 1))
}

#[test]
fn a_path_of_ones_own_speaks_what_is_declared() {
    tell_under(
        &with_endpoints(r#"{"path": "/team-a/*", "dialect": "openai_chat"}"#),
        asked("/team-a/ask?debug=1", r#"{"model":"demo-llm"}"#),
        ANSWERED,
    );
}

#[test]
fn a_route_speaks_what_is_declared() {
    tell_under(
        &with_endpoints(r#"{"route": "chat-*", "dialect": "openai_chat"}"#),
        asked("/ask", r#"{"model":"demo-llm"}"#).on_route("chat-eu"),
        ANSWERED,
    );
}

#[test]
fn a_declared_model_needs_no_name_in_the_request() {
    tell_under(
        &with_endpoints(r#"{"path": "/ask", "dialect": "openai_chat", "model": "demo-llm"}"#),
        asked("/ask", "{}"),
        ANSWERED,
    );
    tell_under(
        &with_endpoints(r#"{"path": "/score", "dialect": "kserve_v1", "model": "rain"}"#),
        Script::post("/score", r#"{"instances": [[-3, 0.5]]}"#)
            .answers(200, r#"{"predictions": [1]}"#),
        &[
            "requests_total{model=rain,outcome=complete} 1",
            "instances_total{model=rain} 1",
            "predictions_total{model=rain} 1",
        ],
    );
}

#[test]
fn a_declaration_goes_before_what_a_path_says_by_itself() {
    tell_under(
        &with_endpoints(r#"{"path": "*/chat/completions", "dialect": "none"}"#),
        asked(CHAT, r#"{"model":"demo-llm"}"#),
        &["unmeasured_streams_total{reason=declared_none} 1", "requests_total 0"],
    );
    let path = "/v1/models/rain:predict";
    tell_under(
        &with_endpoints(r#"{"path": "/v1/models/*", "dialect": "openai_chat"}"#),
        asked(path, r#"{"model":"demo-llm"}"#),
        ANSWERED,
    );
}
