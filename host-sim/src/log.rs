//! Log lines that a filter or the host writes, kept for tests and printed for people; never more than [`KEPT_LINES_MAX`].

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

/// Older lines are dropped beyond this many.
pub const KEPT_LINES_MAX: usize = 10_000;

/// Severity, in the order and with the numbers of the ABI.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

/// One line with its source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogLine {
    /// Severity.
    pub level: LogLevel,
    /// The VM it came from: `canary`, `main`, `worker 0`, ...
    pub vm: String,
    /// The text as written.
    pub message: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}] {}: {}", self.level, self.vm, self.message)
    }
}

/// Where all VMs of one proxy write.
#[derive(Debug)]
pub struct Log {
    level: LogLevel,
    print: bool,
    lines: Mutex<VecDeque<LogLine>>,
}

impl Log {
    /// Keeps lines of `level` and above; with `print` also writes them to standard error.
    #[must_use]
    pub fn new(level: LogLevel, print: bool) -> Log {
        Log { level, print, lines: Mutex::default() }
    }

    /// What `proxy_get_log_level` tells the filter.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        self.level
    }

    /// The lines kept so far, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Writes one line if its level asks for it.
    pub fn write(&self, line: LogLine) {
        self.show(&line);
        self.keep(line);
    }

    /// Prints one line, where lines are printed, and does not keep it.
    #[allow(clippy::print_stderr, reason = "printing is what the caller chose")]
    pub(crate) fn show(&self, line: &LogLine) {
        if self.print && self.level <= line.level {
            eprintln!("{line}");
        }
    }

    /// Keeps one line, and does not print it.
    pub(crate) fn keep(&self, line: LogLine) {
        if line.level < self.level {
            return;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if KEPT_LINES_MAX <= lines.len() {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

impl LogLevel {
    pub(crate) fn from_raw(level: u32) -> Option<LogLevel> {
        use LogLevel::{Critical, Debug, Error, Info, Trace, Warn};
        [Trace, Debug, Info, Warn, Error, Critical].get(usize::try_from(level).ok()?).copied()
    }
}
