//! What goes wrong with the answers of a language model, by their numbers. It sends none.

/// What goes wrong with answers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// Every n-th request is refused with 503.
    Refused(u64),
    /// The connection of every n-th request is closed without an answer.
    HungUp(u64),
    /// Every n-th stream ends after half of its tokens, with no finish reason, usage or end mark.
    BrokenOff(u64),
    /// Every n-th stream has an event that is no JSON before its first token.
    Garbled(u64),
}

impl Trouble {
    pub(super) fn refuses(self, number: u64) -> bool {
        matches!(self, Trouble::Refused(every) if number.is_multiple_of(every))
    }

    pub(super) fn hangs_up(self, number: u64) -> bool {
        matches!(self, Trouble::HungUp(every) if number.is_multiple_of(every))
    }

    pub(super) fn breaks_off(self, number: u64) -> bool {
        matches!(self, Trouble::BrokenOff(every) if number.is_multiple_of(every))
    }

    pub(super) fn garbles(self, number: u64) -> bool {
        matches!(self, Trouble::Garbled(every) if number.is_multiple_of(every))
    }
}
