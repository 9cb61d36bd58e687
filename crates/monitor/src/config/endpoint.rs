//! Declarations of requests that use a dialect, whatever their path looks like; it reads them and matches no request.

use alloc::{string::String, vec::Vec};

use super::{
    Model, ModelKind,
    table::{Condition, Label, RoutePattern, RowsPlace, UrlPattern, Word, settings},
};
use driftline_inference::{
    glob::Glob,
    predictive::RowPath,
    recognition::{Dialect, Endpoint, RowPaths},
};
use driftline_statistics::document::{Node, Object, Problems};

/// Declares what is not for a model.
const NO_DIALECT: &str = "none";
/// Declares that bodies have rows where the declaration says.
const OPEN_DIALECT: &str = "json";

settings! {
    /// A declaration: requests that match all that it says use its dialect.
    fields EndpointFields at "endpoints[]" {
        /// A pattern for the path of the request, without its query.
        path: Option<Glob> = UrlPattern, [optional "any path"], r#""/team-a/*""#;
        /// A pattern for the name of the proxy's route.
        route: Option<Glob> = RoutePattern, [optional "any route"], r#""chat-*""#;
        /// The dialect of these requests; `none` for requests that are not for a model: they pass unread, and count as
        /// `declared_none`.
        dialect: Option<Dialect> = Word(dialects), [required], r#""openai_chat""#;
        /// The model that answers here, whatever the request says: one of `models` of the kind that the dialect is for.
        model: Option<String> = Label, [optional "the model that the request names in its path or body"],
            r#""my-llm""#;
        /// Where the document of a request has its rows: names of members separated by dots, or `.` for the document itself.
        /// Only the dialect `json` heeds it.
        rows: Option<RowPath> = RowsPlace, [optional "`.`"], r#""input_data""#;
        /// The same of an answer and its predictions.
        answers: Option<RowPath> = RowsPlace, [optional "`.`"], r#""predictions""#;
    }
    where [Condition::AtLeastOne(&["path", "route"])];
}

fn dialects() -> Vec<(&'static str, Option<Dialect>)> {
    let all = Dialect::ALL.iter().map(|&dialect| (dialect.name(), Some(dialect)));
    all.chain([(NO_DIALECT, None)]).collect()
}

/// Reads a declaration, whose model must be one of `models`, where these are known.
pub(super) fn read(
    node: &Node<'_, '_>,
    models: Option<&[Model]>,
    problems: &mut Problems,
) -> Option<Endpoint> {
    let fields = node.object(EndpointFields::NAMES, problems)?;
    let EndpointFields { path, route, dialect, model, rows, answers } =
        EndpointFields::of(&fields, problems);
    Condition::all_hold(EndpointFields::CONDITIONS, &fields, problems);
    let dialect = dialect?;
    let is_open = dialect.is_some_and(|it| it.name() == OPEN_DIALECT);
    let request = rows?.unwrap_or_default();
    let response = answers?.unwrap_or_default();
    let rows = RowPaths { request, response };
    let rows = is_open.then_some(rows);
    let endpoint = Endpoint { path: path?, route: route?, dialect, model: model?, rows };
    check_model(&endpoint, &fields, models, problems);
    Some(endpoint)
}

/// A declared model must be one that is listed, and of the kind that the dialect is for.
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
                "the name of one of `models` that is a language model, or one that matches its pattern"
            ),
            problems,
        ),
    }
}
