//! Reads how good the model was on the reference, and checks that its counts are those of the same rows; it computes no measure.

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use super::bins::bounds;
use crate::{
    counts::total,
    document::{Node, Object, Problems, WHOLE_MAX},
    profile::{
        FORMAT_VERSION_QUALITY, Feature,
        quality::{
            Classes, ERROR_EDGES_MAX, Quality, Regression, SCORE_EDGES_MAX, SEGMENTS_MAX, Scores,
            Segment, Task,
        },
    },
    quality::{CLASSES_MAX, CLASSES_MIN, LossSums, RegressionSums, TargetScale},
};

const SEGMENTS: &str = "segments";
const CLASSES: &str = "classes";
const REGRESSION: &str = "regression";
/// Which rows counts have to add up to.
const LABELLED: &str = "the rows with a label and a prediction";
const OF_CLASS: &str = "the rows of this class in `confusion`";

/// In millionths, in thousandths of a thousand deviations, and in whole squared deviations of these: the most that a row
/// adds to nearly all sums.
const MOST: u64 = 1_000_000;
/// An error of a class, in thousandths.
const WRONG: u64 = 1000;
/// The most that a row adds to each counter after `rows`, in the order of the fields.
const LOSSES_MOST: [u64; LossSums::COUNTERS - 1] = [MOST, 18_420_681];
const REGRESSION_MOST: [u64; RegressionSums::COUNTERS - 1] =
    [MOST, MOST, MOST, MOST, MOST, MOST, MOST, MOST, 1, 10_000_000, 1];

/// What a segment has to fit to.
#[derive(Clone, Copy)]
struct Whole {
    /// Rows with a label and an answer, if they are known.
    rows: Option<u64>,
    /// What a row adds to the errors at most.
    most: u64,
}

/// Reads the quality of a profile of so many `rows`, whose features are known if they could be read.
#[inline(never)]
pub(super) fn quality(
    node: &Node<'_, '_>,
    format_version: u64,
    rows: Option<u64>,
    features: Option<&[Feature]>,
    problems: &mut Problems,
) -> Option<Quality> {
    if format_version < FORMAT_VERSION_QUALITY {
        node.refuse(format_args!("none in a profile of version {format_version}"), problems);
        return None;
    }
    let rows = rows.unwrap_or(WHOLE_MAX);
    // The task decides which other fields may stand here, so it is read before they are judged.
    let is_regression = node
        .open_object(problems)?
        .required("task", problems)
        .and_then(|node| node.word(&[(CLASSES, false), (REGRESSION, true)], problems))?;
    let (fields, task, whole) = if is_regression {
        let allowed =
            ["task", "mean", "deviation", "sums", "error_edges", "error_counts", SEGMENTS];
        let fields = node.object(&allowed, problems)?;
        let (task, labelled) = regression(&fields, rows, problems);
        (fields, task.map(Task::Regression), Whole { rows: labelled, most: MOST })
    } else {
        let fields = node.object(&["task", "names", "confusion", "scores", SEGMENTS], problems)?;
        let (task, labelled) = classes(&fields, rows, problems);
        (fields, task.map(Task::Classes), Whole { rows: labelled, most: WRONG })
    };
    let segments = match fields.optional(SEGMENTS) {
        Some(list) => {
            let mut seen = Vec::new();
            list.array(0..=SEGMENTS_MAX, problems, |node, problems| {
                segment(&node, whole, features, &mut seen, problems)
            })
        }
        None => Some(Vec::new()),
    };
    Some(Quality { task: task?, segments: segments? })
}

/// The classes, and how many rows have a label.
fn classes(
    fields: &Object<'_, '_>,
    rows: u64,
    problems: &mut Problems,
) -> (Option<Classes>, Option<u64>) {
    let mut seen = Vec::new();
    let names = fields.required("names", problems).and_then(|list| {
        list.array(CLASSES_MIN..=CLASSES_MAX, problems, |node, problems| {
            node.new_label(&mut seen, problems)
        })
    });
    let width = names.as_ref().map(Vec::len);
    let widths = lengths(width, CLASSES_MIN, CLASSES_MAX);
    let confusion = fields.required("confusion", problems).and_then(|list| {
        let lines = list.array(widths.clone(), problems, |line, problems| {
            counts(&line, widths.clone(), &[], 1, problems)
        })?;
        let confusion = lines.concat();
        let found = total(&confusion);
        if found == 0 || rows < found {
            problems.add(
                list.path(),
                format_args!("found counts that add up to {found}, expected 1 to {rows}"),
            );
            return None;
        }
        Some(confusion)
    });
    let labelled = confusion.as_deref().map(total);
    let scores = match fields.optional("scores") {
        Some(node) => scores(&node, names.as_deref(), confusion.as_deref(), problems).map(Some),
        None => Some(None),
    };
    let classes = || Some(Classes { names: names?, confusion: confusion?, scores: scores? });
    (classes(), labelled)
}

/// Scores of two classes, whose rows are those of the confusion matrix.
fn scores(
    node: &Node<'_, '_>,
    names: Option<&[String]>,
    confusion: Option<&[u64]>,
    problems: &mut Problems,
) -> Option<Scores> {
    let fields = node.object(
        &["positive", "threshold", "edges", "positives", "negatives", "sums", "losses"],
        problems,
    )?;
    let edges = fields
        .required("edges", problems)
        .and_then(|list| bounds(&list, SCORE_EDGES_MAX, problems));
    let bins = lengths(
        edges.as_ref().map(|edges| edges.len().saturating_add(1)),
        2,
        SCORE_EDGES_MAX.saturating_add(1),
    );
    let mut list = |name: &str, of_bins: &[u64], most: u64| {
        let node = fields.required(name, problems)?;
        counts(&node, bins.clone(), of_bins, most, problems)
    };
    let positives = list("positives", &[], 1);
    let negatives = list("negatives", &[], 1);
    let rows: Vec<u64> = match (&positives, &negatives) {
        (Some(positives), Some(negatives)) => {
            positives.iter().zip(negatives).map(|(one, other)| one.saturating_add(*other)).collect()
        }
        _ => Vec::new(),
    };
    let sums = list("sums", &rows, MOST);
    let labelled = confusion.map(total);
    let losses = fields.required("losses", problems).and_then(|node| {
        let found = counters(&node, &LossSums::NAMES, &LOSSES_MOST, labelled, problems)?;
        Some(LossSums::of_counters(found.try_into().ok()?))
    });
    let threshold = fields.required("threshold", problems).and_then(|node| {
        let threshold = node.number(problems)?;
        let is_edge = edges.as_ref().is_none_or(|edges| edges.contains(&threshold));
        if is_edge && (0.0..=1.0).contains(&threshold) {
            return Some(threshold);
        }
        node.refuse(format_args!("one of `edges`, from 0 to 1"), problems);
        None
    });
    let names = names?;
    let [first, second] = names else {
        node.refuse(
            format_args!("none for {} classes, because scores are of two", names.len()),
            problems,
        );
        return None;
    };
    let words = [(first.as_str(), 0), (second.as_str(), 1)];
    let positive =
        fields.required("positive", problems).and_then(|node| node.word(&words, problems))?;
    let mut are_same = true;
    for (name, list, class) in [
        ("positives", &positives, positive),
        ("negatives", &negatives, 1_usize.saturating_sub(positive)),
    ] {
        if let (Some(list), Some(of_class)) =
            (list, confusion.and_then(|all| all.chunks(names.len()).nth(class)))
        {
            are_same &= adds_up(&fields, name, list, total(of_class), OF_CLASS, problems);
        }
    }
    let scores = Scores {
        positive,
        threshold: threshold?,
        edges: edges?,
        positives: positives?,
        negatives: negatives?,
        sums: sums?,
        losses: losses?,
    };
    are_same.then_some(scores)
}

/// The regression, and how many rows have a label.
fn regression(
    fields: &Object<'_, '_>,
    rows: u64,
    problems: &mut Problems,
) -> (Option<Regression>, Option<u64>) {
    let mean = fields.required("mean", problems).and_then(|node| node.number(problems));
    let deviation = fields.required("deviation", problems).and_then(|node| {
        let deviation = node.number(problems)?;
        if TargetScale::new(0.0, deviation).is_none() {
            node.refuse(format_args!("a number above 0"), problems);
            return None;
        }
        Some(deviation)
    });
    let sums = fields.required("sums", problems).and_then(|node| {
        // How many rows there are decides what the other sums may be.
        let labelled = node
            .open_object(problems)?
            .optional("rows")
            .map_or(Some(rows), |node| node.whole(1..=rows, problems));
        let found = counters(&node, &RegressionSums::NAMES, &REGRESSION_MOST, labelled, problems);
        labelled.and(Some(RegressionSums::of_counters(found?.try_into().ok()?)))
    });
    let labelled = sums.map(|sums| sums.rows);
    let error_edges = fields
        .required("error_edges", problems)
        .and_then(|list| bounds(&list, ERROR_EDGES_MAX, problems));
    let error_counts = fields.required("error_counts", problems).and_then(|list| {
        let bins = error_edges.as_ref().map(|edges| edges.len().saturating_add(1));
        counts(&list, lengths(bins, 2, ERROR_EDGES_MAX.saturating_add(1)), &[], 1, problems)
    });
    let are_same = match (&error_counts, labelled) {
        (Some(counts), Some(labelled)) => {
            adds_up(fields, "error_counts", counts, labelled, LABELLED, problems)
        }
        _ => true,
    };
    let regression = || {
        let regression = Regression {
            mean: mean?,
            deviation: deviation?,
            sums: sums?,
            error_edges: error_edges?,
            error_counts: error_counts?,
        };
        are_same.then_some(regression)
    };
    (regression(), labelled)
}

/// Errors by the live bins of a feature, and one cell for rows without a bin.
fn segment(
    node: &Node<'_, '_>,
    whole: Whole,
    features: Option<&[Feature]>,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Segment> {
    let fields = node.object(&["feature", "rows", "errors"], problems)?;
    let mut cells = None;
    let feature = fields.required("feature", problems).and_then(|node| {
        let name = node.new_name(seen, problems)?;
        let Some(features) = features else { return Some(name) };
        let Some(feature) = features.iter().find(|feature| feature.name == name) else {
            node.refuse(format_args!("the name of a feature of this profile"), problems);
            return None;
        };
        cells = Some(feature.column.bins.live_count().saturating_add(1));
        Some(name)
    });
    let cells = lengths(cells, 0, usize::MAX);
    let rows = fields
        .required("rows", problems)
        .and_then(|node| counts(&node, cells.clone(), &[], 1, problems));
    let errors = fields.required("errors", problems).and_then(|node| {
        counts(&node, cells, rows.as_deref().unwrap_or_default(), whole.most, problems)
    });
    let (feature, rows, errors) = (feature?, rows?, errors?);
    let are_same = whole
        .rows
        .is_none_or(|labelled| adds_up(&fields, "rows", &rows, labelled, LABELLED, problems));
    are_same.then_some(Segment { feature, rows, errors })
}

/// How many elements a list may have: as many as are expected, or anything that could be if that is not known.
fn lengths(expected: Option<usize>, least: usize, most: usize) -> RangeInclusive<usize> {
    expected.map_or(least..=most, |expected| expected..=expected)
}

/// Counts, of which each is at most so many times the rows at its index, where these are known.
#[inline(never)]
fn counts(
    list: &Node<'_, '_>,
    lengths: RangeInclusive<usize>,
    rows: &[u64],
    most: u64,
    problems: &mut Problems,
) -> Option<Vec<u64>> {
    let before = problems.count();
    let items = list.items(lengths, problems)?;
    let mut found = Vec::with_capacity(items.len());
    for (index, value) in items.iter().enumerate() {
        let limit = rows.get(index).map_or(WHOLE_MAX, |rows| rows.saturating_mul(most));
        let node = Node::new(value, list.path().index(index));
        found.extend(node.whole(0..=limit.min(WHOLE_MAX), problems));
    }
    (problems.count() == before).then_some(found)
}

/// The counters of an object with these fields. The first one is of rows, as many as are labelled if that is known, and
/// of the others each is at most so many times that.
#[inline(never)]
fn counters(
    node: &Node<'_, '_>,
    names: &[&str],
    most: &[u64],
    labelled: Option<u64>,
    problems: &mut Problems,
) -> Option<Vec<u64>> {
    let before = problems.count();
    let fields = node.object(names, problems)?;
    let (least, labelled) = labelled.map_or((0, WHOLE_MAX), |labelled| (labelled, labelled));
    let mut found = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let allowed = match index.checked_sub(1).and_then(|index| most.get(index)) {
            Some(most) => 0..=labelled.saturating_mul(*most).min(WHOLE_MAX),
            None => least..=labelled,
        };
        found
            .extend(fields.required(name, problems).and_then(|node| node.whole(allowed, problems)));
    }
    (problems.count() == before).then_some(found)
}

/// Whether a list has all the rows that it should have.
fn adds_up(
    fields: &Object<'_, '_>,
    name: &str,
    list: &[u64],
    expected: u64,
    what: &str,
    problems: &mut Problems,
) -> bool {
    let found = total(list);
    if found != expected {
        problems.add(
            &fields.path().field(name),
            format_args!("found counts that add up to {found}, expected {expected}, {what}"),
        );
    }
    found == expected
}

#[cfg(test)]
mod tests;
