//! Where the values of a feature or of the prediction are found, as an operator may write it; it looks for none.

use alloc::{string::String, vec::Vec};

use super::table::{Condition, HeaderName, JsonPath, Position, Text, Word, settings};
use driftline_inference::predictive::PathStep;
use driftline_statistics::document::{Object, Problems};

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
    /// A path into the JSON document: keys separated by dots, `[]` for every element of an array.
    Path(Vec<PathStep>),
    /// A header, by its name in lower case: one value for the whole body.
    Header(String),
}

/// On which sides of an exchange values are looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sides {
    /// In the request.
    Request,
    /// In the response.
    Response,
    /// In both, where each value counts.
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

settings! {
    /// Where the values of a feature or of the prediction are found.
    fields SelectorFields at "models[].prediction" {
        /// The member of this name in rows that are objects, the column of this name in a table, or the tensor of this name.
        member: Option<String> = Text, [optional], r#""temp""#;
        /// The value at this position in each row, from 0.
        column: Option<usize> = Position, [optional], "4";
        /// The tensor of this name.
        tensor: Option<String> = Text, [optional], r#""embedding""#;
        /// The value at this index in each row of the tensor, from 0.
        index: Option<usize> = Position, [optional "0"], "3";
        /// The values at this path into the JSON document: keys separated by dots, and `[]` for every element of an array.
        /// Of JSON lines each line is a document.
        path: Option<Vec<PathStep>> = JsonPath, [optional], r#""user.age""#;
        /// The header of this name: one value for the whole body.
        header: Option<String> = HeaderName, [optional], r#""x-tier""#;
        /// Whether the values are in the request, in the response, or in both, where each counts.
        sides as "in": Option<Sides> = Word(sides),
            [optional "`request` for a feature, `response` for the prediction"], r#""both""#;
    }
    where [
        Condition::AtMostOne(&["member", "column", "tensor", "path", "header"]),
        Condition::Needs("index", "tensor"),
    ];
}

fn sides() -> Vec<(&'static str, Sides)> {
    [("request", Sides::Request), ("response", Sides::Response), ("both", Sides::Both)].into()
}

impl Sides {
    /// Whether the request is one of them.
    #[must_use]
    pub fn has_request(self) -> bool {
        self != Sides::Response
    }

    /// Whether the response is one of them.
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
        let read = SelectorFields::of(fields, problems);
        let is_one_place = Condition::all_hold(SelectorFields::CONDITIONS, fields, problems);
        let SelectorFields { member, column, tensor, index, path, header, sides } = read;
        let index = index?.unwrap_or(0);
        let places = [
            member?.map(Place::Member),
            column?.map(Place::Column),
            tensor?.map(|name| Place::Tensor { name, index }),
            path?.map(Place::Path),
            header?.map(Place::Header),
        ];
        let place = places.into_iter().flatten().next().unwrap_or(Place::Usual);
        let sides = sides?.unwrap_or(default);
        is_one_place.then_some(Selector { place, sides })
    }
}
