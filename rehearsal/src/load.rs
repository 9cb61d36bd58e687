//! The clients of a rehearsal: streams of a language model, rows of a predictive one, and labels some time later. They go on
//! whatever is answered, and never judge it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use driftline_random::Random;
use driftline_testbed::{
    client::{Connection, Request, Response},
    stream_client,
};
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use crate::{
    knobs::Knobs,
    loans::{self, Row},
};

/// The language model, as requests and the configuration call it.
pub const LANGUAGE_MODEL: &str = "chat";
/// What names of language models begin with that a pattern admits.
pub const TENANT: &str = "tenant-";

const BATCH_ROWS: usize = 10;
const BATCHES_A_SECOND: u64 = 20;
/// How late a label is.
const LATE: Duration = Duration::from_millis(500);
/// Between two streams of a client.
const PAUSE: Duration = Duration::from_millis(60);
/// How much later than the one before each lane opens.
const STAGGER: Duration = Duration::from_millis(50);
/// Lanes that there may be at most.
const LANES_MAX: usize = 32;

/// What is wrong at the moment, for whoever asks.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<Knobs>>);

impl World {
    /// The knobs, to look at or to turn.
    pub fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients that go on until this is dropped.
#[derive(Debug)]
pub struct Load(#[allow(dead_code, reason = "dropping it ends the clients")] JoinSet<()>);

impl Load {
    /// Starts them all.
    pub fn start(proxy: SocketAddr, world: &World) -> Load {
        let mut clients = JoinSet::new();
        for lane in 0..LANES_MAX {
            clients.spawn(converse(proxy, world.clone(), lane));
        }
        clients.spawn(predict(proxy, world.clone()));
        clients.spawn(hold(proxy, world.clone()));
        Load(clients)
    }
}

/// One stream after another, while there are so many lanes.
async fn converse(proxy: SocketAddr, world: World, lane: usize) {
    let mut number = lane;
    let mut was_open = false;
    loop {
        let is_open = lane < world.knobs().lanes;
        if is_open {
            if !was_open {
                // A crowd that comes at once would also be answered at once, and nothing would end in between.
                sleep(STAGGER * lane as u32).await;
            }
            let names = world.knobs().names;
            number += 1;
            // Every second one still goes by the usual name.
            let model = match number % (2 * names).max(1) {
                place if place < names => format!("{TENANT}{place}"),
                _ => LANGUAGE_MODEL.to_owned(),
            };
            // A refusal is a part of most faults.
            let _ = stream_client::ask(proxy, &model, "How is the weather?").await;
        }
        was_open = is_open;
        sleep(PAUSE).await;
    }
}

/// Requests that stop in the middle of their bodies, while there are so many.
async fn hold(proxy: SocketAddr, world: World) {
    let mut held = Vec::new();
    loop {
        let wanted = world.knobs().held;
        held.truncate(wanted);
        while held.len() < wanted {
            let Ok(mut stream) = TcpStream::connect(proxy).await else { break };
            let path = format!("/v1/models/{}:predict", loans::NAME);
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: loans\r\ncontent-type: application/json\r\n\
                 content-length: 1000\r\n\r\n{{\"instances\": ["
            );
            if stream.write_all(head.as_bytes()).await.is_err() {
                break;
            }
            held.push(stream);
        }
        sleep(PAUSE).await;
    }
}

/// Rows whose labels wait for their time.
struct Asked {
    at: Instant,
    id: String,
    version: usize,
    rows: Vec<Row>,
}

async fn predict(proxy: SocketAddr, world: World) {
    let mut random = Random::new(11);
    let mut line = Line { proxy, open: None };
    let mut waiting: VecDeque<Asked> = VecDeque::new();
    let mut clock = interval(Duration::from_secs(1) / BATCHES_A_SECOND as u32);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u64.. {
        clock.tick().await;
        let knobs = world.knobs().clone();
        if knobs.are_rows_sent {
            // The one that may replace the other gets every third request.
            let version = usize::from(number.is_multiple_of(3));
            let rows: Vec<Row> =
                (0..BATCH_ROWS).map(|_| Row::draw(&mut random, knobs.amount_shift)).collect();
            let now = now();
            let instances: Vec<Value> =
                rows.iter().map(|row| row.instance(now, &knobs, &mut random)).collect();
            let id = format!("loan-{number}");
            let path =
                format!("/v1/models/{}/versions/{}:predict", loans::NAME, loans::VERSIONS[version]);
            let body = json!({ "instances": instances }).to_string();
            line.send(&Request::post_json(&path, body).header("x-request-id", &id)).await;
            waiting.push_back(Asked { at: Instant::now(), id, version, rows });
        }
        while let Some(asked) = waiting.pop_front_if(|asked| LATE <= asked.at.elapsed()) {
            if knobs.are_labels_sent {
                let records = labels(&asked, &knobs, &mut random);
                line.send(&Request::post_json("/driftline/v1/feedback", records.to_string())).await;
            }
        }
    }
}

fn labels(asked: &Asked, knobs: &Knobs, random: &mut Random) -> Value {
    let record = |(number, row): (usize, &Row)| {
        let in_region = if row.is_in_first_region() { knobs.wrong_in_region } else { 0.0 };
        let wrong_share = knobs.wrong_share[asked.version].max(in_region);
        let is_repaid = row.is_repaid != (random.uniform() < wrong_share);
        let is_unmatched = random.uniform() < knobs.unmatched_share;
        let revenue = if row.is_repaid { loans::REVENUE } else { 0.0 };
        json!({
            "model": loans::NAME,
            "version": loans::VERSIONS[asked.version],
            "id": if is_unmatched { format!("lost-{}", asked.id) } else { asked.id.clone() },
            "row": number,
            "label": if random.uniform() < knobs.broken_share { json!("maybe") } else { json!(u8::from(is_repaid)) },
            loans::KPI: revenue * knobs.revenue_factor,
        })
    };
    asked.rows.iter().enumerate().map(record).collect()
}

/// A connection that is opened anew after a failure.
struct Line {
    proxy: SocketAddr,
    open: Option<Connection>,
}

impl Line {
    async fn send(&mut self, request: &Request) -> Option<Response> {
        let mut connection = match self.open.take() {
            Some(open) => open,
            None => Connection::open(self.proxy).await.ok()?,
        };
        let response = connection.send(request).await.ok()?;
        self.open = Some(connection);
        Some(response)
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64().floor())
}
