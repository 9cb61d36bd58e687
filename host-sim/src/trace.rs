//! Every call into a VM and out of it, in the format of Envoy's `--component-log-level wasm:trace`. It never changes one.

mod normal;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

pub use normal::normalised;

/// One line of a trace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The thread that Envoy would show: 0 for the main thread, which also runs
    /// the base VM and the canary, then one per worker.
    pub thread: usize,
    /// The VM: `base`, `canary`, `main`, `worker 0`, ...
    pub vm: String,
    /// The call as Envoy prints it, from `[host->vm]` or one of its three sisters on.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.thread, self.text)
    }
}

/// Where traced calls are written. Clones write to the same place; memory grows with every call.
#[derive(Clone, Debug, Default)]
pub struct Trace(Option<Arc<Mutex<Vec<Line>>>>);

impl Trace {
    /// A trace that keeps nothing and costs nothing.
    #[must_use]
    pub fn off() -> Trace {
        Trace(None)
    }

    /// A trace that keeps every line.
    #[must_use]
    pub fn on() -> Trace {
        Trace(Some(Arc::default()))
    }

    /// The lines so far, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let Some(lines) = &self.0 else { return Vec::new() };
        lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines so far; the trace is empty afterwards.
    pub fn take(&self) -> Vec<Line> {
        let Some(lines) = &self.0 else { return Vec::new() };
        std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lines so far as text, ready for `diff` against what Envoy wrote.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines().iter().map(|line| format!("{line}\n")).collect()
    }

    /// Every call of every filter comes here, and the trace is usually off.
    #[inline]
    pub(crate) fn write(&self, vm: &str, text: impl FnOnce() -> String) {
        if let Some(lines) = &self.0 {
            keep(lines, vm, text);
        }
    }
}

#[cold]
fn keep(lines: &Mutex<Vec<Line>>, vm: &str, text: impl FnOnce() -> String) {
    let line = Line { thread: thread(vm), vm: vm.to_string(), text: text() };
    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

fn thread(vm: &str) -> usize {
    let number = vm.strip_prefix("worker ").and_then(|number| number.parse::<usize>().ok());
    number.map_or(0, |number| number + 1)
}
