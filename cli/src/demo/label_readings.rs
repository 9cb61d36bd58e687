//! What the filter says of a model's labels, read from its own gauges and counters; it judges nothing.

use std::fmt;

use driftline_labels::LabelOutcome;
use driftline_metrics::catalogue::Metric;
use driftline_testbed::scrape::Scrape;

use super::readings::{FAST, PPM, the_one};

/// The measure that the demo shows.
const ACCURACY: (&str, &str) = ("measure", "accuracy");
const ADWIN: (&str, &str) = ("detector", "adwin");
/// What scores let expect of all predictions, labelled or not.
const PREDICTIONS: (&str, &str) = ("rows", "predictions");

/// What the filter says of the labels of a predictive model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LabelReading {
    /// Labels whose id led to their prediction.
    pub(super) joined: u64,
    /// Labelled rows whose prediction was another class.
    pub(super) wrong: u64,
    /// Labelled rows in the window.
    pub(super) in_window: u64,
    /// The accuracy of the window: as scores let expect it, and as labels show it.
    pub(super) estimated: f64,
    pub(super) realised: f64,
    /// By how much what labels show falls short of what the scores of the same rows let expect.
    pub(super) shortfall: f64,
    /// The words of the gauges that are 1; empty if none is.
    pub(super) state: String,
    pub(super) verdict: String,
    /// Changes of the share of errors that ADWIN found.
    pub(super) adwin_changes: u64,
    /// The segment where errors rose most.
    pub(super) worst: Option<Worst>,
    /// Times that the windows were evaluated.
    pub(super) evaluations: u64,
}

/// A bin of a feature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Worst {
    pub(super) feature: String,
    pub(super) bin: String,
}

impl LabelReading {
    /// Reads what was counted between two scrapes; gauges are those of the later one.
    pub(super) fn of(difference: &Scrape, model: &str) -> LabelReading {
        let value = |metric: Metric, labels: &[(&str, &str)]| {
            let labels = [&[("model", model)], labels].concat();
            difference.value(metric.definition().name, &labels).unwrap_or(0.0)
        };
        let share = |metric: Metric, labels: &[(&str, &str)]| value(metric, labels) / PPM;
        let one = |metric: Metric, labels: &[(&str, &str)], said: &str| {
            let labels = [&[("model", model)], labels].concat();
            the_one(difference, metric, &labels).and_then(|it| it.label(said).map(str::to_owned))
        };
        let worst = the_one(difference, Metric::SegmentRank, &[("model", model)]);
        let confusion = Metric::ConfusionRows.definition().name;
        let wrong = difference.samples().filter(|(series, _)| {
            series.matches(confusion, &[("model", model)])
                && series.label("actual") != series.label("predicted")
        });
        LabelReading {
            joined: value(Metric::Labels, &[("outcome", LabelOutcome::Joined.name())]) as u64,
            wrong: wrong.map(|(_, rows)| rows).sum::<f64>() as u64,
            in_window: value(Metric::LabelledRows, &[FAST]) as u64,
            estimated: share(Metric::EstimatedQuality, &[FAST, ACCURACY, PREDICTIONS]),
            realised: share(Metric::Quality, &[FAST, ACCURACY]),
            shortfall: share(Metric::EstimateShortfall, &[FAST, ACCURACY]),
            state: one(Metric::LabelsState, &[], "state").unwrap_or_default(),
            verdict: one(Metric::QualityVerdict, &[FAST], "verdict").unwrap_or_default(),
            adwin_changes: value(Metric::ConceptChanges, &[ADWIN]) as u64,
            worst: worst.map(|series| Worst {
                feature: series.label("feature").unwrap_or_default().to_owned(),
                bin: series.label("bin").unwrap_or_default().to_owned(),
            }),
            evaluations: difference.value(Metric::Evaluations.definition().name, &[]).unwrap_or(0.0)
                as u64,
        }
    }
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, bin {}", self.feature, self.bin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
# TYPE driftline_labels_total counter
driftline_labels_total{model="rain",outcome="joined"} 40
driftline_labels_total{model="rain",outcome="unmatched"} 2
# TYPE driftline_confusion_rows_total counter
driftline_confusion_rows_total{model="rain",actual="0",predicted="0"} 30
driftline_confusion_rows_total{model="rain",actual="0",predicted="1"} 3
driftline_confusion_rows_total{model="rain",actual="1",predicted="0"} 7
driftline_confusion_rows_total{model="snow",actual="1",predicted="0"} 9
# TYPE driftline_labels_state gauge
driftline_labels_state{model="rain",state="none"} 0
driftline_labels_state{model="rain",state="late"} 1
# TYPE driftline_quality_ppm gauge
driftline_quality_ppm{model="rain",window="fast",measure="accuracy"} 750000
driftline_quality_ppm{model="rain",window="slow",measure="accuracy"} 700000
# TYPE driftline_estimated_quality_ppm gauge
driftline_estimated_quality_ppm{model="rain",window="fast",measure="accuracy",rows="predictions"} 790000
driftline_estimated_quality_ppm{model="rain",window="fast",measure="accuracy",rows="labelled"} 1
# TYPE driftline_segment_rank gauge
driftline_segment_rank{model="rain",feature="dew point",bin="03"} 2
driftline_segment_rank{model="rain",feature="dew point",bin="07"} 1
# TYPE driftline_concept_changes_total counter
driftline_concept_changes_total{model="rain",detector="adwin"} 1
driftline_concept_changes_total{model="rain",detector="ddm"} 4
"#;

    #[test]
    fn a_model_has_its_own_gauges_of_the_fast_window() {
        let reading = LabelReading::of(&Scrape::parse(TEXT).unwrap(), "rain");
        assert_eq!((reading.joined, reading.wrong, reading.adwin_changes), (40, 10, 1));
        assert_eq!((reading.estimated, reading.realised), (0.79, 0.75));
        assert_eq!((reading.state.as_str(), reading.verdict.as_str()), ("late", ""));
        assert_eq!(reading.worst.unwrap().bin, "07");
    }
}
