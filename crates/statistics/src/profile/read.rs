//! Reads a profile out of parsed JSON and checks that its numbers fit together; it repairs nothing.

mod answer;
mod bins;
mod by_hour;
mod column;
mod kpis;
mod quality;
mod schema;

use alloc::{boxed::Box, string::String, vec::Vec};

use self::{
    answer::answer,
    column::{Within, column},
    kpis::kpis,
    quality::quality,
    schema::texts,
};
use super::{
    CREATED_AT_MAX, FEATURES_MAX, FORMAT, FORMAT_VERSIONS, Feature, NULL_TEXTS_MAX, Profile,
};
use crate::{
    document::{Node, Problems, WHOLE_MAX},
    time::rfc3339::UnixTime,
};

const PROFILE_FIELDS: [&str; 12] = [
    "format",
    "format_version",
    "model",
    "version",
    "created_at",
    "rows",
    NULL_TEXTS,
    "features",
    "prediction",
    ANSWER,
    QUALITY,
    KPIS,
];
const NAME: &str = "name";
const NULL_TEXTS: &str = "null_texts";
const ANSWER: &str = "answer";
const QUALITY: &str = "quality";
const KPIS: &str = "kpis";

pub(super) fn profile(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Profile> {
    // Nothing is said about the other fields of an unknown version: they may be right there.
    let format_version = is_ours(node, problems)?;
    let fields = node.object(&PROFILE_FIELDS, problems)?;
    let model = fields.required("model", problems).and_then(|node| node.label(problems));
    let version = fields
        .required("version", problems)
        .and_then(|node| if node.is_null() { Some(None) } else { node.label(problems).map(Some) });
    let created_at =
        fields.required("created_at", problems).and_then(|node| moment(&node, problems));
    let rows =
        fields.required("rows", problems).and_then(|node| node.whole(1..=WHOLE_MAX, problems));
    let null_texts = match fields.optional(NULL_TEXTS) {
        Some(list) if format_version == 1 => {
            list.refuse(format_args!("none in a profile of version 1"), problems);
            None
        }
        Some(list) => null_texts(&list, problems),
        None => Some(Vec::new()),
    };
    let within = Within { format_version, rows };
    let features = fields
        .required("features", problems)
        .and_then(|list| features(&list, FEATURES_MAX, within, problems));
    let prediction = match fields.required("prediction", problems) {
        Some(node) if node.is_null() => Some(None),
        Some(node) => column(&node, &[], within, problems).and_then(|(_, column)| column.map(Some)),
        None => None,
    };
    let told = match fields.optional(ANSWER) {
        Some(node) => answer(&node, within, problems).map(Some),
        None => Some(None),
    };
    let quality = match fields.optional(QUALITY) {
        Some(node) => quality(&node, format_version, rows, features.as_deref(), problems).map(Some),
        None => Some(None),
    };
    let kpis = match fields.optional(KPIS) {
        Some(list) => kpis(&list, within, problems),
        None => Some(Vec::new()),
    };
    let profile = Profile {
        model: model?,
        version: version?,
        created_at: created_at?,
        rows: rows?,
        null_texts: null_texts?,
        features: features?,
        prediction: prediction?,
        answer: told?.map(Box::new),
        quality: quality?.map(Box::new),
        kpis: kpis?,
    };
    if profile.features.is_empty() && profile.prediction.is_none() && profile.kpis.is_empty() {
        problems.add(
            node.path(),
            format_args!(
                "found neither a feature, nor a prediction, nor a KPI, expected at least one to watch"
            ),
        );
        return None;
    }
    Some(profile)
}

/// Whole seconds since 1970; what a fraction says beyond them is dropped.
pub fn moment(node: &Node<'_, '_>, problems: &mut Problems) -> Option<u64> {
    let text = node.text(problems)?;
    let found = UnixTime::from_rfc3339(text.as_bytes())
        .and_then(|time| u64::try_from(time.seconds).ok())
        .filter(|seconds| *seconds <= CREATED_AT_MAX);
    if found.is_none() {
        node.refuse(
            format_args!(
                "a moment from 1970 to 9999 as RFC 3339 has it, like 2026-11-25T12:00:00Z"
            ),
            problems,
        );
    }
    found
}

/// Texts that stand for a missing value: any that a category could be, but for an empty one, which always does.
fn null_texts(list: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<String>> {
    let texts = texts(list, 0..=NULL_TEXTS_MAX, problems)?;
    if let Some(index) = texts.iter().position(String::is_empty) {
        let path = list.path().index(index);
        problems.add(&path, format_args!("found \"\", expected a text that is not empty"));
        return None;
    }
    Some(texts)
}

/// Checks `format` and `format_version` before anything else. The version.
fn is_ours(node: &Node<'_, '_>, problems: &mut Problems) -> Option<u64> {
    let fields = node.open_object(problems)?;
    let format = fields.required("format", problems)?;
    format.word(&[(FORMAT, ())], problems)?;
    let version = fields.required("format_version", problems)?;
    // Any other number is a version too, of a newer profiler perhaps.
    let found = version.whole(0..=WHOLE_MAX, problems)?;
    if !FORMAT_VERSIONS.contains(&found) {
        let (first, last) = (FORMAT_VERSIONS.start(), FORMAT_VERSIONS.end());
        version.refuse(
            format_args!("{first} to {last}, the versions that this build of Driftline reads"),
            problems,
        );
        return None;
    }
    Some(found)
}

/// Features, or what has their form.
#[inline(never)] // A filter would have it twice.
fn features(
    list: &Node<'_, '_>,
    most: usize,
    within: Within,
    problems: &mut Problems,
) -> Option<Vec<Feature>> {
    let mut seen = Vec::new();
    list.array(0..=most, problems, |node, problems| feature(&node, within, &mut seen, problems))
}

#[inline(never)]
fn feature(
    node: &Node<'_, '_>,
    within: Within,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Feature> {
    let (fields, column) = column(node, &[NAME], within, problems)?;
    let name = fields.required(NAME, problems).and_then(|node| node.new_name(seen, problems));
    Some(Feature { name: name?, column: column? })
}

#[cfg(test)]
mod tests;
