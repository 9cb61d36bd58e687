//! Whether this machine keeps time, for the few tests whose verdict depends on a real clock. It never judges what is
//! tested.
//!
//! Such a test begins with [`watch`] and asks [`Machine::kept_time`] before it judges a time:
//!
//! ```no_run
//! # use std::time::{Duration, Instant};
//! # use driftline_testbed::machine;
//! # fn story() {
//! let Some(machine) = machine::watch(Duration::from_millis(20)) else { return };
//! let started = Instant::now();
//! // ... what takes its time ...
//! if !machine.kept_time() {
//!     return;
//! }
//! assert!(started.elapsed() < Duration::from_secs(1));
//! # }
//! ```
//!
//! Where the machine is too slow, the test says so with [`skip`] and ends. `cargo xtask test` counts and lists it.

use std::{
    fmt::Display,
    io::{Write, stderr},
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a sleep of the measurement is meant to take.
const SLEEP: Duration = Duration::from_millis(2);
/// Sleeps before a test begins.
const SLEEPS_FIRST: u64 = 50;
/// One sleep in so many may be late.
const LATE_ONE_IN: u64 = 10;

/// A machine that has been quick enough so far. It is measured until this is dropped.
#[derive(Debug)]
pub struct Machine {
    tolerance: Duration,
    counts: Arc<Counts>,
    /// `None` once it is told to end.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counts {
    sleeps: AtomicU64,
    late: AtomicU64,
    worst_us: AtomicU64,
    is_over: AtomicBool,
}

/// Measures the machine, which takes a tenth of a second, and goes on measuring. If more than one sleep in ten is late
/// by more than `tolerance`, says that the test is skipped, and returns `None`.
#[must_use]
#[track_caller]
pub fn watch(tolerance: Duration) -> Option<Machine> {
    let counts = Arc::<Counts>::default();
    let measured = Arc::clone(&counts);
    let thread = thread::spawn(move || {
        while !measured.is_over.load(Relaxed) {
            measured.sleep(tolerance);
        }
    });
    let machine = Machine { tolerance, counts, thread: Some(thread) };
    while machine.counts.sleeps.load(Relaxed) < SLEEPS_FIRST {
        thread::sleep(SLEEP);
    }
    machine.kept_time().then_some(machine)
}

/// Says that a test is skipped and why; the test must end then.
///
/// The line goes past the capture of the test's output, in a form that `cargo xtask test` reads.
#[track_caller]
pub fn skip(why: impl Display) {
    let place = Location::caller();
    // A test has a thread of its own name, unless it is alone.
    let thread = thread::current();
    let test = thread
        .name()
        .filter(|name| *name != "main")
        .map_or_else(|| format!("the test at {}:{}", place.file(), place.line()), str::to_owned);
    // Lost if nobody listens, as is all that a test prints.
    let _ = stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}

impl Machine {
    /// Whether the machine was quick enough until now. If not, says that the test is skipped.
    #[must_use]
    #[track_caller]
    pub fn kept_time(&self) -> bool {
        let sleeps = self.counts.sleeps.load(Relaxed);
        let late = self.counts.late.load(Relaxed);
        let is_quick = is_quick(late, sleeps);
        if !is_quick {
            let worst = Duration::from_micros(self.counts.worst_us.load(Relaxed));
            let tolerance = self.tolerance;
            skip(format_args!(
                "this machine is too slow: {late} of {sleeps} short sleeps ended more than \
                 {tolerance:?} late, by {worst:?} at worst"
            ));
        }
        is_quick
    }
}

fn is_quick(late: u64, sleeps: u64) -> bool {
    late * LATE_ONE_IN <= sleeps
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.counts.is_over.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // It does nothing that could fail.
            let _ = thread.join();
        }
    }
}

impl Counts {
    fn sleep(&self, tolerance: Duration) {
        let started = Instant::now();
        thread::sleep(SLEEP);
        let late = started.elapsed().saturating_sub(SLEEP);
        let late_us = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.worst_us.fetch_max(late_us, Relaxed);
        self.late.fetch_add(u64::from(tolerance < late), Relaxed);
        self.sleeps.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_keeps_time_within_a_minute() {
        let machine = watch(Duration::from_secs(60)).unwrap();
        assert!(machine.kept_time());
        let sleeps = machine.counts.sleeps.load(Relaxed);
        assert!(SLEEPS_FIRST <= sleeps, "{sleeps}");
    }

    #[test]
    fn one_late_sleep_in_ten_is_let_pass_and_two_are_not() {
        assert!(is_quick(0, 50) && is_quick(5, 50));
        assert!(!is_quick(6, 50) && !is_quick(10, 50));
    }

    #[test]
    fn a_sleep_is_late_beyond_the_tolerance() {
        let counts = Counts::default();
        // No sleep ends on the nanosecond.
        counts.sleep(Duration::ZERO);
        counts.sleep(Duration::MAX);
        assert_eq!((counts.sleeps.load(Relaxed), counts.late.load(Relaxed)), (2, 1));
    }
}
