//! What the evaluator holds on the heap, by an allocator that counts; time is not measured.

use std::{
    alloc::{GlobalAlloc, Layout as Memory, System},
    cell::Cell,
};

use driftline_core::{
    config::Config, drift::probability::chi_square_quantile, evaluator::Evaluator, ledger::Ledger,
    monitor::Monitor, time::Timestamp,
};

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

/// A model with so many features of so many bins, each with as many rows of the reference.
fn monitor(features: usize, bins: usize, rows_per_bin: u64) -> Monitor {
    let degrees = bins as f64 - 1.0;
    let quantile = |p: f64| chi_square_quantile(p, degrees);
    let edges: Vec<String> = (1..bins).map(|edge| format!("{edge}")).collect();
    let means: Vec<String> = (0..bins).map(|bin| format!("{bin}.5")).collect();
    let counts = vec![format!("{rows_per_bin}"); bins];
    let feature = |number: usize| {
        format!(
            r#"{{"name": "feature number {number:03}", "type": "number", "nulls": 0, "mean": 1,
                "schema": {{"required": true, "minimum": 0, "maximum": {bins}}},
                "standard_deviation": 5, "minimum": 0, "maximum": {bins},
                "bins": {{"kind": "quantile", "edges": [{}], "counts": [{}], "means": [{}]}},
                "tail_excess": {{"low": 0.1, "high": 0.1}},
                "chi_square": {{"five_percent": {}, "one_percent": {}, "family": {}}}}}"#,
            edges.join(","),
            counts.join(","),
            means.join(","),
            quantile(0.05),
            quantile(0.01),
            quantile(0.01 / features as f64),
        )
    };
    let features: Vec<String> = (0..features).map(feature).collect();
    let config = format!(
        r#"{{"models": [{{"name": "m", "profile": {{
            "format": "driftline-profile", "format_version": 1, "version": null,
            "created_at": "2026-11-25T12:00:00Z", "model": "m", "rows": {},
            "features": [{}], "prediction": null}}}}]}}"#,
        rows_per_bin * bins as u64,
        features.join(",")
    );
    let config = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    // The host is told the names once, and keeps them itself.
    Monitor::tell(&config, &mut |_, _| ())
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn fifty_features_of_twenty_bins_take_less_than_a_quarter_of_a_mebibyte() {
    let start = HELD.get();
    let monitor = monitor(50, 20, 1000);
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
