//! A scenario as data: what client, upstream and proxy do, one after the other; it does nothing by itself.

use driftline_testbed::by_hand::Protocol;

/// Names in lower case, and values.
pub(super) type Headers = Vec<(&'static str, String)>;

/// How often the route `/retried` asks again.
pub(super) const RETRIES: u64 = 3;

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// What the client speaks.
    pub(super) client: Protocol,
    /// What the upstream speaks.
    pub(super) upstream: Protocol,
    pub(super) steps: Vec<Step>,
    /// How often the route asks again; the path must say so, too.
    pub(super) retries: Option<u64>,
    /// How many reads a body takes is left to chance, so that only its callbacks are compared, and its sizes as one.
    pub(super) reads_coalesce: bool,
    /// The filter takes the request in, so that an upstream is asked at most after its last step.
    pub(super) is_taken_in: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// The client sends a request's head. Several requests of one scenario are sent at once.
    Asks {
        method: &'static str,
        path: &'static str,
        headers: Headers,
        ended: bool,
    },
    /// The client sends bytes that are no request.
    SendsGarbage,
    /// The client sends a request without the host that it must name.
    OmitsHost,
    /// The client sends a part of the body.
    ClientSends {
        data: Vec<u8>,
        ended: bool,
    },
    ClientSendsTrailers(Headers),
    /// The client sends bytes that are no part of a body in chunks.
    ClientSendsGarbage,
    /// The client goes away: closes its connection of HTTP/1.1, cancels its stream of HTTP/2.
    ClientLeaves,
    /// The client closes its connection, whatever it speaks.
    ClientHangsUp,
    /// The client says that nothing more comes, and goes on listening.
    ClientHalfCloses,
    /// The upstream sends an answer of the 1xx kind.
    Informs(u16),
    /// The upstream answers 503, and the proxy asks again.
    AttemptFails,
    /// The upstream sends an answer's head.
    Responds {
        status: u16,
        headers: Headers,
        ended: bool,
    },
    /// The upstream sends a part of the body.
    Sends {
        data: Vec<u8>,
        ended: bool,
    },
    SendsTrailers(Headers),
    /// The upstream goes away: closes its connection of HTTP/1.1, resets its stream of HTTP/2.
    UpstreamBreaksOff,
    /// The upstream closes its connection, whatever it speaks.
    UpstreamHangsUp,
    /// The upstream sends what is not HTTP.
    UpstreamSendsGarbage,
    /// The proxy answers, and no upstream is asked.
    ProxyAnswers(Answer),
    /// The proxy has waited long enough.
    ProxyTimesOut,
    /// The filter has answered this, or the proxy has because of what it did, and no upstream is asked.
    FilterAnswers(u16),
    /// The filter has let go of a request that it had taken in, and the upstream gets it.
    FilterLetsGo,
    /// The upstream sends an answer of which nothing passes before its end.
    AnswersWhole(u16, &'static str),
}

/// Why the proxy answers by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Direct(u16, &'static str),
    Redirect(&'static str),
    Unreachable,
}

impl Scenario {
    pub(super) fn new(name: &'static str) -> Scenario {
        let (client, upstream) = (Protocol::Http1, Protocol::Http1);
        Scenario {
            name,
            client,
            upstream,
            steps: Vec::new(),
            retries: None,
            reads_coalesce: false,
            is_taken_in: false,
        }
    }

    /// The client speaks HTTP/2.
    pub(super) fn http2(mut self) -> Scenario {
        self.client = Protocol::Http2;
        self
    }

    /// The upstream speaks HTTP/2; the path must say so, too.
    pub(super) fn upstream_http2(mut self) -> Scenario {
        self.upstream = Protocol::Http2;
        self
    }

    /// A path that is asked for again.
    pub(super) fn retried(mut self) -> Scenario {
        self.retries = Some(RETRIES);
        self
    }

    pub(super) fn reads_coalesce(mut self) -> Scenario {
        self.reads_coalesce = true;
        self
    }

    pub(super) fn taken_in(mut self) -> Scenario {
        self.is_taken_in = true;
        self
    }

    pub(super) fn then(mut self, step: Step) -> Scenario {
        self.steps.push(step);
        self
    }

    /// A head whose body follows.
    pub(super) fn asks(
        self,
        method: &'static str,
        path: &'static str,
        headers: &[(&'static str, &str)],
    ) -> Scenario {
        self.then(Step::Asks { method, path, headers: owned(headers), ended: false })
    }

    /// A request without a body.
    pub(super) fn asks_only(
        self,
        method: &'static str,
        path: &'static str,
        headers: &[(&'static str, &str)],
    ) -> Scenario {
        self.then(Step::Asks { method, path, headers: owned(headers), ended: true })
    }

    /// A whole POST with its length.
    pub(super) fn posts(self, path: &'static str, body: &str) -> Scenario {
        let length = body.len().to_string();
        let headers =
            [("host", "x"), ("content-type", "application/json"), ("content-length", &length)];
        self.asks("POST", path, &headers).client_ends(body)
    }

    pub(super) fn client_sends(self, data: impl AsRef<[u8]>) -> Scenario {
        self.then(Step::ClientSends { data: data.as_ref().to_vec(), ended: false })
    }

    /// The last part of the request.
    pub(super) fn client_ends(self, data: impl AsRef<[u8]>) -> Scenario {
        self.then(Step::ClientSends { data: data.as_ref().to_vec(), ended: true })
    }

    pub(super) fn client_leaves(self) -> Scenario {
        self.then(Step::ClientLeaves)
    }

    /// A head whose body follows.
    pub(super) fn responds(self, status: u16, headers: &[(&'static str, &str)]) -> Scenario {
        self.then(Step::Responds { status, headers: owned(headers), ended: false })
    }

    /// An answer without a body.
    pub(super) fn responds_only(self, status: u16, headers: &[(&'static str, &str)]) -> Scenario {
        self.then(Step::Responds { status, headers: owned(headers), ended: true })
    }

    pub(super) fn sends(self, data: impl AsRef<[u8]>) -> Scenario {
        self.then(Step::Sends { data: data.as_ref().to_vec(), ended: false })
    }

    /// The last part of the answer.
    pub(super) fn ends(self, data: impl AsRef<[u8]>) -> Scenario {
        self.then(Step::Sends { data: data.as_ref().to_vec(), ended: true })
    }

    pub(super) fn sends_trailers(self, trailers: &[(&'static str, &str)]) -> Scenario {
        self.then(Step::SendsTrailers(owned(trailers)))
    }

    /// A whole answer with its length.
    pub(super) fn answers(self, status: u16, body: impl AsRef<[u8]>) -> Scenario {
        let length = body.as_ref().len().to_string();
        let headers = [("content-type", "application/json"), ("content-length", &length[..])];
        self.responds(status, &headers).ends(body)
    }

    /// A message of gRPC.
    pub(super) fn client_says(self, message: &str) -> Scenario {
        self.client_sends(framed(message))
    }

    pub(super) fn replies(self, message: &str) -> Scenario {
        self.sends(framed(message))
    }

    /// How many streams the proxy gets.
    pub(super) fn streams(&self) -> usize {
        let begins =
            |step: &&Step| matches!(step, Step::Asks { .. } | Step::SendsGarbage | Step::OmitsHost);
        self.steps.iter().filter(begins).count()
    }

    /// Whether the proxy passes the request on.
    pub(super) fn reaches_upstream(&self) -> bool {
        !self.is_taken_in && !self.steps.iter().any(|step| matches!(step, Step::ProxyAnswers(_)))
    }
}

fn owned(headers: &[(&'static str, &str)]) -> Headers {
    headers.iter().map(|&(name, value)| (name, value.to_owned())).collect()
}

/// Headers as the testbed and the simulator take them.
pub(super) fn borrowed(headers: &Headers) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// A message after its prefix: not compressed, length in four bytes.
pub(super) fn framed(message: &str) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    [&[0], &length[..], message.as_bytes()].concat()
}
