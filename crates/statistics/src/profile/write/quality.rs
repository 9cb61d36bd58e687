//! How the quality of the model is written; it leaves out nothing but what is absent.

use alloc::{string::String, vec::Vec};

use serde::{Serialize, Serializer};

use crate::{
    profile::quality::{Classes, Quality, Regression, Scores, Segment, Task},
    quality::{LossSums, RegressionSums},
};

#[derive(Serialize)]
pub(super) struct WrittenQuality<'p> {
    #[serde(flatten)]
    task: WrittenTask<'p>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    segments: Vec<WrittenSegment<'p>>,
}

#[derive(Serialize)]
#[serde(tag = "task", rename_all = "lowercase")]
enum WrittenTask<'p> {
    Classes {
        names: &'p [String],
        confusion: Vec<&'p [u64]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        scores: Option<WrittenScores<'p>>,
    },
    Regression {
        mean: f64,
        deviation: f64,
        sums: Counters<{ RegressionSums::COUNTERS }>,
        error_edges: &'p [f64],
        error_counts: &'p [u64],
    },
}

#[derive(Serialize)]
struct WrittenScores<'p> {
    positive: &'p str,
    threshold: f64,
    edges: &'p [f64],
    positives: &'p [u64],
    negatives: &'p [u64],
    sums: &'p [u64],
    losses: Counters<{ LossSums::COUNTERS }>,
}

#[derive(Serialize)]
struct WrittenSegment<'p> {
    feature: &'p str,
    rows: &'p [u64],
    errors: &'p [u64],
}

/// Counters by their names.
struct Counters<const N: usize> {
    names: [&'static str; N],
    counters: [u64; N],
}

impl<const N: usize> Serialize for Counters<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(&self.counters))
    }
}

pub(super) fn written_quality(quality: &Quality) -> WrittenQuality<'_> {
    let Quality { task, segments } = quality;
    WrittenQuality {
        task: match task {
            Task::Classes(classes) => written_classes(classes),
            Task::Regression(regression) => written_regression(regression),
        },
        segments: segments
            .iter()
            .map(|Segment { feature, rows, errors }| WrittenSegment { feature, rows, errors })
            .collect(),
    }
}

fn written_classes(classes: &Classes) -> WrittenTask<'_> {
    let Classes { names, confusion, scores } = classes;
    WrittenTask::Classes {
        names,
        confusion: confusion.chunks(names.len().max(1)).collect(),
        scores: scores.as_ref().map(|scores| {
            let Scores { positive, threshold, edges, positives, negatives, sums, losses } = scores;
            WrittenScores {
                positive: names.get(*positive).map_or("", |name| name.as_str()),
                threshold: *threshold,
                edges,
                positives,
                negatives,
                sums,
                losses: Counters { names: LossSums::NAMES, counters: losses.to_counters() },
            }
        }),
    }
}

fn written_regression(regression: &Regression) -> WrittenTask<'_> {
    let Regression { mean, deviation, sums, error_edges, error_counts } = regression;
    WrittenTask::Regression {
        mean: *mean,
        deviation: *deviation,
        sums: Counters { names: RegressionSums::NAMES, counters: sums.to_counters() },
        error_edges,
        error_counts,
    }
}
