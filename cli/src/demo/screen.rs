//! Shows the record while it grows: a table that is redrawn where there is a terminal, else lines. It changes nothing
//! in the record, and works in a thread of its own so that no stopwatch waits for a terminal.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    picture::{self, Line, Tone},
    record::{Shared, Story},
};

const REDRAW: Duration = Duration::from_millis(200);
/// How often lines say how far it is.
const SUMMARY: Duration = Duration::from_secs(5);
/// A smaller terminal gets lines.
const SIZE_MIN: (u16, u16) = (picture::WIDTH_MAX + 1, picture::HEIGHT_MAX + 1);

/// The screen, until it is closed.
pub(super) struct Screen {
    close: mpsc::Sender<()>,
    drawing: Option<JoinHandle<()>>,
}

impl Screen {
    /// Starts to show the record. A table needs a terminal of at least 80 columns.
    pub(super) fn open(shared: &Shared, headless: bool) -> Screen {
        let is_live = !headless && io::stdout().is_terminal() && size().is_some();
        let (close, closed) = mpsc::channel();
        let shared = shared.clone();
        let drawing = thread::spawn(move || {
            if is_live { draw_tables(&shared, &closed) } else { print_lines(&shared, &closed) }
        });
        Screen { close, drawing: Some(drawing) }
    }

    /// Shows what is left to show. A table is taken away: what follows is the closing one.
    pub(super) fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.close.send(());
        if let Some(drawing) = self.drawing.take() {
            let _ = drawing.join();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.end();
    }
}

fn print_lines(shared: &Shared, closed: &mpsc::Receiver<()>) {
    let mut printed = 0;
    let mut last = (Instant::now(), String::new());
    loop {
        let is_closed = closed.recv_timeout(REDRAW) != Err(RecvTimeoutError::Timeout);
        let (said, summary) = shared.with(|story| {
            let said = story.said[printed..].to_vec();
            (said, picture::summary(story))
        });
        printed += said.len();
        let mut text: String = said.iter().map(|line| format!("{line}\n")).collect();
        if let Some(summary) = summary.filter(|text| SUMMARY < last.0.elapsed() && *text != last.1)
        {
            text += &format!("  {summary}\n");
            last = (Instant::now(), summary);
        }
        write(&text);
        if is_closed {
            return;
        }
    }
}

fn draw_tables(shared: &Shared, closed: &mpsc::Receiver<()>) {
    let mut drawn = 0;
    while closed.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
        // One that was made too small keeps what it shows.
        let Some(columns) = size() else { continue };
        let lines = shared.with(|story: &mut Story| picture::picture(story));
        write(&(up(drawn) + &text(&lines, columns.into())));
        drawn = lines.len();
    }
    write(&(up(drawn) + "\x1b[J"));
}

/// The columns of the terminal; `None` if it is too small for the table.
fn size() -> Option<u16> {
    let (terminal_size::Width(columns), terminal_size::Height(rows)) =
        terminal_size::terminal_size()?;
    (SIZE_MIN.0 <= columns && SIZE_MIN.1 <= rows).then_some(columns)
}

/// Back to the first of this many lines.
fn up(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A\r") }
}

/// Overwrites line by line and clears only what is left of the old ones, so that nothing flickers.
fn text(lines: &[Line], columns: usize) -> String {
    let mut text = String::new();
    for Line { tone, text: line } in lines {
        text += match tone {
            Tone::Plain => "",
            Tone::Faint => "\x1b[2m",
            Tone::Strong => "\x1b[1m",
            Tone::Alarm => "\x1b[31m",
        };
        // A line that wraps would count as two.
        text.extend(line.chars().take(columns - 1));
        text += "\x1b[0m\x1b[K\n";
    }
    text + "\x1b[J"
}

/// In one piece. A reader that has gone away is no reason to stop the demo.
fn write(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_before_it_wraps_and_clears_what_it_replaces() {
        let lines = [
            Line { tone: Tone::Plain, text: "abcdef".into() },
            Line { tone: Tone::Alarm, text: "é".into() },
        ];
        assert_eq!(text(&lines, 5), "abcd\x1b[0m\x1b[K\n\x1b[31mé\x1b[0m\x1b[K\n\x1b[J");
        assert_eq!((up(0).as_str(), up(2).as_str()), ("", "\x1b[2A\r"));
    }
}
