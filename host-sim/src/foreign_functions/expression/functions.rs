//! The functions that Envoy's CEL has, by name, style and number of arguments; what they do is the library's part.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// Functions called as `name(..)`, with their numbers of arguments.
const GLOBAL: &[(&str, usize)] = &[
    ("bool", 1),
    ("bytes", 1),
    ("contains", 2),
    ("double", 1),
    ("duration", 1),
    ("dyn", 1),
    ("endsWith", 2),
    ("int", 1),
    ("matches", 2),
    ("size", 1),
    ("startsWith", 2),
    ("string", 1),
    ("timestamp", 1),
    ("type", 1),
    ("uint", 1),
];

/// Functions called as `target.name(..)`, with their numbers of other arguments.
const MEMBER: &[(&str, usize)] =
    &[("contains", 1), ("endsWith", 1), ("matches", 1), ("size", 0), ("startsWith", 1)];

/// Parts of timestamps and durations; of timestamps, in a time zone, too.
const PARTS_OF_TIME: &[&str] = &[
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
];

/// Functions of texts that Envoy also calls as members.
const MEMBERS_FIRST: &[&str] = &["contains", "endsWith", "startsWith"];

/// False if any part of the expression calls what Envoy has not. What the library has only as a member becomes one.
pub(super) fn made_known(expression: &mut IdedExpr) -> bool {
    match &mut expression.expr {
        Expr::Call(call) => {
            let known = is_operator(&call.func_name)
                || is_function(&call.func_name, call.target.is_some(), call.args.len());
            if known && call.target.is_none() && MEMBERS_FIRST.contains(&call.func_name.as_str()) {
                call.target = Some(Box::new(call.args.remove(0)));
            }
            known && call.target.iter_mut().all(|target| made_known(target)) && all(&mut call.args)
        }
        Expr::Comprehension(expanded) => {
            let parts = [
                &mut expanded.iter_range,
                &mut expanded.accu_init,
                &mut expanded.loop_cond,
                &mut expanded.loop_step,
                &mut expanded.result,
            ];
            // Two variables are an extension of the language.
            expanded.iter_var2.is_none() && parts.into_iter().all(made_known)
        }
        Expr::List(list) => all(&mut list.elements),
        Expr::Map(map) => map.entries.iter_mut().all(|entry| match &mut entry.expr {
            EntryExpr::MapEntry(entry) => {
                made_known(&mut entry.key) && made_known(&mut entry.value)
            }
            EntryExpr::StructField(_) => false,
        }),
        Expr::Select(select) => made_known(&mut select.operand),
        Expr::Struct(_) => false,
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => true,
    }
}

fn all(expressions: &mut [IdedExpr]) -> bool {
    expressions.iter_mut().all(made_known)
}

/// What the parser writes for an operator has a sign that no name can have, but for `in`.
fn is_operator(name: &str) -> bool {
    name.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'_')
}

fn is_function(name: &str, is_member: bool, arguments: usize) -> bool {
    let known = if is_member { MEMBER } else { GLOBAL };
    known.contains(&(name, arguments))
        || (is_member && arguments <= 1 && PARTS_OF_TIME.contains(&name))
}
