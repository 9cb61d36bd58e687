//! Reads how good the model was on the reference, and checks that its counts are those of the same rows; it computes no measure.
//!
//! All readers here give a value whatever they found: what could not be read is empty or 0, which nothing that was read
//! is, and then counts that depend on it are not compared. Only [`quality`] asks at its end whether there were problems.
//! That takes less code in the filter than an `Option` for each field.

use alloc::{string::String, vec::Vec};

use super::bins::bounds;
use crate::{
    bins::BINS_MAX,
    counts::total,
    document::{Node, Object, Problems, WHOLE_MAX},
    profile::{
        FORMAT_VERSION_QUALITY, Feature,
        quality::{
            Classes, ERROR_EDGES_MAX, Quality, Regression, SCORE_EDGES_MAX, SEGMENTS_MAX, Scores,
            Segment, Task,
        },
    },
    quality::{CLASSES_MAX, CLASSES_MIN, LossSums, RegressionSums},
};

const TASK: &str = "task";
const SEGMENTS: &str = "segments";
const CLASSES: &str = "classes";
const REGRESSION: &str = "regression";
const FIELDS_OF_CLASSES: [&str; 5] = [TASK, "names", "confusion", "scores", SEGMENTS];
const FIELDS_OF_REGRESSION: [&str; 7] =
    [TASK, "mean", "deviation", "sums", "error_edges", "error_counts", SEGMENTS];
const FIELDS_OF_SCORES: [&str; 7] =
    ["positive", "threshold", "edges", "positives", "negatives", "sums", "losses"];
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

/// Two lists of rows, and what each row adds at most: a count is at most so many times the rows at its index in both. There
/// is no limit if the first list is empty.
type Limit<'l> = ([&'l [u64]; 2], u64);
const NO_LIMIT: Limit<'_> = ([&[], &[]], 1);

/// Reads the quality of a profile of so many `rows`, whose features are known if they could be read.
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
    let before = problems.count();
    // The task decides which other fields may stand here, so it is read before they are judged.
    let fields = node.open_object(problems)?;
    let task = fields.required(TASK, problems)?;
    task.word(&[(CLASSES, ()), (REGRESSION, ())], problems)?;
    let is_regression = task.text(problems) == Some(REGRESSION);
    let allowed = if is_regression { &FIELDS_OF_REGRESSION[..] } else { &FIELDS_OF_CLASSES[..] };
    let fields = node.object(allowed, problems)?;
    let rows = rows.unwrap_or(WHOLE_MAX);
    let (task, labelled, most) = if is_regression {
        let regression = regression(&fields, rows, problems);
        let labelled = regression.sums.rows;
        (Task::Regression(regression), labelled, MOST)
    } else {
        let classes = classes(&fields, rows, problems);
        let labelled = sum(&classes.confusion);
        (Task::Classes(classes), labelled, WRONG)
    };
    let (mut segments, mut seen) = (Vec::new(), Vec::new());
    if let Some(list) = fields.optional(SEGMENTS) {
        let items = list.items(0..=SEGMENTS_MAX, problems).unwrap_or_default();
        for (index, value) in items.iter().enumerate() {
            let node = Node::new(value, list.path().index(index));
            segments.extend(segment(&node, labelled, most, features, &mut seen, problems));
        }
    }
    (problems.count() == before).then_some(Quality { task, segments })
}

fn classes(fields: &Object<'_, '_>, rows: u64, problems: &mut Problems) -> Classes {
    let before = problems.count();
    let (mut names, mut confusion) = (Vec::new(), Vec::new());
    if let Some(list) = fields.required("names", problems) {
        let items = list.items(CLASSES_MIN..=CLASSES_MAX, problems).unwrap_or_default();
        for (index, value) in items.iter().enumerate() {
            // Each that is read is added to those seen.
            let _ = Node::new(value, list.path().index(index)).new_label(&mut names, problems);
        }
        if names.len() != items.len() {
            names.clear();
        }
    }
    if let Some(list) = fields.required("confusion", problems) {
        let lengths = either(names.len(), CLASSES_MIN, CLASSES_MAX);
        let items = list.items(lengths.0..=lengths.1, problems).unwrap_or_default();
        for (index, value) in items.iter().enumerate() {
            let line = Node::new(value, list.path().index(index));
            counts(&line, lengths, NO_LIMIT, &mut confusion, problems);
        }
        let found = sum(&confusion);
        if confusion.len() != items.len().saturating_mul(items.len()) {
            confusion.clear();
        } else if !confusion.is_empty() && (found == 0 || rows < found) {
            problems.add(
                list.path(),
                format_args!("found counts that add up to {found}, expected 1 to {rows}"),
            );
            confusion.clear();
        }
    }
    // Rows that are wrong by themselves are not compared with those of scores.
    let known = if problems.count() == before { &confusion[..] } else { &[] };
    let scores = fields.optional("scores").and_then(|node| scores(&node, &names, known, problems));
    Classes { names, confusion, scores }
}

/// Scores of two classes, whose rows are those of the confusion matrix, if that is known.
fn scores(
    node: &Node<'_, '_>,
    names: &[String],
    confusion: &[u64],
    problems: &mut Problems,
) -> Option<Scores> {
    let fields = node.object(&FIELDS_OF_SCORES, problems)?;
    let mut positive = None;
    if let [first, second] = names
        && let Some(found) = fields.required("positive", problems)
        && found.word(&[(first.as_str(), ()), (second.as_str(), ())], problems).is_some()
    {
        positive = Some(usize::from(found.text(problems) == Some(second)));
    }
    if CLASSES_MIN < names.len() {
        node.refuse(format_args!("none for more than two classes"), problems);
    }
    let edges = edges(&fields, "edges", SCORE_EDGES_MAX, problems);
    let bins = bins(&edges, SCORE_EDGES_MAX);
    let positives = list(&fields, "positives", bins, NO_LIMIT, problems);
    let negatives = list(&fields, "negatives", bins, NO_LIMIT, problems);
    let is_known = positives.len() == negatives.len();
    let of_both = if is_known { ([&positives[..], &negatives], MOST) } else { NO_LIMIT };
    let sums = list(&fields, "sums", bins, of_both, problems);
    let mut losses = [0; LossSums::COUNTERS];
    let limits = (&LossSums::NAMES[..], &LOSSES_MOST[..]);
    counters(&fields, "losses", limits, sum(confusion), &mut losses, problems);
    let is_threshold =
        |x: f64| (0.0..=1.0).contains(&x) && (edges.is_empty() || edges.contains(&x));
    let threshold =
        number(&fields, "threshold", &is_threshold, "one of `edges`, from 0 to 1", problems);
    // Without a positive class there is no row of it in the matrix.
    let positive = positive.unwrap_or(CLASSES_MAX);
    for (name, list, class) in
        [("positives", &positives, positive), ("negatives", &negatives, positive ^ 1)]
    {
        let of_class = confusion.chunks(CLASSES_MIN).nth(class).map(sum);
        adds_up(&fields, name, list, of_class, OF_CLASS, problems);
    }
    let losses = LossSums::of_counters(losses);
    Some(Scores { positive, threshold, edges, positives, negatives, sums, losses })
}

fn regression(fields: &Object<'_, '_>, rows: u64, problems: &mut Problems) -> Regression {
    let mean = number(fields, "mean", &|_| true, "", problems);
    let deviation =
        number(fields, "deviation", &|deviation| 0.0 < deviation, "a number above 0", problems);
    // How many rows there are decides what the other sums may be.
    let labelled = fields
        .optional("sums")
        .and_then(|sums| sums.open_object(problems)?.optional("rows")?.whole(1..=rows, problems));
    let mut sums = [0; RegressionSums::COUNTERS];
    let limits = (&RegressionSums::NAMES[..], &REGRESSION_MOST[..]);
    counters(fields, "sums", limits, labelled.unwrap_or(0), &mut sums, problems);
    let error_edges = edges(fields, "error_edges", ERROR_EDGES_MAX, problems);
    let bins = bins(&error_edges, ERROR_EDGES_MAX);
    let error_counts = list(fields, "error_counts", bins, NO_LIMIT, problems);
    adds_up(fields, "error_counts", &error_counts, labelled, LABELLED, problems);
    let sums = RegressionSums { rows: labelled.unwrap_or(0), ..RegressionSums::of_counters(sums) };
    Regression { mean, deviation, sums, error_edges, error_counts }
}

/// Errors by the live bins of a feature, and one cell for rows without a bin. A row adds at most so many to the errors.
fn segment(
    node: &Node<'_, '_>,
    labelled: u64,
    most: u64,
    features: Option<&[Feature]>,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Segment> {
    let fields = node.object(&["feature", "rows", "errors"], problems)?;
    let name = fields.required("feature", problems)?;
    let feature = name.new_name(seen, problems)?;
    let known = features.and_then(|all| all.iter().find(|known| known.name == feature));
    if features.is_some() && known.is_none() {
        name.refuse(format_args!("the name of a feature of this profile"), problems);
    }
    let cells = known.map_or(0, |known| known.column.bins.live_count().saturating_add(1));
    let cells = either(cells, 3, BINS_MAX.saturating_add(3));
    let rows = list(&fields, "rows", cells, NO_LIMIT, problems);
    let errors = list(&fields, "errors", cells, ([&rows, &[]], most), problems);
    adds_up(&fields, "rows", &rows, known_rows(labelled), LABELLED, problems);
    Some(Segment { feature, rows, errors })
}

/// How many elements a list may have: as many as are known, or what could be if none are.
fn either(known: usize, least: usize, most: usize) -> (usize, usize) {
    if known == 0 { (least, most) } else { (known, known) }
}

/// How many bins there are, from and to.
fn bins(edges: &[f64], edges_max: usize) -> (usize, usize) {
    match edges.len() {
        0 => (2, edges_max.saturating_add(1)),
        edges => (edges.saturating_add(1), edges.saturating_add(1)),
    }
}

/// A number that fits, in words what that is.
#[inline(never)]
fn number(
    fields: &Object<'_, '_>,
    name: &str,
    fits: &dyn Fn(f64) -> bool,
    expected: &str,
    problems: &mut Problems,
) -> f64 {
    let Some(node) = fields.required(name, problems) else { return 0.0 };
    let Some(number) = node.number(problems) else { return 0.0 };
    if !fits(number) {
        node.refuse(format_args!("{expected}"), problems);
    }
    number
}

#[inline(never)]
fn edges(fields: &Object<'_, '_>, name: &str, most: usize, problems: &mut Problems) -> Vec<f64> {
    let list = fields.required(name, problems);
    list.and_then(|list| bounds(&list, most, problems)).unwrap_or_default()
}

#[inline(never)]
fn list(
    fields: &Object<'_, '_>,
    name: &str,
    lengths: (usize, usize),
    limit: Limit<'_>,
    problems: &mut Problems,
) -> Vec<u64> {
    let mut found = Vec::new();
    if let Some(list) = fields.required(name, problems) {
        counts(&list, lengths, limit, &mut found, problems);
    }
    found
}

/// Adds the counts of a list to those found; none if one of them is wrong.
#[inline(never)]
fn counts(
    list: &Node<'_, '_>,
    (least, longest): (usize, usize),
    ([one, other], most): Limit<'_>,
    found: &mut Vec<u64>,
    problems: &mut Problems,
) {
    let (before, start) = (problems.count(), found.len());
    let items = list.items(least..=longest, problems).unwrap_or_default();
    for (index, value) in items.iter().enumerate() {
        let of = |rows: &[u64]| rows.get(index).copied().unwrap_or(0);
        let limit = if one.is_empty() {
            WHOLE_MAX
        } else {
            of(one).saturating_add(of(other)).saturating_mul(most).min(WHOLE_MAX)
        };
        let node = Node::new(value, list.path().index(index));
        if let Some(count) = node.whole(0..=limit, problems) {
            found.push(count);
        }
    }
    if problems.count() != before {
        found.truncate(start);
    }
}

#[inline(never)]
fn sum(counts: &[u64]) -> u64 {
    total(counts)
}

/// The counters of a field that is an object of these names. The first one is of rows, as many as are labelled if that is
/// known, and of the others each is at most so many times that.
#[inline(never)]
fn counters(
    fields: &Object<'_, '_>,
    name: &str,
    (names, most): (&[&str], &[u64]),
    labelled: u64,
    found: &mut [u64],
    problems: &mut Problems,
) {
    let Some(node) = fields.required(name, problems) else { return };
    let Some(fields) = node.object(names, problems) else { return };
    let (least, labelled) = known_rows(labelled).map_or((0, WHOLE_MAX), |rows| (rows, rows));
    let most = [1].iter().chain(most);
    for ((name, found), most) in names.iter().zip(found).zip(most) {
        let Some(node) = fields.required(name, problems) else { continue };
        let least = if *name == "rows" { least } else { 0 };
        let limit = labelled.saturating_mul(*most).min(WHOLE_MAX);
        *found = node.whole(least..=limit, problems).unwrap_or(0);
    }
}

/// A number of rows, if it was read.
fn known_rows(rows: u64) -> Option<u64> {
    (rows != 0).then_some(rows)
}

/// Notes if a list does not have all the rows that it should have, if both are known.
#[inline(never)]
fn adds_up(
    fields: &Object<'_, '_>,
    name: &str,
    list: &[u64],
    expected: Option<u64>,
    what: &str,
    problems: &mut Problems,
) {
    let found = sum(list);
    if let Some(expected) = expected.filter(|expected| !list.is_empty() && found != *expected) {
        problems.add(
            &fields.path().field(name),
            format_args!("found counts that add up to {found}, expected {expected}, {what}"),
        );
    }
}

#[cfg(test)]
mod tests;
