//! VMs at the end of their memory, on a real Envoy: tens of thousands of streams held, thousands of compressed bodies in
//! flight, and a large configuration that changes every second. It never judges how long anything takes.
//!
//! A stream that finds no room may pass unmeasured, and a configuration that does not fit may be refused. What must hold is
//! that no VM is lost, that nothing is in flight in the end, and that every stream is in one outcome or in one reason.

use std::{
    env,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use driftline_support::uniform_profile;
use driftline_testbed::{
    by_hand::{Client as Line, Protocol},
    envoy::{Envoy, Update},
};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::Mutex, task::JoinSet};

use super::{
    crowd::Crowd,
    dice::Dice,
    exchange::{Act, Client, Exchange, Over},
    kinds::Kind,
    proxy,
    server::{Board, Server},
};
use crate::{
    phrases::{CHAT, DONE, ROLE, STOP, token, usage},
    stage::among_others,
};

/// Streams over one connection.
const PER_CONNECTION: usize = 1_000;
/// Streams that are asked for when all is over, to see that it still serves.
const AFTERWARDS: usize = 200;
/// Streams that come and go with each configuration.
const PASSING: usize = 20;
const UPDATE_EVERY: Duration = Duration::from_secs(1);
/// What all streams may take to end, once they may.
const SLACK: Duration = Duration::from_secs(240);
const BINS: usize = 20;
const MODEL: &str = "demo-llm";
const GZIP: &[u8] = include_bytes!("../../data/encoded/stream.gzip");

/// How much of everything. Each number can be set by an environment variable.
#[derive(Clone, Copy, Debug)]
struct Load {
    /// `DRIFTLINE_FULL_STREAMS`: held before their answers or within, half of them each.
    streams: usize,
    /// `DRIFTLINE_FULL_GZIP`: answers in gzip, held within.
    gzip: usize,
    /// `DRIFTLINE_FULL_SECONDS`: how long the configuration changes.
    seconds: usize,
    /// `DRIFTLINE_FULL_FEATURES`: of each of two profiles.
    features: usize,
}

impl Load {
    /// What is asked for by the environment, or else this.
    fn or_as_asked(self) -> Load {
        let number = |name: &str, default| match env::var(format!("DRIFTLINE_FULL_{name}")) {
            Ok(number) => number
                .parse()
                .unwrap_or_else(|_| panic!("{name}: found {number:?}, expected a number")),
            Err(_) => default,
        };
        Load {
            streams: number("STREAMS", self.streams),
            gzip: number("GZIP", self.gzip),
            seconds: number("SECONDS", self.seconds),
            features: number("FEATURES", self.features),
        }
    }

    /// All that is held, those in gzip among the others.
    fn held(self) -> Vec<&'static Kind> {
        let all = self.streams + self.gzip;
        let in_gzip = |number: usize| number * self.gzip / all;
        let kind = |number| match in_gzip(number + 1) - in_gzip(number) {
            0 => TURNS[number % TURNS.len()],
            _ => &IN_GZIP,
        };
        (0..all).map(kind).collect()
    }

    /// A configuration with two profiles; each number gives another one, with the same series.
    fn config(self, number: usize) -> String {
        let profile = |name: &str| {
            let mut profile = uniform_profile::profile(self.features, BINS);
            profile["model"] = json!(name);
            json!({"name": name, "profile": profile})
        };
        let models: Vec<Value> = vec![json!({"name": MODEL}), profile("one"), profile("two")];
        json!({"models": models, "tick_milliseconds": 1000, "event_bytes_max": 1024 + number})
            .to_string()
    }
}

const BEFORE: Kind = Kind { name: "held before the answer", over: &[Over::Http2], make: before };
const WITHIN: Kind = Kind { name: "held in the answer", over: &[Over::Http2], make: within };
const LEFT: Kind = Kind { name: "held until the client leaves", over: &[Over::Http2], make: left };
const IN_GZIP: Kind = Kind { name: "held in gzip", over: &[Over::Http2], make: in_gzip };
const SHORT: Kind = Kind { name: "not held", over: &[Over::Http2], make: short };
/// In which turns streams are asked for.
const TURNS: [&Kind; 6] = [&BEFORE, &WITHIN, &BEFORE, &WITHIN, &BEFORE, &LEFT];

fn ask(acts: Vec<Act>) -> Exchange {
    let body = format!(r#"{{"model":"{MODEL}","messages":[],"stream":true}}"#);
    Exchange::post(CHAT, body).header("x-route", "framed").server(acts).counts(MODEL, &["complete"])
}

fn head(encoding: Option<&str>) -> Act {
    let mut headers = vec![("content-type", "text/event-stream".to_owned())];
    headers.extend(encoding.map(|encoding| ("content-encoding", encoding.to_owned())));
    Act::Head(200, headers)
}

fn begins() -> Act {
    Act::Sends([ROLE.to_owned(), token("a word")].concat().into())
}

fn ends() -> Act {
    Act::Sends([token("another"), STOP.to_owned(), usage(4, 2), DONE.to_owned()].concat().into())
}

fn before(_: &mut Dice) -> Exchange {
    ask(vec![Act::WaitsForRelease, head(None), begins(), ends(), Act::Finishes])
}

fn within(_: &mut Dice) -> Exchange {
    ask(vec![head(None), begins(), Act::WaitsForRelease, ends(), Act::Finishes])
}

fn short(_: &mut Dice) -> Exchange {
    ask(vec![head(None), begins(), ends(), Act::Finishes])
}

fn left(_: &mut Dice) -> Exchange {
    let last = Act::Sends(token("another").into());
    let exchange = ask(vec![head(None), begins(), Act::WaitsForRelease, last, Act::Holds]);
    let bytes = exchange.answer().len();
    exchange.client(Client::LeavesInAnswer(bytes)).counts(MODEL, &["client_cancel"])
}

fn in_gzip(_: &mut Dice) -> Exchange {
    let (first, rest) = GZIP.split_at(GZIP.len() / 2);
    let (first, rest) = (Act::Sends(first.to_vec()), Act::Sends(rest.to_vec()));
    ask(vec![head(Some("gzip")), first, Act::WaitsForRelease, rest, Act::Finishes])
}

/// A connection that many streams share, and the next one once the proxy closes it.
struct Shared {
    crowd: Crowd,
    /// And how many there were before.
    root: Mutex<(usize, Option<Line>)>,
}

impl Shared {
    /// One exchange, over this connection or the next.
    async fn one(&self, kind: &'static Kind) {
        let mut stale = 0;
        loop {
            let Some((line, number)) = self.line(stale).await else { return };
            let end = self.crowd.one(kind, Over::Http2, line, &mut Dice::new(0)).await;
            if end.sent {
                end.line.into_iter().for_each(Line::leave);
                return;
            }
            stale = number;
        }
    }

    /// A line that is not of a connection up to that number.
    async fn line(&self, stale: usize) -> Option<(Line, usize)> {
        let mut root = self.root.lock().await;
        if root.1.is_none() || root.0 <= stale {
            *root = (stale + 1, self.crowd.connect(Protocol::Http2).await);
        }
        let line = root.1.as_ref()?.beside().expect("HTTP/2 has many exchanges at once");
        Some((line, root.0))
    }
}

/// What happened, as it is printed.
#[derive(Debug, Default)]
struct Updates {
    accepted: usize,
    refused: usize,
    /// Neither, in time.
    failed: Vec<String>,
    /// When the first VM was lost, and how.
    first_loss: Option<String>,
    /// The most streams that the model server had at once.
    held_max: usize,
    /// Of Envoy, in MiB.
    memory_max: usize,
}

/// Changes the configuration each second until a moment. Half of what is held is there at once, and the rest comes in the
/// first half of the time, so that every configuration has some of it; and some streams come and go.
async fn update(
    envoy: &mut Envoy,
    load: Load,
    crowd: &Crowd,
    streams: &mut JoinSet<()>,
) -> Updates {
    let mut updates = Updates::default();
    let (begun, mut next, mut number) = (Instant::now(), Instant::now(), 0);
    let (kinds, half) = (load.held(), load.seconds as f64 / 2.0);
    let mut opened = 0;
    while Instant::now() < crowd.until {
        next += UPDATE_EVERY;
        number += 1;
        let share = 0.5 + 0.5 * (begun.elapsed().as_secs_f64() / half).min(1.0);
        let until = (kinds.len() as f64 * share) as usize;
        open(crowd, &kinds[opened..until], streams);
        opened = until;
        open(crowd, &[&SHORT; PASSING], streams);
        match envoy.update_filter_config(&load.config(number)).await {
            Ok(Update::Accepted) => updates.accepted += 1,
            Ok(Update::Refused(_)) => updates.refused += 1,
            Err(error) => updates.failed.push(format!("{error:#}")),
        }
        let held = crowd.board.held();
        updates.held_max = updates.held_max.max(held);
        updates.memory_max = updates.memory_max.max(resident_mebibytes(envoy.process_id()));
        if updates.first_loss.is_none()
            && let Ok(lost) = proxy::lost_vms(envoy).await
            && let Some(lost) = lost.first()
        {
            let seconds = begun.elapsed().as_secs();
            let when =
                format!("after {seconds} s, {number} updates and with {held} streams: {lost}");
            updates.first_loss = Some(when);
        }
        tokio::time::sleep_until(next.into()).await;
    }
    updates
}

fn resident_mebibytes(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kibibytes.unwrap_or(0) / 1024
}

/// Asks for streams of these kinds, many over each connection.
fn open(crowd: &Crowd, kinds: &[&'static Kind], streams: &mut JoinSet<()>) {
    for kinds in kinds.chunks(PER_CONNECTION) {
        let shared = Arc::new(Shared { crowd: crowd.clone(), root: Mutex::new((0, None)) });
        for &kind in kinds {
            let shared = Arc::clone(&shared);
            streams.spawn(async move { shared.one(kind).await });
        }
    }
}

async fn fill(load: Load) -> (Updates, Vec<String>) {
    let board = Board::new();
    let framed = Server::start(Protocol::Http2, &board).await.unwrap();
    let options = proxy::options(&load.config(0), framed.address, framed.address).unwrap();
    let mut envoy = Envoy::start(options).await.unwrap();
    let lasts = Duration::from_secs(load.seconds as u64);
    let crowd = Crowd {
        proxy: envoy.listen(),
        board: Arc::clone(&board),
        record: Arc::default(),
        until: Instant::now() + lasts,
        limit: lasts + SLACK,
    };
    let mut streams = JoinSet::new();
    let updates = update(&mut envoy, load, &crowd, &mut streams).await;
    board.release();
    // Whatever has room again is measured again.
    open(&crowd, &[&SHORT; AFTERWARDS], &mut streams);
    while let Some(stream) = streams.join_next().await {
        stream.unwrap();
    }
    let mut record =
        std::mem::take(&mut *crowd.record.lock().unwrap_or_else(PoisonError::into_inner));
    record.may_lack_room = true;
    let page = proxy::settled(envoy.admin(), record.requests()).await.unwrap();
    let by_envoy = proxy::requests(&envoy).await.unwrap();
    println!("{:?}; {:?}", record.kinds, proxy::by_outcome(&page));
    let mut wrong = record.differences(&page, by_envoy);
    wrong.extend(proxy::lost_vms(&envoy).await.unwrap());
    (updates, wrong)
}

#[track_caller]
fn check(load: Load) {
    let (updates, mut wrong) = Runtime::new().unwrap().block_on(fill(load));
    println!("{load:?}: {updates:?}");
    let (held, all) = (updates.held_max, load.streams + load.gzip);
    if held < all {
        wrong.push(format!("{held} streams were held at once, expected {all}"));
    }
    if updates.accepted == 0 {
        wrong.push("no configuration is accepted".to_owned());
    }
    wrong.extend(updates.failed);
    wrong.extend(updates.first_loss);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_held_while_the_configuration_changes_is_counted_once() {
    let _among_others = among_others();
    check(Load { streams: 1_000, gzip: 100, seconds: 6, features: 10 });
}

#[test]
#[ignore = "takes three minutes, 4 GB and both processors: see CONTRIBUTING.md"]
fn vms_at_the_end_of_their_memory_count_every_stream_and_are_not_lost() {
    let load = Load { streams: 60_000, gzip: 2_000, seconds: 120, features: 250 };
    check(load.or_as_asked());
}
