//! What a request speaks, and whom it asks, as far as its headers tell; it counts nothing.

use alloc::borrow::Cow;

use super::head::RequestHead;
use crate::{
    inference::{
        generative::{self, DIALECTS, Dialect},
        predictive::{self, Target},
    },
    monitor::{
        config::Endpoint,
        layout::{Monitor, PredictorId, Unmeasured},
        names::{Named, percent_decoded},
    },
};

/// A request that is for a model.
pub(super) enum Recognised {
    Generation {
        dialect: &'static Dialect,
        /// `None` if the body has to tell.
        model: Option<Named>,
    },
    Prediction {
        dialect: &'static predictive::Dialect,
        /// `None` if the body has to tell.
        predictor: Option<PredictorId>,
    },
}

/// Recognises a request, by declaration first, or says why it is not measured.
pub(super) fn recognise(
    monitor: &Monitor,
    head: &RequestHead<'_>,
) -> Result<Recognised, Unmeasured> {
    let path = head.bare_path();
    let recognised = match monitor.endpoint(path, head.route) {
        Some(endpoint) => declared(monitor, endpoint, path).ok_or(Unmeasured::DeclaredNone),
        None => by_path(monitor, path).ok_or(Unmeasured::UnrecognisedPath),
    }?;
    if head.asks() { Ok(recognised) } else { Err(Unmeasured::OtherMethod) }
}

fn by_path(monitor: &Monitor, path: &[u8]) -> Option<Recognised> {
    if let Some(found) = predictive::recognise(predictive::DIALECTS, path) {
        return Some(predicting(monitor, found.dialect, found.target));
    }
    let found = generative::recognise(DIALECTS, path)?;
    Some(Recognised::Generation {
        dialect: found.dialect,
        model: found.model.map(|name| generating(monitor, name)),
    })
}

/// `None` if the declaration is that there is nothing to read.
fn declared(monitor: &Monitor, endpoint: &Endpoint, path: &[u8]) -> Option<Recognised> {
    let name = endpoint.dialect?;
    let declared = endpoint.model.as_ref().map(|model| model.as_bytes());
    // All names that a configuration accepts are those of a dialect, of either kind.
    let Some(dialect) = DIALECTS.iter().find(|dialect| dialect.name == name) else {
        let dialect = predictive::DIALECTS.iter().find(|dialect| dialect.name == name)?;
        let target = dialect.target(path).unwrap_or_default();
        return Some(match declared {
            Some(model) => Recognised::Prediction {
                dialect,
                predictor: Some(monitor.predicting_model(model, version(target).as_deref())),
            },
            None => predicting(monitor, dialect, target),
        });
    };
    let in_path = || generative::recognise(&[dialect], path)?.model;
    Some(Recognised::Generation {
        dialect,
        model: match declared {
            Some(model) => Some(monitor.generating_model(model)),
            None => in_path().map(|name| generating(monitor, name)),
        },
    })
}

fn generating(monitor: &Monitor, name_in_path: &[u8]) -> Named {
    monitor.generating_model(&percent_decoded(name_in_path))
}

fn predicting(
    monitor: &Monitor,
    dialect: &'static predictive::Dialect,
    target: Target<'_>,
) -> Recognised {
    if target.model.is_none() && dialect.names_model_in_body() {
        return Recognised::Prediction { dialect, predictor: None };
    }
    let name = percent_decoded(target.model.unwrap_or_default());
    let predictor = Some(monitor.predicting_model(&name, version(target).as_deref()));
    Recognised::Prediction { dialect, predictor }
}

fn version(target: Target<'_>) -> Option<Cow<'_, [u8]>> {
    target.version.map(percent_decoded)
}
