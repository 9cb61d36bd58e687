//! Many clients at once, each with dice of its own. They never know what the proxy counts.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use driftline_testbed::by_hand::{Client as Line, Protocol};
use tokio::task::{JoinError, JoinSet};

use super::{
    client::{Seen, carry_out},
    dice::Dice,
    exchange::Over,
    kinds::{self, Kind},
    record::Record,
    server::Board,
};

/// Exchanges at once over one connection of HTTP/2.
const AT_ONCE: usize = 6;
/// Exchanges over one connection of HTTP/2, until the client takes another one. Many more that are cancelled, and Envoy
/// takes the client for an attacker.
const PER_CONNECTION: usize = 120;
/// One connection of HTTP/2 in this many ends by being closed, with all of its exchanges.
const CLOSES_ONE_IN: usize = 4;

/// Before it asks, a client thinks for less than this, so that other stories have a machine, too.
const THINKS_MS: usize = 120;
/// What the record calls it.
pub(super) const CLOSED: &str = "a connection that is closed under its exchanges";
/// The same of a held answer of a connection that the proxy drains.
pub(super) const CUT: &str = "a held answer that the proxy cuts";

/// How an exchange ended for its client.
pub(super) struct End {
    /// The client that is now to leave, if it is.
    pub(super) line: Option<Line>,
    /// Whether the connection took the request.
    pub(super) sent: bool,
}

/// What all clients share.
#[derive(Clone)]
pub(super) struct Crowd {
    pub(super) proxy: SocketAddr,
    pub(super) board: Arc<Board>,
    pub(super) record: Arc<Mutex<Record>>,
    pub(super) until: Instant,
    /// No exchange takes longer, whatever is held.
    pub(super) limit: Duration,
}

impl Crowd {
    /// A client that asks one thing after another: each over a connection of its own, or several at once over one of
    /// HTTP/2.
    pub(super) async fn client(self, over: Over, mut dice: Dice) {
        let kinds: Vec<_> =
            kinds::all().into_iter().filter(|kind| kind.over.contains(&over)).collect();
        // Every kind once, whatever the dice say and however slow the machine is.
        let mut turn = dice.below(kinds.len());
        let mut next = |dice: &mut Dice| {
            turn += 1;
            if turn < 2 * kinds.len() { kinds[turn % kinds.len()] } else { *dice.one_of(&kinds) }
        };
        while Instant::now() < self.until {
            match over {
                Over::Http1 => {
                    let Some(line) = self.connect(Protocol::Http1).await else { return };
                    let end = self.one(next(&mut dice), over, line, &mut dice).await;
                    end.line.into_iter().for_each(Line::leave);
                }
                Over::Http2 | Over::Grpc => self.connection(over, &mut next, &mut dice).await,
            }
        }
    }

    /// Many exchanges over one connection of HTTP/2, a few at once, until it is used up or the proxy closes it.
    async fn connection(
        &self,
        over: Over,
        next: &mut impl FnMut(&mut Dice) -> &'static Kind,
        dice: &mut Dice,
    ) {
        let Some(root) = self.connect(Protocol::Http2).await else { return };
        let mut running = JoinSet::new();
        let mut is_open = true;
        for _ in 0..PER_CONNECTION {
            if !is_open || self.until <= Instant::now() {
                break;
            }
            if AT_ONCE <= running.len() {
                let End { line, sent } = joined(running.join_next().await);
                line.into_iter().for_each(Line::leave);
                is_open = sent;
            }
            self.spawn(&mut running, next(dice), over, &root, dice);
        }
        while let Some(end) = running.join_next().await {
            let End { line, sent } = joined(Some(end));
            line.into_iter().for_each(Line::leave);
            is_open &= sent;
        }
        if is_open && dice.below(CLOSES_ONE_IN) == 0 {
            self.close_under(over, root, dice).await;
        }
    }

    /// Closes a connection while clients wait for several answers.
    async fn close_under(&self, over: Over, root: Line, dice: &mut Dice) {
        let kinds: Vec<&'static Kind> = kinds::leaving(over).collect();
        let mut running = JoinSet::new();
        for _ in 0..AT_ONCE {
            let kind = *dice.one_of(&kinds);
            self.spawn(&mut running, kind, over, &root, dice);
        }
        let mut lines = Vec::new();
        while let Some(end) = running.join_next().await {
            lines.extend(joined(Some(end)).line);
        }
        if !lines.is_empty() {
            *self.record().kinds.entry(CLOSED).or_default() += 1;
        }
        let _ = root.hang_up();
    }

    fn spawn(
        &self,
        running: &mut JoinSet<End>,
        kind: &'static Kind,
        over: Over,
        root: &Line,
        dice: &mut Dice,
    ) {
        let (crowd, mut dice) = (self.clone(), Dice::new(dice.next()));
        let line = root.beside().expect("HTTP/2 has many exchanges at once");
        running.spawn(async move { crowd.one(kind, over, line, &mut dice).await });
    }

    /// Asks everything once over every protocol, each over a connection of its own.
    pub(super) async fn every_kind_once(&self, dice: &mut Dice) {
        let mut running = JoinSet::new();
        for kind in kinds::all() {
            for &over in kind.over {
                let (crowd, mut dice) = (self.clone(), Dice::new(dice.next()));
                running.spawn(async move {
                    let Some(line) = crowd.connect(protocol(over)).await else { return };
                    let end = crowd.one(kind, over, line, &mut dice).await;
                    end.line.into_iter().for_each(Line::leave);
                });
            }
        }
        while let Some(asked) = running.join_next().await {
            asked.expect("an exchange does not panic");
        }
    }

    /// Holds one exchange after another, each over a connection of its own.
    pub(super) async fn hold(self, kind: &'static Kind, over: Over, mut dice: Dice) {
        while Instant::now() < self.until {
            let Some(line) = self.connect(protocol(over)).await else { return };
            let end = self.one(kind, over, line, &mut dice).await;
            end.line.into_iter().for_each(Line::leave);
        }
    }

    pub(super) async fn connect(&self, protocol: Protocol) -> Option<Line> {
        match Line::connect(protocol, self.proxy).await {
            Ok(line) => Some(line),
            Err(error) => {
                self.record().problems.push(format!("no connection: {error:#}"));
                None
            }
        }
    }

    /// One exchange; it is in the record when this returns.
    pub(super) async fn one(
        &self,
        kind: &'static Kind,
        over: Over,
        line: Line,
        dice: &mut Dice,
    ) -> End {
        tokio::time::sleep(dice.milliseconds(THINKS_MS)).await;
        let told = self.board.tell((kind.make)(dice));
        let seen = carry_out(&told, line, over, self.proxy, self.limit).await;
        self.board.forget(told.id);
        let mut record = self.record();
        match seen {
            Ok(Seen::NotSent) => return End { line: None, sent: false },
            Ok(Seen::Unknown) => {
                let problem = format!("{}, over {over:?}: did it get through?", kind.name);
                record.problems.push(problem);
            }
            Ok(Seen::Through(whole)) => {
                if !whole && told.exchange.if_cut.is_some() {
                    *record.kinds.entry(CUT).or_default() += 1;
                }
                record.add(kind.name, &told.exchange, whole);
            }
            Ok(Seen::Leaves(line)) => {
                record.add(kind.name, &told.exchange, true);
                return End { line: Some(*line), sent: true };
            }
            Err(error) => {
                record.problems.push(format!("{}, over {over:?}: {error:#}", kind.name));
            }
        }
        End { line: None, sent: true }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn protocol(over: Over) -> Protocol {
    match over {
        Over::Http1 => Protocol::Http1,
        Over::Http2 | Over::Grpc => Protocol::Http2,
    }
}

fn joined(end: Option<Result<End, JoinError>>) -> End {
    end.expect("one runs").expect("an exchange does not panic")
}
