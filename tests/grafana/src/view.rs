//! A dashboard with the answers to all that its panels ask. It draws nothing.

use std::collections::BTreeMap;

use anyhow::Result;
use driftline_testbed::prometheus::Prometheus;

use crate::{
    dashboard::{Dashboard, Panel, Target},
    variables::{Choices, Shown},
};

/// How many points of time a panel asks for that does not say it: about as many as it has pixels, and fewer, so that pictures
/// stay small.
const POINTS: u32 = 120;

/// A dashboard with its answers.
#[derive(Debug)]
pub struct View {
    /// What was asked for.
    pub dashboard: Dashboard,
    /// What was chosen.
    pub choices: Choices,
    /// Which time is shown.
    pub shown: Shown,
    /// The panels in their order, headings and texts included.
    pub panels: Vec<PanelView>,
}

/// A panel with its answers.
#[derive(Debug)]
pub struct PanelView {
    /// The panel.
    pub panel: Panel,
    /// Its title with its variables filled in.
    pub title: String,
    /// One for each question.
    pub answers: Vec<Answer>,
}

/// The answer to a question.
#[derive(Debug)]
pub struct Answer {
    /// What the question is called.
    pub ref_id: String,
    /// What was asked, with its variables filled in.
    pub question: String,
    /// What Prometheus says of a question that it refuses.
    pub refused: Option<String>,
    /// The series.
    pub series: Vec<Series>,
}

/// A series.
#[derive(Clone, Debug)]
pub struct Series {
    /// Labels, with the name as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// What people see.
    pub name: String,
    /// Moments in seconds since 1970, with their values. A gap is a moment without a value.
    pub points: Vec<(f64, Option<f64>)>,
}

impl View {
    /// Asks everything that a dashboard asks.
    ///
    /// # Errors
    ///
    /// If a variable cannot be filled in, or Prometheus does not answer. Questions that it refuses are no error here.
    pub async fn ask(
        dashboard: Dashboard,
        prometheus: &Prometheus,
        shown: Shown,
        chosen: &[(&str, &str)],
    ) -> Result<View> {
        let choices = Choices::of(&dashboard, prometheus, shown, chosen).await?;
        let mut panels = Vec::new();
        for panel in &dashboard.panels {
            let mut answers = Vec::new();
            for target in &panel.targets {
                answers.push(ask(panel, target, &choices, prometheus, shown).await?);
            }
            let title = choices.text(&panel.title)?;
            panels.push(PanelView { panel: panel.clone(), title, answers });
        }
        Ok(View { dashboard, choices, shown, panels })
    }
}

async fn ask(
    panel: &Panel,
    target: &Target,
    choices: &Choices,
    prometheus: &Prometheus,
    shown: Shown,
) -> Result<Answer> {
    let step = shown.step(panel.max_data_points.unwrap_or(POINTS));
    let question = choices.question(&target.expr, shown, step)?;
    let legend = choices.text(&target.legend_format)?;
    let found = if target.instant {
        let found = prometheus.query_at(&question, shown.to).await;
        found.map(|it| {
            it.into_iter().map(|(series, value)| (series, vec![(shown.to, value)])).collect()
        })
    } else {
        prometheus.query_range(&question, shown.from, shown.to, step).await
    };
    let (found, refused) = match found {
        Ok(found) => (found, None),
        Err(error) => (Vec::new(), Some(format!("{error:#}"))),
    };
    let series = found.into_iter().map(|(series, points)| {
        let mut labels = series.labels;
        if !series.name.is_empty() {
            labels.insert("__name__".to_owned(), series.name);
        }
        let name = named(&legend, &labels);
        let points = if target.instant {
            points.into_iter().map(|(at, value)| (at, Some(value))).collect()
        } else {
            with_gaps(&points, shown, step)
        };
        Series { labels, name, points }
    });
    let series = series.collect();
    Ok(Answer { ref_id: target.ref_id.clone(), question, refused, series })
}

/// A legend with the values of labels in the place of `{{label}}`.
fn named(legend: &str, labels: &BTreeMap<String, String>) -> String {
    let mut name = String::new();
    let mut rest = legend;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((label, behind)) = after.split_once("}}") else { break };
        name += before;
        name += labels.get(label.trim()).map_or("", String::as_str);
        rest = behind;
    }
    let name = name + rest;
    // Labels that a series does not have leave nothing between the others.
    let name = name.replace(" )", ")").replace("()", "");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All moments of the time that is shown, with the values that are there.
fn with_gaps(points: &[(f64, f64)], shown: Shown, step: f64) -> Vec<(f64, Option<f64>)> {
    let count = ((shown.to - shown.from) / step + 1e-6).floor() as u32;
    let mut points = points.iter().peekable();
    (0..=count)
        .map(|number| {
            let at = shown.from + f64::from(number) * step;
            while points.peek().is_some_and(|(moment, _)| *moment < at - step / 2.0) {
                points.next();
            }
            let is_here = |it: &&(f64, f64)| (it.0 - at).abs() <= step / 2.0;
            (at, points.peek().copied().filter(is_here).map(|it| it.1).filter(|it| it.is_finite()))
        })
        .collect()
}

impl PanelView {
    /// All series of all answers, each with the name of its question.
    pub fn series(&self) -> impl Iterator<Item = (&str, &Series)> {
        self.answers
            .iter()
            .flat_map(|answer| answer.series.iter().map(|series| (answer.ref_id.as_str(), series)))
    }
}

impl Series {
    /// The last value.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        self.points.iter().rev().find_map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_called_by_their_labels() {
        let labels = [("model", "rain"), ("version", "")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (legend, expected) in [
            ("{{model}} {{version}} p95", "rain p95"),
            ("{{ model }}", "rain"),
            ("all", "all"),
            ("{{kpi}} ({{model}} {{version}})", "(rain)"),
        ] {
            assert_eq!(named(legend, &labels), expected);
        }
    }

    #[test]
    fn moments_without_a_sample_are_gaps() {
        let shown = Shown { from: 10.0, to: 14.0, scrape: 1.0 };
        let points = with_gaps(&[(11.0, 1.0), (12.0, f64::NAN), (14.0, 4.0)], shown, 1.0);
        let values: Vec<Option<f64>> = points.into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [None, Some(1.0), None, None, Some(4.0)]);
    }
}
