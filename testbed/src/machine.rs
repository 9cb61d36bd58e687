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
    hint::black_box,
    io::{Write, stderr},
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A round of the measurement is this many sleeps and one piece of work.
const SLEEPS: usize = 10;
const SLEEP: Duration = Duration::from_millis(5);
/// Steps of a piece of work. It takes some milliseconds, which is longer than a scheduler lets a thread go on if others
/// wait.
const WORK_STEPS: u64 = 2_000_000;
/// Rounds before a test begins.
const ROUNDS_FIRST: usize = 5;
/// One sleep in this many may end late.
const LATE_ONE_IN: usize = 10;
/// How many times as long as at best half of the work may take.
const SLOWDOWN_MAX: u32 = 3;

/// A machine that has been quick enough so far. It is measured until this is dropped.
#[derive(Debug)]
pub struct Machine {
    tolerance: Duration,
    measured: Arc<Measured>,
    /// `None` once it is told to end.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Measured {
    samples: Mutex<Samples>,
    is_over: AtomicBool,
}

/// Measurements, in order.
#[derive(Debug, Default)]
struct Samples {
    /// How late each sleep ended.
    lateness: Vec<Duration>,
    /// How long each piece of work took.
    work: Vec<Duration>,
}

/// Measures the machine for about a third of a second, and goes on measuring. If the machine is too slow, says that the
/// test is skipped, and returns `None`.
///
/// It is too slow if more than one sleep in ten ends later than `tolerance`, or if other processes leave less than a
/// third of a processor to a thread that works.
#[must_use]
#[track_caller]
pub fn watch(tolerance: Duration) -> Option<Machine> {
    let measured = Arc::<Measured>::default();
    let shared = Arc::clone(&measured);
    let thread = thread::spawn(move || {
        while !shared.is_over.load(Relaxed) {
            shared.round();
        }
    });
    let machine = Machine { tolerance, measured, thread: Some(thread) };
    while machine.measured.samples().work.len() < ROUNDS_FIRST {
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
    // libtest names the thread of a test after it, unless tests run one by one.
    let thread = thread::current();
    let test = thread
        .name()
        .filter(|name| *name != "main")
        .map_or_else(|| format!("the test at {}:{}", place.file(), place.line()), str::to_owned);
    // If nothing reads stderr, the line is lost, as is all other output.
    let _ = stderr().write_all(format!("skipped: {test}: {why}\n").as_bytes());
}

impl Machine {
    /// Whether the machine was quick enough until now. If not, says that the test is skipped.
    #[must_use]
    #[track_caller]
    pub fn kept_time(&self) -> bool {
        let why = self.measured.samples().too_slow(self.tolerance);
        if let Some(why) = &why {
            skip(format_args!("this machine is too slow: {why}"));
        }
        why.is_none()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.measured.is_over.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread cannot fail.
            let _ = thread.join();
        }
    }
}

impl Measured {
    fn samples(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn round(&self) {
        for _ in 0..SLEEPS {
            let started = Instant::now();
            thread::sleep(SLEEP);
            let late = started.elapsed().saturating_sub(SLEEP);
            self.samples().lateness.push(late);
        }
        let started = Instant::now();
        work();
        let took = started.elapsed();
        self.samples().work.push(took);
    }
}

/// Always the same, and nothing that a compiler could leave out.
fn work() {
    let (mut step, mut sum) = (0_u64, 1_u64);
    while step < WORK_STEPS {
        sum = black_box(sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step));
        step += 1;
    }
}

impl Samples {
    /// Why the machine is too slow, if it is.
    fn too_slow(&self, tolerance: Duration) -> Option<String> {
        let sleeps = self.lateness.len();
        let late = self.lateness.iter().filter(|late| tolerance < **late).count();
        if sleeps < late * LATE_ONE_IN {
            let worst = self.lateness.iter().max()?;
            return Some(format!(
                "{late} of {sleeps} short sleeps ended more than {tolerance:?} late, at worst by {worst:?}"
            ));
        }
        let mut work = self.work.clone();
        work.sort_unstable();
        let (best, median) = (*work.first()?, *work.get(work.len() / 2)?);
        (best * SLOWDOWN_MAX < median)
            .then(|| format!("what takes {best:?} at best took {median:?} in the median"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn samples(lateness_ms: &[u32], work_ms: &[u32]) -> Samples {
        let times = |times: &[u32]| times.iter().map(|&time| time * MS).collect();
        Samples { lateness: times(lateness_ms), work: times(work_ms) }
    }

    #[test]
    fn one_late_sleep_in_ten_is_tolerated_and_two_are_not() {
        let work = [5, 5, 5];
        let one = samples(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 3], &work);
        assert_eq!(one.too_slow(2 * MS), None);
        assert_eq!(one.too_slow(3 * MS), None);
        let two = samples(&[0, 0, 0, 0, 0, 0, 0, 0, 3, 7], &work);
        let expected = "2 of 10 short sleeps ended more than 2ms late, at worst by 7ms";
        assert_eq!(two.too_slow(2 * MS).as_deref(), Some(expected));
    }

    #[test]
    fn work_may_take_three_times_as_long_as_at_best_and_more_now_and_then() {
        assert_eq!(samples(&[0], &[5, 6, 15, 40, 9]).too_slow(MS), None);
        let expected = "what takes 5ms at best took 16ms in the median";
        assert_eq!(samples(&[0], &[16, 5, 6, 40, 20]).too_slow(MS).as_deref(), Some(expected));
    }

    #[test]
    fn a_machine_is_measured_until_it_is_dropped() {
        let measured = Arc::<Measured>::default();
        measured.round();
        let samples = measured.samples();
        assert_eq!((samples.lateness.len(), samples.work.len()), (SLEEPS, 1));
        println!("a piece of work takes {:?}", samples.work[0]);
        assert!(MS / 10 < samples.work[0], "{:?}", samples.work[0]);
    }
}
