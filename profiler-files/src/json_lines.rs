//! Reads a JSON object per line, each a row, and discovers the columns while it reads; it follows no nested names.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    fmt,
    io::{self, BufRead as _, Read as _},
};

use driftline_profiler::{Cell, Place, TableSink, element_of};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use crate::error::{ProfilerError, refused};

/// A longer line is refused.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// The most columns of a table, including those left out.
const COLUMNS_MAX: usize = 10_000;

pub(super) fn read(
    mut source: impl io::BufRead,
    sink: &mut impl TableSink,
) -> Result<(), ProfilerError> {
    let mut columns = Columns::default();
    let mut line = Vec::new();
    let (mut number, mut bytes) = (0, 0);
    while sink.wants_rows() {
        line.clear();
        let count = source.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        if count == 0 {
            break;
        }
        number += 1;
        bytes += count;
        if count == LINE_BYTES_MAX && !line.ends_with(b"\n") {
            return Err(refused(format_args!(
                "line {number} is longer than {LINE_BYTES_MAX} bytes; expected a JSON object per line"
            )));
        }
        let text =
            line.strip_prefix("\u{feff}".as_bytes()).filter(|_| number == 1).unwrap_or(&line);
        // serde_json would count the line's end as a line of its own.
        let text = text.trim_ascii_end();
        if text.is_empty() {
            continue;
        }
        let Some(place) = sink.next_row(Some(number), bytes) else { continue };
        read_row(text, place, &mut columns, sink)?;
    }
    sink.check_names(&columns.names);
    Ok(())
}

/// Reads the object of a row that was asked for.
fn read_row(
    text: &[u8],
    place: Place,
    columns: &mut Columns,
    sink: &mut impl TableSink,
) -> Result<(), ProfilerError> {
    let mut read = serde_json::from_slice::<Members<'_>>(text);
    let json;
    let is_of_python = has(text, PYTHON_WORDS[0]) || has(text, PYTHON_WORDS[1]);
    let is_too_large = |error: &serde_json::Error| error.to_string().contains(TOO_LARGE);
    if read.as_ref().err().is_some_and(|error| is_of_python || is_too_large(error)) {
        json = without_infinities(text);
        read = serde_json::from_slice(&json);
    }
    match read {
        Ok(Members(members)) => {
            let Sorted { values, repeated } = columns.sort(members, sink)?;
            for name in &repeated {
                sink.note(format_args!(
                    "{place} has several members {name:?}; expected each name once; \
                     jq --compact-output . FILE keeps the last one of each"
                ));
            }
            sink.row(values.iter().map(cell), place);
        }
        Err(error) => {
            // serde_json counts lines within its input, which is one line.
            let reason = error.to_string().replace(" at line 1 column ", " at column ");
            let hint = hint(text, &error);
            sink.note(format_args!("{place} is no JSON object: {reason}{hint}"));
        }
    }
    Ok(())
}

/// What Python writes for numbers that are none, and JSON does not have.
const PYTHON_WORDS: [&[u8]; 2] = [b"NaN", b"Infinity"];

/// What serde_json says of a number that a double cannot hold, which the filter takes for an infinity.
const TOO_LARGE: &str = "number out of range";
/// A text that begins so stands for an infinity, which JSON does not have.
const INFINITE: &str = "\u{10ffff}infinite:";

fn has(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|bytes| bytes == word)
}

/// The same with what the filter takes these words for: NaN is null, and an infinity, as a word or as a number that is too
/// large, is a text that begins with [`INFINITE`].
fn without_infinities(text: &[u8]) -> Vec<u8> {
    let (mut json, mut rest, mut is_in_text) = (Vec::with_capacity(text.len()), text, false);
    while let Some((&byte, after)) = rest.split_first() {
        let infinity = [&b"-Infinity"[..], b"Infinity"];
        let infinity = infinity.into_iter().find(|word| rest.starts_with(word));
        let infinity = infinity.or_else(|| too_large(rest));
        rest = match (byte, infinity) {
            (b'N', _) if !is_in_text && rest.starts_with(b"NaN") => {
                json.extend_from_slice(b"null");
                &rest[3..]
            }
            (_, Some(word)) if !is_in_text => {
                let sign = if byte == b'-' { "-" } else { "" };
                json.extend_from_slice(format!("\"{INFINITE}{sign}inf\"").as_bytes());
                &rest[word.len()..]
            }
            // The rest of a number is none by itself.
            (b'-' | b'0'..=b'9', None) if !is_in_text => {
                let number = number(rest);
                json.extend_from_slice(number);
                &rest[number.len()..]
            }
            (b'\\', _) if is_in_text && !after.is_empty() => {
                json.extend_from_slice(&rest[..2]);
                &after[1..]
            }
            _ => {
                is_in_text ^= byte == b'"';
                json.push(byte);
                after
            }
        };
    }
    json
}

/// The number that the text begins with, as far as it could be one.
fn number(text: &[u8]) -> &[u8] {
    let is_of_it = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let end = text.iter().position(|byte| !is_of_it(byte)).unwrap_or(text.len());
    &text[..end]
}

/// The number that the text begins with, if a double cannot hold it.
fn too_large(text: &[u8]) -> Option<&[u8]> {
    let number = number(text);
    let is_digit = number.first().is_some_and(|byte| *byte == b'-' || byte.is_ascii_digit());
    let value = str::from_utf8(number).ok()?.parse::<f64>().ok()?;
    (is_digit && value.is_infinite()).then_some(number)
}

/// How to mend a line that is no object.
fn hint(text: &[u8], error: &serde_json::Error) -> &'static str {
    if text.trim_ascii_start().starts_with(b"[") {
        "; a JSON array is turned into such lines by jq --compact-output '.[]' FILE"
    } else if error.is_syntax() && error.to_string().starts_with("expected ident")
        || error.is_syntax() && has(&text.to_ascii_lowercase(), b"nan")
    {
        "; a missing value is null, or NaN as Python writes it"
    } else if error.is_eof() {
        "; objects over several lines are turned into such lines by jq --compact-output . FILE"
    } else {
        ""
    }
}

/// The columns so far.
#[derive(Default)]
struct Columns {
    /// In the order of their first appearance, including those left out.
    names: Vec<String>,
    /// The cell of a column in a row; `None` if the column is left out.
    places: HashMap<String, Option<usize>>,
    chosen: usize,
}

/// The members of an object.
struct Sorted<'t> {
    /// In the order of the columns.
    values: Vec<Value>,
    /// Repeated names of columns that are read. Which value the model got is unknown: most parsers take the last one,
    /// and the filter, which keeps no value until the end of a row, takes the first.
    repeated: BTreeSet<Cow<'t, str>>,
}

impl Columns {
    /// Puts the members of an object in the order of the columns, and announces new columns.
    fn sort<'t>(
        &mut self,
        members: Vec<(Cow<'t, str>, Value)>,
        sink: &mut impl TableSink,
    ) -> Result<Sorted<'t>, ProfilerError> {
        let mut values = vec![Value::Null; self.chosen];
        let (mut has, mut repeated) = (vec![false; self.chosen], BTreeSet::new());
        for (name, value) in members {
            let place = match self.places.get(name.as_ref()) {
                Some(place) => *place,
                None => self.add(&name, sink)?,
            };
            if let Some(place) = place {
                if values.len() <= place {
                    values.resize(place + 1, Value::Null);
                    has.resize(place + 1, false);
                }
                values[place] = value;
                if std::mem::replace(&mut has[place], true) {
                    repeated.insert(name);
                }
            }
        }
        Ok(Sorted { values, repeated })
    }

    fn add(
        &mut self,
        name: &str,
        sink: &mut impl TableSink,
    ) -> Result<Option<usize>, ProfilerError> {
        if self.names.len() == COLUMNS_MAX {
            return Err(refused(format_args!(
                "found more than {COLUMNS_MAX} different names of columns; expected the same ones in each object"
            )));
        }
        let place = sink.column_at(name, self.names.len()).map(|_| {
            self.chosen += 1;
            self.chosen - 1
        });
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Boolean(*value),
        Value::Number(number) => {
            number.as_f64().map_or(Cell::Other("a number that is none"), Cell::Number)
        }
        Value::String(text) => match text.strip_prefix(INFINITE).map(str::parse) {
            Some(Ok(infinity)) => Cell::Number(infinity),
            _ => Cell::Text(text),
        },
        Value::Array(items) => Cell::list(items.iter().map(element_of)),
        Value::Object(_) => Cell::Other("an object"),
    }
}

/// The members of an object in their order, which serde_json's map would lose.
struct Members<'t>(Vec<(Cow<'t, str>, Value)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// A name that is borrowed from the line if it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);
