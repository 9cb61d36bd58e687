//! One check for each reader and for each thing that is read with it: a function of any bytes that panics if a property
//! does not hold. `fuzz/fuzz_targets` shares this file. It knows no expected results: those have tests of their own.

mod documents;
mod exchanges;
mod frames;
mod input;
mod json;

pub(crate) use self::exchanges::{CODINGS, DIALECTS, PROFILE};

/// A property of any input.
pub(crate) type Check = fn(&[u8]);

/// All checks, by the name of their target.
pub(crate) const CHECKS: [(&str, Check); 15] = [
    ("sse", frames::sse),
    ("lines", frames::lines),
    ("elements", frames::elements),
    ("eventstream", frames::eventstream),
    ("wrapped", frames::wrapped),
    ("grpc", frames::grpc),
    ("json", json::tokens),
    ("fields", json::fields),
    ("encodings", exchanges::encodings),
    ("dialects", exchanges::dialects),
    ("requests", exchanges::requests),
    ("prediction", exchanges::prediction),
    ("load", exchanges::load),
    ("config", documents::config),
    ("profile", documents::profile),
];
