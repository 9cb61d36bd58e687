//! What a command says beside its result, on standard error; that nobody can hear it changes nothing.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// A line. That standard error is closed or full ends no command, unlike with `eprintln!`.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Text that a command is for, on standard output, to the last byte.
///
/// # Errors
///
/// If it cannot be written, say to a full disk; `main` takes a closed pipe for a reader who has seen enough.
pub(crate) fn print(text: impl Display) -> io::Result<()> {
    let mut output = io::stdout().lock();
    write!(output, "{text}")?;
    output.flush()
}
