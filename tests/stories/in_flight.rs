//! How many requests run right now: up when one is known, down when it is over, whatever its end.

use std::time::{Duration, Instant};

use driftline_testbed::{
    client::{End, Request},
    scrape::Scrape,
    upstream::{Framing, Gate, Script as UpstreamScript},
};

use crate::{
    expectation::{PREFIX, Seen, problems},
    phrases::{CHAT, CONFIG, DONE, STOP, token, usage},
    stage::{Host, Network, among_others, scrape, settings, world},
};

const WAIT_LIMIT: Duration = Duration::from_secs(10);

fn in_flight(page: &Scrape, model: &str) -> f64 {
    page.value(&format!("{PREFIX}requests_in_flight"), &[("model", model)]).unwrap()
}

#[test]
fn a_request_is_in_flight_from_its_name_to_its_end() {
    let world = world(CONFIG);
    let mut streams = Vec::new();
    for count in 1..=3 {
        let mut stream = world.stream(0).unwrap();
        stream.request_headers(&[(":path", CHAT), (":method", "POST")], false).unwrap();
        assert_eq!(in_flight(&scrape(&world), "demo-llm"), f64::from(count - 1), "not named yet");
        stream.request_body("{\"model\":\"demo-llm\"", false).unwrap();
        assert_eq!(in_flight(&scrape(&world), "demo-llm"), f64::from(count));
        streams.push(stream);
    }
    for count in (0..3).rev() {
        // Dropped, it ends as if the client had hung up.
        streams.pop();
        assert_eq!(in_flight(&scrape(&world), "demo-llm"), f64::from(count));
    }
    assert_eq!(in_flight(&scrape(&world), "other"), 0.0);
}

#[test]
fn twenty_thousand_streams_fit_into_one_worker() {
    const STREAMS: u32 = 20_000;
    let world = world(CONFIG);
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let mut stream = world.stream(0).unwrap();
        stream.request_headers(&[(":path", CHAT), (":method", "POST")], false).unwrap();
        stream.request_body("{\"model\":\"demo-llm\"}", true).unwrap();
        stream
            .response_headers(&[(":status", "200"), ("content-type", "text/event-stream")], false)
            .unwrap();
        stream.response_body(token("a"), false).unwrap();
        streams.push(stream);
    }
    assert_eq!(in_flight(&scrape(&world), "demo-llm"), f64::from(STREAMS));
    drop(streams);
    assert_eq!(in_flight(&scrape(&world), "demo-llm"), 0.0);
}

/// The model server holds a stream back until it was seen in flight, however long that takes.
#[test]
fn both_hosts_show_a_stream_while_it_runs() {
    let _among_others = among_others();
    let network = Network::start(settings(CONFIG));
    for host in [&network.envoy, &network.embedded] {
        let changed = network.block_on(tell_held(host));
        let seen = Seen { stage: host.name(), changed, is_real_time: true, kept_pace: true };
        // It is gone afterwards, as after every story.
        let expected = [
            "requests_total{model=demo-llm,outcome=complete} 1",
            "answers_finished_total{model=demo-llm,reason=stop} 1",
        ];
        let wrong = problems(&seen, &expected);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// Tells the stream, and gives what it changed.
async fn tell_held(host: &Host) -> Scrape {
    let before = host.scrape().await.unwrap();
    let gate = Gate::default();
    let head = [("content-type", "text/event-stream")];
    let begun = UpstreamScript::new().head(200, &head, Framing::Chunked).write(token("a"));
    let rest = [token("b"), STOP.to_owned(), usage(4, 2), DONE.to_owned()].concat();
    host.upstream().push(begun.wait(&gate).write(rest).finish());
    let asked = Request::post_json(CHAT, r#"{"model":"demo-llm","stream":true}"#);
    let seen = async {
        wait_for_one(host).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(asked.send(host.listen()), seen);
    assert_eq!(answer.unwrap().end, End::Complete, "{}", host.name());
    host.settled(&before, 1).await.unwrap().difference(&before)
}

async fn wait_for_one(host: &Host) {
    let started = Instant::now();
    while in_flight(&host.scrape().await.unwrap(), "demo-llm") != 1.0 {
        assert!(started.elapsed() < WAIT_LIMIT, "{}: never in flight", host.name());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
