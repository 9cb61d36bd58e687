//! Runs cargo, shows its output as it is written, and reports how far it has compiled and about how long the rest takes.
//! It never compiles anything twice, and never changes a line.

use std::{
    env,
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

/// How often the progress line of a terminal is redrawn, and how long output may take to arrive after cargo has ended.
const TICK: Duration = Duration::from_millis(250);
/// A process that outlives its test keeps the pipe open. This long after cargo has ended, its output is ignored.
const ECHO_MAX: Duration = Duration::from_secs(2);
/// The time between two progress lines without a terminal, such as in CI.
const PAUSE: Duration = Duration::from_secs(10);
/// Wide enough for the names of the crates that cargo compiles.
const BAR_COLUMNS: &str = "120";

/// Where the output goes, both streams in their original order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// For results.
    Stdout,
    /// For progress and errors.
    Stderr,
}

/// Runs a cargo command that compiles, and fails unless it exits with status 0.
pub fn compile(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = watch(command, Place::Stderr, &mut |_| {})?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a cargo command, shows its output in `place`, and passes each line, without colours, to `on_line`.
///
/// # Errors
///
/// If the command cannot be started or awaited. A status other than 0 is no error.
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
    // By default, cargo draws its bar on terminals only.
    command.env("CARGO_TERM_PROGRESS_WHEN", "always");
    command.env("CARGO_TERM_PROGRESS_WIDTH", BAR_COLUMNS);
    if is_coloured && env::var_os("CARGO_TERM_COLOR").is_none() {
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

/// Starts the command with one pipe for both streams, which keeps their order.
fn start(command: &mut Command) -> Result<(Child, Receiver<Vec<u8>>)> {
    let (mut reader, writer) = pipe().context("cannot make a pipe")?;
    command.stdout(writer.try_clone().context("cannot share a pipe")?).stderr(writer);
    let child = command.spawn().with_context(|| format!("cannot start `{}`", show(command)))?;
    // The command holds the write ends of the pipe, and would keep it open.
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

/// The output as it is, and the progress of compilation beside it.
struct Screen<O, S> {
    out: O,
    status: S,
    /// The width of the terminal, on which the progress is one line that is redrawn. Without one, it is printed in lines.
    columns: Option<usize>,
    /// Whether cargo is still compiling. Until then, text that ends with a carriage return is its bar.
    is_compiling: bool,
    progress: Progress,
    started: Instant,
    /// When the progress was last shown.
    said: Option<Instant>,
    /// Whether the progress line is on the terminal now.
    is_drawn: bool,
    /// The current line, and how much of it is shown.
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
        // libtest prints the name of a test before its result. Compilers write whole lines.
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
            // A closed pipe, such as that of `head`, does not stop the tests.
            let _ = self.out.write_all(&self.line[self.shown..]);
            let _ = self.out.flush();
            self.shown = self.line.len();
        }
    }

    /// Shows the progress, if it is due.
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

    /// Shows the rest, such as a last line without a line break.
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

    /// Feeds output in pieces of this size; returns the output, the progress, and the lines.
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
    fn bars_are_reported_and_every_line_is_shown_however_the_output_is_cut() {
        for piece in 1..=BARS.len() {
            let (out, status, lines) = shown(BARS, piece, None);
            let expected = [
                "   Compiling anyhow v1.0.105",
                "   Compiling itoa v1.0.19",
                "    Finished `test` profile in 1.34s",
            ];
            assert_eq!(lines, expected, "{piece}");
            assert_eq!(out, expected.map(|line| format!("{line}\n")).concat(), "{piece}");
            // The first bar is reported at once, the next one after a pause.
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
    fn output_of_tests_is_shown_before_a_line_ends_and_is_not_changed() {
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
    fn both_streams_of_a_command_keep_their_order() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three; exit 7"]);
        let mut lines = Vec::new();
        let status =
            watch_into(&mut command, sink(), false, &mut |line| lines.push(line.to_owned()));
        assert_eq!(status.unwrap().code(), Some(7));
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_process_that_outlives_its_parent_is_not_awaited() {
        let started = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 20 & echo done"]);
        let mut lines = Vec::new();
        watch_into(&mut command, sink(), false, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["done"]);
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    }
}
