//! Declarations of requests that speak a dialect, whatever their path looks like; it reads them and matches none.

use alloc::vec::Vec;

use super::{Model, ModelKind};
use driftline_inference::{
    glob::Glob,
    recognition::{Dialect, Endpoint},
};
use driftline_statistics::document::{Node, Object, Problems};

const FIELDS: [&str; 4] = ["path", "route", "dialect", "model"];
/// Declares what is not for a model.
const NO_DIALECT: &str = "none";

/// Reads a declaration, whose model must be one of `models`, where these are known.
pub(super) fn read(
    node: &Node<'_, '_>,
    models: Option<&[Model]>,
    problems: &mut Problems,
) -> Option<Endpoint> {
    let fields = node.object(&FIELDS, problems)?;
    let pattern = |name: &str, problems: &mut Problems| match fields.optional(name) {
        Some(node) => node.name(problems).map(|text| Some(Glob::new(&text))),
        None => Some(None),
    };
    let path = pattern("path", problems);
    if let (Some(Some(glob)), Some(node)) = (&path, fields.optional("path"))
        && !glob.text().starts_with(['/', '*'])
    {
        node.refuse(format_args!("a path, which begins with `/` or `*`"), problems);
    }
    let route = pattern("route", problems);
    if let (Some(None), Some(None)) = (&path, &route) {
        problems
            .add(fields.path(), format_args!("one of the fields `path`, `route` must be there"));
    }
    let words: Vec<(&str, Option<Dialect>)> = Dialect::ALL
        .iter()
        .map(|&dialect| (dialect.name(), Some(dialect)))
        .chain([(NO_DIALECT, None)])
        .collect();
    let dialect = fields.required("dialect", problems).and_then(|it| it.word(&words, problems));
    let model = match fields.optional("model") {
        Some(node) => Some(node.label(problems)?),
        None => None,
    };
    let endpoint = Endpoint { path: path?, route: route?, dialect: dialect?, model };
    check_model(&endpoint, &fields, models, problems);
    Some(endpoint)
}

/// A declared model must be one that is told apart, and of the kind that the dialect asks.
fn check_model(
    endpoint: &Endpoint,
    fields: &Object<'_, '_>,
    models: Option<&[Model]>,
    problems: &mut Problems,
) {
    let (Some(name), Some(node), Some(models)) =
        (&endpoint.model, fields.optional("model"), models)
    else {
        return;
    };
    let predicts = endpoint.dialect.is_some_and(Dialect::predicts);
    let mut fitting =
        models.iter().filter(|model| predicts == (model.kind == ModelKind::Predictive));
    match endpoint.dialect {
        None => {
            node.refuse(
                format_args!("nothing: the dialect `{NO_DIALECT}` asks no model"),
                problems,
            );
        }
        _ if fitting.any(|model| Glob::new(&model.name).matches(name.as_bytes())) => {}
        Some(_) if predicts => {
            node.refuse(format_args!("the name of one of `models` that predicts"), problems);
        }
        Some(_) => node.refuse(
            format_args!(
                "the name of one of `models` that is a language model, or one that fits its pattern"
            ),
            problems,
        ),
    }
}
