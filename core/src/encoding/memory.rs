//! The memory of decoders, and of what readers hold, counted before it is taken; it allocates nothing for them.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::Fault;

/// The most memory that all decoders of a configuration within one VM take together, with what readers hold of bodies: a
/// quarter of what a VM may have. Bodies that find none left are counted and not read.
pub const ROOM_BYTES_MAX: usize = 16 << 20;
/// The most memory that the decoder of one coding of one body takes.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// What is left for all decoders, and for what readers hold.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<AtomicUsize>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Room {
        Room(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Memory of something that is held beside the decoders, of which nothing is taken yet.
    pub(crate) fn nothing_held(&self) -> Held {
        Held { account: Account::new(self), bytes: 0 }
    }

    #[cfg(test)]
    pub(crate) fn bytes_left(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// What is left for one decoder.
#[derive(Debug)]
pub(super) struct Account {
    room: Room,
    left: AtomicUsize,
    lacked_room: AtomicBool,
}

/// Memory of a decoder, or of what a reader holds, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    account: Arc<Account>,
    bytes: usize,
}

impl Account {
    pub(super) fn new(room: &Room) -> Arc<Account> {
        Arc::new(Account {
            room: room.clone(),
            left: AtomicUsize::new(BODY_BYTES_MAX),
            lacked_room: AtomicBool::new(false),
        })
    }

    /// Takes memory, before it is allocated.
    pub(super) fn hold(self: &Arc<Account>, bytes: usize) -> Result<Held, Fault> {
        self.take(bytes)?;
        Ok(Held { account: Arc::clone(self), bytes })
    }

    /// Why memory was refused.
    pub(super) fn refusal(&self) -> Fault {
        if self.lacked_room.load(Relaxed) { Fault::NoRoom } else { Fault::TooLarge }
    }

    fn take(&self, bytes: usize) -> Result<(), Fault> {
        if !take_from(&self.left, bytes) {
            return Err(Fault::TooLarge);
        }
        if !take_from(&self.room.0, bytes) {
            self.left.fetch_add(bytes, Relaxed);
            self.lacked_room.store(true, Relaxed);
            return Err(Fault::NoRoom);
        }
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Relaxed);
        self.room.0.fetch_add(bytes, Relaxed);
    }
}

impl Held {
    /// Holds so much from now on, be it more or less than before.
    ///
    /// # Errors
    ///
    /// [`Fault::NoRoom`] if others have it, [`Fault::TooLarge`] beyond [`BODY_BYTES_MAX`]; as much is held as before then.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), Fault> {
        if let Some(more) = bytes.checked_sub(self.bytes) {
            self.account.take(more)?;
        } else {
            self.account.give_back(self.bytes.saturating_sub(bytes));
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.account.give_back(self.bytes);
    }
}

fn take_from(left: &AtomicUsize, bytes: usize) -> bool {
    left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let room = Room::new(100);
        let account = Account::new(&room);
        let mut held = account.hold(60).unwrap();
        assert_eq!(account.hold(50).unwrap_err(), Fault::NoRoom);
        assert_eq!(account.refusal(), Fault::NoRoom);
        held.resize(100).unwrap();
        assert_eq!(held.resize(101), Err(Fault::NoRoom));
        assert_eq!(room.bytes_left(), 0);
        held.resize(40).unwrap();
        assert_eq!(room.bytes_left(), 60);
        drop(held);
        assert_eq!(room.bytes_left(), 100);
    }

    #[test]
    fn one_body_cannot_take_all_of_the_room() {
        let room = Room::new(ROOM_BYTES_MAX);
        let account = Account::new(&room);
        assert_eq!(account.hold(BODY_BYTES_MAX + 1).unwrap_err(), Fault::TooLarge);
        assert_eq!(account.refusal(), Fault::TooLarge);
    }
}
