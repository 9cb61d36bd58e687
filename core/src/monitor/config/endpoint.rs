//! Declarations of requests that speak a dialect, whatever their path looks like; it reads them and matches none.

use alloc::{string::String, vec::Vec};

use super::{Model, ModelKind};
use crate::inference::{generative::DIALECTS, glob::Glob, predictive};
use driftline_statistics::document::{Node, Object, Problems};

const FIELDS: [&str; 4] = ["path", "route", "dialect", "model"];
/// Declares what is not for a model.
const NO_DIALECT: &str = "none";

/// A declaration: requests that fit all that it says speak its dialect.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    /// What the path fits, its query left out.
    pub path: Option<Glob>,
    /// What the name of the proxy's route fits.
    pub route: Option<Glob>,
    /// The dialect by name; `None` for requests that are not to be read.
    pub dialect: Option<&'static str>,
    /// The model that is asked there. If nothing is said, each request names it, as its dialect has it.
    pub model: Option<String>,
}

impl Endpoint {
    /// Whether a request to this path, without its query, on this route is meant.
    pub(crate) fn fits(&self, path: &[u8], route: Option<&[u8]>) -> bool {
        self.path.as_ref().is_none_or(|glob| glob.matches(path))
            && self.route.as_ref().is_none_or(|glob| route.is_some_and(|it| glob.matches(it)))
    }

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
            problems.add(
                fields.path(),
                format_args!("one of the fields `path`, `route` must be there"),
            );
        }
        let words: Vec<(&str, Option<&'static str>)> = DIALECTS
            .iter()
            .map(|dialect| dialect.name)
            .chain(predictive::DIALECTS.iter().map(|dialect| dialect.name))
            .map(|name| (name, Some(name)))
            .chain([(NO_DIALECT, None)])
            .collect();
        let dialect = fields.required("dialect", problems).and_then(|it| it.word(&words, problems));
        let model = match fields.optional("model") {
            Some(node) => Some(node.label(problems)?),
            None => None,
        };
        let endpoint = Endpoint { path: path?, route: route?, dialect: dialect?, model };
        endpoint.check_model(&fields, models, problems);
        Some(endpoint)
    }

    /// A declared model must be one that is told apart, and of the kind that the dialect asks.
    fn check_model(
        &self,
        fields: &Object<'_, '_>,
        models: Option<&[Model]>,
        problems: &mut Problems,
    ) {
        let (Some(name), Some(node), Some(models)) =
            (&self.model, fields.optional("model"), models)
        else {
            return;
        };
        let predicts = predictive::DIALECTS.iter().any(|it| self.dialect == Some(it.name));
        let mut fitting =
            models.iter().filter(|model| predicts == (model.kind == ModelKind::Predictive));
        match self.dialect {
            None => node.refuse(
                format_args!("nothing: the dialect `{NO_DIALECT}` asks no model"),
                problems,
            ),
            _ if fitting.any(|model| Glob::new(&model.name).matches(name.as_bytes())) => {}
            Some(_) if predicts => node
                .refuse(format_args!("the name of one of `models` that predicts"), problems),
            Some(_) => node.refuse(
                format_args!(
                    "the name of one of `models` that is a language model, or one that fits its pattern"
                ),
                problems,
            ),
        }
    }
}
