//! A tensor that no column looks for: it counts the bytes that came of it, and reads none.

use super::filler::{Description, Filler};
use crate::predictive::Event;

/// The bytes of one tensor, as they pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing {
    description: Description,
    element_bytes: u64,
    came: u64,
}

impl Passing {
    /// None of its bytes came yet. An element takes at least this many of them.
    pub(super) fn new(description: Description, element_bytes: u8) -> Passing {
        Passing { description, element_bytes: u64::from(element_bytes), came: 0 }
    }

    /// The next bytes of the tensor came.
    pub(super) fn count(&mut self, bytes: &[u8]) {
        self.came = self.came.saturating_add(bytes.len() as u64);
    }

    /// No more of them will come. The tensor has as many rows as they have room for, and at most those of its shape.
    pub(super) fn end(self, filler: &mut Filler, take: &mut impl FnMut(Event<'_>)) {
        let elements_max = self.came.checked_div(self.element_bytes).unwrap_or(0);
        filler.pass(self.description, elements_max, take);
    }
}
