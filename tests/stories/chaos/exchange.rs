//! One exchange of the chaos: what its client does, what its model server does, and how it must be counted. It never
//! does anything itself.

use std::time::Duration;

/// What is spoken from the client to the proxy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Over {
    /// HTTP/1.1 on both sides.
    Http1,
    /// HTTP/2, many exchanges over one connection, and HTTP/1.1 to the model server.
    Http2,
    /// The same on both sides.
    Grpc,
}

/// A request and its answer, as both ends make them.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The request's body; each piece is sent by itself.
    pub(super) pieces: Vec<Vec<u8>>,
    /// Over HTTP/1.1: in chunks, not with its length.
    pub(super) chunked: bool,
    pub(super) client: Client,
    /// What the model server does at the first attempt, at the second, and at all later ones.
    pub(super) server: Vec<Vec<Act>>,
    pub(super) counted: Counted,
    /// Output tokens that the answer says it has, if it comes whole.
    pub(super) tokens: u64,
    /// Rows that the model server, and so the filter, gets for sure.
    pub(super) rows: u64,
    /// What is counted besides in `driftline_read_problems_total`.
    pub(super) problem: Option<&'static str>,
    /// The outcomes if the client sees the answer break off, of what is held longer than the proxy lets its connection be.
    pub(super) if_cut: Option<&'static [&'static str]>,
}

/// What a client does with its request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Client {
    /// Sends all of it, and waits for the end of the answer.
    Waits,
    /// Sends all but the last piece of the body, and leaves once the model server has them.
    LeavesInRequest,
    /// Leaves once the model server has the request.
    LeavesBeforeAnswer,
    /// Leaves once it has so many bytes of the answer.
    LeavesInAnswer(usize),
    /// Leaves so long after the model server has the request: before the answer, within it or after it.
    LeavesAfter(Duration),
    /// Sends all pieces in chunks, and then what is no chunk. HTTP/1.1 only.
    BreaksChunks,
    /// Sends these bytes in place of a request. HTTP/1.1 only.
    SendsRaw(Vec<u8>),
}

/// A step of a model server, once it has the head of a request.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Receives so many bytes of the body.
    Receives(usize),
    /// Receives the whole body.
    ReceivesAll,
    Head(u16, Vec<(&'static str, String)>),
    Sends(Vec<u8>),
    /// Outside of any framing. HTTP/1.1 only.
    SendsRaw(&'static [u8]),
    Pauses(Duration),
    /// Does nothing more until the proxy gives the exchange up.
    Holds,
    /// Does nothing until all that is held is released; the exchange is over if the proxy gives it up before.
    WaitsForRelease,
    Finishes,
    FinishesWith(&'static [(&'static str, &'static str)]),
    Closes,
    Resets,
}

/// Where an exchange must be counted: exactly once, in one of these places.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Counted {
    /// In `driftline_requests_total`, under this model, in one of these outcomes: in which of several is up to a race.
    Outcome(String, &'static [&'static str]),
    /// In `driftline_unmeasured_streams_total`, for this reason.
    Unmeasured(&'static str),
}

impl Exchange {
    /// A request of JSON, all of which is sent at once, by a client that waits.
    pub(super) fn post(path: &'static str, body: impl AsRef<[u8]>) -> Exchange {
        Exchange {
            method: "POST",
            path,
            headers: vec![("content-type", "application/json".to_owned())],
            pieces: vec![body.as_ref().to_vec()],
            chunked: false,
            client: Client::Waits,
            server: vec![vec![Act::ReceivesAll]],
            counted: Counted::Unmeasured("unrecognised_path"),
            tokens: 0,
            rows: 0,
            problem: None,
            if_cut: None,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Exchange {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn client(mut self, client: Client) -> Exchange {
        self.client = client;
        self
    }

    /// The model server does this at last, once it has the request.
    pub(super) fn server(mut self, acts: impl IntoIterator<Item = Act>) -> Exchange {
        self.server = vec![[Act::ReceivesAll].into_iter().chain(acts).collect()];
        self
    }

    /// The model server does this at its first attempt, and what it did so far at the second.
    pub(super) fn first(mut self, acts: impl IntoIterator<Item = Act>) -> Exchange {
        self.server.insert(0, [Act::ReceivesAll].into_iter().chain(acts).collect());
        self
    }

    pub(super) fn counts(mut self, model: &str, outcomes: &'static [&'static str]) -> Exchange {
        self.counted = Counted::Outcome(model.to_owned(), outcomes);
        self
    }

    pub(super) fn tokens(mut self, count: u64) -> Exchange {
        self.tokens = count;
        self
    }

    pub(super) fn rows(mut self, count: u64) -> Exchange {
        self.rows = count;
        self
    }

    pub(super) fn problem(mut self, reason: &'static str) -> Exchange {
        self.problem = Some(reason);
        self
    }

    /// The proxy may cut it, which its client sees.
    pub(super) fn or_cut(mut self, outcomes: &'static [&'static str]) -> Exchange {
        self.if_cut = Some(outcomes);
        self
    }

    pub(super) fn passes(mut self, reason: &'static str) -> Exchange {
        self.counted = Counted::Unmeasured(reason);
        self
    }

    /// Where it must be counted if its answer came to its end, or if not.
    pub(super) fn counted(&self, whole: bool) -> Counted {
        match (&self.counted, self.if_cut) {
            (Counted::Outcome(model, _), Some(outcomes)) if !whole => {
                Counted::Outcome(model.clone(), outcomes)
            }
            (counted, _) => counted.clone(),
        }
    }

    /// What the model server sends of the body at its last attempt.
    pub(super) fn answer(&self) -> Vec<u8> {
        let mut answer = Vec::new();
        for act in self.server.last().into_iter().flatten() {
            if let Act::Sends(bytes) = act {
                answer.extend_from_slice(bytes);
            }
        }
        answer
    }
}
