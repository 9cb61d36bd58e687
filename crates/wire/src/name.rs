//! A short name that is kept in place and cut where it is longer; it knows nothing of what it names.

/// The first bytes of a name, at most `MAX`, which is below 256.
#[derive(Clone, Debug)]
pub struct Name<const MAX: usize> {
    length: u8,
    bytes: [u8; MAX],
}

impl<const MAX: usize> Default for Name<MAX> {
    fn default() -> Self {
        Name::new()
    }
}

impl<const MAX: usize> Name<MAX> {
    /// An empty name.
    #[must_use]
    pub const fn new() -> Name<MAX> {
        const { assert!(MAX <= u8::MAX as usize, "the length is a byte") };
        Name { length: 0, bytes: [0; MAX] }
    }

    /// Empties it.
    #[inline]
    pub const fn clear(&mut self) {
        self.length = 0;
    }

    /// Appends as much of `run` as there is room for.
    pub fn push(&mut self, run: &[u8]) {
        let room = self.bytes.get_mut(usize::from(self.length)..).unwrap_or_default();
        for (slot, &byte) in room.iter_mut().zip(run) {
            *slot = byte;
            self.length = self.length.saturating_add(1);
        }
    }

    /// What is kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}
