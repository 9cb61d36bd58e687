//! Memory that is counted before it is taken, in a whole and in parts of it; it allocates nothing for whoever takes it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::Fault;

/// The most memory that all decoders of a VM take together, with what readers hold of bodies: a quarter of what a VM may
/// have. Bodies that find none left are counted and not read.
pub const DECODERS_BYTES_MAX: usize = 16 << 20;
/// The most memory that the decoder of one coding of one body takes.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// What is left of some memory. Clones are of the same memory.
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<Room>);

#[derive(Debug)]
struct Room {
    left: AtomicUsize,
    /// What it is a part of.
    whole: Option<MemoryBudget>,
}

/// Memory that is taken until it is dropped.
#[derive(Debug)]
pub struct Held {
    budget: MemoryBudget,
    bytes: usize,
}

impl MemoryBudget {
    /// A room of this many bytes.
    pub fn new(bytes: usize) -> MemoryBudget {
        MemoryBudget(Arc::new(Room { left: AtomicUsize::new(bytes), whole: None }))
    }

    /// A room of this many bytes within this one: what is taken there is taken here as well.
    #[must_use]
    pub fn part(&self, bytes: usize) -> MemoryBudget {
        MemoryBudget(Arc::new(Room { left: AtomicUsize::new(bytes), whole: Some(self.clone()) }))
    }

    /// Takes memory before it is allocated; `None` if there is not so much left.
    #[must_use]
    pub fn hold(&self, bytes: usize) -> Option<Held> {
        self.take(bytes).then(|| Held { budget: self.clone(), bytes })
    }

    /// Memory of something that is held beside the decoders, of which nothing is taken yet.
    pub fn reservation(&self) -> Reservation {
        Reservation { account: BodyBudget::new(self), bytes: 0 }
    }

    /// What nobody has taken, neither here nor of what this is a part of.
    #[must_use]
    pub fn bytes_left(&self) -> usize {
        let left = self.0.left.load(Relaxed);
        self.0.whole.as_ref().map_or(left, |whole| left.min(whole.bytes_left()))
    }

    /// Takes memory, here and of what this is a part of, or of neither.
    fn take(&self, bytes: usize) -> bool {
        let Room { left, whole } = &*self.0;
        if !take_from(left, bytes) {
            return false;
        }
        let has_room = whole.as_ref().is_none_or(|whole| whole.take(bytes));
        if !has_room {
            left.fetch_add(bytes, Relaxed);
        }
        has_room
    }

    fn give_back(&self, bytes: usize) {
        self.0.left.fetch_add(bytes, Relaxed);
        if let Some(whole) = &self.0.whole {
            whole.give_back(bytes);
        }
    }
}

impl Held {
    /// How much it is.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives back all but so much.
    pub fn shrink(&mut self, bytes: usize) {
        self.budget.give_back(self.bytes.saturating_sub(bytes));
        self.bytes = self.bytes.min(bytes);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

/// What is left for one decoder.
#[derive(Debug)]
pub(super) struct BodyBudget {
    room: MemoryBudget,
    left: AtomicUsize,
    lacked_room: AtomicBool,
}

/// Memory of a decoder, or of what a reader holds, given back when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    account: Arc<BodyBudget>,
    bytes: usize,
}

impl BodyBudget {
    pub(super) fn new(room: &MemoryBudget) -> Arc<BodyBudget> {
        Arc::new(BodyBudget {
            room: room.clone(),
            left: AtomicUsize::new(BODY_BYTES_MAX),
            lacked_room: AtomicBool::new(false),
        })
    }

    /// Takes memory, before it is allocated.
    pub(super) fn hold(self: &Arc<BodyBudget>, bytes: usize) -> Result<Reservation, Fault> {
        self.take(bytes)?;
        Ok(Reservation { account: Arc::clone(self), bytes })
    }

    /// Why memory was refused.
    pub(super) fn refusal(&self) -> Fault {
        if self.lacked_room.load(Relaxed) { Fault::NoRoom } else { Fault::TooLarge }
    }

    fn take(&self, bytes: usize) -> Result<(), Fault> {
        if !take_from(&self.left, bytes) {
            return Err(Fault::TooLarge);
        }
        if !self.room.take(bytes) {
            self.left.fetch_add(bytes, Relaxed);
            self.lacked_room.store(true, Relaxed);
            return Err(Fault::NoRoom);
        }
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Relaxed);
        self.room.give_back(bytes);
    }
}

impl Reservation {
    /// Holds so much from now on, be it more or less than before.
    ///
    /// # Errors
    ///
    /// [`Fault::NoRoom`] if others have it, [`Fault::TooLarge`] beyond [`BODY_BYTES_MAX`]; as much is held as before then.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Fault> {
        if let Some(more) = bytes.checked_sub(self.bytes) {
            self.account.take(more)?;
        } else {
            self.account.give_back(self.bytes.saturating_sub(bytes));
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Reservation {
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
        let room = MemoryBudget::new(100);
        let account = BodyBudget::new(&room);
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
    fn what_a_part_takes_is_taken_of_the_whole() {
        let whole = MemoryBudget::new(100);
        let part = whole.part(60);
        let left = || (whole.bytes_left(), part.bytes_left());
        let mut held = part.hold(50).unwrap();
        assert_eq!(left(), (50, 10));
        assert!(part.hold(11).is_none(), "more than the part has");
        let others = whole.hold(45).unwrap();
        assert!(part.hold(6).is_none(), "more than the whole has");
        assert_eq!((left(), others.bytes()), ((5, 5), 45));
        held.shrink(20);
        held.shrink(30);
        assert_eq!((left(), held.bytes()), ((35, 35), 20));
        drop((held, others));
        assert_eq!(left(), (100, 60));
    }

    #[test]
    fn one_body_cannot_take_all_of_the_room() {
        let room = MemoryBudget::new(DECODERS_BYTES_MAX);
        let account = BodyBudget::new(&room);
        assert_eq!(account.hold(BODY_BYTES_MAX + 1).unwrap_err(), Fault::TooLarge);
        assert_eq!(account.refusal(), Fault::TooLarge);
    }
}
