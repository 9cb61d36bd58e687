//! The model servers of the chaos, and what they tell the clients of each exchange. They never answer what no client
//! has announced.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use anyhow::Result;
use driftline_testbed::by_hand::{Protocol, Served, Upstream};
use tokio::{sync::watch, task::AbortHandle};

use super::exchange::{Act, Exchange};

/// The header that says which exchange a request is of.
pub(super) const ID: &str = "x-chaos";

/// An exchange that was announced.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: u64,
    pub(super) exchange: Exchange,
    /// What the model server has of it.
    pub(super) arrived: watch::Sender<Arrived>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrived {
    /// How often the head came.
    pub(super) attempts: usize,
    /// Of the body, at the last attempt.
    pub(super) bytes: usize,
    pub(super) whole: bool,
}

/// What both ends know of all exchanges.
#[derive(Debug)]
pub(super) struct Board {
    next: AtomicU64,
    told: Mutex<HashMap<u64, Arc<Told>>>,
    released: watch::Sender<bool>,
}

impl Board {
    pub(super) fn new() -> Arc<Board> {
        let (next, told) = (AtomicU64::new(1), Mutex::default());
        Arc::new(Board { next, told, released: watch::Sender::new(false) })
    }

    /// Announces an exchange.
    pub(super) fn tell(&self, exchange: Exchange) -> Arc<Told> {
        let id = self.next.fetch_add(1, Relaxed);
        let told = Arc::new(Told { id, exchange, arrived: watch::Sender::default() });
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&told));
        told
    }

    /// Forgets an exchange that is over.
    pub(super) fn forget(&self, id: u64) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// How many exchanges the model server has now.
    pub(super) fn held(&self) -> usize {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.values().filter(|told| told.arrived.borrow().attempts != 0).count()
    }

    /// Lets all that is held go on.
    pub(super) fn release(&self) {
        self.released.send_replace(true);
    }

    fn find(&self, id: u64) -> Option<Arc<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

/// A model server that answers as the board says. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    serving: AbortHandle,
}

impl Server {
    pub(super) async fn start(protocol: Protocol, board: &Arc<Board>) -> Result<Server> {
        let upstream = Upstream::start(protocol).await?;
        let address = upstream.address()?;
        let board = Arc::clone(board);
        let serve = move |served| {
            let board = Arc::clone(&board);
            async move {
                // A proxy that breaks off is a part of the story, and the client sees what it needs.
                let _ = answer(served, protocol, &board).await;
            }
        };
        let serving = tokio::spawn(async move { upstream.serve(serve).await }).abort_handle();
        Ok(Server { address, serving })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut served: Served, protocol: Protocol, board: &Board) -> Result<()> {
    let id = served.header(ID).and_then(|id| id.parse().ok());
    let Some(told) = id.and_then(|id| board.find(id)) else { return Ok(()) };
    let mut attempt = 0;
    told.arrived.send_modify(|arrived| {
        attempt = arrived.attempts;
        *arrived = Arrived { attempts: attempt + 1, ..Arrived::default() };
    });
    let attempts = &told.exchange.server;
    let Some(acts) = attempts.get(attempt).or(attempts.last()) else { return Ok(()) };
    for act in acts {
        match act {
            Act::Receives(bytes) => {
                served.receive(*bytes).await?;
                told.arrived.send_modify(|arrived| arrived.bytes = *bytes);
            }
            Act::ReceivesAll => {
                let whole = served.receive_end().await?;
                told.arrived.send_modify(|arrived| {
                    arrived.bytes = served.received().len();
                    arrived.whole = whole;
                });
            }
            Act::Head(status, headers) => respond(&mut served, protocol, *status, headers).await?,
            Act::Sends(bytes) => served.send(bytes, false).await?,
            Act::SendsRaw(bytes) => served.send_raw(bytes).await?,
            Act::Pauses(time) => tokio::time::sleep(*time).await,
            Act::Holds => {
                served.gone().await;
                return Ok(());
            }
            Act::WaitsForRelease => {
                let mut released = board.released.subscribe();
                tokio::select! {
                    _ = released.wait_for(|released| *released) => {}
                    () = served.gone() => return Ok(()),
                }
            }
            Act::Finishes => return served.send(b"", true).await,
            Act::FinishesWith(trailers) => return served.send_trailers(trailers).await,
            Act::Closes => {
                served.break_off();
                return Ok(());
            }
            Act::Resets => return served.reset(),
        }
    }
    Ok(())
}

async fn respond(
    served: &mut Served,
    protocol: Protocol,
    status: u16,
    headers: &[(&str, String)],
) -> Result<()> {
    let mut head: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if protocol == Protocol::Http1 {
        // The proxy would take the connection for one that carries the next request, and this one does not.
        head.push(("connection", "close"));
        if !headers.iter().any(|(name, _)| *name == "content-length") {
            head.push(("transfer-encoding", "chunked"));
        }
    }
    served.respond(status, &head, false).await
}
