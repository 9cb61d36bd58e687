//! Shows how far reading has come, a few times a second at most; it decides nothing and never fails.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::said::say;

/// How often a line that moves is drawn again.
const DRAWN_PER_SECOND: u8 = 4;
const OF_KNOWN_SIZE: &str = "{prefix} [{bar:30}] {bytes} of {total_bytes}, {msg}, {eta} to go";
const OF_UNKNOWN_SIZE: &str = "{prefix} {spinner} {bytes}, {msg}";
/// How long lines that stay are apart.
const APART: Duration = Duration::from_secs(2);

/// A line on standard error: one that moves on a terminal, and where there is none new ones, if they were asked for.
pub(crate) enum Shown {
    Moving(ProgressBar),
    Lines { bytes: Option<u64>, last: Option<Instant> },
    Nothing,
}

impl Shown {
    /// `bytes` is the size of what is read, if it is known.
    pub(crate) fn new(wanted: bool, bytes: Option<u64>) -> Shown {
        if io::stderr().is_terminal() {
            let target = ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND);
            let bar = ProgressBar::with_draw_target(bytes, target);
            let template = if bytes.is_some() { OF_KNOWN_SIZE } else { OF_UNKNOWN_SIZE };
            // The template is right, as the test knows; the usual style would do as well.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            Shown::Moving(bar)
        } else if wanted {
            Shown::Lines { bytes, last: None }
        } else {
            Shown::Nothing
        }
    }

    /// What is being done, how much of it was done, and how many bytes of the source that took.
    pub(crate) fn show(&mut self, what: &'static str, done: &str, bytes_read: u64) {
        match self {
            Shown::Moving(bar) => {
                bar.set_prefix(what);
                bar.set_message(done.to_owned());
                bar.set_position(bytes_read);
            }
            Shown::Lines { bytes, last } => {
                if last.is_none_or(|last| APART <= last.elapsed()) {
                    *last = Some(Instant::now());
                    say(line(what, done, bytes_read, *bytes));
                }
            }
            Shown::Nothing => {}
        }
    }

    /// Keeps a moving line moving between two calls, where these may be long apart.
    pub(crate) fn keep_moving(&self) {
        if let Shown::Moving(bar) = self {
            bar.enable_steady_tick(Duration::from_secs(1) / u32::from(DRAWN_PER_SECOND));
        }
    }

    /// Takes a moving line away; the summary comes next.
    pub(crate) fn end(&self) {
        if let Shown::Moving(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn line(what: &str, done: &str, bytes_read: u64, bytes: Option<u64>) -> String {
    let so_far = bytes_read >> 20;
    let of = bytes.map_or(String::new(), |bytes| format!(" of {}", bytes >> 20));
    format!("{what}: {done}, {so_far}{of} MiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_of_what() {
        let line = |bytes| line("counting", "4000 rows", 5 << 20, bytes);
        assert_eq!(line(Some(7 << 20)), "counting: 4000 rows, 5 of 7 MiB");
        assert_eq!(line(None), "counting: 4000 rows, 5 MiB");
    }

    #[test]
    fn the_templates_are_right() {
        for template in [OF_KNOWN_SIZE, OF_UNKNOWN_SIZE] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
