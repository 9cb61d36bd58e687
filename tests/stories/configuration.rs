//! Configurations: what cannot be understood is refused whole, with every reason, and the old one goes on.

mod schema;

use driftline_support::uniform_profile;
use driftline_testbed::envoy::Update;
use host_sim::{Error, World, WorldOptions};
use serde_json::{Value, json};

use crate::{
    expectation::{PREFIX, Seen, problems},
    phrases::{CONFIG, chat, completion, healthy},
    script::{self, Framing, Script},
    stage::{Network, among_others, filter, run, scrape, settings, tell_under, world},
};

/// A configuration that cannot be understood, and what must be said about it, all at once.
struct Refused {
    config: String,
    reasons: &'static [&'static str],
}

fn refused() -> Vec<Refused> {
    let changed = |pointer: &str, value: Value| {
        let mut config: Value = serde_json::from_str(CONFIG).unwrap();
        *config.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        config
    };
    let mut unknown_field = changed("/window_seconds", json!(60));
    unknown_field["windows_seconds"] = json!(60);
    let wrong_type = changed("/models/0/name", json!(7));
    let version = changed("/models/1/profile/format_version", json!(7));
    let with_profile = changed("/models/1/name", json!("rain-*"));
    let mut endpoints = changed("/window_seconds", json!(60));
    endpoints["routes"] = json!(["chat", "chat"]);
    endpoints["endpoints"] = json!([{"path": "/ask", "dialect": "opnai"}, {"dialect": "none"}]);
    let mut all = changed("/models/1/profile/format_version", json!(7));
    all["windows_seconds"] = json!(60);
    all["models"][0]["name"] = json!(7);
    all["tick_milliseconds"] = json!("fast");
    let cases = [
        (
            unknown_field.to_string(),
            &["configuration refused: unknown field \"windows_seconds\""][..],
        ),
        (
            wrong_type.to_string(),
            &["configuration refused: models[0].name: found 7, expected text"],
        ),
        (
            version.to_string(),
            &["configuration refused: models[1].profile.format_version: found 7, expected 1 to 6"],
        ),
        (
            with_profile.to_string(),
            &[
                "configuration refused: models[1].name: found \"rain-*\", expected a name without `*`: a profile is \
                 that of one model",
            ],
        ),
        (
            endpoints.to_string(),
            &[
                "configuration refused: 3 problems: routes[1]: found \"chat\" again, expected unique names; ",
                "endpoints[0].dialect: found \"opnai\", expected one of `openai_chat`, ",
                "endpoints[1]: one of the fields `path`, `route` must be there",
            ],
        ),
        (
            all.to_string(),
            &[
                "configuration refused: 4 problems: ",
                "unknown field \"windows_seconds\", allowed are `models`",
                "models[0].name: found 7, expected text",
                "models[1].profile.format_version: found 7, expected 1 to 6",
                "tick_milliseconds: found \"fast\", expected a whole number from 100 to 60000",
            ],
        ),
        ("models: [demo-llm]".to_owned(), &["configuration refused: not valid JSON"]),
        (String::new(), &["configuration refused: not valid JSON"]),
    ];
    cases.map(|(config, reasons)| Refused { config, reasons }).into()
}

/// What is wrong if this model did not answer once.
fn not_answered(seen: &Seen, model: &str) -> Vec<String> {
    let lines = [
        format!("requests_total{{model={model},outcome=complete}} 1"),
        format!("answers_finished_total{{model={model},reason=stop}} 1"),
    ];
    problems(seen, &lines.each_ref().map(String::as_str))
}

#[track_caller]
fn check(said: &str, refused: &Refused) {
    // All problems of a configuration stand on one line, because that is what a log keeps together.
    let fits = |line: &str| refused.reasons.iter().all(|reason| line.contains(reason));
    assert!(
        said.lines().any(fits),
        "expected a line with all of {:#?}, found:\n{said}",
        refused.reasons
    );
}

#[test]
fn the_embedded_host_refuses_to_start_with_what_cannot_be_understood() {
    for refused in refused() {
        let options = WorldOptions::with_config(refused.config.clone());
        match World::new(filter(), options) {
            Err(error @ Error::Refused { .. }) => check(&error.to_string(), &refused),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

#[test]
fn a_refused_configuration_changes_nothing_in_the_embedded_host() {
    let world = world(CONFIG);
    for refused in refused() {
        let error = world.reconfigure(refused.config.clone()).unwrap_err();
        check(&error.to_string(), &refused);
    }
    let before = scrape(&world);
    run(&world, 0, &healthy());
    let seen = Seen::exact("world", scrape(&world).difference(&before));
    let wrong = not_answered(&seen, "demo-llm");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn envoy_keeps_the_old_configuration_and_goes_on_counting() {
    let _among_others = among_others();
    let mut network = Network::start(settings(CONFIG));
    for refused in refused() {
        let config = refused.config.clone();
        let update = network.update_envoy(&config);
        assert!(matches!(update, Update::Refused(_)), "{config}: {update:?}");
        check(&network.envoy_log(), &refused);
        let [envoy, _] = network.play_once(&healthy());
        let wrong = not_answered(&envoy, "demo-llm");
        assert!(wrong.is_empty(), "after {config}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn an_accepted_configuration_counts_on_where_the_old_one_was() {
    let _among_others = among_others();
    let mut network = Network::start(settings(CONFIG));
    network.play_once(&healthy());
    let config = CONFIG
        .replace("{\"name\": \"demo-llm\"},", "{\"name\": \"demo-llm\"}, {\"name\": \"new\"},");
    assert_eq!(network.update_envoy(&config), Update::Accepted);
    let pairs = [healthy(), chat("new").answers(200, completion("Yes", 1, 1))]
        .map(|it| network.play_once(&it));
    let wrong: Vec<String> = [
        not_answered(&pairs[0][0], "demo-llm"),
        not_answered(&pairs[1][0], "new"),
        // The embedded proxy kept the configuration that does not know the new model.
        not_answered(&pairs[1][1], "other"),
    ]
    .concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let scrape = network.block_on(network.envoy.scrape()).unwrap();
    let labels = [("model", "demo-llm"), ("outcome", "complete")];
    assert_eq!(scrape.value(&format!("{PREFIX}requests_total"), &labels), Some(2.0));
}

#[test]
fn a_path_gives_its_values_from_every_line_and_misses_them_line_by_line() {
    let mut profile = uniform_profile::profile(2, 3);
    profile["prediction"] = profile["features"][0].clone();
    profile["prediction"].as_object_mut().unwrap().remove("name");
    let [by_line, by_row] = ["feature number 000", "feature number 001"];
    let config = json!({"models": [{
        "name": "m", "profile": profile, "prediction": {"path": "score"},
        "features": [{"name": by_line, "path": "user.age"}, {"name": by_row, "path": "rows[].x"}],
    }]});
    let lines = concat!(
        r#"{"user": {"age": 0.5}, "rows": [{"x": 1.5}, {"x": 2.5}]}"#,
        "\n",
        r#"{"user": {}, "rows": [{"x": 2.5}]}"#,
        "\r\n\n",
        r#"{"user": {"age": 2.5}}"#
    );
    let answer = "{\"score\": 1}\n{\"score\": 2}\n{\"score\": 3}\n";
    let json_lines = [("content-type", "application/jsonlines")];
    let mut script = Script::post("/endpoints/m/invocations", lines)
        .answers_with_head(200, &json_lines, Framing::Length(answer.len()))
        .sends(answer)
        .finishes();
    if let script::Request::Post { headers, .. } = &mut script.request {
        *headers = json_lines.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    }
    tell_under(
        &config.to_string(),
        script,
        &[
            "requests_total{model=m,outcome=complete} 1",
            "instances_total{model=m} 3",
            "feature_bin_total{feature=feature number 000,bin=00} 1",
            "feature_bin_total{feature=feature number 000,bin=02} 1",
            "feature_bin_total{feature=feature number 000} 2",
            "feature_unbinned_total{model=m,role=feature,feature=feature number 000,reason=missing} 1",
            "schema_violations_total{model=m,role=feature,feature=feature number 000,reason=required_missing} 1",
            "feature_bin_total{feature=feature number 001,bin=01} 1",
            "feature_bin_total{feature=feature number 001,bin=02} 2",
            "predictions_total{model=m} 3",
            "feature_bin_total{role=prediction,bin=00} 1",
            "feature_bin_total{role=prediction,bin=01} 1",
            "feature_bin_total{role=prediction,bin=02} 1",
            // Where every column is looked for by path, nothing is expected of rows.
            "schema_violations_total{model=m,reason=extra_column} 0",
        ],
    );
}
