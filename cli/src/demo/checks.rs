//! What must be seen in the metrics, as a list: each check is a number that was found and a limit to it.

mod labels;

use std::fmt;

use super::{
    amount::PAIRS_MIN,
    questions::QUESTIONS,
    record::{Answer, LlmRecord, Pair, Story, WeatherRecord},
};

/// The features that move at row 12,000 of the weather data.
const DRIFTING: [&str; 2] = ["sea-level pressure", "dew point"];
const STAYING: &str = "temperature";

/// The features that the third chapter is about.
pub(super) const WATCHED: [&str; 3] = [DRIFTING[0], DRIFTING[1], STAYING];

/// A number and its limit.
#[derive(Clone, Debug)]
pub(super) struct Check {
    chapter: u8,
    what: String,
    /// `None` if it was never measured; then nothing holds.
    found: Option<f64>,
    limit: Limit,
    unit: &'static str,
    /// What may explain a failure.
    hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Exactly(f64),
    AtLeast(f64),
    AtMost(f64),
    Above(f64),
    Below(f64),
}

/// Everything that must hold, in the order of the chapters.
pub(super) fn checks(story: &Story) -> Vec<Check> {
    let mut checks = Vec::new();
    let Story { healthy, slow, weather, .. } = story;

    checks.extend(all_complete(1, healthy));
    let streams = healthy.pairs.len();
    let distance = |of: fn(&Pair) -> f64| healthy.median_of_pairs(of);
    checks.extend([
        Check::new(1, "streams that were compared one by one", Some(streams as f64))
            .limit(Limit::AtLeast(PAIRS_MIN.into()), ""),
        Check::new(
            1,
            &format!("TTFT, distance of filter and client, median of {streams} streams"),
            distance(|pair| (pair.filter.ttft_ms - pair.client.ttft_ms).abs()),
        )
        .limit(Limit::AtMost(2.0), " ms"),
        Check::new(
            1,
            &format!("TPOT, distance of filter and client, median of {streams} streams"),
            distance(|pair| (pair.filter.tpot_ms / pair.client.tpot_ms - 1.0).abs() * 100.0),
        )
        .limit(Limit::AtMost(2.0), " %"),
    ]);

    checks.extend(all_complete(2, slow));
    let ratio = |of: fn(&LlmRecord) -> Option<f64>| Some(of(slow)? / of(healthy)?);
    checks.extend([
        Check::new(
            2,
            "mean TTFT in the metrics, times that of chapter 1",
            ratio(|record| record.filter.ttft.mean_ms()),
        )
        .limit(Limit::AtLeast(3.0), ""),
        Check::new(
            2,
            "mean TPOT in the metrics, distance to that of chapter 1",
            ratio(|record| record.filter.tpot.mean_ms()).map(|ratio| (ratio - 1.0).abs() * 100.0),
        )
        .limit(Limit::AtMost(20.0), " %"),
    ]);

    let WeatherRecord { clients, filter, before, after, .. } = weather;
    let predictions = |number: u64| (clients.sent != 0).then_some(number as f64);
    let psi = |when: &str, columns: &Option<Vec<_>>, name: &str, limit: Limit| {
        let found = WeatherRecord::column(columns, name).map(|column| column.psi);
        Check::new(3, &format!("PSI of {name} {when} the change"), found).limit(limit, "")
    };
    checks.extend([
        Check::new(3, "predictions that the clients got", predictions(clients.predictions))
            .limit(Limit::Exactly(clients.rows as f64), "")
            .hint(clients.problem.as_ref()),
        Check::new(3, "predictions in the metrics", predictions(filter.predictions))
            .limit(Limit::Exactly(clients.rows as f64), ""),
    ]);
    for name in DRIFTING {
        checks.push(psi("before", before, name, Limit::Below(0.1)));
        checks.push(psi("after", after, name, Limit::Above(1.0)));
    }
    checks.push(psi("before", before, STAYING, Limit::Below(0.2)));
    checks.push(psi("after", after, STAYING, Limit::Below(0.2)));
    checks.extend(labels::checks(&story.labels));
    if story.has_prometheus {
        checks.extend(by_prometheus(story));
    }
    checks
}

/// Prometheus has an answer to each question, and where the filter says the same number, nearly that.
fn by_prometheus(story: &Story) -> impl Iterator<Item = Check> {
    let answered = |chapter: u8| {
        let of_chapter = story.answers.iter().filter(move |it| it.chapter == chapter);
        let with_value = of_chapter.filter(|it| it.value.is_some()).count();
        Check::new(chapter, "questions that Prometheus answered", Some(with_value as f64))
            .limit(Limit::Exactly(QUESTIONS as f64), "")
    };
    let near = story.answers.iter().filter(|it| it.filter.is_some()).map(|it| {
        let what = format!("{} by Prometheus, distance to the filter's", it.about);
        Check::new(it.chapter, &what, it.distance().map(|it| it * 100.0))
            .limit(Limit::AtMost(Answer::tolerance() * 100.0), " %")
    });
    (1..=4).map(answered).chain(near)
}

/// Clients and filter agree that every planned request was answered whole.
fn all_complete(chapter: u8, record: &LlmRecord) -> [Check; 4] {
    let LlmRecord { planned, clients, filter, .. } = record;
    let all = Limit::Exactly(*planned as f64);
    let others = filter.ended.saturating_sub(filter.complete);
    let started = *planned != 0;
    let found = |number: u64| started.then_some(number as f64);
    [
        Check::new(chapter, "requests that the clients saw complete", found(clients.complete))
            .limit(all, "")
            .hint(clients.problem.as_ref()),
        Check::new(
            chapter,
            "requests of outcome `complete` in the metrics",
            found(filter.complete),
        )
        .limit(all, ""),
        Check::new(chapter, "requests of other outcomes in the metrics", found(others))
            .limit(Limit::Exactly(0.0), ""),
        Check::new(chapter, "output tokens in the metrics", found(filter.output_tokens))
            .limit(Limit::Exactly(clients.output_tokens as f64), ""),
    ]
}

impl Check {
    fn new(chapter: u8, what: &str, found: Option<f64>) -> Check {
        let limit = Limit::Exactly(0.0);
        Check { chapter, what: what.to_owned(), found, limit, unit: "", hint: None }
    }

    fn limit(self, limit: Limit, unit: &'static str) -> Check {
        Check { limit, unit, ..self }
    }

    fn hint(self, hint: Option<&String>) -> Check {
        Check { hint: hint.cloned(), ..self }
    }

    /// Whether there is a number at all.
    pub(super) fn is_measured(&self) -> bool {
        self.found.is_some()
    }

    /// Whether the number was found and keeps its limit.
    pub(super) fn holds(&self) -> bool {
        // Comparisons with NaN are false, so that what is no number does not pass.
        self.found.is_some_and(|found| match self.limit {
            Limit::Exactly(limit) => found == limit,
            Limit::AtLeast(limit) => limit <= found,
            Limit::AtMost(limit) => found <= limit,
            Limit::Above(limit) => limit < found,
            Limit::Below(limit) => found < limit,
        })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Check { chapter, what, unit, .. } = self;
        write!(f, "chapter {chapter}: {what}: ")?;
        match self.found {
            Some(found) if found.fract() == 0.0 => write!(f, "{found}{unit}")?,
            Some(found) => write!(f, "{found:.2}{unit}")?,
            None => write!(f, "not measured")?,
        }
        match self.limit {
            Limit::Exactly(limit) => write!(f, " (expected {limit}{unit})")?,
            Limit::AtLeast(limit) => write!(f, " (expected at least {limit}{unit})")?,
            Limit::AtMost(limit) => write!(f, " (expected at most {limit}{unit})")?,
            Limit::Above(limit) => write!(f, " (expected more than {limit}{unit})")?,
            Limit::Below(limit) => write!(f, " (expected less than {limit}{unit})")?,
        }
        match &self.hint {
            Some(hint) if !self.holds() => write!(f, "; the first problem was: {hint}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::demo::{
        readings::{ColumnReading, Exact, LlmReading, RainReading},
        record::{Latency, LlmClients, RainClients},
    };

    /// A record in which everything is as it should be.
    pub(in crate::demo) fn good_story() -> Story {
        Story {
            healthy: chapter(80.0),
            slow: chapter(600.0),
            weather: WeatherRecord {
                planned: 80,
                clients: RainClients {
                    sent: 80,
                    complete: 80,
                    rows: 4000,
                    predictions: 4000,
                    problem: None,
                },
                filter: RainReading {
                    complete: 80,
                    ended: 80,
                    instances: 4000,
                    predictions: 4000,
                    ..RainReading::default()
                },
                before: Some(columns([0.04, 0.02, 0.03], 3000)),
                after: Some(columns([4.58, 3.56, 0.05], 1000)),
            },
            labels: labels::tests::good_record(),
            ..Story::default()
        }
    }

    fn columns(psi: [f64; 3], rows: u64) -> Vec<ColumnReading> {
        let names = ["dew point", "sea-level pressure", "temperature"];
        let column = |(name, psi): (&str, f64)| ColumnReading {
            name: name.to_owned(),
            psi,
            psi_critical: 0.01,
            verdict: if psi < 0.25 { "ok" } else { "drift" }.into(),
            window_rows: rows,
        };
        names.into_iter().zip(psi).map(column).collect()
    }

    fn chapter(ttft_ms: f64) -> LlmRecord {
        let filter = Latency { ttft_ms, tpot_ms: 12.0 };
        let client = Latency { ttft_ms: ttft_ms + 0.3, tpot_ms: 12.01 };
        let exact = |milliseconds| Exact { sum_us: milliseconds * 50e3, count: 50 };
        LlmRecord {
            planned: 60,
            clients: LlmClients {
                sent: 60,
                complete: 60,
                output_tokens: 600,
                ttft_ms: vec![client.ttft_ms; 50],
                tpot_ms: vec![client.tpot_ms; 50],
                problem: None,
            },
            filter: LlmReading {
                complete: 60,
                ended: 60,
                output_tokens: 600,
                ttft: exact(ttft_ms),
                tpot: exact(12.0),
                ..LlmReading::default()
            },
            pairs: vec![Pair { client, filter }; 50],
            elapsed: std::time::Duration::from_secs(20),
        }
    }

    #[track_caller]
    pub(super) fn fails(spoil: impl FnOnce(&mut Story), sentence: &str) {
        let mut story = good_story();
        spoil(&mut story);
        let failed: Vec<String> =
            checks(&story).iter().filter(|check| !check.holds()).map(Check::to_string).collect();
        assert_eq!(failed, [sentence]);
    }

    #[test]
    fn a_good_story_passes_all_checks() {
        for check in checks(&good_story()) {
            assert!(check.holds(), "{check}");
        }
    }

    #[test]
    fn an_empty_story_passes_none_of_the_checks_that_need_a_measurement() {
        let passed: Vec<String> = checks(&Story::default())
            .iter()
            .filter(|check| check.holds())
            .map(Check::to_string)
            .collect();
        assert_eq!(passed, [""; 0]);
    }

    #[test]
    fn each_check_can_fail() {
        fails(
            |story| {
                story.healthy.clients.complete = 59;
                story.healthy.clients.problem = Some("status 503".into());
            },
            "chapter 1: requests that the clients saw complete: 59 (expected 60); the first problem was: status 503",
        );
        fails(
            |story| story.healthy.filter.complete = 61,
            "chapter 1: requests of outcome `complete` in the metrics: 61 (expected 60)",
        );
        fails(
            |story| story.slow.filter.ended = 62,
            "chapter 2: requests of other outcomes in the metrics: 2 (expected 0)",
        );
        fails(
            |story| story.slow.filter.output_tokens = 599,
            "chapter 2: output tokens in the metrics: 599 (expected 600)",
        );
        fails(
            |story| story.healthy.pairs.truncate(49),
            "chapter 1: streams that were compared one by one: 49 (expected at least 50)",
        );
        fails(
            |story| story.healthy.pairs.iter_mut().for_each(|pair| pair.filter.ttft_ms -= 1.75),
            "chapter 1: TTFT, distance of filter and client, median of 50 streams: 2.05 ms (expected at most 2 ms)",
        );
        fails(
            |story| story.healthy.pairs.iter_mut().for_each(|pair| pair.filter.tpot_ms = 12.3),
            "chapter 1: TPOT, distance of filter and client, median of 50 streams: 2.41 % (expected at most 2 %)",
        );
        fails(
            |story| story.slow.filter.ttft.sum_us /= 4.0,
            "chapter 2: mean TTFT in the metrics, times that of chapter 1: 1.88 (expected at least 3)",
        );
        fails(
            |story| story.slow.filter.tpot.sum_us *= 1.25,
            "chapter 2: mean TPOT in the metrics, distance to that of chapter 1: 25 % (expected at most 20 %)",
        );
        fails(
            |story| story.weather.filter.predictions = 3999,
            "chapter 3: predictions in the metrics: 3999 (expected 4000)",
        );
        fails(
            |story| story.weather.before.as_mut().unwrap()[1].psi = 0.1,
            "chapter 3: PSI of sea-level pressure before the change: 0.10 (expected less than 0.1)",
        );
        fails(
            |story| story.weather.after.as_mut().unwrap()[0].psi = 1.0,
            "chapter 3: PSI of dew point after the change: 1 (expected more than 1)",
        );
        fails(
            |story| story.weather.after.as_mut().unwrap()[2].psi = f64::NAN,
            "chapter 3: PSI of temperature after the change: NaN (expected less than 0.2)",
        );
        fails(
            |story| {
                story.weather.before.as_mut().unwrap().pop();
            },
            "chapter 3: PSI of temperature before the change: not measured (expected less than 0.2)",
        );
    }
}
