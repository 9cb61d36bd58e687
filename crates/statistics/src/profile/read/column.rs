//! Reads what features and predictions have in common, and checks that it fits together; the bins read themselves.

use alloc::vec::Vec;

use super::{
    bins::{Counted, counted},
    by_hour::by_hour,
    schema::schema,
};
use crate::{
    bins::MergedEdges,
    document::{Node, Object, Problems, WHOLE_MAX},
    profile::{Column, Distinct, Kind, Numbers, Quantiles, TailExcess},
};

const FIELDS: [&str; 7] = ["type", "schema", "nulls", "bins", "by_hour", "chi_square", "distinct"];
/// What a column has besides if its values are numbers.
const NUMBER_FIELDS: [&str; 5] =
    ["mean", "standard_deviation", "minimum", "maximum", "tail_excess"];

/// What is known of the profile that a column is in.
#[derive(Clone, Copy)]
pub(super) struct Within {
    pub(super) format_version: u64,
    /// Of the reference.
    pub(super) rows: Option<u64>,
}

/// Reads a column from an object that may have the fields `others` besides, which it gives back with it.
pub(super) fn column<'v, 'p>(
    node: &Node<'v, 'p>,
    others: &[&str],
    within: Within,
    problems: &mut Problems,
) -> Option<(Object<'v, 'p>, Option<Column>)> {
    let Within { format_version, rows } = within;
    // The type decides which other fields may stand here, so it is read before they are judged.
    let kinds = Kind::ALL.map(|kind| (kind.word(), kind));
    let kind = node.open_object(problems).and_then(|fields| {
        fields.required("type", problems).and_then(|node| node.word(&kinds, problems))
    });
    let is_category = kind == Some(Kind::Category);
    let of_numbers: &[&str] = if is_category { &[] } else { &NUMBER_FIELDS };
    let allowed: Vec<&str> = others.iter().chain(&FIELDS).chain(of_numbers).copied().collect();
    let fields = node.object(&allowed, problems)?;

    let schema =
        fields.required("schema", problems).and_then(|node| schema(&node, is_category, problems));
    let nulls =
        fields.required("nulls", problems).and_then(|node| node.whole(0..=WHOLE_MAX, problems));
    let summary = if is_category { None } else { Some(summary(&fields, problems)) };
    let counted = fields.required("bins", problems).and_then(|node| counted(&node, kind, problems));
    let chi_square =
        fields.required("chi_square", problems).and_then(|node| quantiles(&node, problems));
    let distinct = match fields.optional("distinct") {
        Some(node) => {
            let with_value = rows.zip(nulls).map(|(rows, nulls)| rows.saturating_sub(nulls));
            distinct(&node, with_value, problems).map(Some)
        }
        None => Some(None),
    };
    let by_hour = match fields.optional("by_hour") {
        Some(node) => by_hour(&node, format_version, counted.as_ref(), nulls, problems).map(Some),
        None => Some(None),
    };
    let adds_up = match (&counted, nulls, rows) {
        (Some(counted), Some(nulls), Some(rows)) => {
            adds_up(&fields, &counted.counts, nulls, rows, problems)
        }
        _ => true,
    };
    let column = move || {
        let Counted { bins, counts, means, merged } = counted?;
        let numbers = match summary {
            Some(summary) => Some(Numbers { means, merged, ..summary? }),
            None => None,
        };
        let column = Column {
            kind: kind?,
            schema: schema?,
            nulls: nulls?,
            bins,
            counts,
            by_hour: by_hour?,
            numbers,
            distinct: distinct?,
            chi_square: chi_square?,
        };
        adds_up.then_some(column)
    };
    Some((fields, column()))
}

/// Reads all that is known of the numbers but the means of their bins.
fn summary(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<Numbers> {
    let mut number =
        |name: &str| fields.required(name, problems).and_then(|node| node.number(problems));
    let mean = number("mean");
    let standard_deviation = number("standard_deviation");
    let minimum = number("minimum");
    let maximum = number("maximum");
    let tail_excess =
        fields.required("tail_excess", problems).and_then(|node| tail_excess(&node, problems));
    let before = problems.count();
    if let Some(negative) = standard_deviation.filter(|deviation| *deviation < 0.0) {
        problems.add(
            &fields.path().field("standard_deviation"),
            format_args!("found {negative}, expected at least 0"),
        );
    }
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && maximum < minimum
    {
        problems.add(
            &fields.path().field("maximum"),
            format_args!("found {maximum}, expected at least the minimum, {minimum}"),
        );
    }
    let is_sound = problems.count() == before;
    let summary = Numbers {
        mean: mean?,
        standard_deviation: standard_deviation?,
        minimum: minimum?,
        maximum: maximum?,
        means: Vec::new(),
        merged: MergedEdges::default(),
        tail_excess: tail_excess?,
    };
    is_sound.then_some(summary)
}

/// Every row is in exactly one bin or null, and there is something to compare with.
fn adds_up(
    fields: &Object<'_, '_>,
    counts: &[u64],
    nulls: u64,
    rows: u64,
    problems: &mut Problems,
) -> bool {
    let counted = counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let bins = fields.path().field("bins");
    let adds_up = counted.saturating_add(nulls) == rows;
    if counted == 0 {
        problems.add(&bins.field("counts"), format_args!("found only zeros, expected some rows"));
    } else if !adds_up {
        problems.add(
            &bins.field("counts"),
            format_args!(
                "found counts that add up to {counted}, expected {}: {rows} rows less {nulls} nulls",
                rows.saturating_sub(nulls)
            ),
        );
    }
    adds_up && counted != 0
}

/// No more different values than values, if that is known.
fn distinct(
    node: &Node<'_, '_>,
    with_value: Option<u64>,
    problems: &mut Problems,
) -> Option<Distinct> {
    let fields = node.object(&["values", "relative_standard_error"], problems)?;
    let most = with_value.unwrap_or(WHOLE_MAX).clamp(1, WHOLE_MAX);
    let values =
        fields.required("values", problems).and_then(|node| node.whole(1..=most, problems));
    let error = fields.required("relative_standard_error", problems).and_then(|node| {
        let error = node.number(problems)?;
        if !(0.0..=1.0).contains(&error) {
            node.refuse(format_args!("a number from 0 to 1"), problems);
            return None;
        }
        Some(error)
    });
    Some(Distinct { values: values?, relative_standard_error: error? })
}

fn tail_excess(node: &Node<'_, '_>, problems: &mut Problems) -> Option<TailExcess> {
    let fields = node.object(&["low", "high"], problems)?;
    let low = fields.required("low", problems).and_then(|node| node.number(problems));
    let high = fields.required("high", problems).and_then(|node| node.number(problems));
    Some(TailExcess { low: low?, high: high? })
}

/// Each at least the one before it, and the first above 0.
fn quantiles(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Quantiles> {
    let fields = node.object(&["five_percent", "one_percent", "family"], problems)?;
    let mut quantile = |name: &str| {
        let node = fields.required(name, problems)?;
        let quantile = node.number(problems)?;
        if quantile <= 0.0 {
            node.refuse(format_args!("a number above 0"), problems);
            return None;
        }
        Some(quantile)
    };
    let five_percent = quantile("five_percent");
    let one_percent = quantile("one_percent");
    let family = quantile("family");
    let mut at_least = |name: &str, found: f64, before: f64| {
        if found < before {
            problems.add(
                &fields.path().field(name),
                format_args!("found {found}, expected at least the one before it, {before}"),
            );
        }
        before <= found
    };
    let quantiles =
        Quantiles { five_percent: five_percent?, one_percent: one_percent?, family: family? };
    let one_fits = at_least("one_percent", quantiles.one_percent, quantiles.five_percent);
    let family_fits = at_least("family", quantiles.family, quantiles.one_percent);
    (one_fits && family_fits).then_some(quantiles)
}
