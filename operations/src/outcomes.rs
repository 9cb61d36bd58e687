//! Whose error an outcome is: what error rates are told apart by, and what availability promises. It counts none.

use driftline_labels::{Outcome, labels};

labels! {
    /// Who an outcome other than `complete` points to.
    pub enum ErrorClass {
        /// The client left before the end.
        Client = "client",
        /// The model server answered with an error: often the client's mistake, as often its own. The outcome does not tell
        /// a 400 from a 500.
        Status = "status",
        /// The model server failed, was too slow, or broke its answer off.
        Server = "server",
        /// The proxy answered in its place: it refused the request, or found no server.
        Proxy = "proxy",
    }
}

impl ErrorClass {
    /// That of an outcome; `None` for a success.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Option<ErrorClass> {
        match outcome {
            Outcome::Complete => None,
            Outcome::ClientCancel => Some(ErrorClass::Client),
            Outcome::ErrorStatus => Some(ErrorClass::Status),
            Outcome::UpstreamReset
            | Outcome::Timeout
            | Outcome::Truncated
            | Outcome::ErrorEvent
            | Outcome::NoOutput => Some(ErrorClass::Server),
            Outcome::LocalReply => Some(ErrorClass::Proxy),
        }
    }

    /// Its outcomes.
    pub fn outcomes(self) -> impl Iterator<Item = Outcome> {
        Outcome::ALL.into_iter().filter(move |&outcome| ErrorClass::of(outcome) == Some(self))
    }
}

/// A pattern that matches these outcomes.
#[must_use]
pub fn pattern(outcomes: impl IntoIterator<Item = Outcome>) -> String {
    let words: Vec<&str> = outcomes.into_iter().map(Outcome::name).collect();
    words.join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_but_success_has_one_class() {
        let classed: usize = ErrorClass::ALL.map(|class| class.outcomes().count()).iter().sum();
        assert_eq!(classed, Outcome::ALL.len() - 1);
        assert_eq!(pattern(ErrorClass::Client.outcomes()), "client_cancel");
    }
}
