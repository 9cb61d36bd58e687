//! What bodies have and no column looks for, for a tool that makes a model's first profile. The filter notes nothing.

use alloc::{string::String, vec::Vec};
use core::cell::RefCell;

use super::COLUMNS_MAX;

/// What bodies have and no column looks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unlisted {
    /// Names of members, columns and tensors, in the order of their first occurrence; at most one more than a model can
    /// have columns.
    pub names: Vec<String>,
    /// One more than the highest position at which a row without names had a value.
    pub width: usize,
    /// The names of tensors with more than one value for each row.
    pub wide: Vec<String>,
}

/// Notes what no column looks for, if a tool asks for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Option<RefCell<Unlisted>>);

impl Notes {
    /// From now on, notes it.
    pub(super) fn open(&mut self) {
        self.0.get_or_insert_default();
    }

    /// What was noted; nothing if no tool asked for it.
    pub(super) fn read(&self) -> Unlisted {
        self.0.as_ref().map(|notes| notes.borrow().clone()).unwrap_or_default()
    }

    pub(super) fn name(&self, name: &[u8]) {
        self.note(|unlisted| add(&mut unlisted.names, name));
    }

    pub(super) fn position(&self, position: usize) {
        self.note(|unlisted| unlisted.width = unlisted.width.max(position.saturating_add(1)));
    }

    pub(super) fn wide(&self, tensor: &[u8]) {
        self.note(|unlisted| add(&mut unlisted.wide, tensor));
    }

    #[inline]
    fn note(&self, take: impl FnOnce(&mut Unlisted)) {
        // Nothing else borrows it meanwhile: `take` is above.
        if let Some(mut unlisted) = self.0.as_ref().and_then(|notes| notes.try_borrow_mut().ok()) {
            take(&mut unlisted);
        }
    }
}

fn add(names: &mut Vec<String>, name: &[u8]) {
    let name = String::from_utf8_lossy(name);
    if names.len() <= COLUMNS_MAX && !names.iter().any(|known| *known == name) {
        names.push(name.into_owned());
    }
}
