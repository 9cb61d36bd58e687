//! What is asked of a Prometheus beside the demo at the end of each chapter, in the PromQL that an operator would write. It
//! computes nothing itself.

use std::time::Duration;

use anyhow::Result;
use driftline_metrics::catalogue::Metric;
use driftline_testbed::prometheus::Prometheus;
use tokio::time::sleep;

use super::{
    preparation::{LANGUAGE_MODEL, RAIN_MODEL},
    record::{Answer, Story},
};

/// Longer than two scrapes and an evaluation of the rules.
const SCRAPED_WITHIN: Duration = Duration::from_millis(900);
/// How far an answer may be from what the filter itself says, as a share of it: `increase` extends what it saw to the whole
/// range, for sums and numbers alike, but scrapes fall between the end of a stream and its count.
const TOLERANCE: f64 = 0.05;

/// How many there are in each chapter.
pub(super) const QUESTIONS: usize = 2;

/// A question, and what the filter itself says if it can be compared.
struct Question {
    about: &'static str,
    promql: String,
    filter: Option<f64>,
}

/// Asks what the chapter is about, over this time until now.
///
/// # Errors
///
/// If Prometheus does not answer, or refuses a question.
pub(super) async fn ask(
    prometheus: &Prometheus,
    chapter: u8,
    story: &Story,
    during: Duration,
) -> Result<Vec<Answer>> {
    sleep(SCRAPED_WITHIN).await;
    let range = format!("{}s", (during + SCRAPED_WITHIN).as_secs() + 1);
    let mut answers = Vec::new();
    for Question { about, promql, filter } in questions(chapter, story, &range) {
        let found = prometheus.query(&promql).await?;
        let value = found.first().map(|(_, value)| *value);
        answers.push(Answer { chapter, about, promql, value, filter });
    }
    Ok(answers)
}

/// The names of the alerts that fire, each once.
///
/// # Errors
///
/// If Prometheus does not answer.
pub(super) async fn alerts(prometheus: &Prometheus) -> Result<Vec<String>> {
    let firing = prometheus.query(r#"group by (alertname, domain) (ALERTS{alertstate="firing"})"#);
    let label = |name: &str, series: &driftline_testbed::scrape::Series| {
        series.label(name).unwrap_or_default().to_owned()
    };
    let mut names: Vec<String> = firing
        .await?
        .iter()
        .map(|(series, _)| format!("{} ({})", label("alertname", series), label("domain", series)))
        .collect();
    names.sort();
    Ok(names)
}

fn questions(chapter: u8, story: &Story, range: &str) -> [Question; QUESTIONS] {
    let name = |metric: Metric| metric.definition().name;
    match chapter {
        1 | 2 => {
            let record = if chapter == 1 { &story.healthy } else { &story.slow };
            // Microseconds of successes, and how many there were.
            let mean = |about, metric: Metric, filter| {
                let [sum, count] = metric
                    .definition()
                    .companions()
                    .map_or_else(Default::default, |both| both.map(|companion| companion.name));
                let of = |name: &str| {
                    format!(
                        r#"sum(increase({name}{{model="{LANGUAGE_MODEL}",result="success"}}[{range}]))"#
                    )
                };
                Question { about, promql: format!("{} / {} / 1e3", of(&sum), of(&count)), filter }
            };
            [
                mean("mean TTFT, ms", Metric::TimeToFirstToken, record.filter.ttft.mean_ms()),
                mean("mean TPOT, ms", Metric::TimePerOutputToken, record.filter.tpot.mean_ms()),
            ]
        }
        3 => [
            Question {
                about: "features that have drifted, by the verdict",
                promql: format!(
                    r#"count({}{{model="{RAIN_MODEL}",role="feature",window="fast",verdict="drift"}} > 0)"#,
                    name(Metric::FeatureVerdict)
                ),
                filter: None,
            },
            Question {
                about: "PSI of the dew point, by the rules for a fleet",
                promql: format!(
                    r#"driftline:feature:psi1h{{model="{RAIN_MODEL}",feature="dew point"}}"#
                ),
                filter: None,
            },
        ],
        _ => [
            Question {
                about: "accuracy that labels show",
                promql: format!(
                    r#"{}{{model="{RAIN_MODEL}",window="fast",measure="accuracy"}} / 1e6"#,
                    name(Metric::Quality)
                ),
                filter: story.labels.after.as_ref().map(|it| it.realised),
            },
            Question {
                about: "changes that ADWIN found",
                promql: format!(
                    r#"sum({}{{model="{RAIN_MODEL}",kpi="",detector="adwin"}})"#,
                    name(Metric::ConceptChanges)
                ),
                filter: story.labels.after.as_ref().map(|it| it.adwin_changes as f64),
            },
        ],
    }
}

impl Answer {
    /// How far it is from what the filter says, as a share of that; `None` if either is missing.
    pub(super) fn distance(&self) -> Option<f64> {
        let (value, filter) = self.value.zip(self.filter)?;
        Some((value - filter).abs() / filter.abs().max(f64::MIN_POSITIVE))
    }

    /// How far it may be.
    pub(super) const fn tolerance() -> f64 {
        TOLERANCE
    }
}
