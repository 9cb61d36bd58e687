//! Which classes a vector of shares is of, by what a profile says; it reads no answer.

use alloc::{format, string::String, vec::Vec};

use driftline_inference::predictive::CLASSES_MAX;
use driftline_statistics::{
    bins::Bins,
    profile::{Column, Kind, Profile, quality::Task},
    value::{Cell, NullTexts},
};

/// What a vector of shares says.
#[derive(Debug)]
pub(crate) struct Shares {
    /// The classes in the order of their shares: at least two.
    pub(crate) classes: Vec<String>,
    /// The class whose share is the score; `None` if it is the largest one.
    pub(crate) of_score: Option<usize>,
    /// The prediction itself is the score, and not the class.
    pub(crate) is_score: bool,
}

impl Shares {
    /// The shares of a model's classes; `None` if its prediction is not one of at least two classes, or of more than
    /// [`CLASSES_MAX`].
    ///
    /// Classes that are all numbers ascend, others are in the order of their code points, unless the profile says another
    /// order.
    pub(crate) fn of(profile: &Profile) -> Option<Shares> {
        let prediction = profile.prediction.as_ref()?;
        let scored = match profile.quality.as_deref().map(|quality| &quality.task) {
            Some(Task::Classes(classes)) => classes.scores.as_ref().map(|it| (&classes.names, it)),
            _ => None,
        };
        let answer = profile.answer.as_deref();
        let mut classes = answer.map(|it| it.classes.clone()).unwrap_or_default();
        let is_said = !classes.is_empty();
        let mut is_score = false;
        if !is_said {
            classes = classes_of(prediction);
            if let (true, Some((names, _))) = (classes.is_empty(), scored) {
                classes.clone_from(names);
                is_score = true;
            }
            sort(&mut classes);
        }
        if !(2..=CLASSES_MAX).contains(&classes.len()) {
            return None;
        }
        let positive = scored.and_then(|(names, scores)| names.get(scores.positive));
        let class = answer.and_then(|it| it.score_class.as_ref()).or(positive);
        let of_score = class.and_then(|class| classes.iter().position(|it| it == class));
        Some(Shares { classes, of_score, is_score })
    }
}

/// The classes of a column; none if there are some that the profile does not name.
fn classes_of(column: &Column) -> Vec<String> {
    let has_others = column.counts.last() != Some(&0);
    match (&column.bins, &column.schema.categories) {
        (Bins::Categories { .. }, Some(all)) => all.clone(),
        (Bins::Categories { names }, None) if !has_others => names.clone(),
        (Bins::Values { values }, _)
            if !has_others && matches!(column.kind, Kind::Integer | Kind::Boolean) =>
        {
            let mut classes = Vec::new();
            for value in values {
                classes.push(format!("{value}"));
            }
            classes
        }
        _ => Vec::new(),
    }
}

/// Puts classes into the order of scikit-learn. They are few, and a sort takes five kilobytes of code.
fn sort(classes: &mut [String]) {
    let number = |class: &String| Cell::Untyped(class.as_bytes()).number(&NullTexts::NONE).ok();
    let are_numbers = classes.iter().all(|class| number(class).is_some());
    for end in 1..classes.len() {
        for at in (1..=end).rev() {
            let Some([before, after]) = classes.get_mut(at.saturating_sub(1)..=at) else { return };
            let is_sorted = match are_numbers {
                true => number(before) <= number(after),
                false => before <= after,
            };
            if is_sorted {
                break;
            }
            core::mem::swap(before, after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(classes: &[&str], expected: &[&str]) {
        let mut found: Vec<String> = classes.iter().map(|class| String::from(*class)).collect();
        sort(&mut found);
        assert_eq!(found, expected);
    }

    #[test]
    fn classes_are_in_the_order_of_scikit_learn() {
        check(&["10", "9", "-1"], &["-1", "9", "10"]);
        check(&["b", "a", "B", "\u{e9}", "10", "9"], &["10", "9", "B", "a", "b", "\u{e9}"]);
        check(&["1", "0"], &["0", "1"]);
        check(&[], &[]);
    }
}
