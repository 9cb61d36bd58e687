//! Chaos on a real Envoy: many clients at once, over every protocol, of which most do something wrong, while the
//! configuration changes every second. It never judges how long anything takes.
//!
//! What must hold at its end: no VM is lost, nothing is in flight, and every request that a client got through to the
//! proxy is counted in exactly one place, which [`record`] compares with what the clients know.

mod client;
mod crowd;
mod dice;
mod encoding;
mod exchange;
mod full;
mod kinds;
mod proxy;
mod record;
mod server;
mod updates;

pub(crate) use self::encoding::gzip;

use std::{
    env,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use driftline_testbed::{by_hand::Protocol, envoy::Envoy, scrape::Scrape};
use tokio::{runtime::Runtime, task::JoinSet};

use self::{
    crowd::{CLOSED, CUT, Crowd},
    dice::Dice,
    exchange::Over,
    kinds::{all, held},
    record::Record,
    server::{Board, Server},
    updates::{Updates, update},
};
use crate::stage::among_others;

/// For another mix, set `DRIFTLINE_CHAOS_SEED`; a failure says which one it was.
const SEED: u64 = 0x00c0_ffee;
/// `DRIFTLINE_CHAOS_SECONDS` lets it last longer.
const LASTS_SECONDS: u64 = 40;
/// What an exchange may take after all are released, on a busy machine.
const SLACK: Duration = Duration::from_secs(20);
/// Clients of each protocol.
const CLIENTS: [(Over, usize); 3] = [(Over::Http1, 16), (Over::Http2, 4), (Over::Grpc, 1)];
/// Clients that hold what they ask, of each kind and protocol.
const HELD: usize = 4;
/// What Envoy lets an old listener go on for: longer than any exchange takes but those that are held.
const DRAIN_SECONDS: u32 = 15;
/// What has to be among the read problems, or the bodies were not as they should be.
const READ_PROBLEMS: [&str; 2] = ["decoded_too_dense", "encoding_malformed"];

/// All that is known at the end.
struct End {
    page: Scrape,
    by_envoy: u64,
    record: Record,
    updates: Updates,
    lost_vms: Vec<String>,
}

/// Starts all clients; those that hold their exchanges begin first.
fn start(crowd: &Crowd, dice: &mut Dice) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for over in [Over::Http1, Over::Http2] {
        for kind in held() {
            for _ in 0..HELD {
                clients.spawn(crowd.clone().hold(kind, over, Dice::new(dice.next())));
            }
        }
    }
    for (over, count) in CLIENTS {
        for _ in 0..count {
            clients.spawn(crowd.clone().client(over, Dice::new(dice.next())));
        }
    }
    clients
}

async fn chaos(seed: u64, lasts: Duration) -> End {
    let board = Board::new();
    let plain = Server::start(Protocol::Http1, &board).await.unwrap();
    let framed = Server::start(Protocol::Http2, &board).await.unwrap();
    let config = updates::config(0).to_string();
    let mut options = proxy::options(&config, plain.address, framed.address).unwrap();
    options.drain_seconds = Some(DRAIN_SECONDS);
    let mut envoy = Envoy::start(options).await.unwrap();
    let crowd = Crowd {
        proxy: envoy.listen(),
        board: Arc::clone(&board),
        record: Arc::default(),
        until: Instant::now() + lasts,
        limit: lasts + SLACK,
    };
    let mut dice = Dice::new(seed);
    let mut clients = start(&crowd, &mut dice);
    let updates = update(&mut envoy, crowd.until).await;
    board.release();
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    // It still serves, and measures.
    crowd.every_kind_once(&mut dice).await;
    let record = std::mem::take(&mut *crowd.record.lock().unwrap_or_else(PoisonError::into_inner));
    let page = proxy::settled(envoy.admin(), record.requests()).await.unwrap();
    let by_envoy = proxy::requests(&envoy).await.unwrap();
    let lost_vms = proxy::lost_vms(&envoy).await.unwrap();
    End { page, by_envoy, record, updates, lost_vms }
}

/// A number that the environment may set.
fn asked(name: &str, default: u64) -> u64 {
    match env::var(format!("DRIFTLINE_CHAOS_{name}")) {
        Ok(number) => number.parse().expect("a number"),
        Err(_) => default,
    }
}

/// What did not happen though it should have.
fn missing(end: &End) -> Vec<String> {
    let kinds = all().into_iter().chain(held()).map(|kind| kind.name).chain([CLOSED, CUT]);
    let kinds = kinds.filter(|kind| !end.record.kinds.contains_key(kind)).map(str::to_owned);
    let label = |name: &str, label: &str, value: &str| {
        let found = proxy::sum(&end.page, name, &[(label, value)]);
        (found == 0).then(|| format!("{name} {value}"))
    };
    let outcomes = record::OUTCOMES.iter().filter_map(|it| label("requests_total", "outcome", it));
    let reasons =
        record::REASONS.iter().filter_map(|it| label("unmeasured_streams_total", "reason", it));
    let problems = READ_PROBLEMS.iter().filter_map(|it| label("read_problems_total", "reason", it));
    let least = LASTS_SECONDS as usize / 4;
    let updates = [("accepted", end.updates.accepted), ("refused", end.updates.refused)]
        .into_iter()
        .filter(|(_, count)| *count < least)
        .map(|(which, count)| format!("{least} {which} updates, there were {count}"));
    let all = kinds.chain(outcomes).chain(reasons).chain(problems).chain(updates);
    all.map(|what| format!("there was no {what}")).collect()
}

#[test]
fn whatever_happens_each_request_is_counted_once_and_no_vm_is_lost() {
    let _among_others = among_others();
    let (seed, lasts) = (asked("SEED", SEED), asked("SECONDS", LASTS_SECONDS));
    let end = Runtime::new().unwrap().block_on(chaos(seed, Duration::from_secs(lasts)));
    println!("{:?}, {} requests: {:#?}", end.updates, end.record.requests(), end.record.kinds);
    let mut wrong = end.record.differences(&end.page, end.by_envoy);
    wrong.extend(missing(&end));
    wrong.extend_from_slice(&end.lost_vms);
    assert!(wrong.is_empty(), "with the seed {seed}:\n{}", wrong.join("\n"));
}
