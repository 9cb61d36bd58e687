//! The foreign functions that the cargo feature `foreign-functions` brings: expressions and signatures. It knows no VM: what
//! an expression is about is found by the caller.

mod expression;
mod signature;

pub(crate) use self::expression::Expressions;
use crate::{attribute::Value, status::Status};

/// Functions that are left out of this build: none.
pub(crate) const LEFT_OUT: &[&str] = &[];

/// Calls the function of this name with the filter's argument; `None` if there is none.
///
/// `expressions` are those of the root context whose callback runs, and `find` knows its attributes.
///
/// # Errors
/// The status that Envoy answers.
pub(crate) fn call(
    name: &str,
    argument: &[u8],
    expressions: &mut Expressions,
    find: impl Fn(&str) -> Option<Value>,
) -> Option<Result<Vec<u8>, Status>> {
    Some(match name {
        "expr_create" => expressions.create(argument).map(|token| token.to_le_bytes().to_vec()),
        "expr_evaluate" => token(argument).and_then(|token| expressions.evaluate(token, find)),
        "expr_delete" => token(argument).map(|token| {
            expressions.delete(token);
            Vec::new()
        }),
        "sign" => signature::sign(argument),
        "verify_signature" => signature::verify(argument),
        _ => return None,
    })
}

fn token(argument: &[u8]) -> Result<u32, Status> {
    argument.try_into().map(u32::from_le_bytes).map_err(|_| Status::BadArgument)
}
