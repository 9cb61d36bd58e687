//! A predictor behind KServe's V1 protocol whose model is a function of the caller. It checks the form of a request, and
//! nothing of its rows.

use std::{fmt, sync::Arc};

use hyper::Method;
use serde_json::{Value, json};

use crate::model_server::{Asked, Reply};

/// A model by its name, in any version, and what it says of a row.
#[derive(Clone)]
pub struct Scorer {
    name: String,
    score: Arc<dyn Fn(&Value) -> f64 + Send + Sync>,
}

impl Scorer {
    /// A model that answers this of each instance.
    pub fn new(name: &str, score: impl Fn(&Value) -> f64 + Send + Sync + 'static) -> Scorer {
        Scorer { name: name.to_owned(), score: Arc::new(score) }
    }

    /// Answers `POST /v1/models/NAME:predict` and `POST /v1/models/NAME/versions/VERSION:predict`.
    pub(crate) fn answer(&self, asked: &Asked) -> Reply {
        let refuse = |status, why: &str| Reply::json(status, &json!({"error": why}));
        let path = asked.path.strip_prefix("/v1/models/");
        let model = path.and_then(|path| path.strip_suffix(":predict"));
        let name =
            model.map(|model| model.split_once("/versions/").map_or(model, |(name, _)| name));
        if asked.method != Method::POST || name != Some(&self.name) {
            return refuse(404, &format!("expected POST /v1/models/{}:predict", self.name));
        }
        let Ok(request) = serde_json::from_slice::<Value>(&asked.body) else {
            return refuse(400, "unrecognized request format");
        };
        let Some(instances) = request["instances"].as_array() else {
            return refuse(400, "expected \"instances\" to be a list");
        };
        let predictions: Vec<f64> =
            instances.iter().map(|instance| (self.score)(instance)).collect();
        Reply::json(200, &json!({"predictions": predictions}))
    }
}

impl fmt::Debug for Scorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scorer").field("name", &self.name).finish_non_exhaustive()
    }
}
