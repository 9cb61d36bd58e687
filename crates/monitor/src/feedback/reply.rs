//! What a request with feedback is answered: how many records counted, and why the first few did not. It reads none.

use alloc::{format, string::String, vec::Vec};

use driftline_labels::{FeedbackOutcome, LabelOutcome, LabelRefused};

/// How many refused records are named.
const NAMED_MAX: usize = 5;

/// What became of the records of one request.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Records so far.
    records: u64,
    joined: u64,
    with_prediction: u64,
    unmatched: u64,
    duplicate: u64,
    refused: u64,
    named: Vec<(u64, LabelRefused)>,
}

impl Tally {
    /// Notes the next record.
    pub(crate) fn note(&mut self, record: Result<LabelOutcome, LabelRefused>) {
        let count = match record {
            Ok(LabelOutcome::Joined) => &mut self.joined,
            Ok(LabelOutcome::WithPrediction) => &mut self.with_prediction,
            Ok(LabelOutcome::Unmatched) => &mut self.unmatched,
            Ok(LabelOutcome::Duplicate) => &mut self.duplicate,
            Err(reason) => {
                if self.named.len() < NAMED_MAX {
                    self.named.push((self.records, reason));
                }
                &mut self.refused
            }
        };
        *count = count.saturating_add(1);
        self.records = self.records.saturating_add(1);
    }

    /// The body of an answer. `problem` is what was wrong with the request as a whole.
    pub(crate) fn to_json(&self, problem: Option<&str>) -> String {
        let Tally { joined, with_prediction, unmatched, duplicate, refused, .. } = *self;
        let accepted = joined.saturating_add(with_prediction);
        let mut json = format!(
            "{{\"accepted\": {accepted}, \"joined\": {joined}, \"unmatched\": {unmatched}, \"duplicate\": {duplicate}, \
             \"refused\": {refused}, \"problems\": ["
        );
        for (number, (row, reason)) in self.named.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            json.push_str(&format!(
                "{separator}{{\"row\": {row}, \"reason\": \"{}\"}}",
                reason.name()
            ));
        }
        json.push(']');
        if let Some(problem) = problem {
            json.push_str(&format!(", \"error\": \"{problem}\""));
        }
        json.push_str("}\n");
        json
    }
}

/// The status of an answer.
pub(crate) const fn status(outcome: FeedbackOutcome) -> u32 {
    match outcome {
        FeedbackOutcome::Accepted => 202,
        FeedbackOutcome::Malformed | FeedbackOutcome::BrokenOff => 400,
        FeedbackOutcome::Unauthorized => 401,
        FeedbackOutcome::OtherMethod => 405,
        FeedbackOutcome::TooLarge => 413,
        FeedbackOutcome::NoRoom => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_problems_are_named() {
        let mut tally = Tally::default();
        tally.note(Ok(LabelOutcome::Joined));
        for _ in 0..7 {
            tally.note(Err(LabelRefused::UnknownModel));
        }
        tally.note(Ok(LabelOutcome::WithPrediction));
        tally.note(Ok(LabelOutcome::Duplicate));
        let json: serde_json::Value = serde_json::from_str(&tally.to_json(None)).unwrap();
        assert_eq!(json["accepted"], 2);
        assert_eq!([&json["joined"], &json["duplicate"], &json["refused"]], [1, 1, 7]);
        assert_eq!(json["problems"].as_array().unwrap().len(), 5);
        assert_eq!(json["problems"][0], serde_json::json!({"row": 1, "reason": "unknown_model"}));
        let json: serde_json::Value =
            serde_json::from_str(&Tally::default().to_json(Some("no rows"))).unwrap();
        assert_eq!(json["error"], "no rows");
    }
}
