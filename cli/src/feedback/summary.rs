//! What became of the rows of a file; it counts, and decides nothing.

use std::{collections::BTreeMap, fmt, time::Duration};

use driftline_profiler::Place;
use serde_json::Value;

/// How many different reasons are told apart; further ones count as `other`.
const REASONS_MAX: usize = 50;
/// How many places of refused rows are shown.
const PLACES_SHOWN: usize = 5;
const REASON_CHARS_MAX: usize = 80;

/// What a server says of one batch.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    /// Those of the accepted that the id of a request has led to their predictions.
    pub(super) joined: u64,
    /// Those whose id has led to no prediction.
    pub(super) unmatched: u64,
    /// Those whose prediction had a label already.
    pub(super) duplicate: u64,
    pub(super) refused: u64,
    /// The index in the batch and the reason of the first refused rows.
    pub(super) problems: Vec<(usize, String)>,
}

impl Counts {
    /// All rows that the server accounts for.
    pub(super) fn rows(&self) -> u64 {
        let Counts { accepted, unmatched, duplicate, refused, .. } = *self;
        [unmatched, duplicate, refused].into_iter().fold(accepted, u64::saturating_add)
    }

    /// Reads an answer; `None` if a filter does not answer so.
    pub(super) fn read(body: &[u8]) -> Option<Counts> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let count = |name: &str| answer.get(name)?.as_u64();
        let problem = |problem: &Value| {
            let row = usize::try_from(problem.get("row")?.as_u64()?).ok()?;
            let reason = problem.get("reason")?.as_str()?;
            Some((row, reason.chars().take(REASON_CHARS_MAX).collect()))
        };
        let problems = answer.get("problems").and_then(Value::as_array);
        Some(Counts {
            accepted: count("accepted")?,
            joined: count("joined")?,
            unmatched: count("unmatched")?,
            duplicate: count("duplicate")?,
            refused: count("refused")?,
            problems: problems.into_iter().flatten().filter_map(problem).collect(),
        })
    }
}

/// What became of all rows so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Rows of the file, those that were not asked for included.
    pub(super) read: u64,
    /// Rows of batches that were answered with counts.
    pub(super) sent: u64,
    pub(super) accepted: u64,
    pub(super) joined: u64,
    pub(super) unmatched: u64,
    pub(super) duplicate: u64,
    pub(super) refused: u64,
    /// Rows without a label.
    pub(super) unlabelled: u64,
    /// Rows that are no records, or cannot be read.
    pub(super) unusable: u64,
    pub(super) retries: u64,
    pub(super) took: Duration,
    reasons: BTreeMap<String, u64>,
    places: Vec<String>,
}

impl Summary {
    /// Adds the answer to a batch of these rows.
    pub(super) fn add(&mut self, counts: &Counts, rows: &[Place]) {
        self.sent += rows.len() as u64;
        self.accepted += counts.accepted;
        self.joined += counts.joined;
        self.unmatched += counts.unmatched;
        self.duplicate += counts.duplicate;
        self.refused += counts.refused;
        for (index, reason) in &counts.problems {
            let is_known = self.reasons.contains_key(reason) || self.reasons.len() < REASONS_MAX;
            let reason = if is_known { reason.as_str() } else { "other" };
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
            if let Some(place) = rows.get(*index).filter(|_| self.places.len() < PLACES_SHOWN) {
                self.places.push(format!("{place}: {reason}"));
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, count: u64| writeln!(f, "{name:<15} {count:>9}");
        line("rows read", self.read)?;
        line("without a label", self.unlabelled)?;
        line("unusable", self.unusable)?;
        line("sent", self.sent)?;
        line("accepted", self.accepted)?;
        line("joined", self.joined)?;
        line("unmatched", self.unmatched)?;
        line("duplicate", self.duplicate)?;
        line("refused", self.refused)?;
        for (reason, count) in &self.reasons {
            // In one column with the other counts, however long the reason is.
            let width = 22_usize.saturating_sub(reason.len());
            writeln!(f, "  {reason} {count:>width$}")?;
        }
        let explained: u64 = self.reasons.values().sum();
        match self.refused.saturating_sub(explained) {
            0 => {}
            // A server gives the reasons of the first five rows of each batch.
            more => writeln!(f, "  {:<13} {more:>8}", "reason unknown")?,
        }
        for place in &self.places {
            writeln!(f, "  {place}")?;
        }
        if self.retries != 0 {
            writeln!(f, "{:<15} {:>9}", "retries", self.retries)?;
        }
        writeln!(f, "{:<15} {:>9.1}", "seconds", self.took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_counts_and_the_first_reasons() {
        let body = br#"{"accepted": 3, "joined": 1, "unmatched": 4, "duplicate": 5, "refused": 2,
            "problems": [{"row": 1, "reason": "unknown_model"}, {"row": "x"}], "more": 0}"#;
        let problems = vec![(1, "unknown_model".to_owned())];
        assert_eq!(
            Counts::read(body),
            Some(Counts {
                accepted: 3,
                joined: 1,
                unmatched: 4,
                duplicate: 5,
                refused: 2,
                problems
            })
        );
        assert_eq!(Counts::read(body).unwrap().rows(), 14);
        for other in ["", "[]", "{}", r#"{"accepted": 3}"#, r#"{"predictions": [1]}"#] {
            assert_eq!(Counts::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_summary_names_reasons_and_the_first_places() {
        let mut summary = Summary { read: 7, unlabelled: 1, ..Summary::default() };
        let rows = [1, 2, 3].map(|row| Place { row, line: Some(row + 1) });
        let problems = vec![(1, "unknown_model".to_owned())];
        let counts = Counts { accepted: 1, refused: 2, problems, ..Counts::default() };
        summary.add(&counts, &rows);
        let text = summary.to_string();
        for expected in [
            "rows read               7\n",
            "sent                    3\n",
            "refused                 2\n  unknown_model         1\n  reason unknown        1\n",
            "\n  row 2 (line 3): unknown_model\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
    }
}
