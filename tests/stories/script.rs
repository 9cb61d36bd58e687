//! A story as data: one exchange, told from all three sides; it does nothing by itself.
//!
//! Times are milliseconds since the model server had the whole request.

use std::time::Duration;

/// One exchange. [`crate::stage::tell`] carries it out on every stage.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) request: Request,
    /// What the proxy calls the route that the request takes.
    pub(crate) route: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) client: Client,
    /// When the proxy stops waiting for the end of the answer.
    pub(crate) patience: Option<Duration>,
    /// The time of the last step.
    now_ms: u64,
}

/// What the client sends.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// A `POST` of this body.
    Post {
        path: String,
        headers: Vec<(String, String)>,
        /// Sent one by one, with [`BODY_PAUSE_MS`] between them.
        body: Vec<Vec<u8>>,
    },
    /// Bytes that the proxy refuses before its filters see a request.
    Refused(Vec<u8>),
    /// A `POST` in the chunked framing that is broken after these bytes, and [`BODY_PAUSE_MS`] after them.
    Broken { path: String, body: Vec<u8> },
}

/// What the model server does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Pause(Duration),
    Head {
        status: u16,
        headers: Vec<(String, String)>,
        framing: Framing,
    },
    Send(Vec<u8>),
    /// Ends the body as its framing asks.
    Finish,
    /// Ends a body in chunks with trailers.
    Trailers(Vec<(String, String)>),
    /// Closes the connection, whatever was promised.
    Close,
    /// Resets the connection.
    Reset,
    /// There is no model server.
    Unreachable,
}

/// How a body says where it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    Chunked,
    Length(usize),
    UntilClose,
}

/// When the client leaves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Client {
    StaysToTheEnd,
    /// Once it has received this text so many times.
    LeavesAfterTimes(usize, String),
    /// At this time, if the answer is not there by then.
    LeavesAt(Duration),
}

/// Between two pieces of a request's body.
pub(crate) const BODY_PAUSE_MS: u64 = 60;

impl Script {
    /// A `POST` of JSON.
    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Script {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Script {
            request: Request::Post { path: path.to_owned(), headers, body: vec![body.into()] },
            route: String::new(),
            steps: Vec::new(),
            client: Client::StaysToTheEnd,
            patience: None,
            now_ms: 0,
        }
    }

    /// The request has one more header.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Script {
        let Request::Post { headers, .. } = &mut self.request else {
            panic!("only a request that the proxy takes has headers")
        };
        headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Bytes that are no request to the proxy.
    pub(crate) fn refused(bytes: &[u8]) -> Script {
        let mut script = Script::post("/", "");
        script.request = Request::Refused(bytes.to_vec());
        script
    }

    /// A request whose framing is broken after these bytes of its body. There is no answer to it but the proxy's.
    pub(crate) fn broken(path: &str, body: &str) -> Script {
        let mut script = Script::post(path, "");
        script.request = Request::Broken { path: path.to_owned(), body: body.into() };
        script
    }

    /// The proxy calls its route so.
    pub(crate) fn on_route(mut self, name: &str) -> Script {
        self.route = name.to_owned();
        self
    }

    /// Sends the request's body in pieces of this size.
    pub(crate) fn in_pieces_of(mut self, size: usize) -> Script {
        if let Request::Post { body, .. } = &mut self.request {
            *body = body.concat().chunks(size).map(<[u8]>::to_vec).collect();
        }
        self
    }

    /// The next step is taken at this time.
    pub(crate) fn at_ms(mut self, at_ms: u64) -> Script {
        let pause_ms = at_ms.checked_sub(self.now_ms).expect("a story goes forward in time");
        self.now_ms = at_ms;
        self.then(Step::Pause(Duration::from_millis(pause_ms)))
    }

    /// Sends the head of a stream of events.
    pub(crate) fn starts_streaming(self) -> Script {
        self.answers_with_head(200, &[("content-type", "text/event-stream")], Framing::Chunked)
    }

    pub(crate) fn answers_with_head(
        self,
        status: u16,
        headers: &[(&str, &str)],
        framing: Framing,
    ) -> Script {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        self.then(Step::Head { status, headers: headers.collect(), framing })
    }

    /// Answers with a whole JSON body at once.
    pub(crate) fn answers(self, status: u16, body: impl AsRef<[u8]>) -> Script {
        let body = body.as_ref();
        let headers = [("content-type", "application/json")];
        let head = self.answers_with_head(status, &headers, Framing::Length(body.len()));
        head.sends(body).finishes()
    }

    pub(crate) fn sends(self, bytes: impl AsRef<[u8]>) -> Script {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    pub(crate) fn finishes(self) -> Script {
        self.then(Step::Finish)
    }

    pub(crate) fn finishes_with(self, trailers: &[(&str, &str)]) -> Script {
        let trailers = trailers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        self.then(Step::Trailers(trailers.collect()))
    }

    pub(crate) fn closes(self) -> Script {
        self.then(Step::Close)
    }

    pub(crate) fn resets(self) -> Script {
        self.then(Step::Reset)
    }

    /// Nothing listens where the model server should be.
    pub(crate) fn nobody_answers(self) -> Script {
        self.then(Step::Unreachable)
    }

    /// The client leaves once it has received this text so many times.
    pub(crate) fn client_leaves_after(mut self, times: usize, text: &str) -> Script {
        self.client = Client::LeavesAfterTimes(times, text.to_owned());
        self
    }

    /// The client leaves at this time.
    pub(crate) fn client_leaves_at_ms(mut self, at_ms: u64) -> Script {
        self.client = Client::LeavesAt(Duration::from_millis(at_ms));
        self
    }

    /// The proxy stops waiting at this time.
    pub(crate) fn proxy_gives_up_at_ms(mut self, at_ms: u64) -> Script {
        self.patience = Some(Duration::from_millis(at_ms));
        self
    }

    /// Whether a model server is there.
    pub(crate) fn has_upstream(&self) -> bool {
        !self.steps.contains(&Step::Unreachable)
    }

    /// All bytes of the body that the model server sends.
    pub(crate) fn sent(&self) -> Vec<u8> {
        let sent = self.steps.iter().map(|step| match step {
            Step::Send(bytes) => bytes.as_slice(),
            _ => &[],
        });
        sent.collect::<Vec<_>>().concat()
    }

    fn then(mut self, step: Step) -> Script {
        self.steps.push(step);
        self
    }
}

impl Client {
    /// Whether a client that has received these bytes leaves.
    pub(crate) fn has_enough(&self, received: &[u8]) -> bool {
        match self {
            Client::LeavesAfterTimes(times, text) => {
                *times <= String::from_utf8_lossy(received).matches(text.as_str()).count()
            }
            Client::StaysToTheEnd | Client::LeavesAt(_) => false,
        }
    }
}
