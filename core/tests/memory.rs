//! What the evaluator holds on the heap, by an allocator that counts; time is not measured.

use std::{
    alloc::{GlobalAlloc, Layout as Memory, System},
    cell::Cell,
};

use driftline_core::{
    config::Config, evaluator::Evaluator, ledger::Ledger, monitor::Monitor, time::Timestamp,
};
use driftline_support::uniform_profile;

/// What this thread holds on the heap.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        let _ = HELD.try_with(|held| held.set(held.get().wrapping_add(memory.size())));
        // SAFETY: as above.
        unsafe { System.alloc(memory) }
    }

    unsafe fn dealloc(&self, at: *mut u8, memory: Memory) {
        let _ = HELD.try_with(|held| held.set(held.get().wrapping_sub(memory.size())));
        // SAFETY: as above.
        unsafe { System.dealloc(at, memory) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A model with so many features of so many bins.
fn monitor(features: usize, bins: usize) -> Monitor {
    let profile = uniform_profile::profile(features, bins);
    let config = format!(r#"{{"models": [{{"name": "m", "profile": {profile}}}]}}"#);
    let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    // The host is told the names once, and keeps them itself.
    Monitor::tell(&config, &mut |_, _| ())
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn fifty_features_of_twenty_bins_take_less_than_a_quarter_of_a_mebibyte() {
    let start = HELD.get();
    let monitor = monitor(50, 20);
    let laid_out = HELD.get() - start;
    let mut ledger = Ledger::new(monitor.series_max());
    let mut evaluator = Evaluator::new(&monitor);
    let values = vec![0; evaluator.counters().len()];
    let before = HELD.get();
    evaluator.resume(&monitor, Timestamp(0), &values, |_| None);
    let empty = HELD.get() - before;
    for second in 1..5 {
        let now = Timestamp(second * SECOND);
        evaluator.evaluate(&monitor, &mut ledger, now, &values, |ledger| ledger.drain(|_, _| {}));
    }
    let (windows, all) = (HELD.get() - before, HELD.get() - start);
    println!(
        "{laid_out} bytes for references and numbers of series, {windows} of windows, {all} in all"
    );
    assert!(windows < 128 << 10, "{windows} bytes of windows");
    assert!(laid_out < 80 << 10, "{laid_out} bytes for references and numbers of series");
    assert!(windows - empty < 16 << 10, "{} bytes more to evaluate", windows - empty);
    assert!(all < 256 << 10, "{all} bytes in all");
    evaluator.rest();
    assert!(HELD.get() - before < 16 << 10, "whoever rests holds no windows");
}

#[test]
fn windows_take_twice_as_much_where_every_bin_of_every_step_is_beyond_sixteen_bits() {
    let monitor = monitor(50, 20);
    let mut ledger = Ledger::new(monitor.series_max());
    let mut evaluator = Evaluator::new(&monitor);
    let mut values = vec![0_u64; evaluator.counters().len()];
    let before = HELD.get();
    evaluator.resume(&monitor, Timestamp(0), &values, |_| None);
    let (mut windows, mut steps) = (Vec::new(), 1..);
    for rows in [1, 70_000] {
        // A day and two hours: longer than any ring.
        for step in steps.by_ref().take(12 * 26) {
            values.iter_mut().for_each(|value| *value += rows);
            let now = Timestamp(step * 300 * SECOND);
            evaluator
                .evaluate(&monitor, &mut ledger, now, &values, |ledger| ledger.drain(|_, _| {}));
        }
        windows.push(HELD.get() - before);
    }
    println!("{windows:?} bytes of windows");
    assert!(windows[0] + (90 << 10) < windows[1], "{windows:?}: every count was large");
    assert!(windows[1] < 256 << 10, "{windows:?}");
}
