//! Values of attributes with their types; who has which attribute when is not decided here.

use bytes::Bytes;

use crate::HeaderMap;

/// A value with the type that Envoy gives it, which expressions can tell and bytes cannot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(Bytes),
    Bytes(Bytes),
    Int(i64),
    Uint(u64),
    Bool(bool),
    /// In nanoseconds.
    Duration(i64),
    /// In nanoseconds since 1970.
    Time(i64),
    Headers(HeaderMap),
    /// What a name such as `request` holds now, which has no value of its own.
    Group(Vec<(String, Value)>),
}

impl Value {
    /// The bytes that cross the ABI; `None` for a group, which has none.
    pub(crate) fn serialised(&self) -> Option<Bytes> {
        Some(match self {
            Value::Text(bytes) | Value::Bytes(bytes) => bytes.clone(),
            Value::Int(value) | Value::Duration(value) | Value::Time(value) => {
                Bytes::copy_from_slice(&value.to_le_bytes())
            }
            Value::Uint(value) => Bytes::copy_from_slice(&value.to_le_bytes()),
            Value::Bool(value) => Bytes::copy_from_slice(&[u8::from(*value)]),
            Value::Headers(map) => map.serialised().into(),
            Value::Group(_) => return None,
        })
    }
}

/// All values of `name` with commas between them. `host` is another name of `:authority`.
pub(crate) fn joined(map: &HeaderMap, name: &str) -> Option<Bytes> {
    let name = if name.eq_ignore_ascii_case("host") { ":authority" } else { name };
    let is_it = |known: &Bytes| known.eq_ignore_ascii_case(name.as_bytes());
    let mut values = map.iter().filter(|(known, _)| is_it(known)).map(|(_, value)| value);
    let first = values.next()?.clone();
    let mut rest = values.peekable();
    if rest.peek().is_none() {
        return Some(first);
    }
    let mut all = first.to_vec();
    for value in rest {
        all.push(b',');
        all.extend_from_slice(value);
    }
    Some(all.into())
}
