//! A tensor that nobody looks for: it counts the bytes that came of it, whatever was promised, and reads none.

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
    /// None of its bytes came; an element takes so many of them at least.
    pub(super) fn new(description: Description, element_bytes: u8) -> Passing {
        Passing { description, element_bytes: u64::from(element_bytes), came: 0 }
    }

    /// The next bytes of the tensor came.
    pub(super) fn count(&mut self, bytes: &[u8]) {
        self.came = self.came.saturating_add(bytes.len() as u64);
    }

    /// No more of them will come: the tensor has the rows that they have room for, if its shape has as many.
    pub(super) fn end(self, filler: &mut Filler, take: &mut impl FnMut(Event<'_>)) {
        let elements_max = self.came.checked_div(self.element_bytes).unwrap_or(0);
        filler.pass(self.description, elements_max, take);
    }
}
