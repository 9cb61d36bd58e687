//! The ways in which the network may deliver an exchange: in which pieces, and when; it changes no byte.
//!
//! The request comes at 0 ms, the k-th piece of the response at k ms, and the end a millisecond after the last piece,
//! so that the last token and the end differ.

use crate::corpus::{Case, End};

/// One way to deliver an exchange.
#[derive(Debug)]
pub struct Delivery<'c> {
    /// For a failure's message.
    pub name: String,
    /// Every event comes at a moment of its own.
    pub is_by_event: bool,
    /// The pieces of the request's body.
    pub request: Vec<&'c [u8]>,
    /// Those of the response's.
    pub response: Vec<&'c [u8]>,
}

impl<'c> Delivery<'c> {
    /// Every event of the response in a piece of its own, and what follows the last one in another.
    pub fn by_event(case: &'c Case) -> Delivery<'c> {
        let mut rest = &case.response.body[..];
        let mut response = Vec::new();
        let mut start = 0;
        for &end in case.event_ends.iter().flatten() {
            let (event, after) = rest.split_at(end - start);
            response.push(event);
            (rest, start) = (after, end);
        }
        response.extend(Some(rest).filter(|rest| !rest.is_empty()));
        Delivery {
            name: "event by event".into(),
            is_by_event: true,
            request: vec![&case.request.body],
            response,
        }
    }

    /// Either body in one piece.
    pub fn coalesced(case: &'c Case) -> Delivery<'c> {
        let (request, response) = (vec![&case.request.body[..]], vec![&case.response.body[..]]);
        Delivery { name: "coalesced".into(), is_by_event: false, request, response }
    }

    /// Either body byte by byte.
    pub fn by_byte(case: &'c Case) -> Delivery<'c> {
        let (request, response) = (case.request.body.chunks(1), case.response.body.chunks(1));
        Delivery {
            name: "byte by byte".into(),
            is_by_event: false,
            request: request.collect(),
            response: response.collect(),
        }
    }

    /// Either body in two pieces, cut at every position; of the shorter one, all are done first.
    pub fn cut_anywhere(case: &'c Case) -> impl Iterator<Item = Delivery<'c>> {
        let (request, response) = (&case.request.body[..], &case.response.body[..]);
        (0..=request.len().max(response.len())).map(move |at| Delivery {
            name: format!("cut at {at}"),
            is_by_event: false,
            request: cut(request, at),
            response: cut(response, at),
        })
    }

    /// When the response ends, in milliseconds.
    pub fn end_ms(&self) -> u64 {
        self.response.len() as u64 + 1
    }

    /// When an event is whole that ends so, in milliseconds. What the body leaves open may be whole with its last byte.
    pub fn whole_at_ms(&self, end: End) -> u64 {
        let end = end.unwrap_or_else(|| self.response.iter().copied().map(<[u8]>::len).sum());
        let mut delivered = 0;
        let pieces_before = self.response.iter().take_while(|piece| {
            delivered += piece.len();
            delivered < end
        });
        pieces_before.count() as u64 + 1
    }
}

fn cut(body: &[u8], at: usize) -> Vec<&[u8]> {
    let (first, second) = body.split_at(at.min(body.len()));
    vec![first, second]
}
