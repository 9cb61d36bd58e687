//! Envoy and the embedded proxy show the same after the same traffic: every series, every number, every type.
//! (Every story compares the two as well, see [`crate::stage::tell`]; here it is the whole page.)

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use driftline_testbed::{
    machine, pieces,
    scrape::{Scrape, Series},
};

use crate::{
    expectation::PREFIX,
    phrases::{CONFIG, DONE, chat, completion, healthy, predict, thought, token, usage},
    script::Script,
    stage::{Network, among_others, compare, settings},
};

const EVALUATION_LIMIT: Duration = Duration::from_secs(15);

const TRIES: usize = 5;

/// Something of everything.
fn traffic() -> Vec<Script> {
    vec![
        healthy(),
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(thought("Hm"))
            .at_ms(120)
            .sends(token("No"))
            .sends(usage(3, 2))
            .sends(DONE)
            .finishes(),
        chat("unlisted").answers(200, completion("Yes", 2, 1)),
        predict(r#"{"instances": [[-3, 0.5], [25, 2], [null, 1], [5]]}"#)
            .answers(200, r#"{"predictions": [0, 1, 1, 5]}"#),
        chat("demo-llm").starts_streaming().at_ms(60).sends(token("a")).at_ms(120).resets(),
        chat("demo-llm")
            .starts_streaming()
            .at_ms(60)
            .sends(token("a"))
            .client_leaves_after(1, "content")
            .at_ms(400)
            .sends(DONE)
            .finishes(),
        chat("demo-llm").at_ms(30).answers(429, r#"{"error": {"message": "slow down"}}"#),
        Script::refused(b"GET / HTTP/1.1\r\n\r\n"),
        Script::post("/metrics", "x").answers(200, "{}"),
    ]
}

#[test]
fn two_workers_on_either_host_show_the_same_page_and_promtool_can_read_it() {
    let _among_others = among_others();
    let config = CONFIG.replace("60000", "500");
    let Some(network) = after_traffic(&config) else { return };
    let [envoy, embedded] = [&network.envoy, &network.embedded].map(|host| {
        let text = network.block_on(async {
            let started = Instant::now();
            loop {
                let text = host.scrape_text().await.unwrap();
                if is_evaluated(&Scrape::parse(&text).unwrap()) {
                    return text;
                }
                assert!(started.elapsed() < EVALUATION_LIMIT, "{}: no evaluation", host.name());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        check_with_promtool(host.name(), &text);
        text
    });
    let [envoy_scrape, embedded_scrape] =
        [&envoy, &embedded].map(|text| Scrape::parse(text).unwrap().only_prefix(PREFIX));
    assert_eq!(
        names(&envoy_scrape).symmetric_difference(&names(&embedded_scrape)).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "series that only one of the two has"
    );
    assert_eq!(types(&envoy), types(&embedded));
    // Each host measures it when a step of the windows has ended, and when another of its VMs begins to evaluate.
    let both_have = |window: &str| {
        let rows = |scrape: &Scrape| {
            let rows = [("feature", "temperature"), ("window", window)];
            scrape.value(&format!("{PREFIX}feature_window_rows"), &rows)
        };
        rows(&envoy_scrape) == rows(&embedded_scrape)
    };
    assert!(both_have("fast"));
    let compares_slow = both_have("slow");
    let is_slow = |series: &Series| series.labels.get("window").is_some_and(|it| it == "slow");
    let timeless = |scrape: Scrape| {
        scrape.without(|series| follows_a_clock(series) || (!compares_slow && is_slow(series)))
    };
    let difference =
        timeless(envoy_scrape).compare("Envoy", &timeless(embedded_scrape), "the embedded proxy");
    assert_eq!(difference, "");
    let whole_page = network.envoy_whole_page();
    check_with_promtool("Envoy's whole page", &whole_page);
}

/// Two hosts that have seen the traffic, at its pace: pieces that come at once are one, which would show. `None` if this
/// machine could not keep it, which is then said.
fn after_traffic(config: &str) -> Option<Network> {
    for _ in 0..TRIES {
        let network = Network::start(settings(config).workers(2));
        let kept_pace = traffic().iter().all(|script| {
            let pair = network.play_once(script);
            let kept_pace = pair.iter().all(|seen| seen.kept_pace);
            assert!(!kept_pace || compare(&pair).is_empty(), "{script:?}:\n{}", compare(&pair));
            kept_pace
        });
        if kept_pace {
            return Some(network);
        }
    }
    machine::skip(format_args!(
        "this machine did not keep the pace of the traffic in {TRIES} tries"
    ));
    None
}

/// Whether the window has all rows of the traffic.
fn is_evaluated(scrape: &Scrape) -> bool {
    let rows = |feature: &str| {
        scrape.value(
            &format!("{PREFIX}feature_window_rows"),
            &[("feature", feature), ("window", "fast")],
        )
    };
    // One null, and one row without a dew point.
    ["temperature", "dew point", "prediction"].map(rows) == [Some(3.0), Some(3.0), Some(4.0)]
}

/// Times are real, and each host ticks for itself.
fn follows_a_clock(series: &Series) -> bool {
    [
        "_bucket",
        "_sum",
        "_microseconds_total",
        "_square_milliseconds_total",
        "_evaluations_total",
        "_vm_memory_bytes",
    ]
    .iter()
    .any(|end| series.name.ends_with(end))
}

fn names(scrape: &Scrape) -> BTreeSet<String> {
    scrape.samples().map(|(series, _)| series.to_string()).collect()
}

fn types(text: &str) -> BTreeSet<&str> {
    text.lines().filter(|line| line.starts_with(&format!("# TYPE {PREFIX}"))).collect()
}

/// `promtool check metrics` must read the page, and find nothing in ours but what a proxy cannot do otherwise.
#[track_caller]
fn check_with_promtool(case: &str, text: &str) {
    let promtool = pieces::promtool().unwrap_or_else(|error| panic!("{error:#}"));
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // 3 is what it ends with when it could read all and has remarks.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{case}: {}\n{said}", output.status);
    let remarks: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with(PREFIX))
        .filter(|line| {
            !line.ends_with("no help text")
                && !line.ends_with("use base unit \"seconds\" instead of \"microseconds\"")
        })
        .collect();
    assert!(remarks.is_empty(), "{case}:\n{}", remarks.join("\n"));
}
