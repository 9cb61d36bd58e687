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

/// Memory that is taken, given back when it is dropped.
#[derive(Debug)]
pub struct Reservation {
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

    /// What one body may take of it.
    pub(super) fn of_body(&self) -> MemoryBudget {
        self.part(BODY_BYTES_MAX)
    }

    /// Takes memory before it is allocated.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] if there is not so much left here, [`Fault::NoRoom`] if others have it of what this is a part of.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation, Fault> {
        self.take(bytes)?;
        Ok(Reservation { budget: self.clone(), bytes })
    }

    /// Memory of something that is held beside the decoders, of which nothing is taken yet.
    pub fn reservation(&self) -> Reservation {
        Reservation { budget: self.of_body(), bytes: 0 }
    }

    /// What nobody has taken, neither here nor of what this is a part of.
    #[must_use]
    pub fn bytes_left(&self) -> usize {
        let left = self.0.left.load(Relaxed);
        self.0.whole.as_ref().map_or(left, |whole| left.min(whole.bytes_left()))
    }

    /// Takes memory, here and of what this is a part of, or of neither.
    fn take(&self, bytes: usize) -> Result<(), Fault> {
        let Room { left, whole } = &*self.0;
        let take = |left: usize| left.checked_sub(bytes);
        left.fetch_update(Relaxed, Relaxed, take).map_err(|_| Fault::TooLarge)?;
        let Some(whole) = whole else { return Ok(()) };
        whole.take(bytes).map_err(|_| {
            left.fetch_add(bytes, Relaxed);
            Fault::NoRoom
        })
    }

    fn give_back(&self, bytes: usize) {
        self.0.left.fetch_add(bytes, Relaxed);
        if let Some(whole) = &self.0.whole {
            whole.give_back(bytes);
        }
    }
}

impl Reservation {
    /// How much it is.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Holds so much from now on, be it more or less than before.
    ///
    /// # Errors
    ///
    /// As of [`MemoryBudget::reserve`]; as much is held as before then.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Fault> {
        if let Some(more) = bytes.checked_sub(self.bytes) {
            self.budget.take(more)?;
            self.bytes = bytes;
        }
        self.shrink(bytes);
        Ok(())
    }

    /// Gives back all but so much.
    pub fn shrink(&mut self, bytes: usize) {
        self.budget.give_back(self.bytes.saturating_sub(bytes));
        self.bytes = self.bytes.min(bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

/// What is left for one decoder that takes memory many times, and says of none why it failed.
#[derive(Debug)]
pub(super) struct BodyBudget {
    budget: MemoryBudget,
    lacked_room: AtomicBool,
}

impl BodyBudget {
    pub(super) fn new(room: &MemoryBudget) -> Arc<BodyBudget> {
        Arc::new(BodyBudget { budget: room.of_body(), lacked_room: AtomicBool::new(false) })
    }

    /// Takes memory, before it is allocated.
    pub(super) fn reserve(&self, bytes: usize) -> Result<Reservation, Fault> {
        self.budget.reserve(bytes).inspect_err(|fault| {
            if *fault == Fault::NoRoom {
                self.lacked_room.store(true, Relaxed);
            }
        })
    }

    /// Why memory was refused.
    pub(super) fn refusal(&self) -> Fault {
        if self.lacked_room.load(Relaxed) { Fault::NoRoom } else { Fault::TooLarge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let room = MemoryBudget::new(100);
        let account = BodyBudget::new(&room);
        let mut held = account.reserve(60).unwrap();
        assert_eq!(account.reserve(50).unwrap_err(), Fault::NoRoom);
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
        let mut held = part.reserve(50).unwrap();
        assert_eq!(left(), (50, 10));
        assert!(part.reserve(11).is_err(), "more than the part has");
        let others = whole.reserve(45).unwrap();
        assert!(part.reserve(6).is_err(), "more than the whole has");
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
        assert_eq!(account.reserve(BODY_BYTES_MAX + 1).unwrap_err(), Fault::TooLarge);
        assert_eq!(account.refusal(), Fault::TooLarge);
    }
}
