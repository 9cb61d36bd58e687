//! What may happen in the chaos: one row for each kind of exchange. They never depend on one another.

mod generative;
mod predictive;
mod refused;

use super::{
    dice::Dice,
    exchange::{Exchange, Over},
};

/// A kind of exchange: what it is called, over which protocols it can go, and how one is made.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) over: &'static [Over],
    pub(super) make: fn(&mut Dice) -> Exchange,
}

/// Any HTTP.
const HTTP: &[Over] = &[Over::Http1, Over::Http2];
const HTTP1: &[Over] = &[Over::Http1];
const GRPC: &[Over] = &[Over::Grpc];

/// All kinds but those that are held.
pub(super) fn all() -> Vec<&'static Kind> {
    generative::KINDS.iter().chain(&predictive::KINDS).chain(&refused::KINDS).collect()
}

/// Those whose client leaves at a moment that it knows, and can do so with all else that goes over its connection.
pub(super) fn leaving(over: Over) -> impl Iterator<Item = &'static Kind> {
    let leaves = |kind: &&Kind| {
        kind.name.contains("client")
            && kind.name.contains("leaves")
            && !kind.name.ends_with("at any moment")
    };
    all().into_iter().filter(move |kind| kind.over.contains(&over)).filter(leaves)
}

/// What is held until the end: in the middle of an answer or before it, then released or left.
pub(super) fn held() -> [&'static Kind; 4] {
    generative::HELD.each_ref()
}
