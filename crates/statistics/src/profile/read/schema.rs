//! Reads what a column's live values must be; it does not ask whether the reference itself keeps to it, as people may edit it.

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use crate::{
    document::{Node, Problems},
    profile::{CATEGORIES_MAX, CATEGORY_BYTES_MAX, Range, Schema},
};

const REQUIRED: &str = "required";

pub(super) fn schema(
    node: &Node<'_, '_>,
    is_category: bool,
    problems: &mut Problems,
) -> Option<Schema> {
    if is_category {
        let fields = node.object(&[REQUIRED, "categories"], problems)?;
        let required = fields.required(REQUIRED, problems).and_then(|node| node.boolean(problems));
        let categories = match fields.required("categories", problems) {
            Some(node) if node.is_null() => Some(None),
            Some(node) => categories(&node, problems).map(Some),
            None => None,
        };
        return Some(Schema { required: required?, range: None, categories: categories? });
    }
    let fields = node.object(&[REQUIRED, "minimum", "maximum"], problems)?;
    let required = fields.required(REQUIRED, problems).and_then(|node| node.boolean(problems));
    let mut end = |name: &str, none: f64| {
        let node = fields.required(name, problems)?;
        if node.is_null() { Some(none) } else { node.number(problems) }
    };
    let minimum = end("minimum", f64::NEG_INFINITY);
    let maximum = end("maximum", f64::INFINITY);
    let (minimum, maximum) = (minimum?, maximum?);
    if maximum < minimum {
        problems.add(
            &fields.path().field("maximum"),
            format_args!("found {maximum}, expected at least the minimum, {minimum}"),
        );
        return None;
    }
    let range = (minimum.is_finite() || maximum.is_finite()).then_some(Range { minimum, maximum });
    Some(Schema { required: required?, range, categories: None })
}

/// Texts of any characters, because rows of the reference had them, whether or not they could be labels.
fn categories(list: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<String>> {
    let names = texts(list, 1..=CATEGORIES_MAX, problems)?;
    let mut sorted = true;
    for (index, (before, after)) in names.iter().zip(names.iter().skip(1)).enumerate() {
        if after <= before {
            problems.add(
                &list.path().index(index.saturating_add(1)),
                format_args!(
                    "found {after:?} after {before:?}, expected each category once, sorted by their bytes"
                ),
            );
            sorted = false;
        }
    }
    sorted.then_some(names)
}

/// Texts that are as long as a category may be, as many of them as `lengths` allows.
#[inline(never)]
pub(super) fn texts(
    list: &Node<'_, '_>,
    lengths: RangeInclusive<usize>,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    list.array(lengths, problems, |node, problems| {
        let text = node.text(problems)?;
        if CATEGORY_BYTES_MAX < text.len() {
            node.refuse(format_args!("at most {CATEGORY_BYTES_MAX} bytes"), problems);
            return None;
        }
        Some(String::from(text))
    })
}
