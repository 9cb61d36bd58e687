//! Sends batch after batch at a given pace, and judges each answer; it stops at the first batch that it cannot account for.

use std::{
    fmt,
    num::NonZeroU32,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use driftline_profiler::Place;

use super::{
    client::{Answer, Client, NoAnswer, RETRIES_MAX},
    sink::{Batch, Outlet},
    summary::{Counts, Summary},
};
use crate::progress::Shown;

/// How many records a dry run shows.
pub(super) const SHOWN_RECORDS: usize = 3;
/// How much of an answer that no filter gives is shown.
const SHOWN_CHARS: usize = 200;

/// Sends.
pub(super) struct Delivery {
    client: Client,
    shown: Shown,
    rate: Option<NonZeroU32>,
    /// When the next batch may go.
    next_at: Instant,
    summary: Summary,
    failure: Option<String>,
    progress: (u64, u64),
}

impl Delivery {
    pub(super) fn new(client: Client, shown: Shown, rate: Option<NonZeroU32>) -> Delivery {
        let (summary, failure) = (Summary::default(), None);
        let (next_at, progress) = (Instant::now(), (0, 0));
        let mut delivery = Delivery { client, shown, rate, next_at, summary, failure, progress };
        delivery.show();
        delivery.shown.keep_moving();
        delivery
    }

    /// What became of the rows, and what ended the delivery early.
    pub(super) fn end(mut self) -> (Summary, Option<String>) {
        self.shown.end();
        self.summary.retries = self.client.retries();
        (self.summary, self.failure)
    }

    fn keep_pace(&mut self, rows: usize) {
        let Some(rate) = self.rate else { return };
        let now = Instant::now();
        thread::sleep(self.next_at.saturating_duration_since(now));
        let takes = Duration::from_secs_f64(rows as f64 / f64::from(rate.get()));
        // Time that was lost is not made up for.
        self.next_at = self.next_at.max(now) + takes;
    }

    fn show(&mut self) {
        let (read, bytes) = self.progress;
        let (sent, refused) = (self.summary.sent, self.summary.refused);
        let refused = if refused == 0 { String::new() } else { format!(", {refused} refused") };
        self.shown.show("sending", &format!("{sent} rows sent of {read} read{refused}"), bytes);
    }
}

impl Outlet for Delivery {
    fn take(&mut self, batch: Batch) -> bool {
        self.keep_pace(batch.rows.len());
        let Batch { body, rows, with_id } = batch;
        let may_repeat = with_id == rows.len();
        let outcome = match self.client.send(&Bytes::from(body), may_repeat) {
            Ok(answer) => {
                let judged = judge(&answer, rows.len());
                if let Some(counts) = &judged.counts {
                    self.summary.add(counts, &rows);
                }
                let goes_on = if judged.is_untouched { from_here(&rows) } else { String::new() };
                judged.wrong.map(|wrong| format!("the batch of {}: {wrong}{goes_on}", span(&rows)))
            }
            Err(NoAnswer::NotSent(why)) => {
                Some(format!("{why}; nothing of {} was sent{}", span(&rows), from_here(&rows)))
            }
            Err(NoAnswer::Broken(why)) => Some(broken(&why, &rows, with_id)),
        };
        self.failure = outcome;
        self.show();
        self.failure.is_none()
    }

    fn report(&mut self, rows: u64, bytes: u64) {
        self.progress = (rows, bytes);
        self.show();
    }
}

/// What an answer means.
#[derive(Debug, PartialEq)]
struct Judged {
    /// Of the rows that it accounts for.
    counts: Option<Counts>,
    /// Why nothing more is sent.
    wrong: Option<String>,
    /// No row was counted.
    is_untouched: bool,
}

fn judge(answer: &Answer, rows: usize) -> Judged {
    let counts = Counts::read(&answer.body);
    let wrong = match (answer.status, &counts) {
        (202, Some(counts)) => (counts.rows() != rows as u64).then(|| {
            format!("{rows} rows were sent, but the server accounts for {} of them", counts.rows())
        }),
        (202, None) => Some(format!(
            "found the answer {}, expected the counts of a filter; is --to its address?",
            said(answer)
        )),
        (400, Some(Counts { accepted, refused, .. })) => Some(format!(
            "the server could not read it to its end (400), after {accepted} accepted and {refused} refused rows; is \
             there something between that changes bodies?"
        )),
        (401, _) => Some(
            "the server wants another secret (401): add --header 'NAME: VALUE' as the filter's configuration says".into(),
        ),
        (404, _) => Some(
            "the server takes no feedback at this path (404): is feedback in the filter's configuration, and --to its \
             address and path?"
                .into(),
        ),
        (413, Some(Counts { accepted, refused, .. })) => Some(format!(
            "{rows} rows are too large for the filter (413), after {accepted} accepted and {refused} refused ones: send \
             fewer at once with --batch"
        )),
        (413, None) => Some(format!(
            "{rows} rows are too large for the server (413): send fewer at once with --batch"
        )),
        (300..=399, _) => Some(format!(
            "the server points elsewhere ({}): is --to {} instead?",
            answer.status,
            answer.location.as_deref().unwrap_or("another address")
        )),
        _ => Some(format!("found the answer {}, expected 202 and counts", said(answer))),
    };
    // Counts of other statuses are none of a filter.
    let counts = counts.filter(|_| matches!(answer.status, 202 | 400 | 413 | 503));
    let is_untouched =
        counts.is_none() && matches!(answer.status, 300..=399 | 401 | 404 | 405 | 413);
    Judged { counts, wrong, is_untouched }
}

fn said(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let text: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{} {text:?}", answer.status)
}

/// What is known of rows whose answer did not come.
fn broken(why: &str, rows: &[Place], with_id: usize) -> String {
    let after = rows.last().map_or(0, |place| place.row + 1);
    let here = rows.first().map_or(0, |place| place.row);
    let tried = if with_id == rows.len() {
        format!("{RETRIES_MAX} retries did not help")
    } else {
        let without = rows.len() - with_id;
        format!(
            "they are not sent again, because {without} of them have no id and might count twice"
        )
    };
    format!(
        "{why}; {} may have been counted, or not; {tried}; --rows {after}.. goes on after them, and --rows {here}.. \
         sends them again",
        span(rows)
    )
}

fn from_here(rows: &[Place]) -> String {
    match rows.first().map(|place| place.row) {
        None | Some(1) => String::new(),
        Some(row) => format!("; --rows {row}.. goes on there"),
    }
}

fn span(rows: &[Place]) -> String {
    match rows {
        [] => "no row".into(),
        [one] => one.to_string(),
        [first, .., last] => format!("rows {} to {}", number(first), number(last)),
    }
}

fn number(place: &Place) -> String {
    match place.line {
        Some(line) => format!("{} (line {line})", place.row),
        None => place.row.to_string(),
    }
}

/// Keeps the first records instead.
#[derive(Debug, Default)]
pub(super) struct DryRun {
    records: String,
    count: usize,
}

impl Outlet for DryRun {
    fn take(&mut self, batch: Batch) -> bool {
        for line in String::from_utf8_lossy(&batch.body).lines() {
            if self.count < SHOWN_RECORDS {
                self.records += line;
                self.records.push('\n');
                self.count += 1;
            }
        }
        self.count < SHOWN_RECORDS
    }

    fn report(&mut self, _: u64, _: u64) {}
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.records)
    }
}
