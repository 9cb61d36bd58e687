//! The clients that the vendors of models ship, in Python, against scripted servers: straight, through the embedded
//! proxy, and through Envoy. Nothing is said here of how a client reads an answer; it only has to read the same.

use std::{collections::BTreeMap, fmt::Write, net::SocketAddr, time::Duration};

use driftline_testbed::{machine, scrape::Scrape};
use tokio::runtime::Runtime;

use self::{
    python::{Answer, Python},
    served::{Exchange, Pace, SPOKEN, Spoken, config, exchanges, serve},
};
use crate::{
    expectation::PREFIX,
    stage::{Host, Network, alone, among_others, settings},
    timing::{median, one_more, sums},
};

mod inference;
mod python;
mod served;

/// Every dialect that streams text has a case of this name.
const TIMED_CASE: &str = "/a_plain_stream";

/// Asks the same of each address.
async fn ask(python: &mut Python, exchange: &Exchange, addresses: &[SocketAddr]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for &address in addresses {
        let answer = python.ask(&exchange.question(address)).await;
        let name = &exchange.case.name;
        answers.push(answer.unwrap_or_else(|error| panic!("{name}: {error:#}")));
    }
    answers
}

/// What is not the same straight and through a proxy, or not what the server sent; empty if nothing is.
fn differences(exchange: &Exchange, straight: &Answer, through: &Answer, name: &str) -> String {
    let mut found = String::new();
    let mut compare = |what: &str, left: &str, right: &str| {
        if left != right {
            let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right);
            let from = same.count().saturating_sub(40);
            let case = &exchange.case.name;
            let [left, right] = [left, right].map(|text| text.get(from..).unwrap_or(text));
            let _ =
                write!(found, "\n{case}: {what}, from byte {from}\n- {left}\n+ {right} ({name})");
        }
    };
    compare("status", &format!("{:?}", straight.status), &format!("{:?}", through.status));
    compare("objects", &format!("{:?}", straight.objects), &format!("{:?}", through.objects));
    compare("error", &format!("{:?}", straight.error), &format!("{:?}", through.error));
    compare("text", &straight.text, &through.text);
    let sent = hex(&exchange.case.response.body);
    compare("bytes that the server sent", &sent, &straight.body);
    compare("bytes that the server sent", &sent, &through.body);
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_vendors_clients_see_what_they_see_without_the_filter() {
    let _among_others = among_others();
    let runtime = Runtime::new().unwrap();
    let exchanges = exchanges();
    for Spoken { dialect, exchanges_min: least, .. } in &SPOKEN {
        let found = exchanges.iter().filter(|exchange| exchange.dialect() == *dialect).count();
        eprintln!("{dialect}: {found} exchanges");
        assert!(*least <= found, "{dialect}: {found} exchanges, expected {least} or more");
    }
    let server = runtime.block_on(serve(&exchanges, None)).unwrap();
    let network = Network::start(settings(&config(&exchanges)).upstream(server.address()));
    let hosts = [&network.envoy, &network.embedded];
    let addresses = [server.address(), network.envoy.listen(), network.embedded.listen()];
    network.block_on(async {
        let mut before = Vec::new();
        for host in hosts {
            before.push(host.scrape().await.unwrap());
        }
        let mut python = Python::start().unwrap();
        let mut found = String::new();
        for exchange in &exchanges {
            let answers = ask(&mut python, exchange, &addresses).await;
            let [straight, through @ ..] = &answers[..] else { unreachable!("three were asked") };
            for (answer, host) in through.iter().zip(hosts) {
                found += &differences(exchange, straight, answer, host.name());
            }
        }
        for (host, before) in hosts.into_iter().zip(before) {
            let changed = host.settled(&before, exchanges.len() as u64).await.unwrap();
            found += &miscounts(host, &changed.difference(&before), &exchanges);
        }
        assert!(found.is_empty(), "{found}");
    });
}

/// What was counted otherwise than the corpus says, or more than once; empty if nothing was.
fn miscounts(host: &Host, changed: &Scrape, exchanges: &[Exchange]) -> String {
    let mut requests: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    let mut tokens: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for Exchange { case, .. } in exchanges {
        let expected = &case.expected;
        *requests.entry((&expected.model, &expected.outcome)).or_default() += 1.0;
        let [input, output] = tokens.entry(&expected.model).or_default();
        *input += expected.input_tokens as f64;
        *output += expected.output_tokens as f64;
    }
    let mut found = String::new();
    let mut compare = |metric: &str, labels: &[(&str, &str)], expected: f64| {
        let counted = changed.value(&format!("{PREFIX}{metric}"), labels).unwrap_or(0.0);
        if counted != expected {
            let host = host.name();
            let _ = write!(found, "\n{host}: {metric} {labels:?} {counted}, expected {expected}");
        }
    };
    for ((model, outcome), expected) in requests {
        compare("requests_total", &[("model", model), ("outcome", outcome)], expected);
    }
    for (model, [input, output]) in tokens {
        compare("input_tokens_total", &[("model", model)], input);
        compare("output_tokens_total", &[("model", model)], output);
    }
    compare("requests_total", &[], exchanges.len() as f64);
    found
}

/// Streams of a round, those of every dialect in turn.
const STREAMS: usize = 36;
/// A busy machine makes a client late and never early, so the best round tells most.
const ROUNDS_MAX: usize = 3;
const PACE: Pace = Pace { first_token: Duration::from_millis(40), other: Duration::from_millis(4) };
const TOLERANCE_MS: f64 = 2.0;
const MACHINE_TOLERANCE: Duration = Duration::from_millis(1);

/// By how many milliseconds a client is later than the filter in each stream of a round: from the request that leaves
/// the client to the first object with text that it gives its user.
///
/// What a client does before it sends anything, such as to check its arguments, no proxy can see.
async fn deviations_ms(python: &mut Python, host: &Host, timed: &[Exchange]) -> Vec<f64> {
    let mut deviations = Vec::new();
    let mut before = sums(host).await;
    for exchange in timed.iter().cycle().take(STREAMS) {
        let answer = ask(python, exchange, &[host.listen()]).await.remove(0);
        let after = one_more(host, before).await;
        let (Some(sent_us), Some(first_us)) = (answer.sent_us, answer.first_text_us) else {
            panic!("{}: {}: no text in {answer:?}", host.name(), exchange.case.name);
        };
        deviations.push(((first_us - sent_us) as f64 - (after.ttft - before.ttft)) / 1e3);
        before = after;
    }
    deviations
}

#[test]
fn what_a_vendors_client_times_is_what_the_filter_measures() {
    let _alone = alone();
    let Some(machine) = machine::watch(MACHINE_TOLERANCE) else { return };
    let runtime = Runtime::new().unwrap();
    let timed: Vec<Exchange> = exchanges()
        .into_iter()
        .filter(|exchange| exchange.case.name.ends_with(TIMED_CASE))
        .collect();
    assert_eq!(timed.len(), SPOKEN.iter().filter(|it| it.streams_text).count());
    let server = runtime.block_on(serve(&timed, Some(PACE))).unwrap();
    let network = Network::start(settings(&config(&timed)).upstream(server.address()));
    network.block_on(async {
        let mut python = Python::start().unwrap();
        // The first answer takes a client longer than all others, because much is loaded on the way.
        for exchange in &timed {
            ask(&mut python, exchange, &[server.address()]).await;
        }
        for host in [&network.envoy, &network.embedded] {
            let mut medians = Vec::new();
            for _ in 0..ROUNDS_MAX {
                let mut deviations = deviations_ms(&mut python, host, &timed).await;
                deviations.sort_by(f64::total_cmp);
                let (name, median) = (host.name(), median(deviations.iter().copied()));
                let (least, most) = (deviations[0], deviations[STREAMS - 1]);
                eprintln!("{name}: later by {median:.2} ms in the median, {least:.2} to {most:.2}");
                medians.push(median);
                if median.abs() <= TOLERANCE_MS {
                    break;
                }
            }
            if !machine.kept_time() {
                return;
            }
            let is_within = medians.last().is_some_and(|median| median.abs() <= TOLERANCE_MS);
            assert!(is_within, "{}: medians of {medians:?} ms", host.name());
        }
    });
}
