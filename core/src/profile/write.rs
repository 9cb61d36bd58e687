//! How a profile is written: the field names and their order, which [`super::read`] reads back unchanged.

use alloc::{string::String, vec::Vec};

use serde::{Serialize, Serializer};

use super::{Column, FORMAT, Feature, Numbers, Profile, VERSION};
use crate::bins::Bins;

impl Serialize for Profile {
    /// Writes the format that the module's documentation shows.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Profile { model, rows, features, prediction } = self;
        WrittenProfile {
            format: FORMAT,
            version: VERSION,
            model,
            rows: *rows,
            features: features.iter().map(written_feature).collect(),
            prediction: prediction.as_ref().map(written_column),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct WrittenProfile<'p> {
    format: &'static str,
    version: u64,
    model: &'p str,
    rows: u64,
    features: Vec<WrittenFeature<'p>>,
    prediction: Option<WrittenColumn<'p>>,
}

#[derive(Serialize)]
struct WrittenFeature<'p> {
    name: &'p str,
    #[serde(flatten)]
    column: WrittenColumn<'p>,
}

#[derive(Serialize)]
struct WrittenColumn<'p> {
    r#type: &'static str,
    required: bool,
    nulls: u64,
    #[serde(flatten)]
    numbers: Option<WrittenNumbers>,
    bins: WrittenBins<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tail_excess: Option<WrittenTailExcess>,
}

#[derive(Serialize)]
struct WrittenNumbers {
    mean: f64,
    standard_deviation: f64,
    minimum: f64,
    maximum: f64,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum WrittenBins<'p> {
    Quantile { edges: &'p [f64], counts: &'p [u64], means: &'p [Option<f64>] },
    Values { values: &'p [f64], counts: &'p [u64], means: &'p [Option<f64>] },
    Categories { categories: &'p [String], counts: &'p [u64] },
}

#[derive(Serialize)]
struct WrittenTailExcess {
    low: f64,
    high: f64,
}

fn written_feature(feature: &Feature) -> WrittenFeature<'_> {
    let Feature { name, column } = feature;
    WrittenFeature { name, column: written_column(column) }
}

fn written_column(column: &Column) -> WrittenColumn<'_> {
    // Taken apart without `..`, so that a new field cannot be forgotten here.
    let Column { kind, required, nulls, bins, counts, numbers } = column;
    let means = numbers.as_ref().map(|numbers| numbers.means.as_slice()).unwrap_or_default();
    WrittenColumn {
        r#type: kind.word(),
        required: *required,
        nulls: *nulls,
        bins: match bins {
            Bins::Quantile { edges } => WrittenBins::Quantile { edges, counts, means },
            Bins::Values { values } => WrittenBins::Values { values, counts, means },
            Bins::Categories { names } => WrittenBins::Categories { categories: names, counts },
        },
        tail_excess: numbers.as_ref().map(|Numbers { tail_excess, .. }| WrittenTailExcess {
            low: tail_excess.low,
            high: tail_excess.high,
        }),
        numbers: numbers.as_ref().map(
            |&Numbers { mean, standard_deviation, minimum, maximum, means: _, tail_excess: _ }| {
                WrittenNumbers { mean, standard_deviation, minimum, maximum }
            },
        ),
    }
}
