//! What a configuration may say and what it is refused for, message by message; nothing here has a host.

use alloc::{format, string::ToString};

use super::*;
use crate::config::{Drift, ModelKind, Place, Sampling, Selector, Sides, model::ModelFields};
use driftline_inference::{load::ReportFormat, predictive::PathStep, recognition::Dialect};
use driftline_statistics::drift::Measure;
use driftline_wire::encoding::{Coding, Codings};

#[track_caller]
fn refuses(json: &str, message: &str) {
    let error = Config::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), format!("configuration refused: {message}"));
}

#[track_caller]
fn accepts(json: &str) -> Config {
    Config::from_json(json.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// A model with a profile of one feature, called `model` within.
fn with_profile(name: &str, model: &str, version: u64) -> String {
    format!(
        r#"{{"name": "{name}", "profile": {{
            "format": "driftline-profile", "format_version": {version}, "version": null, "created_at": "2026-11-25T12:00:00Z",
            "model": "{model}", "rows": 5,
            "features": [{{
                "name": "dew point", "type": "number", "schema": {{"required": true, "minimum": -1, "maximum": 2}}, "nulls": 0, "mean": 0.5,
                "standard_deviation": 1, "minimum": -1, "maximum": 2,
                "bins": {{"kind": "quantile", "edges": [0.0], "counts": [2, 3], "means": [-0.5, 1]}},
                "tail_excess": {{"low": 0.5, "high": 1}},
                "chi_square": {{"five_percent": 3.841458820694124, "one_percent": 6.634896601021213, "family": 6.634896601021213}}
            }}],
            "prediction": null
        }}}}"#
    )
}

#[test]
fn codings_are_switched_on_one_by_one() {
    let config = accepts(
        r#"{"models": [{"name": "m"}], "decode": ["gzip", "br"], "remove_accept_encoding": true}"#,
    );
    assert_eq!(config.decode, Codings::from_iter([Coding::Gzip, Coding::Brotli]));
    assert!(config.remove_accept_encoding);
    let none = accepts(r#"{"models": [{"name": "m"}], "decode": []}"#);
    assert_eq!(none.decode, Codings::default());
    refuses(
        r#"{"models": [{"name": "m"}], "decode": ["brotli"], "remove_accept_encoding": "yes"}"#,
        "2 problems: decode[0]: found \"brotli\", expected one of `gzip`, `deflate`, `br`, `zstd`; \
         remove_accept_encoding: found \"yes\", expected true or false",
    );
}

#[test]
fn reports_of_load_are_asked_for_in_a_format() {
    let config = accepts(r#"{"models": [{"name": "m"}], "request_load_reports": "text"}"#);
    assert_eq!(config.request_load_reports, Some(ReportFormat::Text));
    refuses(
        r#"{"models": [{"name": "m"}], "request_load_reports": true}"#,
        "request_load_reports: found true, expected one of `text`, `json`, `bin`",
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = accepts(r#"{"models": [{"name": "demo-llm"}]}"#);
    assert_eq!(
        config.models,
        [Model {
            name: "demo-llm".into(),
            version: None,
            deployed_at: None,
            kind: ModelKind::Language,
            profile: None,
            selectors: Vec::new(),
            sampling: Sampling::NONE,
            thresholds: Vec::new(),
            kpis: Vec::new(),
            segments: Vec::new(),
        }]
    );
    assert_eq!((config.names_max, config.routes, config.endpoints), (100, Vec::new(), Vec::new()));
    assert_eq!((config.window_seconds, config.tick_milliseconds), (3600, 5000));
    assert_eq!((config.event_bytes_max, config.decode), (65_536, Codings::ALL));
    assert_eq!((config.remove_accept_encoding, config.request_load_reports), (false, None));
    let Drift { slow_windows, rows_min, material_psi, measures, .. } = config.drift;
    assert_eq!((slow_windows, rows_min, material_psi), (24, 50, 0.1));
    assert_eq!(measures, Measure::DEFAULT);
}

#[test]
fn what_is_written_counts() {
    let config = accepts(&format!(
        r#"{{"models": [{{"name": "demo-llm"}}, {}], "window_seconds": 10.0,
            "tick_milliseconds": 1e4, "event_bytes_max": 1024}}"#,
        with_profile("rain", "rain", 1)
    ));
    assert_eq!(config.window_seconds, 10);
    assert_eq!(config.tick_milliseconds, 10_000);
    assert_eq!(config.event_bytes_max, 1024);
    let (index, rain) = config.model("rain").unwrap();
    assert_eq!((index, rain.profile.as_ref().unwrap().rows), (1, 5));
    assert_eq!(config.model("snow"), None);
}

#[test]
fn drift_is_told_as_written() {
    let config = accepts(
        r#"{"models": [{"name": "m"}], "slow_windows": 2, "rows_min": 50, "material_psi": 0.25,
            "measures": ["wasserstein", "jensen_shannon", "wasserstein"]}"#,
    );
    let Drift { slow_windows, rows_min, material_psi, measures, .. } = config.drift;
    assert_eq!((slow_windows, rows_min, material_psi), (2, 50, 0.25));
    assert_eq!(measures, [Measure::JensenShannon, Measure::Wasserstein]);
    let none = accepts(r#"{"models": [{"name": "m"}], "measures": []}"#);
    assert_eq!(none.drift.measures, []);
    let words = Measure::ALL.map(|measure| format!("`{}`", measure.word())).join(", ");
    refuses(
        r#"{"models": [{"name": "m"}], "slow_windows": 1, "rows_min": 0, "material_psi": 0,
            "measures": ["psi"]}"#,
        &format!(
            "4 problems: slow_windows: found 1, expected a whole number from 2 to 168; \
             rows_min: found 0, expected a whole number from 1 to 1000000000; \
             material_psi: found 0, expected a number from 0.001 to 100; \
             measures[0]: found \"psi\", expected one of {words}"
        ),
    );
}

#[test]
fn feedback_has_names_for_as_many_kpis_and_segments_as_are_looked_for() {
    let config = |names: usize, feedback: &str| {
        let models = (0..names.div_ceil(8)).map(|model| {
            let kpis: Vec<String> = (8 * model..names.min(8 * (model + 1)))
                .map(|kpi| format!(r#"{{"name": "k{kpi}"}}"#))
                .collect();
            format!(r#"{{"name": "m{model}", "kpis": [{}]}}"#, kpis.join(","))
        });
        let models: Vec<String> = models.collect();
        format!(r#"{{"models": [{}]{feedback}}}"#, models.join(","))
    };
    accepts(&config(249, r#", "feedback": {}"#));
    accepts(&config(250, ""));
    refuses(
        &config(250, r#", "feedback": {}"#),
        "models: found 250 different names of KPIs and segments, expected at most 249 in all models together",
    );
}

/// `models` models, each with a profile of one feature that has two bins, and with as many more as `features` says.
fn with_features(models: usize, features: usize) -> String {
    let models: Vec<String> = (0..models)
        .map(|model| {
            let name = format!("m{model}");
            let text = with_profile(&name, &name, 1);
            let (start, end) = (text.find("[{").unwrap() + 1, text.find("}],").unwrap() + 1);
            let more: String = (0..features)
                .map(|feature| text[start..end].replace("dew point", &format!("f{feature}")) + ",")
                .collect();
            format!("{}{more}{}", &text[..start], &text[start..])
        })
        .collect();
    format!(r#"{{"models": [{}]}}"#, models.join(","))
}

/// Series are counted before they are registered.
#[track_caller]
fn counts_series(config: &Config) {
    let monitor = crate::layout::Monitor::new(config);
    assert_eq!(crate::layout::parts::series_count(config), monitor.series_max());
    let makers = crate::layout::parts::series_by_maker(config);
    assert_eq!(makers.iter().map(|(_, series)| series).sum::<usize>(), monitor.series_max());
}

#[test]
fn series_are_counted_as_they_will_be_made() {
    counts_series(&accepts(r#"{"models": [{"name": "m0"}, {"name": "m1"}]}"#));
    counts_series(&accepts(&with_features(2, 1)));
    for measures in ["[]", r#"["wasserstein", "null_ratio"]"#] {
        let some = with_features(2, 1);
        counts_series(&accepts(&some.replacen('{', &format!("{{\"measures\": {measures},"), 1)));
    }
    let models = r#""models": [{"name": "m0"}, {"name": "m-*"}]"#;
    counts_series(&accepts(&format!("{{{models}}}")));
    let features = with_features(2, 3);
    for routes in [r#"["a"]"#, r#"["a", "b"]"#, r#"["a-*"]"#, r#"["a", "b-*", "c"]"#] {
        counts_series(&accepts(&format!(r#"{{{models}, "names_max": 7, "routes": {routes}}}"#)));
        let with_profiles = features.replacen('{', &format!("{{\"routes\": {routes},"), 1);
        counts_series(&accepts(&with_profiles));
    }
}

/// How many series a configuration is refused for.
#[track_caller]
fn series_refused(config: &str) -> u64 {
    let error = Config::from_json(config.as_bytes()).unwrap_err().to_string();
    assert!(
        error.contains(" series, expected at most 60000, which `series_max` allows: "),
        "{error}"
    );
    let found = error.split("that make ").nth(1).and_then(|rest| rest.split(' ').next());
    found.and_then(|count| count.parse().ok()).expect("the error says how many")
}

#[test]
fn more_series_than_fit_into_memory_are_refused() {
    accepts(&with_features(3, 199));
    assert!(60_000 < series_refused(&with_features(4, 199)));
    accepts(&with_features(4, 199).replacen('{', r#"{"measures": [],"#, 1));
}

#[test]
fn series_max_refuses_with_what_makes_the_most() {
    let models = r#""models": [{"name": "a"}, {"name": "p-*"}], "routes": ["r"]"#;
    let all = crate::layout::Monitor::new(&accepts(&format!("{{{models}}}"))).series_max();
    accepts(&format!(r#"{{{models}, "series_max": {all}}}"#));
    let less = all - 1;
    let error = Config::from_json(format!(r#"{{{models}, "series_max": {less}}}"#).as_bytes());
    let error = error.unwrap_err().to_string();
    let start = format!(
        "configuration refused: found models, routes and profiles that make {all} series, expected at most {less}, which `series_max` allows: \
         names that match patterns "
    );
    assert!(error.starts_with(&start), "{error}");
    let largest = &error[start.len()..];
    let series = |text: &str| -> usize {
        text.split(' ').next_back().and_then(|count| count.parse().ok()).unwrap()
    };
    let makers: Vec<&str> = largest.split(", ").collect();
    assert_eq!(makers.iter().map(|maker| series(maker)).sum::<usize>(), all, "{largest}");
    assert!(
        ["model `other` ", "model `a` "].iter().all(|model| largest.contains(model)),
        "{largest}"
    );
    refuses(
        r#"{"models": [{"name": "m"}], "series_max": 60001}"#,
        "series_max: found 60001, expected a whole number from 1000 to 60000",
    );
}

#[test]
fn a_short_window_shortens_the_tick_unless_one_is_written() {
    let config = accepts(r#"{"models": [{"name": "m"}], "window_seconds": 2}"#);
    assert_eq!(config.tick_milliseconds, 2000);
    refuses(
        r#"{"models": [{"name": "m"}], "window_seconds": 2, "tick_milliseconds": 2001}"#,
        "tick_milliseconds: found 2001, expected at most 2000, the length of the window",
    );
}

/// The fields of the configuration itself, and those of a model.
fn allowed() -> [String; 2] {
    let listed = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    [listed(&[ConfigFields::NAMES, DriftFields::NAMES].concat()), listed(ModelFields::NAMES)]
}

#[test]
fn a_misspelt_field_is_named_with_its_place() {
    let [fields, of_model] = allowed();
    assert!(
        fields.starts_with("`models`, `names_max`, `series_max`, `routes`, `endpoints`, "),
        "{fields}"
    );
    refuses(
        r#"{"models": [{"name": "m", "profil": {}}]}"#,
        &format!("models[0]: unknown field \"profil\", allowed are {of_model}"),
    );
    refuses(
        r#"{"modles": []}"#,
        &format!(
            "2 problems: unknown field \"modles\", allowed are {fields}; the field `models` is missing"
        ),
    );
}

#[test]
fn a_field_that_is_given_twice_is_refused_with_its_place() {
    refuses(
        r#"{"models": [{"name": "m"}], "models": [{"name": "n", "name": "n"}], "rows_min": 0}"#,
        "3 problems: models[0].name: given twice, as \"n\" and as \"n\"; \
         models: given twice, as [{\"name\":\"m\"}] and as [{\"name\":\"n\"}]; \
         rows_min: found 0, expected a whole number from 1 to 1000000000",
    );
    let profile =
        with_profile("rain", "rain", 1).replace(r#""nulls": 0,"#, r#""nulls": 0, "nulls": 1,"#);
    refuses(
        &format!(r#"{{"models": [{profile}]}}"#),
        "models[0].profile.features[0].nulls: given twice, as 0 and as 1",
    );
}

#[test]
fn null_is_not_a_way_to_say_nothing() {
    refuses(
        r#"{"models": [{"name": "m", "profile": null}], "window_seconds": null}"#,
        "2 problems: models[0].profile: found null, expected an object; \
         window_seconds: found null, expected a whole number from 1 to 604800",
    );
}

#[test]
fn text_that_is_not_json_has_a_line_and_a_column() {
    refuses("", "not valid JSON: EOF while parsing a value at line 1 column 0");
    refuses("models:\n- name: m", "not valid JSON: expected value at line 1 column 1");
}

#[test]
fn names_are_unique_labels_and_not_reserved() {
    refuses(
        r#"{"models": [{"name": "a"}, {"name": "other"}, {"name": "a"}, {"name": "x\n"}]}"#,
        "3 problems: models[1].name: found \"other\", expected another name: whatever is not \
         listed is counted under this one; \
         models[2].name: found \"a\" again, expected unique names, or the same with unique versions; \
         models[3].name: found \"x\u{fffd}\", a name must not contain control characters",
    );
}

#[test]
fn the_number_of_models_is_bounded() {
    refuses(r#"{"models": []}"#, "models: found 0 elements, expected 1 to 64");
    let many: String = (0..65).map(|index| format!(r#"{{"name": "m{index}"}},"#)).collect();
    refuses(
        &format!(r#"{{"models": [{}]}}"#, many.trim_end_matches(',')),
        "models: found 65 elements, expected 1 to 64",
    );
}

#[test]
fn a_profile_of_another_version_is_refused_with_its_path() {
    refuses(
        &format!(r#"{{"models": [{{"name": "m"}}, {}]}}"#, with_profile("rain", "rain", 7)),
        "models[1].profile.format_version: found 7, expected 1 to 6, the versions that this build of \
         Driftline reads",
    );
}

#[test]
fn a_profile_belongs_to_its_entry() {
    refuses(
        &format!(r#"{{"models": [{}]}}"#, with_profile("rain", "snow", 1)),
        "models[0].profile.model: found the profile of \"snow\", expected that of \"rain\", \
         the name of this entry",
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let profile = with_profile("rain", "rain", 1).replace("[2, 3]", "[2, \"x\"]");
    let [fields, of_model] = allowed();
    refuses(
        &format!(
            r#"{{"models": [{{"name": 7}}, {profile}, "m"], "window_seconds": 0,
                "tick_milliseconds": "fast", "event_bytes_max": 9e9, "debug": true}}"#
        ),
        &format!(
            "7 problems: unknown field \"debug\", allowed are {fields}; \
             models[0].name: found 7, expected text; \
             models[1].profile.features[0].bins.counts[1]: found \"x\", expected a whole number \
             from 0 to 9007199254740991; \
             models[2]: found \"m\", expected an object with the fields {of_model}; \
             window_seconds: found 0, expected a whole number from 1 to 604800; \
             tick_milliseconds: found \"fast\", expected a whole number from 100 to 60000; \
             event_bytes_max: found 9e9, expected a whole number from 1024 to 1048576"
        ),
    );
}

#[test]
fn a_configuration_that_is_too_long_is_not_parsed() {
    let long = " ".repeat(super::super::CONFIG_BYTES_MAX + 1);
    refuses(&long, "found 4194305 bytes, expected at most 4194304");
}

#[test]
fn whatever_the_bytes_are_a_refusal_has_a_reason() {
    let good = format!(
        r#"{{"models":[{{"name":"m"}},{}],"window_seconds":60}}"#,
        with_profile("rain", "rain", 1)
    );
    let good = good.as_bytes();
    let mut refused = 0;
    for position in 0..good.len() {
        let mut inputs = [good[..position].to_vec(), good.to_vec(), good.to_vec()];
        inputs[1].remove(position);
        for other in *b"\"0-9e{[]},:.nt\xff" {
            inputs[2][position] = other;
            for input in &inputs {
                if let Err(error) = Config::from_json(input) {
                    assert_ne!(error.problems().count(), 0, "{}", input.escape_ascii());
                    refused += 1;
                }
            }
        }
    }
    assert!(good.len() < refused);
}

#[test]
fn hundreds_of_problems_stay_readable() {
    let bad = r#"{"name": 0}"#;
    let models = [bad; 64].join(",");
    let error = Config::from_json(format!(r#"{{"models": [{models}]}}"#).as_bytes()).unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with("configuration refused: 64 problems: models[0].name"), "{shown}");
    assert!(shown.ends_with("; and 14 more"), "{shown}");
}

#[test]
fn patterns_have_places_and_no_profiles() {
    let config = accepts(r#"{"models": [{"name": "gpt-*"}, {"name": "m"}], "names_max": 500}"#);
    assert_eq!((config.names_max, config.slots()), (500, 500));
    let exact = accepts(r#"{"models": [{"name": "m"}], "routes": ["r"], "names_max": 500}"#);
    assert_eq!(exact.slots(), 0);
    let by_route = accepts(r#"{"models": [{"name": "m"}], "routes": ["r-*"]}"#);
    assert_eq!(by_route.slots(), 100);
    refuses(
        r#"{"models": [{"name": "m"}], "names_max": 501}"#,
        "names_max: found 501, expected a whole number from 1 to 500",
    );
    refuses(
        &format!(r#"{{"models": [{}]}}"#, with_profile("rain-*", "rain", 1)),
        "models[0].name: found \"rain-*\", expected a name without `*`: a profile is that of one model",
    );
}

#[test]
fn routes_are_unique_labels_and_not_reserved() {
    refuses(
        r#"{"models": [{"name": "m"}], "routes": ["a", "other", "a", 7, "x=.=y"]}"#,
        "4 problems: routes[1]: found \"other\", expected another name: whatever is not listed is counted under this \
         one; routes[2]: found \"a\" again, expected unique names; routes[3]: found 7, expected text; \
         routes[4]: found \"x=.=y\", a name must not contain `;.` or `=.=`, which delimit labels in Envoy's stat names",
    );
    refuses(
        r#"{"models": [{"name": "m"}], "routes": []}"#,
        "routes: found 0 elements, expected 1 to 64",
    );
}

#[test]
fn many_models_on_many_routes_are_refused_before_they_are_made() {
    let list = |shape: &str| {
        let names: Vec<String> = (0..64).map(|it| shape.replace('#', &it.to_string())).collect();
        names.join(", ")
    };
    let (models, routes) = (list(r##"{"name": "m#"}"##), list(r##""r#""##));
    let config = format!(r#"{{"models": [{models}], "routes": [{routes}]}}"#);
    assert!(60_000 < series_refused(&config));
}

/// Two models, one of which predicts, and these endpoints.
fn with_endpoints(endpoints: &str) -> String {
    format!(
        r#"{{"models": [{{"name": "m-*"}}, {}], "endpoints": [{endpoints}]}}"#,
        with_profile("rain", "rain", 1)
    )
}

#[test]
fn endpoints_have_a_place_and_a_dialect() {
    let config = accepts(&with_endpoints(
        r#"{"path": "/team-a/*", "dialect": "openai_chat", "model": "m-1"},
           {"route": "score-*", "path": "*", "dialect": "kserve_v1", "model": "rain"},
           {"path": "/v1/chat/completions", "dialect": "none"}"#,
    ));
    let read: Vec<_> = config
        .endpoints
        .iter()
        .map(|it| {
            (
                it.path.as_ref(),
                it.route.as_ref(),
                it.dialect.map(Dialect::name),
                it.model.as_deref(),
            )
        })
        .collect();
    let glob = Glob::new;
    assert_eq!(
        read,
        [
            (Some(&glob("/team-a/*")), None, Some("openai_chat"), Some("m-1")),
            (Some(&glob("*")), Some(&glob("score-*")), Some("kserve_v1"), Some("rain")),
            (Some(&glob("/v1/chat/completions")), None, None, None),
        ]
    );
}

#[test]
fn an_endpoint_that_means_nothing_is_refused() {
    refuses(
        &with_endpoints(r#"{"dialect": "openai_chat"}, {"path": "chat", "dialect": "none"}"#),
        "2 problems: endpoints[0]: one of the fields `path`, `route` must be there; \
         endpoints[1].path: found \"chat\", expected a path, which begins with `/` or `*`",
    );
    refuses(
        &with_endpoints(
            r#"{"path": "/a"}, {"path": "/a", "dialect": "openai_chat", "modell": ""}"#,
        ),
        "2 problems: endpoints[0]: the field `dialect` is missing; \
         endpoints[1]: unknown field \"modell\", allowed are `path`, `route`, `dialect`, `model`, `rows`, `answers`",
    );
    refuses(&with_endpoints(""), "endpoints: found 0 elements, expected 1 to 64");
}

#[test]
fn an_unknown_dialect_is_refused_with_all_that_there_are() {
    let all: Vec<String> = Dialect::ALL
        .iter()
        .map(|dialect| dialect.name())
        .chain(["none"])
        .map(|name| format!("`{name}`"))
        .collect();
    refuses(
        &with_endpoints(r#"{"path": "/a", "dialect": "openai-chat"}"#),
        &format!("endpoints[0].dialect: found \"openai-chat\", expected one of {}", all.join(", ")),
    );
}

#[test]
fn the_model_of_an_endpoint_is_one_that_is_told_apart_and_of_its_kind() {
    for (dialect, model, expected) in [
        (
            "openai_chat",
            "gpt",
            "the name of one of `models` that is a language model, or one that matches its pattern",
        ),
        (
            "openai_chat",
            "rain",
            "the name of one of `models` that is a language model, or one that matches its pattern",
        ),
        ("kserve_v1", "m-1", "the name of one of `models` that predicts"),
        ("none", "m-1", "nothing: the dialect `none` asks no model"),
    ] {
        refuses(
            &with_endpoints(&format!(
                r#"{{"path": "/a", "dialect": "{dialect}", "model": "{model}"}}"#
            )),
            &format!("endpoints[0].model: found \"{model}\", expected {expected}"),
        );
    }
}

/// A model with two features, `dew point` and `wind`, and a prediction, and with these fields besides.
fn selecting(fields: &str) -> String {
    let column = r#""type": "number", "schema": {"required": true, "minimum": -1, "maximum": 2}, "nulls": 0,
        "mean": 0.5, "standard_deviation": 1, "minimum": -1, "maximum": 2,
        "chi_square": {"five_percent": 3.84, "one_percent": 6.63, "family": 6.63},
        "bins": {"kind": "quantile", "edges": [0.0], "counts": [2, 3], "means": [-0.5, 1]},
        "tail_excess": {"low": 0.5, "high": 1}"#;
    format!(
        r#"{{"models": [{{"name": "rain", {fields} "profile": {{
            "format": "driftline-profile", "format_version": 1, "model": "rain", "version": null,
            "created_at": "2026-11-25T12:00:00Z", "rows": 5,
            "features": [{{"name": "dew point", {column}}}, {{"name": "wind", {column}}}],
            "prediction": {{{column}}}
        }}}}]}}"#
    )
}

#[test]
fn columns_are_looked_for_where_it_is_said() {
    let config = accepts(&selecting(
        r#""features": [{"name": "wind", "tensor": "x", "index": 2, "in": "both"}],
            "prediction": {"path": "scores[].top"}, "sampling": {"rows": 100, "every": 10},"#,
    ));
    let model = &config.models[0];
    assert_eq!(model.sampling, Sampling { rows: 100, every: 10 });
    let wind = Selector { place: Place::Tensor { name: "x".into(), index: 2 }, sides: Sides::Both };
    let path = [PathStep::Key("scores".into()), PathStep::Elements, PathStep::Key("top".into())];
    let prediction = Selector { place: Place::Path(path.into()), sides: Sides::Response };
    assert_eq!(model.selectors, [Selector::usual(Sides::Request), wind, prediction]);
}

#[test]
fn places_that_cannot_be_are_refused() {
    refuses(
        &selecting(
            r#""features": [{"name": "rain"}, {"name": "wind", "column": 1, "header": "a"}],
                "prediction": {"index": 1}, "sampling": {"rows": 1, "every": 0},"#,
        ),
        "4 problems: models[0].features[0].name: found \"rain\", expected the name of a feature of the profile; \
         models[0].features[1]: found several of `member`, `column`, `tensor`, `path`, `header`, expected at most one; \
         models[0].prediction.index: found 1, expected it only together with `tensor`; \
         models[0].sampling.every: found 0, expected a whole number from 1 to 9007199254740991",
    );
    refuses(
        r#"{"models": [{"name": "m", "version": "1", "features": []}]}"#,
        "2 problems: models[0].version: found it for a language model, expected it only for a predictive one: of that \
         `type`, or with a profile and no `type`; models[0].features: found it for a language model, expected it only for a \
         predictive one: of that `type`, or with a profile and no `type`",
    );
}

#[test]
fn more_paths_than_a_reader_follows_are_refused() {
    let features = |count: usize| {
        let config = selecting("");
        let (start, end) = (
            config.find(r#"[{"name": "dew point""#).unwrap() + 1,
            config.find(r#", {"name": "wind""#).unwrap(),
        );
        let feature = &config[start..end];
        let named = |number: usize| feature.replace("dew point", &format!("f{number}"));
        let all: Vec<String> = (0..count).map(named).collect();
        let paths: Vec<String> = (0..count)
            .map(|number| {
                format!(r#"{{"name": "f{number}", "path": "a.f{number}", "in": "both"}}"#)
            })
            .collect();
        let said = format!(r#""features": [{}], "profile""#, paths.join(","));
        config.replacen("\"profile\"", &said, 1).replace(feature, &all.join(","))
    };
    accepts(&features(64));
    refuses(
        &features(65),
        "2 problems: models[0].features: found 65 of `path` for the request, expected at most 64; \
         models[0].features: found 65 of `path` for the response, expected at most 64",
    );
}

#[test]
fn versions_of_a_model_are_entries_of_their_own() {
    let entry = |version: &str| {
        let config = selecting(version);
        config.trim_start_matches(r#"{"models": ["#).trim_end_matches("]}").to_string()
    };
    let both = format!(
        r#"{{"models": [{}, {}]}}"#,
        entry(r#""version": "1","#),
        entry(r#""version": "2","#)
    );
    assert_eq!(accepts(&both).models.len(), 2);
    let twice = both.replace(r#""2""#, r#""1""#);
    refuses(
        &twice,
        "models[1].version: found \"1\" again for \"rain\", expected unique names, or the same with unique versions",
    );
    let mixed = format!(r#"{{"models": [{}, {{"name": "rain"}}]}}"#, entry(r#""version": "1","#));
    refuses(
        &mixed,
        "models[1].name: found \"rain\" again as another type of model, expected one type for all entries of a name",
    );
}

#[test]
fn a_model_may_say_when_it_was_deployed() {
    let config =
        accepts(r#"{"models": [{"name": "m", "deployed_at": "2026-11-25T14:30:00+02:30"}]}"#);
    assert_eq!(config.models[0].deployed_at, Some(1_795_608_000));
    refuses(
        r#"{"models": [{"name": "m", "deployed_at": 1795608000}]}"#,
        "models[0].deployed_at: found 1795608000, expected text",
    );
    refuses(
        r#"{"models": [{"name": "m", "deployed_at": "yesterday"}]}"#,
        "models[0].deployed_at: found \"yesterday\", expected a moment from 1970 to 9999 as RFC 3339 has it, like \
         2026-11-25T12:00:00Z",
    );
    refuses(
        r#"{"models": [{"name": "m-*", "deployed_at": "2026-11-25T12:00:00Z"}]}"#,
        "models[0].deployed_at: found \"2026-11-25T12:00:00Z\", expected nothing: the name is a pattern, and a model is \
         deployed on its own",
    );
}

#[test]
fn a_season_consists_of_whole_windows_and_no_more_than_are_kept() {
    let with = |settings: &str| format!(r#"{{"models": [{{"name": "m"}}], {settings}}}"#);
    let day =
        accepts(&with(r#""compare_with": "both", "window_seconds": 2, "tick_milliseconds": 500"#));
    assert_eq!(day.season_windows(), 43_200);
    let week = r#""compare_with": "both", "season": "week", "window_seconds""#;
    assert_eq!(accepts(&with(&format!("{week}: 10"))).season_windows(), 60_480);
    accepts(&with(r#""window_seconds": 7, "season": "week""#));
    refuses(
        &with(r#""compare_with": "both", "window_seconds": 700"#),
        "window_seconds: found 700, expected seconds that a day is a multiple of, because `compare_with` is `both`",
    );
    refuses(
        &with(&format!("{week}: 7")),
        "window_seconds: found 7, expected windows so long that a week has 65511 at most, because `compare_with` is \
         `both`",
    );
    refuses(
        &with(r#""compare_with": "both", "window_seconds": 1, "slow_windows": 168"#),
        "window_seconds: found 1, expected windows so long that a day has 65367 at most, because `compare_with` is \
         `both`",
    );
}

#[test]
fn a_language_model_has_the_features_that_are_known() {
    let config = selecting(r#""type": "language","#)
        .replace("dew point", "prompt_characters")
        .replace("wind", "words");
    refuses(
        &config,
        "2 problems: models[0].profile.features[1].name: found \"words\", expected one of `prompt_characters`, `messages`, \
         `tools`, `max_tokens`, `temperature`, `stream`, `output_tokens`, `finish_reason`, `answer_characters` for a \
         language model; models[0].profile.prediction: found a prediction, expected null for a language model",
    );
}

#[test]
fn no_problem_of_a_model_hides_another() {
    refuses(
        r#"{"models": [{"name": "m", "type": "foo", "version": "a;.;", "deployed_at": "yesterday"}]}"#,
        "3 problems: models[0].type: found \"foo\", expected one of `language`, `predictive`; models[0].version: found \
         \"a;.;\", a name must not contain `;.` or `=.=`, which delimit labels in Envoy's stat names; \
         models[0].deployed_at: found \"yesterday\", expected a moment from 1970 to 9999 as RFC 3339 has it, like \
         2026-11-25T12:00:00Z",
    );
    refuses(
        r#"{"models": [{"name": "m", "profile": {}, "features": 1, "sampling": {"rows": -1, "every": 0}}]}"#,
        "4 problems: models[0].profile: the field `format` is missing; models[0].features: found 1, expected an array; \
         models[0].sampling.rows: found -1, expected a whole number from 0 to 9007199254740991; \
         models[0].sampling.every: found 0, expected a whole number from 1 to 9007199254740991",
    );
}

#[test]
fn a_predictive_model_may_wait_for_its_first_profile() {
    let model =
        |fields: &str| format!(r#"{{"models": [{{"name": "m", "type": "predictive"{fields}}}]}}"#);
    let places = r#", "version": "3", "features": [{"name": "wind", "column": 4}, {"name": "t", "member": "temp"}],
        "prediction": {"member": "rain"}, "sampling": {"rows": 10, "every": 2}"#;
    for fields in ["", places] {
        let config = Config::from_json(model(fields).as_bytes()).unwrap();
        let [model] = &config.models[..] else { panic!("{config:?}") };
        assert_eq!((model.kind, &model.profile), (ModelKind::Predictive, &None));
    }
    refuses(
        &model(
            r#", "features": [{"name": "a", "column": 1, "path": "x"}, {"name": "a"}], "sampling": 7"#,
        ),
        "3 problems: models[0].features[0]: found several of `member`, `column`, `tensor`, `path`, `header`, expected at \
         most one; models[0].features[1].name: found \"a\" again, expected unique names; models[0].sampling: found 7, \
         expected an object with the fields `rows`, `every`",
    );
    refuses(
        &model("").replace("\"m\"", "\"m-*\""),
        "models[0].name: found \"m-*\", expected a name without `*`: a model that predicts is told apart by itself",
    );
}

#[test]
fn rows_by_hour_that_do_not_fit_are_refused_with_their_path() {
    let mut profile = driftline_support::uniform_profile::profile_by_hour(2, 4);
    profile["features"][1]["by_hour"][7] = serde_json::json!([0, 0]);
    let config = serde_json::json!({"models": [{"name": "m", "profile": profile}]}).to_string();
    let error = Config::from_json(config.as_bytes()).unwrap_err().to_string();
    let expected = "models[0].profile.features[1].by_hour[7]: found 2 elements, expected 5: one for each of 4 bins, and \
                    one for the rows without a value";
    assert!(error.contains(expected), "{error}");
}
