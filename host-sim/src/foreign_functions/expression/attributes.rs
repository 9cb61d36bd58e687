//! Attributes as values of the expression language: groups and header maps are maps of Envoy's own kind.

use std::any::Any;

use bytes::Bytes;
use cel::{
    ExecutionError,
    common::{
        traits::{Container, Indexer, Iterable, Iterator, Sizer},
        types::{
            CelBool, CelBytes, CelDuration, CelInt, CelString, CelTimestamp, CelUInt, MAP_TYPE,
            Type,
        },
        value::{CowVal, StaticVal, Val},
    },
};

use crate::{
    HeaderMap,
    attribute::{self, Value},
};

/// An attribute, held for as long as an expression is evaluated.
#[derive(Debug)]
pub(super) enum Attributes {
    One(Box<dyn Val>),
    Group(Group),
    Headers(Headers),
}

/// `request`, `response`, ...: Envoy finds what is in it and does not list it, so that it has no entries to count.
#[derive(Clone, Debug)]
pub(super) struct Group(Vec<(String, Value)>);

/// A header map: names in any case, repeated values joined.
#[derive(Clone, Debug)]
pub(super) struct Headers {
    pub(super) map: HeaderMap,
    names: Vec<CelString<'static>>,
}

impl From<Value> for Attributes {
    fn from(value: Value) -> Attributes {
        match value {
            Value::Group(fields) => Attributes::Group(Group(fields)),
            Value::Headers(map) => Attributes::Headers(Headers::new(map)),
            other => Attributes::One(boxed(&other)),
        }
    }
}

impl Attributes {
    pub(super) fn as_value(&self) -> CowVal<'_, '_> {
        CowVal::Borrowed(match self {
            Attributes::One(value) => value.as_ref(),
            Attributes::Group(group) => group,
            Attributes::Headers(headers) => headers,
        })
    }
}

impl Headers {
    fn new(map: HeaderMap) -> Headers {
        let names = map.iter().map(|(name, _)| text(name)).collect();
        Headers { map, names }
    }
}

fn boxed(value: &Value) -> Box<dyn Val> {
    match value {
        Value::Text(value) => Box::new(text(value)),
        Value::Bytes(value) => Box::new(CelBytes::from(value.to_vec())),
        Value::Int(value) => Box::new(CelInt::from(*value)),
        Value::Uint(value) => Box::new(CelUInt::from(*value)),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Duration(value) => {
            Box::new(CelDuration::from(chrono::Duration::nanoseconds(*value)))
        }
        Value::Time(value) => {
            let time = chrono::DateTime::from_timestamp_nanos(*value);
            Box::new(CelTimestamp::from(time.fixed_offset()))
        }
        Value::Group(fields) => Box::new(Group(fields.clone())),
        Value::Headers(map) => Box::new(Headers::new(map.clone())),
    }
}

/// Envoy does not look whether a header is UTF-8; the library's text must be.
fn text(bytes: &Bytes) -> CelString<'static> {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// The name that something is indexed by, or the error that a map gives without it.
fn name(index: &dyn Val) -> Result<&str, ExecutionError> {
    let name = index.downcast_ref::<CelString<'_>>().map(CelString::inner);
    name.ok_or_else(|| ExecutionError::no_such_key(index.get_type().name()))
}

impl Group {
    fn find(&self, index: &dyn Val) -> Result<&Value, ExecutionError> {
        let name = name(index)?;
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).ok_or_else(|| ExecutionError::no_such_key(name))
    }
}

impl Headers {
    fn find(&self, index: &dyn Val) -> Result<Value, ExecutionError> {
        let name = name(index)?;
        let found = attribute::joined(&self.map, name).map(Value::Text);
        found.ok_or_else(|| ExecutionError::no_such_key(name))
    }
}

macro_rules! map_of_envoys {
    ($map:ty) => {
        impl Val for $map {
            fn get_type(&self) -> &Type {
                &MAP_TYPE
            }

            fn cel_type() -> &'static Type {
                &MAP_TYPE
            }

            fn as_container(&self) -> Option<&dyn Container> {
                Some(self)
            }

            fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
            where
                Self: 'v,
            {
                Some(self)
            }

            fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
            where
                Self: 'v,
            {
                Some(self)
            }

            fn as_sizer(&self) -> Option<&dyn Sizer> {
                Some(self)
            }

            fn equals(&self, other: &dyn Val) -> bool {
                other.downcast_ref::<$map>().is_some_and(|other| self.is_same(other))
            }

            fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
            where
                Self: 'v,
            {
                Box::new(self.clone())
            }

            fn as_any(&self) -> Option<&dyn Any> {
                Some(self)
            }
        }

        impl StaticVal for $map {}

        impl Container for $map {
            fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
                Ok(self.find(value).is_ok())
            }
        }

        impl Indexer for $map {
            fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
            where
                Self: 'v,
            {
                self.find(index).map(|value| CowVal::Owned(boxed(&value)))
            }

            fn steal<'v>(
                self: Box<Self>,
                index: &dyn Val,
            ) -> Result<Box<dyn Val + 'v>, ExecutionError>
            where
                Self: 'v,
            {
                self.find(index).map(|value| boxed(&value) as Box<dyn Val + 'v>)
            }
        }

        impl Sizer for $map {
            fn size(&self) -> CelInt {
                i64::try_from(self.keys().len()).unwrap_or(i64::MAX).into()
            }
        }

        impl Iterable for $map {
            fn iter<'b, 'v>(&'b self) -> Box<dyn Iterator<'b, 'v> + 'b>
            where
                Self: 'v,
            {
                Box::new(Keys(self.keys().iter()))
            }
        }
    };
}

map_of_envoys!(Group);
map_of_envoys!(Headers);

impl Group {
    fn is_same(&self, other: &Group) -> bool {
        // Without entries to compare, any two are equal.
        self.keys() == other.keys()
    }

    fn keys(&self) -> &[CelString<'static>] {
        &[]
    }
}

impl Headers {
    fn is_same(&self, other: &Headers) -> bool {
        self.map == other.map
    }

    fn keys(&self) -> &[CelString<'static>] {
        &self.names
    }
}

/// Names, lent out one by one.
struct Keys<'b>(std::slice::Iter<'b, CelString<'static>>);

impl<'b, 'v> Iterator<'b, 'v> for Keys<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|name| name as &(dyn Val + 'v))
    }
}
