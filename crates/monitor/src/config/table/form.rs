//! The forms in which settings are written: each reads one value, and says what it takes. None knows a setting.

use alloc::{rc::Rc, string::String, vec::Vec};
use core::ops::RangeInclusive;

use super::{Shape, TextShape};
use driftline_inference::{
    glob::Glob,
    predictive::{PathStep, ROW_PATH_MAX, RowPath, STEPS_MAX},
};
use driftline_metrics::buckets::Buckets;
use driftline_statistics::{
    document::{Node, OTHER_NAME, Problems},
    profile::{self, Profile},
};

/// The highest `column` and `index` that may be written: rows beyond have no names either.
const POSITION_MAX: u64 = 65_535;

/// How many bounds may be written for histograms of times.
const BOUNDS: RangeInclusive<usize> = 1..=100;
/// What each may be, in milliseconds: from a microsecond to a day.
const BOUND_MILLISECONDS: RangeInclusive<f64> = 0.001..=86_400_000.0;
const MICROSECONDS_PER_MILLISECOND: f64 = 1000.0;

/// How a value is written.
pub(crate) trait Form {
    type Value;

    /// The value that is written here; `None` only after noting a problem.
    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Self::Value>;

    /// What may be written.
    fn shape(&self) -> Shape;
}

/// A whole number within a range.
pub(crate) struct Whole(pub(in crate::config) RangeInclusive<u64>);

/// A number within a range.
pub(crate) struct Number(pub(in crate::config) RangeInclusive<f64>);

/// A position of a row or a tensor, from 0.
pub(crate) struct Position;

/// `true` or `false`.
pub(crate) struct Flag;

/// One of these words, each with what it means.
pub(crate) struct Word<T>(pub(crate) fn() -> Vec<(&'static str, T)>);

/// Any of these words.
pub(crate) struct Words<T>(pub(crate) fn() -> Vec<(&'static str, T)>);

/// What something else is made into.
pub(crate) struct Then<F: Form, T>(pub(crate) F, pub(crate) fn(F::Value) -> T);

/// The value of a label.
pub(crate) struct Label;

/// A label or a pattern for labels, and not the one that stands for whatever is not listed.
pub(crate) struct ModelName;

/// A name from training data.
pub(crate) struct Name;

/// Any text.
pub(crate) struct Text;

/// A secret: any text that is not empty.
pub(crate) struct Secret;

/// A moment, in seconds since 1970.
pub(crate) struct Moment;

/// A pattern for the names of the proxy's routes.
pub(crate) struct RoutePattern;

/// A pattern for the paths of URLs.
pub(crate) struct UrlPattern;

/// A path into a JSON document.
pub(crate) struct JsonPath;

/// Where rows stand in a JSON document.
pub(crate) struct RowsPlace;

/// The name of a header, which is read in lower case.
pub(crate) struct HeaderName;

/// A reference profile.
pub(crate) struct Reference;

/// Bounds of the histograms of times: by name, or a list in milliseconds.
pub(crate) struct TimeBuckets;

impl Form for Whole {
    type Value = u64;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<u64> {
        node.whole(self.0.clone(), problems)
    }

    fn shape(&self) -> Shape {
        Shape::Whole(self.0.clone())
    }
}

impl Form for Number {
    type Value = f64;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<f64> {
        let found = node.number(problems)?;
        if !self.0.contains(&found) {
            let (least, most) = (self.0.start(), self.0.end());
            node.refuse(format_args!("a number from {least} to {most}"), problems);
            return None;
        }
        Some(found)
    }

    fn shape(&self) -> Shape {
        Shape::Number(self.0.clone())
    }
}

impl Form for Position {
    type Value = usize;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<usize> {
        usize::try_from(node.whole(0..=POSITION_MAX, problems)?).ok()
    }

    fn shape(&self) -> Shape {
        Shape::Whole(0..=POSITION_MAX)
    }
}

impl Form for Flag {
    type Value = bool;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<bool> {
        node.boolean(problems)
    }

    fn shape(&self) -> Shape {
        Shape::Flag
    }
}

impl<T: Copy> Form for Word<T> {
    type Value = T;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<T> {
        node.word(&(self.0)(), problems)
    }

    fn shape(&self) -> Shape {
        Shape::Word((self.0)().into_iter().map(|(word, _)| word).collect())
    }
}

impl<T: Copy> Form for Words<T> {
    type Value = Vec<T>;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<T>> {
        let words = (self.0)();
        node.array(0..=words.len(), problems, |node, problems| node.word(&words, problems))
    }

    fn shape(&self) -> Shape {
        Shape::list(0..=(self.0)().len(), Word(self.0).shape())
    }
}

impl<F: Form, T> Form for Then<F, T> {
    type Value = T;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<T> {
        self.0.read(node, problems).map(self.1)
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }
}

impl Form for Label {
    type Value = String;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
        node.label(problems)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Label)
    }
}

impl Form for ModelName {
    type Value = String;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
        let name = node.label(problems)?;
        refuse_other(&name, node, problems);
        Some(name)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::ModelName)
    }
}

/// Nothing that is listed may be called as whatever is not.
pub(crate) fn refuse_other(name: &str, node: &Node<'_, '_>, problems: &mut Problems) {
    if name == OTHER_NAME {
        let expected = "another name: whatever is not listed is counted under this one";
        node.refuse(format_args!("{expected}"), problems);
    }
}

impl Form for Name {
    type Value = String;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
        node.name(problems)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Name)
    }
}

impl Form for Text {
    type Value = String;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
        node.text(problems).map(String::from)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Any)
    }
}

impl Form for Secret {
    type Value = String;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
        let secret = node.text(problems)?;
        if secret.is_empty() {
            node.refuse(format_args!("a secret, which is not empty"), problems);
            return None;
        }
        Some(secret.into())
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Secret)
    }
}

impl Form for Moment {
    type Value = u64;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<u64> {
        profile::moment(node, problems)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Moment)
    }
}

impl Form for RoutePattern {
    type Value = Glob;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Glob> {
        node.name(problems).map(|text| Glob::new(&text))
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Pattern)
    }
}

impl Form for UrlPattern {
    type Value = Glob;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Glob> {
        let glob = node.name(problems).map(|text| Glob::new(&text))?;
        if !glob.text().starts_with(['/', '*']) {
            node.refuse(format_args!("a path, which begins with `/` or `*`"), problems);
        }
        Some(glob)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::UrlPattern)
    }
}

impl Form for JsonPath {
    type Value = Vec<PathStep>;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<PathStep>> {
        let steps = steps(node.text(problems)?);
        if steps.is_none() {
            node.refuse(
                format_args!(
                    "keys separated by dots, and `[]` for every element of an array, such as `user.age` or `rows[].age`, in at \
                     most {STEPS_MAX} steps"
                ),
                problems,
            );
        }
        steps
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::JsonPath)
    }
}

impl Form for RowsPlace {
    type Value = RowPath;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<RowPath> {
        let text = node.text(problems)?;
        if text == "." {
            return Some(RowPath::default());
        }
        let is_name = |step: &PathStep| matches!(step, PathStep::Key(_));
        let found = steps(text).filter(|it| it.len() <= ROW_PATH_MAX && it.iter().all(is_name));
        if found.is_none() {
            node.refuse(
                format_args!("up to {ROW_PATH_MAX} names of members, separated by dots, or `.`"),
                problems,
            );
        }
        found.map(Rc::new)
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::Any)
    }
}

/// Cuts a path into its steps; `None` if it is none.
fn steps(text: &str) -> Option<Vec<PathStep>> {
    let mut steps = Vec::new();
    for (number, part) in text.split('.').enumerate() {
        let (key, mut elements) = match part.find('[') {
            Some(at) => part.split_at_checked(at)?,
            None => (part, ""),
        };
        match key {
            // A document that is an array itself begins with `[]`.
            "" if number == 0 && !elements.is_empty() => {}
            "" => return None,
            key => steps.push(PathStep::Key(key.into())),
        }
        while !elements.is_empty() {
            elements = elements.strip_prefix("[]")?;
            steps.push(PathStep::Elements);
        }
    }
    (steps.len() <= STEPS_MAX).then_some(steps)
}

impl Form for HeaderName {
    type Value = String;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
        let name = node.text(problems)?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || !name.bytes().all(is_name) {
            node.refuse(format_args!("the name of a header"), problems);
            return None;
        }
        Some(name.to_ascii_lowercase())
    }

    fn shape(&self) -> Shape {
        Shape::Text(TextShape::HeaderName)
    }
}

impl Form for TimeBuckets {
    type Value = Buckets;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Buckets> {
        if node.is_array() {
            let mut last = 0;
            let bounds = node.array(BOUNDS, problems, |node, problems| {
                let found = Number(BOUND_MILLISECONDS).read(&node, problems)?;
                // Half a microsecond more, because not every decimal fraction is a binary one.
                let bound = (found * MICROSECONDS_PER_MILLISECOND + 0.5) as u64;
                if bound <= last {
                    node.refuse(format_args!("more than the bound before it"), problems);
                    return None;
                }
                last = bound;
                Some(bound)
            })?;
            return Some(Buckets::These(bounds.into()));
        }
        let word = node.text(&mut Problems::default());
        let named = Buckets::NAMED.into_iter().find(|(name, _)| word == Some(*name));
        if named.is_none() {
            node.refuse(format_args!("`fine`, `otel` or a list of milliseconds"), problems);
        }
        named.map(|(_, buckets)| buckets)
    }

    fn shape(&self) -> Shape {
        Shape::WordOrList {
            words: Buckets::NAMED.into_iter().map(|(word, _)| word).collect(),
            lengths: BOUNDS,
            of: Number(BOUND_MILLISECONDS).shape().into(),
        }
    }
}

impl Form for Reference {
    type Value = Profile;

    fn read(&self, node: &Node<'_, '_>, problems: &mut Problems) -> Option<Profile> {
        Profile::from_node(node, problems)
    }

    fn shape(&self) -> Shape {
        Shape::Profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[&str]>) {
        let found = steps(text).map(|steps| {
            let word = |step| match step {
                PathStep::Key(key) => key,
                PathStep::Elements => "[]".into(),
            };
            steps.into_iter().map(word).collect::<Vec<String>>()
        });
        assert_eq!(
            found,
            expected.map(|steps| steps.iter().map(|&step| step.into()).collect()),
            "{text}"
        );
    }

    #[test]
    fn a_path_is_keys_and_elements() {
        check("a", Some(&["a"]));
        check("user.age", Some(&["user", "age"]));
        check("rows[].x y[][].z", Some(&["rows", "[]", "x y", "[]", "[]", "z"]));
        check("[].a", Some(&["[]", "a"]));
        check("a[]", Some(&["a", "[]"]));
    }

    #[test]
    fn what_is_no_path_is_none() {
        for text in ["", ".", "a.", ".a", "a..b", "a[", "a[0]", "a[]b", "a.[]"] {
            check(text, None);
        }
        check(&["a"; STEPS_MAX].join("."), Some(&["a"; STEPS_MAX]));
        check(&["a"; STEPS_MAX + 1].join("."), None);
    }
}
