//! Where the values of a feature or of the prediction stand, as an operator may write it; it looks for none.

use alloc::{string::String, vec::Vec};

use driftline_inference::predictive::{PathStep, STEPS_MAX};
use driftline_statistics::document::{Node, Object, Problems};

/// The highest `column` and `index` that may be written: rows beyond have no names either.
const POSITION_MAX: u64 = 65_535;

/// Where values stand.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// Under the column's own name, or where rows have no names, at its position in the profile.
    Usual,
    /// The member of this name of a row that is an object, the column of this name of a table, the tensor of this name.
    Member(String),
    /// This position of a row, from 0.
    Column(usize),
    /// This index, from 0, of each row of a tensor.
    Tensor {
        /// The tensor's name.
        name: String,
        /// Which of a row's elements.
        index: usize,
    },
    /// A path into the JSON document: keys parted by dots, `[]` for every element of an array.
    Path(Vec<PathStep>),
    /// A header, by its name in lower case: one value for the whole body.
    Header(String),
}

/// On which sides of an exchange values are looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sides {
    /// In the request.
    Request,
    /// In the answer.
    Response,
    /// In both, each value counting.
    Both,
}

/// Where a column's values are looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Selector {
    /// Where they stand.
    pub place: Place,
    /// In the body or the headers of which side.
    pub sides: Sides,
}

/// The fields that a selector adds to an object of the configuration.
pub(super) const SELECTOR_FIELDS: [&str; 7] =
    ["member", "column", "tensor", "index", "path", "header", "in"];
/// Those of them of which there can be one.
const PLACES: &str = "`member`, `column`, `tensor`, `path`, `header`";

impl Sides {
    /// Whether the request is one of them.
    #[must_use]
    pub fn has_request(self) -> bool {
        self != Sides::Response
    }

    /// Whether the answer is one of them.
    #[must_use]
    pub fn has_response(self) -> bool {
        self != Sides::Request
    }
}

impl Selector {
    /// What is looked for if nothing is said.
    #[must_use]
    pub const fn usual(sides: Sides) -> Selector {
        Selector { place: Place::Usual, sides }
    }

    /// Reads the selector out of an object that may have other fields besides; `None` only after noting a problem.
    pub(super) fn read(
        fields: &Object<'_, '_>,
        default: Sides,
        problems: &mut Problems,
    ) -> Option<Selector> {
        let sides = match fields.optional("in") {
            Some(node) => node.word(
                &[
                    ("request", Sides::Request),
                    ("response", Sides::Response),
                    ("both", Sides::Both),
                ],
                problems,
            ),
            None => Some(default),
        };
        let index = match fields.optional("index") {
            Some(node) => Some(position(&node, problems)?),
            None => None,
        };
        let mut places = Vec::new();
        if let Some(node) = fields.optional("member") {
            places.push(node.text(problems).map(|text| Place::Member(text.into())));
        }
        if let Some(node) = fields.optional("column") {
            places.push(position(&node, problems).map(Place::Column));
        }
        if let Some(node) = fields.optional("tensor") {
            let name = node.text(problems).map(String::from);
            places.push(name.map(|name| Place::Tensor { name, index: index.unwrap_or(0) }));
        } else if let Some(node) = fields.optional("index") {
            node.refuse(format_args!("it only together with `tensor`"), problems);
        }
        if let Some(node) = fields.optional("path") {
            places.push(path(&node, problems).map(Place::Path));
        }
        if let Some(node) = fields.optional("header") {
            places.push(header(&node, problems).map(Place::Header));
        }
        if 1 < places.len() {
            problems.add(
                fields.path(),
                format_args!("found several of {PLACES}, expected at most one"),
            );
            return None;
        }
        Some(Selector { place: places.pop().unwrap_or(Some(Place::Usual))?, sides: sides? })
    }
}

fn position(node: &Node<'_, '_>, problems: &mut Problems) -> Option<usize> {
    node.whole(0..=POSITION_MAX, problems).and_then(|position| usize::try_from(position).ok())
}

fn header(node: &Node<'_, '_>, problems: &mut Problems) -> Option<String> {
    let name = node.text(problems)?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(is_name) {
        node.refuse(format_args!("the name of a header"), problems);
        return None;
    }
    Some(name.to_ascii_lowercase())
}

fn path(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<PathStep>> {
    let text = node.text(problems)?;
    let steps = steps(text);
    if steps.is_none() {
        node.refuse(
            format_args!(
                "keys parted by dots, and `[]` for every element of an array, such as `user.age` or `rows[].age`, in at \
                 most {STEPS_MAX} steps"
            ),
            problems,
        );
    }
    steps
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
