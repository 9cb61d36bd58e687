//! One check for each reader and for each thing that is read with it: a function of any bytes that panics if a property
//! does not hold. `fuzz/fuzz_targets` shares this file. It knows no expected results: those have tests of their own.

mod documents;
mod exchange;
mod exchanges;
mod frames;
mod input;
mod json;
mod load;
mod predictions;

pub(crate) use self::{
    exchanges::{CODINGS, DIALECTS},
    predictions::{CONTENT_TYPES, MESSAGE_ENCODINGS, PREDICTING},
};

/// A model that predicts, for checks and seeds.
pub(crate) const PROFILE: &str = include_str!("../profile.json");

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
    ("prediction", predictions::prediction),
    ("load", load::load),
    ("config", documents::config),
    ("profile", documents::profile),
];
