//! What is left to see of an exchange from outside: two messages, and how it ended.

use crate::{Error, Received, flow::Flow};

/// What both ends received, and what an access log would say.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// What the client received.
    pub client: Received,
    /// What the upstream received; of retries, the last.
    pub upstream: Received,
    /// False while it still ran when it was looked at.
    pub over: bool,
    /// The proxy, or the filter, answered in the upstream's place.
    pub local_reply: bool,
    /// `response.code_details`, once it is over.
    pub details: Option<String>,
    /// Bits of [`flags`](crate::flags), once it is over.
    pub flags: u64,
    /// The crash of the filter that this exchange met, whatever the failure policy let the client see: its own
    /// ([`Error::Trap`]), or an earlier one of the same VM ([`Error::Dead`]), which the filter saw no more of it after.
    pub error: Option<Error>,
}

impl Outcome {
    pub(crate) fn of(flow: &Flow) -> Outcome {
        let end = flow.end.as_ref();
        Outcome {
            client: flow.response.passed.clone(),
            upstream: flow.request.passed.clone(),
            over: end.is_some(),
            local_reply: flow.replied,
            details: end.and_then(|end| end.code_details.clone()),
            flags: end.map_or(0, |end| end.flags),
            error: flow.error.clone(),
        }
    }

    /// The status code that the client received.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.client.status()
    }

    /// The body that the client received, as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.client.body).into_owned()
    }
}
