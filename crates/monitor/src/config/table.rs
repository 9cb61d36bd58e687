//! How settings are told: a table for each object of the configuration, from which its reader, its documentation and its
//! JSON Schema come. It knows no setting.
//!
//! A row of [`settings!`] says what a field is called, what it becomes, how it is written, what holds if it is left out,
//! an example, and a sentence for people. The filter reads by the table and never looks at a [`Section`], so that the
//! linker leaves the sentences out of it.

mod form;

pub(super) use self::form::{
    Flag, Form, HeaderName, JsonPath, Label, ModelName, Moment, Name, Number, Position, Reference,
    RoutePattern, RowsPlace, Secret, Text, Then, TimeBuckets, UrlPattern, Whole, Word, Words,
    refuse_other,
};

use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, ops::RangeInclusive};

use driftline_statistics::document::{Object, Problems};

/// An object of the configuration.
#[derive(Debug)]
pub struct Section {
    /// Where it stands, such as `models[].sampling`; empty for the configuration itself.
    pub place: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its fields.
    pub rows: &'static [Row],
    /// What its fields must have in common.
    pub conditions: &'static [Condition],
    /// Others whose fields and conditions it has as well.
    pub others: &'static [&'static Section],
}

/// A field of an object.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub field: &'static str,
    /// What it means: a sentence or two.
    pub about: &'static str,
    /// How it is written.
    pub shape: fn() -> Shape,
    /// What holds without it.
    pub absent: Absent,
    /// A value that it may have, in JSON.
    pub example: &'static str,
}

/// What holds if a field is left out.
#[derive(Clone, Copy, Debug)]
pub enum Absent {
    /// It must be there.
    Refused,
    /// The same as this value, in JSON.
    Means(fn() -> String),
    /// What this says.
    Said(&'static str),
}

/// How a value is written.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A whole number.
    Whole(RangeInclusive<u64>),
    /// Any number.
    Number(RangeInclusive<f64>),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(Vec<&'static str>),
    /// Text.
    Text(TextShape),
    /// A list.
    List {
        /// How many elements it may have.
        lengths: RangeInclusive<usize>,
        /// How each is written.
        of: Box<Shape>,
        /// Whether no element may come twice.
        is_unique: bool,
    },
    /// One of these words, or a list.
    WordOrList {
        /// The words.
        words: Vec<&'static str>,
        /// How many elements the list may have.
        lengths: RangeInclusive<usize>,
        /// How each is written.
        of: Box<Shape>,
    },
    /// An object of its own.
    Object(&'static Section),
    /// A reference profile, which has a schema of its own.
    Profile,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextShape {
    /// The value of a label: [`label_fault`](driftline_statistics::document::label_fault).
    Label,
    /// A label, or a pattern for labels, that does not stand for whatever is not listed.
    ModelName,
    /// A name from training data: [`name_fault`](driftline_statistics::document::name_fault).
    Name,
    /// A pattern for names.
    Pattern,
    /// Anything.
    Any,
    /// Anything that is not empty: a request without the header would say an empty secret, too.
    Secret,
    /// A moment, as RFC 3339 has it.
    Moment,
    /// A pattern for the path of a URL.
    UrlPattern,
    /// A path into a JSON document.
    JsonPath,
    /// The name of a header.
    HeaderName,
}

/// What the fields of an object must have in common.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    /// One of these must be there.
    AtLeastOne(&'static [&'static str]),
    /// Two of these must not be there.
    AtMostOne(&'static [&'static str]),
    /// The first must not be there without the second.
    Needs(&'static str, &'static str),
}

/// A default, as the documentation shows it.
pub(super) trait Shown {
    /// In JSON.
    fn shown(&self) -> String;
}

/// Words as a list in JSON.
pub(super) fn list<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

impl Section {
    /// Its fields, and those of the others.
    pub fn all_rows(&self) -> impl Iterator<Item = &'static Row> {
        self.rows.iter().chain(self.others.iter().flat_map(|other| other.rows))
    }

    /// Its conditions, and those of the others.
    pub fn all_conditions(&self) -> impl Iterator<Item = &'static Condition> {
        self.conditions.iter().chain(self.others.iter().flat_map(|other| other.conditions))
    }
}

impl Shape {
    /// A list of anything.
    pub(super) fn list(lengths: RangeInclusive<usize>, of: Shape) -> Shape {
        Shape::List { lengths, of: Box::new(of), is_unique: false }
    }

    /// The object that it is, or that its elements are.
    #[must_use]
    pub fn section(&self) -> Option<&'static Section> {
        match self {
            Shape::Object(section) => Some(section),
            Shape::List { of, .. } => of.section(),
            _ => None,
        }
    }
}

impl Condition {
    /// Whether all of them hold; each other one is a problem.
    pub(super) fn all_hold(
        conditions: &[Condition],
        fields: &Object<'_, '_>,
        problems: &mut Problems,
    ) -> bool {
        conditions.iter().filter(|condition| !condition.holds(fields, problems)).count() == 0
    }

    fn holds(&self, fields: &Object<'_, '_>, problems: &mut Problems) -> bool {
        let present =
            |names: &[&str]| names.iter().filter(|name| fields.optional(name).is_some()).count();
        match *self {
            Condition::AtLeastOne(names) if present(names) == 0 => problems.add(
                fields.path(),
                format_args!("one of the fields {} must be there", Names(names)),
            ),
            Condition::AtMostOne(names) if 1 < present(names) => problems.add(
                fields.path(),
                format_args!("found several of {}, expected at most one", Names(names)),
            ),
            Condition::Needs(name, other) if present(&[other]) == 0 => {
                match fields.optional(name) {
                    Some(node) => {
                        node.refuse(format_args!("it only together with `{other}`"), problems);
                    }
                    None => return true,
                }
            }
            _ => return true,
        }
        false
    }
}

/// A field that must be there.
#[inline(never)]
pub(super) fn required<F: Form>(
    name: &str,
    form: &F,
    fields: &Object<'_, '_>,
    problems: &mut Problems,
) -> Option<F::Value> {
    fields.required(name, problems).and_then(|node| form.read(&node, problems))
}

/// A field that may be left out, which is `Some(None)`; `None` if it was refused.
#[inline(never)]
pub(super) fn optional<F: Form>(
    name: &str,
    form: &F,
    fields: &Object<'_, '_>,
    problems: &mut Problems,
) -> Option<Option<F::Value>> {
    match fields.optional(name) {
        Some(node) => form.read(&node, problems).map(Some),
        None => Some(None),
    }
}

/// Makes a table of settings into what reads them and what documents them.
///
/// A row is `name as "json name": Type = form, [absent], "example";`, below a doc comment for people. What is `[absent]` is
///
/// - `[required]`;
/// - `[optional]` or `[optional "what holds then"]`, and the type is an `Option`;
/// - `[or default]` or `[or default, "what it is"]`;
/// - `[later required]` or `[later "what holds then"]` for a field that is read by hand, since it depends on others. Its
///   form is a [`Shape`].
///
/// `struct Name reads NameFields at "place"` makes both structs, and `Name` derives more with `derives Copy and`; with `fields NameFields at "place"`, what the fields
/// mean together is written by hand.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        pub struct $Name:ident $(derives $($derive:ident),+ and)? reads $Fields:ident at $place:literal
        {$(
            $(#[doc = $help:literal])+
            $field:ident $(as $json:literal)?: $type:ty = $form:expr, $absent:tt, $example:literal;
        )*}
        $(with $other:ident: $Other:ident reads $OtherFields:ident;)?
        $(where $conditions:expr;)?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq $($(, $derive)+)?)]
        #[non_exhaustive]
        pub struct $Name {
            $($(#[doc = $help])+ pub $field: $type,)*
            $(#[allow(missing_docs, reason = "the struct has them")] pub $other: $Other,)?
        }

        settings! {
            $(#[doc = $about])+
            fields $Fields at $place
            {$(
                $(#[doc = $help])+
                $field $(as $json)?: $type = $form, $absent, $example;
            )*}
            $(with $other: $Other reads $OtherFields;)?
            $(where $conditions;)?
        }

        impl $Fields {
            /// All fields, if none was refused.
            pub(super) fn complete(self) -> Option<$Name> {
                Some($Name { $($field: self.$field?,)* $($other: self.$other?,)? })
            }
        }
    };
    (
        $(#[doc = $about:literal])+
        fields $Fields:ident at $place:literal
        {$(
            $(#[doc = $help:literal])+
            $field:ident $(as $json:literal)?: $type:ty = $form:expr, $absent:tt, $example:literal;
        )*}
        $(with $other:ident: $Other:ident reads $OtherFields:ident;)?
        $(also $Also:ident;)?
        $(where $conditions:expr;)?
    ) => {
        /// What was read of each field; `None` for one that was refused or is read later.
        #[allow(dead_code, reason = "some fields are read by hand, and stand here for documentation")]
        pub(super) struct $Fields {
            $(pub(super) $field: Option<$type>,)*
            $(pub(super) $other: Option<$Other>,)?
        }

        #[allow(dead_code, reason = "as above")]
        impl $Fields {
            /// The names of all fields, but for those of others.
            pub(super) const NAMES: &[&str] = &[$(settings!(@name $field $($json)?)),*];

            /// For documentation.
            pub(super) const SECTION: $crate::config::table::Section =
                $crate::config::table::Section {
                    place: $place,
                    about: concat!($($about),+),
                    rows: &[$($crate::config::table::Row {
                        field: settings!(@name $field $($json)?),
                        about: concat!($($help),+),
                        shape: settings!(@shape $absent $form),
                        absent: settings!(@absent $absent),
                        example: $example,
                    }),*],
                    conditions: Self::CONDITIONS,
                    others: &[$(&$OtherFields::SECTION)? $(&$Also::SECTION)?],
                };

            /// What its fields must have in common, which is for the caller to check.
            pub(super) const CONDITIONS: &[$crate::config::table::Condition] =
                settings!(@conditions $($conditions)?);

            /// Reads each field of an object, whose names were checked, for its problems.
            pub(super) fn of(
                fields: &driftline_statistics::document::Object<'_, '_>,
                problems: &mut driftline_statistics::document::Problems,
            ) -> $Fields {
                $(let $field = settings!(@read $absent (settings!(@name $field $($json)?)) ($form) fields problems);)*
                $(let $other = $OtherFields::of(fields, problems).complete();)?
                $Fields { $($field,)* $($other,)? }
            }
        }
    };
    (@conditions) => { &[] };
    (@conditions $conditions:expr) => { &$conditions };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $json:literal) => { $json };
    (@read [required] ($name:expr) ($form:expr) $fields:ident $problems:ident) => {
        $crate::config::table::required($name, &$form, $fields, $problems)
    };
    (@read [optional $($said:literal)?] ($name:expr) ($form:expr) $fields:ident $problems:ident) => {
        $crate::config::table::optional($name, &$form, $fields, $problems)
    };
    (@read [or $default:expr $(, $said:literal)?] ($name:expr) ($form:expr) $fields:ident $problems:ident) => {
        $crate::config::table::optional($name, &$form, $fields, $problems)
            .map(|found| found.unwrap_or($default))
    };
    (@read [later $($said:tt)?] ($name:expr) ($form:expr) $fields:ident $problems:ident) => { None };
    (@shape [later $($said:tt)?] $form:expr) => { || $form };
    (@shape $absent:tt $form:expr) => { || $crate::config::table::Form::shape(&$form) };
    (@absent [required]) => { $crate::config::table::Absent::Refused };
    (@absent [later required]) => { $crate::config::table::Absent::Refused };
    (@absent [later $said:literal]) => { $crate::config::table::Absent::Said($said) };
    (@absent [optional]) => { $crate::config::table::Absent::Said("none") };
    (@absent [optional $said:literal]) => { $crate::config::table::Absent::Said($said) };
    (@absent [or $default:expr, $said:literal]) => { $crate::config::table::Absent::Said($said) };
    (@absent [or $default:expr]) => {
        $crate::config::table::Absent::Means(|| $crate::config::table::Shown::shown(&$default))
    };
}

pub(super) use settings;

struct Names(&'static [&'static str]);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Shown for u64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for f64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}
