//! The clients of the chaos: they carry out one exchange, and say what they know of it. They never try again.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, ensure};
use driftline_testbed::by_hand::Client as Line;

use super::{
    exchange::{Client, Over},
    server::{ID, Told},
};

/// What a client knows once its part is over.
pub(super) enum Seen {
    /// The connection is one that the proxy closes, and did not take the request.
    NotSent,
    /// It was not answered, and the model server does not have it.
    Unknown,
    /// It got through to the proxy: it was answered, or the model server has its head. And whether its answer is whole.
    Through(bool),
    /// It got through, and the client is now to leave.
    Leaves(Box<Line>),
}

/// Carries out an exchange.
///
/// # Errors
///
/// If the client waits in vain, or the answer is not what the model server said.
pub(super) async fn carry_out(
    told: &Told,
    line: Line,
    over: Over,
    to: SocketAddr,
    limit: Duration,
) -> Result<Seen> {
    let carried_out = tokio::time::timeout(limit, attempt(told, line, over, to)).await;
    carried_out.with_context(|| format!("it hangs: {:?}", told.arrived.borrow()))?
}

async fn attempt(told: &Told, mut line: Line, over: Over, to: SocketAddr) -> Result<Seen> {
    let exchange = &told.exchange;
    if let Client::SendsRaw(bytes) = &exchange.client {
        line.send_raw(bytes).await?;
        return receive(told, line).await;
    }
    if ask(told, &mut line, over, to).await.is_err() {
        return Ok(Seen::NotSent);
    }
    let count = match exchange.client {
        Client::LeavesInRequest => exchange.pieces.len() - 1,
        _ => exchange.pieces.len(),
    };
    for (index, piece) in exchange.pieces[..count].iter().enumerate() {
        let ends = index + 1 == exchange.pieces.len() && exchange.client != Client::BreaksChunks;
        // An early answer may have ended the request; then there is an answer.
        if line.send(piece, ends).await.is_err() {
            break;
        }
    }
    let sent: usize = exchange.pieces[..count].iter().map(Vec::len).sum();
    let mut arrived = told.arrived.subscribe();
    match exchange.client {
        Client::Waits | Client::SendsRaw(_) => return receive(told, line).await,
        Client::BreaksChunks => {
            arrived.wait_for(|arrived| sent <= arrived.bytes).await?;
            line.send_raw(b"no size of a chunk\r\n").await?;
            return receive(told, line).await;
        }
        Client::LeavesInRequest => {
            arrived.wait_for(|arrived| sent <= arrived.bytes).await?;
        }
        Client::LeavesBeforeAnswer => {
            arrived.wait_for(|arrived| arrived.whole).await?;
        }
        Client::LeavesInAnswer(bytes) => {
            line.status().await?;
            if line.receive(bytes).await.is_err() {
                return Ok(Seen::Through(false));
            }
        }
        Client::LeavesAfter(time) => {
            arrived.wait_for(|arrived| arrived.whole).await?;
            tokio::time::sleep(time).await;
        }
    }
    Ok(Seen::Leaves(Box::new(line)))
}

async fn ask(told: &Told, line: &mut Line, over: Over, to: SocketAddr) -> Result<()> {
    let exchange = &told.exchange;
    let (id, host) = (told.id.to_string(), to.to_string());
    let length: usize = exchange.pieces.iter().map(Vec::len).sum();
    let length = length.to_string();
    let mut headers = vec![("host", host.as_str()), (ID, &id)];
    headers.extend(exchange.headers.iter().map(|(name, value)| (*name, value.as_str())));
    if over == Over::Http1 && !exchange.pieces.is_empty() {
        headers.push(match exchange.chunked {
            true => ("transfer-encoding", "chunked"),
            false => ("content-length", &length),
        });
    }
    line.ask(exchange.method, exchange.path, &headers, exchange.pieces.is_empty()).await
}

/// Waits for the end of the answer, or of the connection.
async fn receive(told: &Told, mut line: Line) -> Result<Seen> {
    let status = line.status().await.ok();
    let whole = match status {
        Some(_) => line.receive_end().await.unwrap_or(false),
        None => false,
    };
    let received = line.received();
    // What the proxy says in the model server's place is its own; all else passes as it is.
    if status == Some(200) {
        let answer = told.exchange.answer();
        ensure!(answer.starts_with(received), "the answer is not what was said");
        ensure!(!whole || answer.len() == received.len(), "an answer that is cut looks whole");
    }
    let is_through = status.is_some() || told.arrived.borrow().attempts != 0;
    Ok(if is_through { Seen::Through(whole) } else { Seen::Unknown })
}
