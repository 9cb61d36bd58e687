//! A step of a path into a document of JSON, as an operator writes one. It reads nothing.

use alloc::string::String;

/// A step of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PathStep {
    /// Into the member of this name.
    Key(String),
    /// Into every element.
    Elements,
}
