//! Stands in for the foreign functions in a build without the cargo feature `foreign-functions`: a filter finds none of them.

use crate::{attribute::Value, status::Status};

/// Functions that are left out of this build, though Envoy has them.
pub(crate) const LEFT_OUT: &[&str] =
    &["expr_create", "expr_delete", "expr_evaluate", "sign", "verify_signature"];

/// Nothing can create any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expressions;

/// Finds no function.
pub(crate) fn call(
    _name: &str,
    _argument: &[u8],
    _expressions: &mut Expressions,
    _find: impl Fn(&str) -> Option<Value>,
) -> Option<Result<Vec<u8>, Status>> {
    None
}
