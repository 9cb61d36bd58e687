//! An allocator that counts what each thread holds; it never refuses anything.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// What an allocator takes beside what it is asked for, each time: its own note of the size, and the rest of a unit.
const NOTE_BYTES: usize = 8;

struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
    static IS_PAUSED: Cell<bool> = const { Cell::new(false) };
}

/// What this thread holds on the heap, in bytes.
pub(crate) fn held() -> usize {
    HELD.get()
}

/// The most that it held at once since this was asked last.
pub(crate) fn most_held() -> usize {
    MOST.replace(HELD.get())
}

/// Runs what does not count: it gives nothing back that was counted, and takes nothing along that is.
pub(crate) fn uncounted<T>(run: impl FnOnce() -> T) -> T {
    let was_paused = IS_PAUSED.replace(true);
    let value = run();
    IS_PAUSED.set(was_paused);
    value
}

fn count(add: impl FnOnce(usize) -> usize) {
    // Memory is also given back while the thread's own values are gone.
    let _ = HELD.try_with(|held| {
        if !IS_PAUSED.get() {
            held.set(add(held.get()));
            MOST.set(MOST.get().max(held.get()));
        }
    });
}

// SAFETY: every call goes to the system's allocator as it came.
#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|held| held.wrapping_add(layout.size() + NOTE_BYTES));
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(|held| held.wrapping_sub(layout.size() + NOTE_BYTES));
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
