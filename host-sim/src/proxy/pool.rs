//! Idle upstream connections of one worker. One that the upstream has closed, or written to unasked, is not kept.

use std::{cell::RefCell, io, time::Duration};

use tokio::{net::TcpStream, time::timeout};

use super::{
    Upstream,
    wire::{Read, Wire},
};

/// More idle connections than this are closed.
const IDLE_MAX: usize = 64;

/// Envoy's default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Pool {
    upstream: Upstream,
    idle: RefCell<Vec<Wire>>,
}

impl Pool {
    pub(super) fn new(upstream: Upstream) -> Pool {
        Pool { upstream, idle: RefCell::default() }
    }

    /// An idle connection that is still good, else a new one.
    pub(super) async fn connect(&self) -> io::Result<Wire> {
        while let Some(mut wire) = self.take_idle() {
            if wire.read_now(1) == Read::Open && wire.input.is_empty() {
                return Ok(wire);
            }
        }
        let address = self.upstream.to_string();
        let tcp = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
        tcp.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map(Wire::new)
    }

    /// Takes back a connection after a whole exchange.
    pub(super) fn give_back(&self, wire: Wire) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < IDLE_MAX && wire.input.is_empty() && wire.output.is_empty() {
            idle.push(wire);
        }
    }

    fn take_idle(&self) -> Option<Wire> {
        self.idle.borrow_mut().pop()
    }
}
