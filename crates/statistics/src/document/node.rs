//! A value together with its path, and the questions a reader asks of it; a wrong answer becomes a problem.
//! It never converts a value into another type.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, ops::RangeInclusive};

use super::{
    Path, Problems, Value,
    found::{Found, Quoted},
    label_fault, name_fault,
};

/// The largest whole number that a JSON number carries safely: 2^53 - 1.
pub const WHOLE_MAX: u64 = 9_007_199_254_740_991;

/// A value and where it stands.
///
/// Each method that asks for a type returns `None` after noting the problem, so a caller reads all
/// fields first and gives up afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Node<'v, 'p> {
    value: &'v Value<'v>,
    path: Path<'p>,
}

/// An object whose field names have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Object<'v, 'p> {
    fields: &'v [(Box<str>, Value<'v>)],
    path: Path<'p>,
}

impl<'v, 'p> Node<'v, 'p> {
    /// A value that stands at `path`.
    #[must_use]
    pub fn new(value: &'v Value<'v>, path: Path<'p>) -> Node<'v, 'p> {
        Node { value, path }
    }

    /// Where the value stands.
    #[must_use]
    pub fn path(&self) -> &Path<'p> {
        &self.path
    }

    /// Whether it is JSON's `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Notes `found <this value>, expected <expected>`.
    #[inline(never)]
    pub fn refuse(&self, expected: fmt::Arguments<'_>, problems: &mut Problems) {
        problems.add(&self.path, format_args!("found {}, expected {expected}", Found(self.value)));
    }

    /// An object that has no other fields than `allowed`; each other one is a problem of its own.
    #[inline(never)]
    pub fn object(&self, allowed: &[&str], problems: &mut Problems) -> Option<Object<'v, 'p>> {
        let Value::Object(fields) = self.value else {
            self.refuse(format_args!("an object with the fields {}", List(allowed)), problems);
            return None;
        };
        for (name, _) in fields.iter().filter(|(name, _)| !allowed.contains(&&**name)) {
            problems.add(
                &self.path,
                format_args!("unknown field {}, allowed are {}", Quoted(name), List(allowed)),
            );
        }
        Some(Object { fields, path: self.path })
    }

    /// An object of which only some fields matter, whatever else it holds.
    #[inline(never)]
    pub fn open_object(&self, problems: &mut Problems) -> Option<Object<'v, 'p>> {
        let Value::Object(fields) = self.value else {
            self.refuse(format_args!("an object"), problems);
            return None;
        };
        Some(Object { fields, path: self.path })
    }

    /// Reads each element of an array of a permitted length.
    ///
    /// `None` if it is no array, has a wrong length (then no element is read, so that the work
    /// is bounded by `lengths`), or `read` gave `None` for any element, having noted why.
    pub fn array<T>(
        &self,
        lengths: RangeInclusive<usize>,
        problems: &mut Problems,
        mut read: impl FnMut(Node<'v, '_>, &mut Problems) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.items(lengths, problems)?;
        let mut all = Some(Vec::with_capacity(items.len()));
        for (index, item) in items.iter().enumerate() {
            match (read(Node::new(item, self.path.index(index)), problems), &mut all) {
                (Some(item), Some(all)) => all.push(item),
                (None, _) => all = None,
                // An earlier element failed; the rest is read for its problems alone.
                (Some(_), None) => {}
            }
        }
        all
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self.value, Value::Array(_))
    }

    /// The elements of an array of a permitted length; the path of each is that of the array with its index.
    #[inline(never)]
    pub fn items(
        &self,
        lengths: RangeInclusive<usize>,
        problems: &mut Problems,
    ) -> Option<&'v [Value<'v>]> {
        let Value::Array(items) = self.value else {
            self.refuse(format_args!("an array"), problems);
            return None;
        };
        let (found, least, most) = (items.len(), lengths.start(), lengths.end());
        if lengths.contains(&found) {
            return Some(items);
        }
        if least == most {
            problems.add(&self.path, format_args!("found {found} elements, expected {most}"));
        } else {
            problems.add(
                &self.path,
                format_args!("found {found} elements, expected {least} to {most}"),
            );
        }
        None
    }

    /// A whole number within `allowed`. `3000.0` and `3e3` count as whole, because Envoy's protobuf
    /// `Struct` turns every number into a double.
    #[inline(never)]
    pub fn whole(&self, allowed: RangeInclusive<u64>, problems: &mut Problems) -> Option<u64> {
        let found = self.value.as_u64().or_else(|| self.value.as_f64().and_then(whole_from));
        let found = found.filter(|found| allowed.contains(found));
        if found.is_none() {
            self.refuse(
                format_args!("a whole number from {} to {}", allowed.start(), allowed.end()),
                problems,
            );
        }
        found
    }

    /// A finite number. JSON has no other, but `1e400` is refused by the parser and a null is not a number.
    #[inline(never)]
    pub fn number(&self, problems: &mut Problems) -> Option<f64> {
        let found = self.value.as_f64().filter(|found| found.is_finite());
        if found.is_none() {
            self.refuse(format_args!("a number"), problems);
        }
        found
    }

    /// `true` or `false`, and nothing that resembles them.
    #[inline(never)]
    pub fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        let found = if let Value::Bool(found) = self.value { Some(*found) } else { None };
        if found.is_none() {
            self.refuse(format_args!("true or false"), problems);
        }
        found
    }

    /// Text of any content.
    #[inline(never)]
    pub fn text(&self, problems: &mut Problems) -> Option<&'v str> {
        let found = self.value.as_str();
        if found.is_none() {
            self.refuse(format_args!("text"), problems);
        }
        found
    }

    /// Text that becomes the value of a label as it is: see [`label_fault`].
    pub fn label(&self, problems: &mut Problems) -> Option<String> {
        self.sound(label_fault, problems)
    }

    /// A name from training data, or another text of such a form: see [`name_fault`].
    pub fn name(&self, problems: &mut Problems) -> Option<String> {
        self.sound(name_fault, problems)
    }

    /// A [`label`](Node::label) that is not among `seen` yet; it is added there.
    #[inline(never)]
    pub fn new_label(&self, seen: &mut Vec<String>, problems: &mut Problems) -> Option<String> {
        let label = self.label(problems)?;
        self.unseen(label, seen, problems)
    }

    /// A [`name`](Node::name) that is not among `seen` yet; it is added there.
    #[inline(never)]
    pub fn new_name(&self, seen: &mut Vec<String>, problems: &mut Problems) -> Option<String> {
        let name = self.name(problems)?;
        self.unseen(name, seen, problems)
    }

    #[inline(never)]
    fn sound(
        &self,
        fault: fn(&str) -> Option<&'static str>,
        problems: &mut Problems,
    ) -> Option<String> {
        let text = self.text(problems)?;
        if let Some(fault) = fault(text) {
            problems.add(&self.path, format_args!("found {}, a name {fault}", Quoted(text)));
            return None;
        }
        Some(String::from(text))
    }

    #[inline(never)]
    fn unseen(
        &self,
        name: String,
        seen: &mut Vec<String>,
        problems: &mut Problems,
    ) -> Option<String> {
        if seen.contains(&name) {
            problems.add(
                &self.path,
                format_args!("found {} again, expected unique names", Quoted(&name)),
            );
            return None;
        }
        seen.push(name.clone());
        Some(name)
    }

    /// One of a few words; the pair's second half is what it means.
    pub fn word<T: Copy>(&self, words: &[(&str, T)], problems: &mut Problems) -> Option<T> {
        let found = self
            .value
            .as_str()
            .and_then(|text| words.iter().find(|(word, _)| *word == text))
            .map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.refuse(format_args!("one of {}", Words(words)), problems);
        }
        found
    }
}

impl<'v> Object<'v, '_> {
    /// Where the object stands.
    #[must_use]
    pub fn path(&self) -> &Path<'_> {
        &self.path
    }

    /// The field, or a problem if it is missing.
    #[inline(never)]
    pub fn required<'s>(&'s self, name: &'s str, problems: &mut Problems) -> Option<Node<'v, 's>> {
        let found = self.optional(name);
        if found.is_none() {
            problems.add(&self.path, format_args!("the field `{name}` is missing"));
        }
        found
    }

    /// The field, if it is there. A `null` is there: leaving a field out is how to ask for the default.
    #[must_use]
    #[inline(never)]
    pub fn optional<'s>(&'s self, name: &'s str) -> Option<Node<'v, 's>> {
        let (_, value) = self.fields.iter().find(|(known, _)| **known == *name)?;
        Some(Node::new(value, self.path.field(name)))
    }
}

/// Turns a double without a fraction into the whole number that it is.
fn whole_from(number: f64) -> Option<u64> {
    // The cast saturates, and the way back shows whether anything was lost. Above 2^53 a double no
    // longer tells neighbours apart, so nothing larger is taken for whole.
    let whole = number as u64;
    (whole <= WHOLE_MAX && whole as f64 == number).then_some(whole)
}

struct List<'n>(&'n [&'n str]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, self.0.iter().copied())
    }
}

struct Words<'w, T>(&'w [(&'w str, T)]);

impl<T> fmt::Display for Words<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, self.0.iter().map(|(word, _)| *word))
    }
}

fn join<'n>(f: &mut fmt::Formatter<'_>, names: impl Iterator<Item = &'n str>) -> fmt::Result {
    for (index, name) in names.enumerate() {
        if index != 0 {
            f.write_str(", ")?;
        }
        write!(f, "`{name}`")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::{super::parse, *};

    /// Reads the JSON `value` at the path `it`, and compares the result or the problems.
    #[track_caller]
    fn check<T: PartialEq + fmt::Debug>(
        value: &str,
        read: impl Fn(Node<'_, '_>, &mut Problems) -> Option<T>,
        expected: Result<T, &str>,
    ) {
        let mut problems = Problems::default();
        let parsed = parse(value.as_bytes(), 1000, &mut problems).unwrap();
        let found = read(Node::new(&parsed, Path::ROOT.field("it")), &mut problems);
        match expected {
            Ok(expected) => assert_eq!(found, Some(expected), "{value}: {problems}"),
            Err(message) => {
                assert_eq!(found, None, "{value}");
                assert_eq!(problems.to_string(), message);
            }
        }
    }

    #[test]
    fn whole_numbers_may_be_written_as_doubles() {
        let read = |node: Node<'_, '_>, problems: &mut Problems| node.whole(1..=5000, problems);
        for written in ["3000", "3000.0", "3e3"] {
            check(written, read, Ok(3000));
        }
        let refused = "a whole number from 1 to 5000";
        for (written, shown) in [
            ("0", "0"),
            ("-1", "-1"),
            ("2.5", "2.5"),
            ("1e300", "1e300"),
            (r#""7""#, "\"7\""),
            ("null", "null"),
            ("true", "true"),
        ] {
            let message = std::format!("it: found {shown}, expected {refused}");
            check(written, read, Err(&message));
        }
    }

    #[test]
    fn a_double_beyond_what_it_can_tell_apart_is_not_whole() {
        assert_eq!(whole_from(9_007_199_254_740_991.0), Some(WHOLE_MAX));
        for number in [9_007_199_254_740_992.0, f64::INFINITY, f64::NAN, -1.0, 0.5] {
            assert_eq!(whole_from(number), None, "{number}");
        }
        assert_eq!(whole_from(-0.0), Some(0));
    }

    #[test]
    fn every_element_is_looked_at() {
        let read = |node: Node<'_, '_>, problems: &mut Problems| {
            node.array(1..=4, problems, |item, problems| item.number(problems))
        };
        check("[1, 2.5]", read, Ok(Vec::from([1.0, 2.5])));
        check(
            r#"[1, "x", 2, null]"#,
            read,
            Err("it[1]: found \"x\", expected a number; it[3]: found null, expected a number"),
        );
        check("[]", read, Err("it: found 0 elements, expected 1 to 4"));
        check("{}", read, Err("it: found {}, expected an array"));
    }

    #[test]
    fn unknown_and_missing_fields_are_named() {
        let read = |node: Node<'_, '_>, problems: &mut Problems| {
            let object = node.object(&["name", "rows"], problems)?;
            object.required("name", problems)?.text(problems).map(String::from)
        };
        check(r#"{"name": "a"}"#, read, Ok(String::from("a")));
        check(
            r#"{"nmae": "a", "row\n": 2}"#,
            read,
            Err("it: unknown field \"nmae\", allowed are `name`, `rows`; \
                 it: unknown field \"row\u{fffd}\", allowed are `name`, `rows`; \
                 it: the field `name` is missing"),
        );
        check("7", read, Err("it: found 7, expected an object with the fields `name`, `rows`"));
    }

    #[test]
    fn words_come_from_a_list() {
        let read = |node: Node<'_, '_>, problems: &mut Problems| {
            node.word(&[("red", 1), ("green", 2)], problems)
        };
        check(r#""green""#, read, Ok(2));
        check(r#""blue""#, read, Err("it: found \"blue\", expected one of `red`, `green`"));
    }

    #[test]
    fn a_label_says_why_it_is_refused() {
        let read = |node: Node<'_, '_>, problems: &mut Problems| node.label(problems);
        check(r#""dew point""#, read, Ok(String::from("dew point")));
        check(r#""""#, read, Err("it: found \"\", a name must not be empty"));
        check(
            r#""a;.;b""#,
            read,
            Err("it: found \"a;.;b\", a name must not contain `;.` or `=.=`, \
                 which delimit labels in Envoy's stat names"),
        );
        check(
            r#""gpt-4.""#,
            read,
            Err("it: found \"gpt-4.\", a name must not end in a dot, which Envoy would drop"),
        );
        check(r#""a.""#, |node, problems| node.name(problems), Ok(String::from("a.")));
    }
}
