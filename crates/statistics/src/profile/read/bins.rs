//! Reads the bins of a column with the rows in each; which kinds there are, and what each asks of its bounds.

use alloc::{string::String, vec::Vec};

use crate::{
    bins::{BINS_MAX, Bins, MergedEdges, OTHER},
    document::{Node, Object, Problems, WHOLE_MAX},
    profile::Kind,
};

const MERGED: &str = "merged";
/// The most edges, values or categories.
const BOUNDS_MAX: usize = BINS_MAX - 1;

/// The rows in each bin and what stands beside them.
pub(super) struct Counted {
    pub(super) bins: Bins,
    pub(super) counts: Vec<u64>,
    /// Empty for categories.
    pub(super) means: Vec<Option<f64>>,
    /// Of quantile bins.
    pub(super) merged: MergedEdges,
}

/// A kind of bins, with the field that holds its bounds.
#[derive(Clone, Copy)]
enum KindOfBins {
    Quantile,
    Values,
    Categories,
}

impl KindOfBins {
    const fn bounds(self) -> &'static str {
        match self {
            KindOfBins::Quantile => "edges",
            KindOfBins::Values => "values",
            KindOfBins::Categories => "categories",
        }
    }
}

/// Reads the bins of a column whose values are of this `kind`, if that is known.
pub(super) fn counted(
    node: &Node<'_, '_>,
    kind: Option<Kind>,
    problems: &mut Problems,
) -> Option<Counted> {
    let numbers = [("quantile", KindOfBins::Quantile), ("values", KindOfBins::Values)];
    let categories = [("categories", KindOfBins::Categories)];
    let allowed = if kind == Some(Kind::Category) { &categories[..] } else { &numbers };
    // The kind decides which other fields may stand here, so it is read before they are judged.
    let kind_of_bins = node
        .open_object(problems)?
        .required("kind", problems)
        .and_then(|node| node.word(allowed, problems))?;
    let bounds_field = kind_of_bins.bounds();
    let is_category = matches!(kind_of_bins, KindOfBins::Categories);
    let fields = match kind_of_bins {
        KindOfBins::Categories => node.object(&["kind", bounds_field, "counts"], problems)?,
        KindOfBins::Values => node.object(&["kind", bounds_field, "counts", "means"], problems)?,
        KindOfBins::Quantile => {
            node.object(&["kind", bounds_field, MERGED, "counts", "means"], problems)?
        }
    };
    let bins = fields.required(bounds_field, problems).and_then(|node| match kind_of_bins {
        KindOfBins::Quantile => {
            bounds(&node, BOUNDS_MAX, problems).map(|edges| Bins::Quantile { edges })
        }
        KindOfBins::Values => {
            bounds(&node, BOUNDS_MAX, problems).map(|values| Bins::Values { values })
        }
        KindOfBins::Categories => names(&node, problems).map(|names| Bins::Categories { names }),
    });
    if let (Some(Bins::Values { values }), Some(kind)) = (&bins, kind) {
        values_fit(&fields, values, kind, problems);
    }
    let counts = fields.required("counts", problems).and_then(|node| {
        let counts = node
            .array(2..=BINS_MAX, problems, |node, problems| node.whole(0..=WHOLE_MAX, problems))?;
        one_per_bin(&node, counts, bins.as_ref(), bounds_field, problems)
    });
    let means = if is_category {
        Some(Vec::new())
    } else {
        fields.required("means", problems).and_then(|node| {
            let means = node.array(2..=BINS_MAX, problems, |node, problems| {
                if node.is_null() { Some(None) } else { node.number(problems).map(Some) }
            })?;
            one_per_bin(&node, means, bins.as_ref(), bounds_field, problems)
        })
    };
    let merged = match (fields.optional(MERGED), &bins) {
        (Some(node), Some(Bins::Quantile { edges })) => merged(&node, edges.len(), problems),
        _ => Some(MergedEdges::default()),
    };
    Some(Counted { bins: bins?, counts: counts?, means: means?, merged: merged? })
}

/// Which precisions merge the values beside each of so many edges.
fn merged(node: &Node<'_, '_>, edges: usize, problems: &mut Problems) -> Option<MergedEdges> {
    let found = MergedEdges::from_digits(node.text(problems)?, edges);
    if found.is_none() {
        node.refuse(format_args!("{edges} digits from 0 to 7, one for each edge"), problems);
    }
    found
}

/// Edges or values: finite and strictly increasing, from one to `most` of them.
#[inline(never)]
pub(super) fn bounds(
    list: &Node<'_, '_>,
    most: usize,
    problems: &mut Problems,
) -> Option<Vec<f64>> {
    let bounds = list.array(1..=most, problems, |node, problems| node.number(problems))?;
    let mut increasing = true;
    for (index, (before, after)) in bounds.iter().zip(bounds.iter().skip(1)).enumerate() {
        if after <= before {
            problems.add(
                &list.path().index(index.saturating_add(1)),
                format_args!("found {after}, expected more than the one before it, {before}"),
            );
            increasing = false;
        }
    }
    increasing.then_some(bounds)
}

/// Names of categories: unique labels, and none that stands for all others.
fn names(list: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<String>> {
    let mut seen = Vec::new();
    list.array(1..=BOUNDS_MAX, problems, |node, problems| {
        let name = node.new_name(&mut seen, problems)?;
        if name == OTHER {
            node.refuse(
                format_args!("another name: this one stands for all categories without a bin"),
                problems,
            );
            return None;
        }
        Some(name)
    })
}

fn values_fit(fields: &Object<'_, '_>, values: &[f64], kind: Kind, problems: &mut Problems) {
    let list = fields.path().field("values");
    for (index, value) in values.iter().enumerate() {
        let (fits, expected) = match kind {
            Kind::Number | Kind::Timestamp | Kind::Category => (true, ""),
            Kind::Integer => (libm::trunc(*value) == *value, "a whole number"),
            Kind::TextLength => {
                (0.0 <= *value && libm::trunc(*value) == *value, "a whole number from 0 up")
            }
            Kind::VectorNorm => (0.0 <= *value, "at least 0"),
            Kind::Boolean => (*value == 0.0 || *value == 1.0, "0 or 1"),
        };
        if !fits {
            problems.add(
                &list.index(index),
                format_args!("found {value}, expected {expected} for the type `{}`", kind.word()),
            );
        }
    }
}

fn one_per_bin<T>(
    list: &Node<'_, '_>,
    found: Vec<T>,
    bins: Option<&Bins>,
    bounds_field: &str,
    problems: &mut Problems,
) -> Option<Vec<T>> {
    let bins = bins?;
    if found.len() == bins.count() {
        return Some(found);
    }
    problems.add(
        list.path(),
        format_args!(
            "found {} elements, expected {}: one more than `{bounds_field}`",
            found.len(),
            bins.count()
        ),
    );
    None
}
