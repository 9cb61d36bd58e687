//! Runs cargo, shows its output as it comes, and says meanwhile how much is compiled and about how long the rest takes.
//! It never compiles anything twice for that, and never changes a line.

use std::{
    io::{Read, Write, pipe, stderr, stdout},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    process::show,
    progress::{Bar, Progress},
    terminal::{self, cut, plain},
};

/// How often a terminal's line of progress is drawn anew, and how long a process that has ended may still be heard.
const TICK: Duration = Duration::from_millis(250);
/// A process that a test has left behind keeps the pipe open; after this time nobody listens to it.
const ECHO_MAX: Duration = Duration::from_secs(2);
/// The pause between two lines of progress where there is no terminal, such as in CI.
const PAUSE: Duration = Duration::from_secs(10);
/// Wide enough for the names of what cargo compiles.
const BAR_COLUMNS: &str = "120";

/// Where the output of cargo and of what it runs goes, both streams in their order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// For output that is the result.
    Stdout,
    /// For progress and errors.
    Stderr,
}

/// Runs a command of cargo that compiles, and fails unless it ends with status 0.
pub fn compile(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = watch(command, Place::Stderr, &mut |_| {})?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command of cargo, shows all its output in `place`, and gives each line of it, without colours, to `on_line`.
///
/// # Errors
///
/// If it cannot be started or awaited. How it ends is not judged.
pub fn watch(
    command: &mut Command,
    place: Place,
    on_line: &mut dyn FnMut(&str),
) -> Result<ExitStatus> {
    match place {
        Place::Stdout => watch_into(command, stdout(), terminal::sees_stdout(), on_line),
        Place::Stderr => watch_into(command, stderr(), terminal::sees_stderr(), on_line),
    }
}

fn watch_into(
    command: &mut Command,
    out: impl Write,
    is_coloured: bool,
    on_line: &mut dyn FnMut(&str),
) -> Result<ExitStatus> {
    // Cargo draws its bar for terminals only, unless it is told.
    command.env("CARGO_TERM_PROGRESS_WHEN", "always");
    command.env("CARGO_TERM_PROGRESS_WIDTH", BAR_COLUMNS);
    if is_coloured {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let columns = terminal::sees_stderr().then(terminal::columns);
    let mut screen = Screen::new(out, stderr(), columns);
    let (mut child, pieces) = start(command)?;
    let mut ended: Option<Instant> = None;
    loop {
        let piece = pieces.recv_timeout(TICK);
        if ended.is_none() && child.try_wait().context("cannot wait for cargo")?.is_some() {
            ended = Some(Instant::now());
        }
        match piece {
            Ok(piece) => screen.take(&piece, on_line),
            Err(RecvTimeoutError::Timeout) if ended.is_none() => screen.tick(),
            Err(_) => break,
        }
        if ended.is_some_and(|ended| ECHO_MAX < ended.elapsed()) {
            break;
        }
    }
    screen.close(on_line);
    child.wait().context("cannot wait for cargo")
}

/// Starts the command with one pipe for both of its streams, so that their order is kept.
fn start(command: &mut Command) -> Result<(Child, Receiver<Vec<u8>>)> {
    let (mut reader, writer) = pipe().context("cannot make a pipe")?;
    command.stdout(writer.try_clone().context("cannot share a pipe")?).stderr(writer);
    let child = command.spawn().with_context(|| format!("cannot start `{}`", show(command)))?;
    // The command still holds its ends of the pipe, and would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, pieces) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    Ok((child, pieces))
}

/// What is shown: the output as it is, and beside it the progress of compiling.
struct Screen<O, S> {
    out: O,
    status: S,
    /// The width of the terminal, where the status is one line that changes; else it is a line now and then.
    columns: Option<usize>,
    /// Whether cargo is still compiling: what ends in a carriage return is then a bar of its own.
    is_compiling: bool,
    progress: Progress,
    started: Instant,
    /// When the status was last shown.
    said: Option<Instant>,
    /// Whether the line of the status is on the terminal.
    is_drawn: bool,
    /// The line so far, and how much of it is shown.
    line: Vec<u8>,
    shown: usize,
}

impl<O: Write, S: Write> Screen<O, S> {
    fn new(out: O, status: S, columns: Option<usize>) -> Screen<O, S> {
        Screen {
            out,
            status,
            columns,
            is_compiling: true,
            progress: Progress::default(),
            started: Instant::now(),
            said: None,
            is_drawn: false,
            line: Vec::new(),
            shown: 0,
        }
    }

    fn take(&mut self, piece: &[u8], on_line: &mut dyn FnMut(&str)) {
        for part in piece.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(part);
            match part.last() {
                Some(b'\r') if self.is_compiling => self.take_bar(),
                Some(b'\n') => self.take_line(on_line),
                _ => {}
            }
        }
        // A test that runs has said that it does before it has ended. A compiler writes whole lines.
        if !self.is_compiling {
            self.show_line();
        }
    }

    fn take_bar(&mut self) {
        if let Some(bar) = Bar::read(&plain(&String::from_utf8_lossy(&self.line))) {
            self.progress.advance(bar);
            self.tick();
        }
        self.line.clear();
    }

    fn take_line(&mut self, on_line: &mut dyn FnMut(&str)) {
        self.show_line();
        let line = plain(&String::from_utf8_lossy(&self.line));
        let line = line.trim_end();
        let kind = line.trim_start();
        if ["Finished ", "Running ", "Doc-tests "].iter().any(|it| kind.starts_with(it)) {
            self.is_compiling = false;
        }
        on_line(line);
        self.line.clear();
        self.shown = 0;
    }

    fn show_line(&mut self) {
        self.erase();
        if self.shown < self.line.len() {
            // A reader who has gone, such as `head`, is no reason to stop the tests.
            let _ = self.out.write_all(&self.line[self.shown..]);
            let _ = self.out.flush();
            self.shown = self.line.len();
        }
    }

    /// Shows how far cargo is, if that is due.
    fn tick(&mut self) {
        let is_due = self.columns.is_some() || self.said.is_none_or(|said| PAUSE <= said.elapsed());
        if !self.is_compiling || !is_due {
            return;
        }
        let Some(text) = self.progress.describe(self.started.elapsed()) else {
            return;
        };
        let text = format!("xtask: {text}");
        let _ = match self.columns {
            Some(columns) => write!(self.status, "\r{}\x1b[K", cut(&text, columns - 1)),
            None => writeln!(self.status, "{text}"),
        };
        let _ = self.status.flush();
        self.is_drawn = self.columns.is_some();
        self.said = Some(Instant::now());
    }

    fn erase(&mut self) {
        if self.is_drawn {
            let _ = self.status.write_all(b"\r\x1b[K");
            let _ = self.status.flush();
            self.is_drawn = false;
        }
    }

    /// Shows what is left, such as a last line without its end.
    fn close(&mut self, on_line: &mut dyn FnMut(&str)) {
        if !self.line.is_empty() {
            self.take_line(on_line);
        }
        self.erase();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Sink, sink};

    use super::*;

    const BARS: &str = "   Compiling anyhow v1.0.105\n\
        \x20   Building [              ] 0/12: anyhow(build.rs)     \r   Compiling itoa v1.0.19\n\
        \x20   Building [===>          ] 3/12: itoa                 \r    Building [=====>     ] 5/12: p  \r\
        \x20   Finished `test` profile in 1.34s\n";

    /// Feeds output in pieces of this size; returns what is shown, what is said, and the lines.
    fn shown(text: &str, piece: usize, columns: Option<usize>) -> (String, String, Vec<String>) {
        let mut screen = Screen::new(Vec::new(), Vec::new(), columns);
        let mut lines = Vec::new();
        for piece in text.as_bytes().chunks(piece) {
            screen.take(piece, &mut |line| lines.push(line.to_owned()));
        }
        screen.close(&mut |line| lines.push(line.to_owned()));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(screen.out), text(screen.status), lines)
    }

    #[test]
    fn bars_are_told_and_every_line_is_shown_however_the_output_is_cut() {
        for piece in 1..=BARS.len() {
            let (out, status, lines) = shown(BARS, piece, None);
            let expected = [
                "   Compiling anyhow v1.0.105",
                "   Compiling itoa v1.0.19",
                "    Finished `test` profile in 1.34s",
            ];
            assert_eq!(lines, expected, "{piece}");
            assert_eq!(out, expected.map(|line| format!("{line}\n")).concat(), "{piece}");
            // The first bar is said at once, the next only after a pause.
            assert_eq!(
                status, "xtask: 0 of 12 units compiled after 0 s; now anyhow(build.rs)\n",
                "{piece}"
            );
        }
    }

    #[test]
    fn a_terminal_has_one_line_of_progress_that_is_erased_before_others() {
        let (_, status, _) = shown(BARS, 7, Some(60));
        assert_eq!(status.matches("of 12 units compiled").count(), 3, "{status:?}");
        assert!(!status.contains('\n') && status.ends_with("\r\x1b[K"), "{status:?}");
        let longest = status.split('\r').map(|it| plain(it).chars().count()).max();
        assert!(longest < Some(60), "{status:?}");
    }

    #[test]
    fn what_a_test_prints_is_shown_before_its_line_ends_and_kept_as_it_is() {
        let mut screen = Screen::new(Vec::new(), sink(), None);
        let mut lines = Vec::new();
        let mut take = |screen: &mut Screen<Vec<u8>, Sink>, text: &str| {
            screen.take(text.as_bytes(), &mut |line| lines.push(line.to_owned()));
            String::from_utf8(screen.out.clone()).unwrap()
        };
        let begun = "     Running unittests src/lib.rs (target/x)\ntest slow ... ";
        assert_eq!(take(&mut screen, begun), begun);
        let shown = take(&mut screen, "\x1b[32mok\x1b[m\n50 %\r100 %\n");
        assert_eq!(shown, format!("{begun}\x1b[32mok\x1b[m\n50 %\r100 %\n"));
        assert_eq!(lines[1..], ["test slow ... ok", "50 %\r100 %"]);
    }

    #[test]
    fn both_streams_of_a_command_come_in_their_order() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three; exit 7"]);
        let mut lines = Vec::new();
        let status =
            watch_into(&mut command, sink(), false, &mut |line| lines.push(line.to_owned()));
        assert_eq!(status.unwrap().code(), Some(7));
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_process_that_is_left_behind_is_not_awaited() {
        let started = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 20 & echo done"]);
        let mut lines = Vec::new();
        watch_into(&mut command, sink(), false, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["done"]);
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    }
}
