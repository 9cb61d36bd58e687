//! What clients and filter have seen so far: the chapters write it, the screen and the report read it, and it never
//! judges.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    label_readings::LabelReading,
    readings::{ColumnReading, LlmReading, RainReading},
};

/// The record of the whole demo, shared between those who write it and those who show it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Story>>);

/// The record of the whole demo.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// Which proxy it is, for people.
    pub(super) host: String,
    /// Where it listens and where its metrics are, for people.
    pub(super) addresses: String,
    /// Everything that was announced, in order.
    pub(super) said: Vec<String>,
    pub(super) healthy: LlmRecord,
    pub(super) slow: LlmRecord,
    pub(super) weather: WeatherRecord,
    pub(super) labels: LabelsRecord,
    /// What Prometheus answered, if there is one, and which alerts fired at the end of each chapter.
    pub(super) answers: Vec<Answer>,
    pub(super) alerts: Vec<(u8, Vec<String>)>,
    /// Whether there is one.
    pub(super) has_prometheus: bool,
}

/// What Prometheus said at the end of a chapter.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) chapter: u8,
    pub(super) about: &'static str,
    pub(super) promql: String,
    /// `None` if there was no sample.
    pub(super) value: Option<f64>,
    /// What the filter itself says, where that is the same number.
    pub(super) filter: Option<f64>,
}

/// A chapter with the language model.
#[derive(Clone, Debug, Default)]
pub(super) struct LlmRecord {
    /// Requests that the chapter is going to send.
    pub(super) planned: u64,
    pub(super) clients: LlmClients,
    pub(super) filter: LlmReading,
    /// Streams that ran alone, so that the filter's counters tell about each of them.
    pub(super) pairs: Vec<Pair>,
    /// From the first request to the last look at it; zero before the chapter.
    pub(super) elapsed: Duration,
}

/// What the clients of the language model saw.
#[derive(Clone, Debug, Default)]
pub(super) struct LlmClients {
    pub(super) sent: u64,
    /// Whole answers with output.
    pub(super) complete: u64,
    pub(super) output_tokens: u64,
    /// Of each stream that is complete.
    pub(super) ttft_ms: Vec<f64>,
    pub(super) tpot_ms: Vec<f64>,
    /// What went wrong first.
    pub(super) problem: Option<String>,
}

/// One stream, seen from both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) client: Latency,
    pub(super) filter: Latency,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Latency {
    pub(super) ttft_ms: f64,
    pub(super) tpot_ms: f64,
}

/// The chapter with the rain model.
#[derive(Clone, Debug, Default)]
pub(super) struct WeatherRecord {
    /// Requests that the chapter is going to send.
    pub(super) planned: u64,
    pub(super) clients: RainClients,
    pub(super) filter: RainReading,
    /// The columns when the window held the rows before the change, and no others.
    pub(super) before: Option<Vec<ColumnReading>>,
    /// The columns when the window held the rows after the change, and no others.
    pub(super) after: Option<Vec<ColumnReading>>,
}

/// What the clients of the rain model saw.
#[derive(Clone, Debug, Default)]
pub(super) struct RainClients {
    pub(super) sent: u64,
    pub(super) complete: u64,
    pub(super) rows: u64,
    pub(super) predictions: u64,
    pub(super) problem: Option<String>,
}

/// The chapter with the labels.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelsRecord {
    /// Requests for predictions that the chapter is going to send.
    pub(super) planned: u64,
    pub(super) clients: LabelClients,
    pub(super) filter: LabelReading,
    /// Before the first label.
    pub(super) without: Option<LabelReading>,
    /// When there were too few labels to tell anything.
    pub(super) few: Option<LabelReading>,
    /// After all labels of the days before the change, and after those of the days after it.
    pub(super) before: Option<LabelReading>,
    pub(super) after: Option<LabelReading>,
}

/// What those saw who asked for predictions and sent labels.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelClients {
    /// Requests for predictions.
    pub(super) sent: u64,
    pub(super) predictions: u64,
    /// Those that were wrong.
    pub(super) wrong: u64,
    pub(super) labels: u64,
    /// Labels of which the answers say that they found their prediction.
    pub(super) joined: u64,
    /// What went wrong first.
    pub(super) problem: Option<String>,
}

impl LabelClients {
    /// Notes what went wrong.
    pub(super) fn note(&mut self, error: &anyhow::Error) {
        self.problem.get_or_insert_with(|| format!("{error:#}"));
    }
}

impl Shared {
    /// Reads or changes the record. Do not wait for anything inside.
    pub(super) fn with<R>(&self, look: impl FnOnce(&mut Story) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says what is going on, in one line.
    pub(super) fn say(&self, line: impl Into<String>) {
        self.with(|story| story.said.push(line.into()));
    }
}

impl LlmRecord {
    /// The number in the middle of one side of the pairs; `None` without pairs.
    pub(super) fn median_of_pairs(&self, number: impl Fn(&Pair) -> f64) -> Option<f64> {
        median(self.pairs.iter().map(number))
    }
}

impl WeatherRecord {
    pub(super) fn column<'c>(
        columns: &'c Option<Vec<ColumnReading>>,
        name: &str,
    ) -> Option<&'c ColumnReading> {
        columns.as_ref()?.iter().find(|column| column.name == name)
    }
}

/// `None` for no numbers.
pub(super) fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The middle of the sorted numbers, the mean of the two in the middle if they are even; `None` for no numbers.
pub(super) fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (numbers, expected) in [
            (&[][..], None),
            (&[7.0], Some(7.0)),
            (&[9.0, 1.0], Some(5.0)),
            (&[100.0, 1.0, 2.0], Some(2.0)),
            (&[4.0, 1.0, 100.0, 2.0], Some(3.0)),
        ] {
            assert_eq!(median(numbers.iter().copied()), expected, "{numbers:?}");
        }
        assert_eq!((mean(&[]), mean(&[1.0, 2.0])), (None, Some(1.5)));
    }
}
