//! How a profile is written: the field names and their order, which [`super::read`] reads back unchanged.

mod quality;

use alloc::{format, string::String, vec::Vec};

use serde::{Serialize, Serializer};

use self::quality::{WrittenQuality, written_quality};
use super::{
    Answer, ByHour, CREATED_AT_MAX, Column, Distinct, FORMAT, FORMAT_VERSION,
    FORMAT_VERSION_ANSWER, FORMAT_VERSION_BY_HOUR, FORMAT_VERSION_KPIS, FORMAT_VERSION_QUALITY,
    Feature, Kind, Numbers, Profile, Quantiles, Range, Schema,
};
use crate::{bins::Bins, time::rfc3339::UnixTime};

impl Serialize for Profile {
    /// Writes the format that the module's documentation shows.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Profile {
            model,
            version,
            created_at,
            rows,
            null_texts,
            features,
            prediction,
            answer,
            quality,
            kpis,
        } = self;
        let has_hours = self.columns().any(|column| column.by_hour.is_some());
        WrittenProfile {
            format: FORMAT,
            // Older filters refuse a version that they do not know, so it is the lowest one that will do.
            format_version: match quality {
                _ if answer.is_some() => FORMAT_VERSION_ANSWER,
                _ if !kpis.is_empty() => FORMAT_VERSION_KPIS,
                Some(_) => FORMAT_VERSION_QUALITY,
                None if has_hours => FORMAT_VERSION_BY_HOUR,
                None => FORMAT_VERSION,
            },
            model,
            version: version.as_deref(),
            created_at: format!("{}", moment(*created_at)),
            rows: *rows,
            null_texts,
            features: features.iter().map(written_feature).collect(),
            prediction: prediction.as_ref().map(written_column),
            answer: answer.as_deref().map(written_answer),
            quality: quality.as_deref().map(written_quality),
            kpis: kpis.iter().map(written_feature).collect(),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct WrittenProfile<'p> {
    format: &'static str,
    format_version: u64,
    model: &'p str,
    version: Option<&'p str>,
    created_at: String,
    rows: u64,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    null_texts: &'p [String],
    features: Vec<WrittenFeature<'p>>,
    prediction: Option<WrittenColumn<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<WrittenAnswer<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<WrittenQuality<'p>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kpis: Vec<WrittenFeature<'p>>,
}

#[derive(Serialize)]
struct WrittenAnswer<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'p str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    classes: &'p [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<WrittenFeature<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_class: Option<&'p str>,
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
    schema: WrittenSchema<'p>,
    nulls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct: Option<WrittenDistinct>,
    #[serde(flatten)]
    numbers: Option<WrittenNumbers>,
    bins: WrittenBins<'p>,
    /// Hour by hour: the rows in each bin, then those without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_hour: Option<Vec<&'p [u32]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tail_excess: Option<WrittenTailExcess>,
    chi_square: WrittenQuantiles,
}

#[derive(Serialize)]
struct WrittenDistinct {
    values: u64,
    relative_standard_error: f64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenSchema<'p> {
    Numbers { required: bool, minimum: Option<f64>, maximum: Option<f64> },
    Categories { required: bool, categories: Option<&'p [String]> },
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
    Quantile {
        edges: &'p [f64],
        #[serde(skip_serializing_if = "Option::is_none")]
        merged: Option<String>,
        counts: &'p [u64],
        means: &'p [Option<f64>],
    },
    Values {
        values: &'p [f64],
        counts: &'p [u64],
        means: &'p [Option<f64>],
    },
    Categories {
        categories: &'p [String],
        counts: &'p [u64],
    },
}

#[derive(Serialize)]
struct WrittenTailExcess {
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct WrittenQuantiles {
    five_percent: f64,
    one_percent: f64,
    family: f64,
}

fn written_feature(feature: &Feature) -> WrittenFeature<'_> {
    let Feature { name, column } = feature;
    WrittenFeature { name, column: written_column(column) }
}

fn written_answer(answer: &Answer) -> WrittenAnswer<'_> {
    let Answer { name, classes, score, score_class } = answer;
    WrittenAnswer {
        name: name.as_deref(),
        classes,
        score: score.as_ref().map(written_feature),
        score_class: score_class.as_deref(),
    }
}

fn written_column(column: &Column) -> WrittenColumn<'_> {
    // Taken apart without `..`, so that a new field cannot be forgotten here.
    let Column { kind, schema, nulls, bins, counts, by_hour, numbers, distinct, chi_square } =
        column;
    let means = numbers.as_ref().map(|numbers| numbers.means.as_slice()).unwrap_or_default();
    WrittenColumn {
        r#type: kind.word(),
        schema: written_schema(*kind, schema),
        nulls: *nulls,
        distinct: distinct.map(|Distinct { values, relative_standard_error }| WrittenDistinct {
            values,
            relative_standard_error,
        }),
        bins: match bins {
            Bins::Quantile { edges } => {
                let merged =
                    numbers.as_ref().and_then(|numbers| numbers.merged.digits(edges.len()));
                WrittenBins::Quantile { edges, merged, counts, means }
            }
            Bins::Values { values } => WrittenBins::Values { values, counts, means },
            Bins::Categories { names } => WrittenBins::Categories { categories: names, counts },
        },
        by_hour: by_hour.as_ref().map(|by_hour| ByHour::hours(by_hour).collect()),
        tail_excess: numbers.as_ref().map(|Numbers { tail_excess, .. }| WrittenTailExcess {
            low: tail_excess.low,
            high: tail_excess.high,
        }),
        numbers: numbers.as_ref().map(
            |Numbers {
                 mean,
                 standard_deviation,
                 minimum,
                 maximum,
                 means: _,
                 merged: _,
                 tail_excess: _,
             }| {
                WrittenNumbers {
                    mean: *mean,
                    standard_deviation: *standard_deviation,
                    minimum: *minimum,
                    maximum: *maximum,
                }
            },
        ),
        chi_square: written_quantiles(*chi_square),
    }
}

fn written_schema(kind: Kind, schema: &Schema) -> WrittenSchema<'_> {
    let Schema { required, range, categories } = schema;
    let required = *required;
    if kind == Kind::Category {
        return WrittenSchema::Categories { required, categories: categories.as_deref() };
    }
    // An end that is not there is infinite, which JSON cannot say.
    let end = |of: fn(&Range) -> f64| range.as_ref().map(of).filter(|end| end.is_finite());
    WrittenSchema::Numbers {
        required,
        minimum: end(|range| range.minimum),
        maximum: end(|range| range.maximum),
    }
}

fn written_quantiles(quantiles: Quantiles) -> WrittenQuantiles {
    let Quantiles { five_percent, one_percent, family } = quantiles;
    WrittenQuantiles { five_percent, one_percent, family }
}

/// Years that have more than four digits are more than the format can hold; a clock that says so is wrong.
fn moment(created_at: u64) -> UnixTime {
    let seconds = i64::try_from(created_at.min(CREATED_AT_MAX)).unwrap_or(0);
    UnixTime { seconds, nanoseconds: 0 }
}
