//! Models that a pattern admits: series of their own, one table for all workers, and a bound that no flood moves.

#[path = "../../crates/monitor/tests/properties/random.rs"]
mod random;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use driftline_metrics::{
    catalogue::Metric,
    series::{Series, SeriesId, SeriesRegistrar, SeriesView},
};
use driftline_statistics::document::{label_fault, name_fault};
use driftline_testbed::{client::Request, envoy::Update, scrape::Scrape, upstream};
use host_sim::{World, WorldOptions, stats::Stats};
use serde_json::{Value, json};

use self::random::Random;

use crate::{
    expectation::{PREFIX, Seen, problems},
    phrases::{CHAT, DONE, STOP, chat, completion, predict, token, usage},
    script::Script,
    stage::{
        Host, Network, among_others, filter, run, scrape, settings, stats_config, tell_under,
        traced_world, world, world_of,
    },
};

/// A listed model, and a pattern with room for a few.
const CONFIG: &str = r#"{"models": [{"name": "demo-llm"}, {"name": "gpt-*"}], "names_max": 3}"#;

fn answered(model: &str) -> Script {
    chat(model).answers(200, completion("Yes", 2, 1))
}

/// All values of the label `model`.
fn models(page: &Scrape) -> BTreeSet<String> {
    page.samples().filter_map(|(series, _)| series.label("model").map(str::to_owned)).collect()
}

#[track_caller]
fn check_models(world: &World, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&model| model.to_owned()).collect();
    assert_eq!(models(&scrape(world)), expected);
}

fn requests(page: &Scrape, model: &str) -> Option<f64> {
    page.value(&format!("{PREFIX}requests_total"), &[("model", model)])
}

#[test]
fn a_model_that_fits_a_pattern_has_its_own_times_and_tokens() {
    tell_under(
        CONFIG,
        chat("gpt-4o")
            .starts_streaming()
            .at_ms(60)
            .sends(token("Ye"))
            .at_ms(120)
            .sends(token("s"))
            .sends(STOP)
            .sends(usage(4, 2))
            .sends(DONE)
            .finishes(),
        &[
            "requests_total{model=gpt-4o,outcome=complete} 1",
            "answers_finished_total{model=gpt-4o,reason=stop} 1",
            "time_to_first_token_microseconds_total{model=gpt-4o,result=success} 60 ms",
            "time_per_output_token_microseconds_total{model=gpt-4o,result=success} 60 ms",
            "output_tokens_total{model=gpt-4o} 2",
            "output_tokens_total{model=other} 0",
        ],
    );
}

#[test]
fn a_name_is_made_fit_for_a_label() {
    let body = json!({"model": "gpt-\u{1}a;.;outcome=.=b", "messages": []}).to_string();
    tell_under(
        CONFIG,
        Script::post(CHAT, body).answers(200, completion("Yes", 2, 1)),
        &[
            "requests_total{model=gpt-_a;_;outcome=._b,outcome=complete} 1",
            "answers_finished_total{model=gpt-_a;_;outcome=._b,reason=stop} 1",
        ],
    );
}

#[test]
fn a_dot_at_the_end_of_a_name_does_not_make_it_another_one() {
    tell_under(
        r#"{"models": [{"name": "gpt-4"}, {"name": "gpt-*"}]}"#,
        chat("gpt-4.").answers(200, completion("Yes", 2, 1)),
        &[
            "requests_total{model=gpt-4_,outcome=complete} 1",
            "answers_finished_total{model=gpt-4_,reason=stop} 1",
            "requests_total{model=gpt-4} 0",
        ],
    );
}

/// A profile of two features that a dot tells apart, each with categories that only their dots tell apart.
fn profile_with_dots() -> Value {
    let categories = ["a", "a.", "a..", ".", ".a", "a..b", "%2E", "a%2E", " a "];
    let feature = |name: &str| {
        json!({
            "name": name, "type": "category", "nulls": 0,
            "schema": {"required": false, "categories": null},
            "bins": {"kind": "categories", "categories": categories, "counts": vec![1; 10]},
            "chi_square": {"five_percent": 1, "one_percent": 2, "family": 3},
        })
    };
    json!({
        "format": "driftline-profile", "format_version": 1, "version": null, "model": "rain", "rows": 10,
        "created_at": "2026-11-25T12:00:00Z", "features": [feature("wind"), feature("wind.")], "prediction": null,
    })
}

#[test]
fn categories_and_features_that_only_their_dots_tell_apart_stay_apart() {
    let config = json!({"models": [{"name": "rain", "profile": profile_with_dots()}]});
    let rows = r#"{"instances": [["a", "a."], ["a..", "."], ["a", ".a"], ["a..b", "a%2E"], ["%2E", " a "]]}"#;
    tell_under(
        &config.to_string(),
        predict(rows).answers(200, r#"{"predictions": []}"#),
        &[
            "requests_total{model=rain,outcome=no_output} 1",
            "instances_total{model=rain} 5",
            "feature_bin_total{feature=wind,bin=a} 2",
            "feature_bin_total{feature=wind,bin=a.%2E} 1",
            "feature_bin_total{feature=wind,bin=a..b} 1",
            "feature_bin_total{feature=wind,bin=%252E} 1",
            "feature_bin_total{feature=wind} 5",
            "feature_bin_total{feature=wind%2E,bin=a%2E} 1",
            "feature_bin_total{feature=wind%2E,bin=%2E} 1",
            "feature_bin_total{feature=wind%2E,bin=.a} 1",
            "feature_bin_total{feature=wind%2E,bin=a%252E} 1",
            "feature_bin_total{feature=wind%2E,bin= a } 1",
            "feature_bin_total{feature=wind%2E} 5",
        ],
    );
}

/// Texts that look as if they meant something in the name of a stat.
const LIKE_LABELS: [&str; 8] = [
    "rain",
    "gpt-4...",
    "%2E%252E",
    "model=.=b;.;outcome=.=x;.;",
    "a;.b=.c;=. \"\\",
    "größe.model=.",
    "_rq_200.bin=;",
    "100 %25",
];

/// Arbitrary texts, the same ones in every run.
fn texts(count: usize) -> impl Iterator<Item = String> {
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    (0..count).map(move |number| {
        let mut bytes = LIKE_LABELS[number % LIKE_LABELS.len()].as_bytes().to_vec();
        for _ in 0..random.below(8) {
            random.mutate(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[test]
fn labels_come_out_of_the_name_of_a_stat_as_they_went_in() {
    let labels: Vec<String> = texts(20_000).filter(|it| label_fault(it).is_none()).collect();
    let names: Vec<String> = texts(20_000).filter(|it| name_fault(it).is_none()).collect();
    // The generator must not make good names only, nor bad ones.
    assert!(5_000 < labels.len() && labels.len() + 500 < names.len() && names.len() < 19_000);
    let mut registered: Vec<Series> = Vec::new();
    let mut register = |_, series: SeriesView<'_>| registered.push(series.to_series());
    let mut registrar = SeriesRegistrar::starting_at(0, &mut register);
    for (number, name) in names.iter().enumerate() {
        let label = |step: usize| labels[(number * step) % labels.len()].as_str();
        let bin = names[number / 2].as_str();
        let _: SeriesId =
            registrar.add(Metric::FeatureBin, &[label(1), label(3), "feature", name, bin]);
        let _: SeriesId = registrar.add(Metric::Requests, &[label(5), label(7), "complete"]);
    }
    // Where a name is registered once only, different names must be different series.
    let of_names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let bins: BTreeSet<&str> = registered.iter().filter_map(|it| label_of(it, "feature")).collect();
    assert_eq!(bins.len(), of_names.len());
    for series in &registered {
        let stats = Stats::new(stats_config());
        stats.counter(&series.stat_name()).record(1);
        let page = Scrape::parse(&stats.prometheus()).unwrap();
        let expected: BTreeMap<String, String> = series
            .labels
            .iter()
            .map(|(label, value)| (label.name().to_owned(), value.clone()))
            .collect();
        let found: Vec<_> =
            page.samples().map(|(it, _)| (it.name.clone(), it.labels.clone())).collect();
        assert_eq!(found, [(series.name.clone(), expected)], "{}", series.stat_name());
    }
}

fn label_of<'s>(series: &'s Series, name: &str) -> Option<&'s str> {
    let label = series.labels.iter().find(|(label, _)| label.name() == name);
    label.map(|(_, value)| value.as_str())
}

#[test]
fn a_name_in_a_path_is_decoded_and_counts_from_the_headers_on() {
    let world = world(CONFIG);
    let path = "/openai/deployments/gpt%2D4%20turbo/chat/completions";
    let mut stream = world.stream(0).unwrap();
    stream.request_headers(&[(":path", path), (":method", "POST")], false).unwrap();
    let in_flight = |world: &World| {
        scrape(world)
            .value(&format!("{PREFIX}requests_in_flight"), &[("model", "gpt-4 turbo")])
            .unwrap()
    };
    assert_eq!(in_flight(&world), 1.0);
    stream.request_body(r#"{"model":"gpt-5"}"#, true).unwrap();
    check_models(&world, &["demo-llm", "other", "gpt-4 turbo"]);
    drop(stream);
    assert_eq!(in_flight(&world), 0.0);
    assert_eq!(requests(&scrape(&world), "gpt-4 turbo"), Some(1.0));
}

#[test]
fn all_workers_share_the_places() {
    let world = world_of(3, CONFIG);
    for (worker, model) in [
        (0, "gpt-a"),
        (1, "gpt-a"),
        (1, "gpt-b"),
        (2, "gpt-c"),
        // Two workers do not know yet that there is no place left.
        (0, "gpt-d"),
        (1, "gpt-e"),
        (2, "gpt-f"),
        (0, "gpt-c"),
        (1, "gpt-c"),
        (2, "claude"),
    ] {
        run(&world, worker, &answered(model));
    }
    check_models(&world, &["demo-llm", "other", "gpt-a", "gpt-b", "gpt-c"]);
    let page = scrape(&world);
    for (model, count) in [("gpt-a", 2.0), ("gpt-b", 1.0), ("gpt-c", 3.0), ("other", 4.0)] {
        assert_eq!(requests(&page, model), Some(count), "{model}");
    }
}

#[test]
fn a_flood_of_invented_names_adds_no_more_than_the_bound() {
    const NAMES: u32 = 100_000;
    const ADMITTED: usize = 100;
    let world = world_of(2, r#"{"models": [{"name": "demo-llm"}, {"name": "*"}]}"#);
    let series = |world: &World| scrape(world).samples().count();
    let memory = |world: &World| [0, 1].map(|worker| world.worker(worker).borrow().memory_bytes());
    let request = |number: u32| {
        let mut stream = world.stream(number as usize).unwrap();
        stream.request_headers(&[(":path", CHAT), (":method", "POST")], false).unwrap();
        stream.request_body(format!("{{\"model\":\"invented {number}\"}}"), true).unwrap();
    };
    let before = series(&world);
    request(0);
    let per_name = series(&world) - before;
    (1..1000).for_each(request);
    let (full, full_memory) = (series(&world), memory(&world));
    assert_eq!(full, before + ADMITTED * per_name);
    (1000..NAMES).for_each(request);
    assert_eq!(series(&world), full);
    assert_eq!(memory(&world), full_memory);
    assert_eq!(models(&scrape(&world)).len(), 2 + ADMITTED);
    let page = scrape(&world);
    assert_eq!(page.value(&format!("{PREFIX}requests_total"), &[]), Some(f64::from(NAMES)));
    assert_eq!(page.value(&format!("{PREFIX}requests_in_flight"), &[]), Some(0.0));
    let others = requests(&page, "other").unwrap();
    assert_eq!(others, f64::from(NAMES) - ADMITTED as f64);
}

#[test]
fn workers_that_admit_at_the_same_time_keep_to_the_bound() {
    let _among_others = among_others();
    let network = Network::start(settings(CONFIG).workers(4));
    for host in [&network.envoy, &network.embedded] {
        let page = network.block_on(flood(host, 60));
        assert_eq!(models(&page).len(), 2 + 3, "{}: {:?}", host.name(), models(&page));
        assert_eq!(page.value(&format!("{PREFIX}requests_total"), &[]), Some(60.0));
    }
}

/// Asks for so many models at once, each on a connection of its own, and waits until all are counted.
async fn flood(host: &Host, names: usize) -> Scrape {
    let answer = completion("Yes", 2, 1);
    let clients: Vec<_> = (0..names)
        .map(|number| {
            host.upstream().push(upstream::Script::answer(200, "application/json", &answer));
            let request = Request::post_json(CHAT, format!("{{\"model\":\"gpt-{number}\"}}"));
            let address = host.listen();
            tokio::spawn(async move { request.send(address).await })
        })
        .collect();
    for client in clients {
        assert_eq!(client.await.unwrap().unwrap().status, 200);
    }
    for _ in 0..400 {
        let page = host.scrape().await.unwrap();
        if page.value(&format!("{PREFIX}requests_total"), &[]) == Some(names as f64) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{}: not all requests were counted", host.name());
}

#[test]
fn admitted_names_count_on_under_a_new_configuration_and_new_code() {
    let mut world = world_of(2, CONFIG);
    run(&world, 0, &answered("gpt-a"));
    run(&world, 1, &answered("gpt-b"));
    let wider = CONFIG.replace("3}", "4, \"window_seconds\": 60}");
    world.reconfigure(wider).unwrap();
    // The worker that has not seen this name knows it from the table.
    run(&world, 1, &answered("gpt-a"));
    world.update_code(filter()).unwrap();
    check_models(&world, &["demo-llm", "other", "gpt-a", "gpt-b"]);
    for model in ["gpt-a", "gpt-b", "gpt-c", "gpt-d", "gpt-e"] {
        run(&world, 0, &answered(model));
    }
    check_models(&world, &["demo-llm", "other", "gpt-a", "gpt-b", "gpt-c", "gpt-d"]);
    let page = scrape(&world);
    for (model, count) in [("gpt-a", 3.0), ("gpt-b", 2.0), ("gpt-d", 1.0), ("other", 1.0)] {
        assert_eq!(requests(&page, model), Some(count), "{model}");
    }
}

#[test]
fn admitted_names_count_on_in_envoy_under_a_new_configuration() {
    let _among_others = among_others();
    let mut network = Network::start(settings(CONFIG).workers(2));
    network.play_once(&answered("gpt-a"));
    let wider = CONFIG.replace("3}", "4, \"window_seconds\": 60}");
    assert_eq!(network.update_envoy(&wider), Update::Accepted);
    network.play_once(&answered("gpt-a"));
    let page = network.block_on(network.envoy.scrape()).unwrap();
    assert_eq!(requests(&page, "gpt-a"), Some(2.0));
}

#[test]
fn a_full_table_costs_no_call_of_the_host() {
    let world = traced_world(CONFIG);
    let looked = |world: &World| {
        let is_look = |text: &str| text.starts_with("[vm->host] env.proxy_get_shared_data");
        world.trace().take().iter().filter(|line| is_look(&line.text)).count()
    };
    for model in ["gpt-a", "gpt-b", "gpt-c"] {
        looked(&world);
        run(&world, 0, &answered(model));
        assert_eq!(looked(&world), 1, "{model} is new");
        run(&world, 0, &answered(model));
        assert_eq!(looked(&world), 0, "{model} is known");
    }
    for model in ["gpt-d", "gpt-e", "claude", "demo-llm"] {
        run(&world, 0, &answered(model));
    }
    assert_eq!(looked(&world), 0);
}

#[test]
fn a_narrower_pattern_has_its_own_places_after_a_flood() {
    let world = world_of(2, r#"{"models": [{"name": "*"}], "names_max": 2}"#);
    for model in ["junk-1", "junk-2", "junk-3"] {
        run(&world, 0, &answered(model));
    }
    check_models(&world, &["other", "junk-1", "junk-2"]);
    world.reconfigure(r#"{"models": [{"name": "gpt-*"}], "names_max": 2}"#).unwrap();
    for model in ["junk-1", "gpt-a", "gpt-b", "gpt-c"] {
        run(&world, 1, &answered(model));
    }
    let page = scrape(&world);
    for (model, count) in [("gpt-a", 1.0), ("gpt-b", 1.0), ("other", 3.0)] {
        assert_eq!(requests(&page, model), Some(count), "{model}");
    }
    assert_eq!(requests(&page, "gpt-c"), None);
}

#[test]
fn a_pattern_that_becomes_a_listed_name_counts_on() {
    let world = world(CONFIG);
    run(&world, 0, &answered("gpt-a"));
    world.reconfigure(r#"{"models": [{"name": "gpt-a"}]}"#).unwrap();
    run(&world, 0, &answered("gpt-a"));
    world.reconfigure(CONFIG).unwrap();
    let before = scrape(&world);
    run(&world, 0, &answered("gpt-a"));
    let page = scrape(&world);
    assert_eq!(requests(&page, "gpt-a"), Some(3.0));
    let seen = Seen::exact("world", page.difference(&before));
    let lines = [
        "requests_total{model=gpt-a,outcome=complete} 1",
        "answers_finished_total{model=gpt-a,reason=stop} 1",
    ];
    assert_eq!(problems(&seen, &lines), Vec::<String>::new());
}

#[test]
fn a_table_that_this_code_cannot_read_admits_nobody_and_harms_nobody() {
    let world = world(CONFIG);
    let table = b"\xff not a table".to_vec();
    let vm_id = WorldOptions::default().vm_id;
    world.shared_data().set(&vm_id, b"driftline/names/1", table.into(), 0).unwrap();
    for model in ["gpt-a", "demo-llm"] {
        run(&world, 0, &answered(model));
    }
    check_models(&world, &["demo-llm", "other"]);
    assert_eq!(requests(&scrape(&world), "other"), Some(1.0));
}
