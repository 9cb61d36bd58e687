//! The expressions of Envoy's foreign functions `expr_create`, `expr_evaluate` and `expr_delete`: CEL over a stream's
//! attributes. It knows no function that Envoy does not know, whatever the library offers.

mod attributes;
mod functions;
mod serialised;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, IdedExpr, Value, common::value::CowVal, context::VariableResolver};

use self::{attributes::Attributes, functions::made_known, serialised::serialised};
use crate::{attribute, status::Status};

/// The expressions of one root context by their tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expressions {
    next_token: u32,
    known: BTreeMap<u32, Arc<IdedExpr>>,
}

/// What an expression may use beside attributes.
static ENVIRONMENT: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

impl Expressions {
    /// The token of a new expression: 0, 1, ...
    ///
    /// # Errors
    /// A bad argument for what is no CEL, or uses a function or a message that is not known.
    pub(crate) fn create(&mut self, source: &[u8]) -> Result<u32, Status> {
        let source = std::str::from_utf8(source).map_err(|_| Status::BadArgument)?;
        let program = ENVIRONMENT.compile(source).map_err(|_| Status::BadArgument)?;
        let mut expression = program.expression().clone();
        if !made_known(&mut expression) {
            return Err(Status::BadArgument);
        }
        let token = self.next_token;
        self.next_token = token.wrapping_add(1);
        self.known.insert(token, Arc::new(expression));
        Ok(token)
    }

    /// The value of an expression over the attributes that `find` knows by name, in the form that crosses the ABI.
    ///
    /// # Errors
    /// Not found for a token that is none, an internal failure for an expression that has no value
    /// here (an attribute that is not there, a division by zero, ...), a serialization failure for a
    /// value without a form (`null`, a type, a group of attributes).
    pub(crate) fn evaluate(
        &self,
        token: u32,
        find: impl Fn(&str) -> Option<attribute::Value>,
    ) -> Result<Vec<u8>, Status> {
        let expression = self.known.get(&token).ok_or(Status::NotFound)?;
        let references = expression.references();
        let found = references
            .variables()
            .into_iter()
            .filter_map(|name| Some((name.to_string(), Attributes::from(find(name)?))));
        let resolver = Named(found.collect());
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.set_variable_resolver(&resolver);
        let value = Value::resolve_val(expression, &context);
        serialised(value.map_err(|_| Status::InternalFailure)?.as_ref())
    }

    /// Forgets an expression; there need not be one.
    pub(crate) fn delete(&mut self, token: u32) {
        self.known.remove(&token);
    }
}

/// The attributes that an expression names, as they are now.
struct Named(BTreeMap<String, Attributes>);

impl VariableResolver for Named {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        self.0.get(variable).map(Attributes::as_value)
    }
}
