//! Who is counted under what: the labels of models and routes, and the numbers of their series.
//! It knows no series and holds no state of traffic.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    config::{Config, ModelKind, OTHER_NAME},
    ids::{ModelId, SeriesKey},
    names::{Named, Names},
};

/// The models and routes of one configuration.
#[derive(Debug)]
pub(crate) struct ModelRegistry {
    /// Labels of those that are listed by name. The first is `other`.
    models: Vec<String>,
    /// Likewise; the only one is empty if routes are not told apart.
    routes: Vec<String>,
    generating: Names,
    predicting: Names,
    /// The only model that predicts; 0 if there is none, or several.
    only_predicting: usize,
    route_names: Names,
    /// How many may be admitted by patterns.
    pub(crate) places_max: usize,
}

/// Someone who is admitted by a pattern, and does not have series by configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AdmissionRequest {
    pub(crate) series_key: SeriesKey,
    /// Where it counts if it gets no place.
    pub(crate) fallback: ModelId,
}

impl ModelRegistry {
    pub(crate) fn new(config: &Config) -> ModelRegistry {
        let mut registry = ModelRegistry {
            models: Vec::from([OTHER_NAME.to_string()]),
            routes: Vec::from([String::new()]),
            generating: Names::default(),
            predicting: Names::default(),
            only_predicting: 0,
            route_names: Names::default(),
            places_max: config.slots(),
        };
        for (index, model) in config.models.iter().enumerate() {
            // Versions of one model are one name.
            if config.models.iter().take(index).any(|before| before.name == model.name) {
                continue;
            }
            let names = match model.kind {
                ModelKind::Predictive => {
                    let others = config.models.iter().filter(|it| it.kind == model.kind);
                    if others.into_iter().all(|it| it.name == model.name) {
                        registry.only_predicting = registry.models.len();
                    }
                    &mut registry.predicting
                }
                ModelKind::Language => &mut registry.generating,
            };
            names.admit(&model.name, registry.models.len());
            if !model.is_pattern() {
                registry.models.push(model.name.clone());
            }
        }
        if !config.routes.is_empty() {
            registry.routes = Vec::from([OTHER_NAME.to_string()]);
        }
        for route in &config.routes {
            registry.route_names.admit(route.text(), registry.routes.len());
            if route.is_exact() {
                registry.routes.push(route.text().to_string());
            }
        }
        registry
    }

    /// All that have series by configuration, by [`ModelId`]: every listed model on every listed route.
    pub(crate) fn listed(&self) -> impl Iterator<Item = SeriesKey> {
        self.models.iter().flat_map(|model| {
            let series_key =
                |route: &String| SeriesKey { model: model.clone(), route: route.clone() };
            self.routes.iter().map(series_key)
        })
    }

    /// A model that generates, by its name in a request.
    pub(crate) fn generating(&self, name: &[u8]) -> Named {
        match self.generating.find(name) {
            // Under one label there is one model.
            Named::Fitting(name) if self.predicts(&name) => Named::OTHER,
            named => named,
        }
    }

    /// The number of the model that is counted here, on whatever route; `None` for one that a pattern admitted.
    pub(crate) fn number(&self, id: ModelId) -> Option<usize> {
        id.0.checked_div(self.routes.len()).filter(|&number| number < self.models.len())
    }

    /// The number of a model that predicts, by its name in a request. If the request names none, it is the only one that is
    /// listed.
    pub(crate) fn predicting(&self, name: &[u8]) -> usize {
        if name.is_empty() {
            return self.only_predicting;
        }
        match self.predicting.find(name) {
            Named::Listed(number) => number,
            // A model with a profile has no pattern for a name.
            Named::Fitting(_) => 0,
        }
    }

    /// A route by its name in the proxy.
    pub(crate) fn route(&self, name: Option<&[u8]>) -> Named {
        name.map_or(Named::OTHER, |name| self.route_names.find(name))
    }

    /// Whether routes are told apart.
    pub(crate) fn has_routes(&self) -> bool {
        self.routes.first().is_some_and(|first| !first.is_empty())
    }

    /// A model on a route, or the admission_request for one.
    pub(crate) fn find(&self, model: &Named, route: &Named) -> Result<ModelId, AdmissionRequest> {
        let listed = |named: &Named| match named {
            Named::Listed(number) => *number,
            Named::Fitting(_) => 0,
        };
        let number =
            ModelId(listed(model).saturating_mul(self.routes.len()).saturating_add(listed(route)));
        if let (Named::Listed(_), Named::Listed(_)) = (model, route) {
            return Ok(number);
        }
        let label = |named: &Named, labels: &[String]| match named {
            Named::Listed(number) => labels.get(*number).cloned().unwrap_or_default(),
            Named::Fitting(name) => name.clone(),
        };
        let series_key =
            SeriesKey { model: label(model, &self.models), route: label(route, &self.routes) };
        Err(AdmissionRequest { series_key, fallback: number })
    }

    /// Whether traffic under this configuration can make such a [`AdmissionRequest`].
    pub(crate) fn admits(&self, series_key: &SeriesKey) -> bool {
        let generating = self.generating(series_key.model.as_bytes());
        let predicting = Named::Listed(self.predicting(series_key.model.as_bytes()));
        let route = if self.has_routes() {
            self.route(Some(series_key.route.as_bytes()))
        } else {
            Named::OTHER
        };
        // Whatever is not admitted leads to `other`, and so to another series_key.
        [generating, predicting].iter().any(|model| {
            self.find(model, &route)
                .is_err_and(|admission_request| admission_request.series_key == *series_key)
        })
    }

    /// Whether this is a model that predicts: it has no series of generated tokens.
    pub(crate) fn predicts(&self, model: &str) -> bool {
        self.predicting(model.as_bytes()) != 0
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    fn registry(json: &str) -> ModelRegistry {
        ModelRegistry::new(&Config::from_json(json.as_bytes()).unwrap())
    }

    #[track_caller]
    fn check(json: &str, model: &str, route: &str, expected: Result<usize, (&str, &str, usize)>) {
        let registry = registry(json);
        let model = registry.generating(model.as_bytes());
        let route = registry.route(Some(route.as_bytes()));
        let found = registry.find(&model, &route);
        let expected = expected.map(ModelId).map_err(|(model, route, fallback)| AdmissionRequest {
            series_key: SeriesKey { model: model.into(), route: route.into() },
            fallback: ModelId(fallback),
        });
        assert_eq!(found, expected, "{model:?} on {route:?}");
        if let Err(admission_request) = found {
            assert!(registry.admits(&admission_request.series_key));
        }
    }

    #[test]
    fn listed_models_are_numbered_by_route() {
        let exact = r#"{"models": [{"name": "a"}, {"name": "b"}], "routes": ["r", "s"]}"#;
        check(exact, "x", "x", Ok(0));
        check(exact, "x", "s", Ok(2));
        check(exact, "a", "x", Ok(3));
        check(exact, "b", "s", Ok(8));
        let labels: Vec<_> =
            registry(exact).listed().map(|it| (it.model, it.route)).skip(7).collect();
        assert_eq!(labels, [("b".into(), "r".into()), ("b".into(), "s".into())]);
    }

    #[test]
    fn patterns_make_wishes_that_fall_back_to_what_is_listed() {
        let config = r#"{"models": [{"name": "p-*"}, {"name": "a"}], "routes": ["q-*", "r"]}"#;
        check(config, "p-1", "r", Err(("p-1", "r", 1)));
        check(config, "p-1", "x", Err(("p-1", "other", 0)));
        check(config, "a", "q-1", Err(("a", "q-1", 2)));
        check(config, "x", "q-1", Err(("other", "q-1", 0)));
        check(config, "p-1", "q-1", Err(("p-1", "q-1", 0)));
        check(config, "a", "r", Ok(3));
    }

    #[test]
    fn a_request_that_names_no_model_asks_the_only_one_that_predicts() {
        let number =
            |models: &str| registry(&format!(r#"{{"models": [{models}]}}"#)).predicting(b"");
        let (a, b) =
            (r#"{"name": "a", "type": "predictive"}"#, r#"{"name": "b", "type": "predictive"}"#);
        let version = r#"{"name": "a", "type": "predictive", "version": "2"}"#;
        assert_eq!(number(&format!(r#"{{"name": "llm"}}, {a}"#)), 2);
        assert_eq!(number(&format!("{a}, {version}")), 1);
        assert_eq!(number(&format!("{a}, {b}")), 0);
        assert_eq!(number(r#"{"name": "llm"}"#), 0);
    }

    #[test]
    fn without_routes_there_is_one_without_a_name() {
        let config = r#"{"models": [{"name": "p-*"}, {"name": "a"}]}"#;
        check(config, "a", "r", Ok(1));
        check(config, "p-1", "r", Err(("p-1", "", 0)));
    }
}
