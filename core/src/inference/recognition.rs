//! What a request speaks, and whom it asks, as far as its path and its route tell; it counts nothing.

use alloc::{borrow::Cow, vec::Vec};

use driftline_labels::Unmeasured;

use crate::{
    inference::{generative, predictive},
    monitor::{config::Endpoint, names::percent_decoded},
};

/// A dialect of either kind.
#[derive(Clone, Copy, Debug)]
pub enum Dialect {
    /// Of models that generate.
    Generative(&'static generative::Dialect),
    /// Of models that predict.
    Predictive(&'static predictive::Dialect),
}

/// A request that is for a model.
#[derive(Clone, Debug)]
pub struct Recognised<'p> {
    /// What it speaks.
    pub dialect: Dialect,
    /// The model that it asks, percent-decoded; `None` if the body has to tell.
    pub model: Option<Cow<'p, [u8]>>,
    /// That model's version, if the path has it.
    pub version: Option<Cow<'p, [u8]>>,
}

/// Recognises requests, by declaration first.
#[derive(Debug)]
pub struct Recogniser {
    endpoints: Vec<Endpoint>,
}

impl Recogniser {
    /// What these declarations, and the paths of dialects, recognise.
    #[must_use]
    pub fn new(endpoints: Vec<Endpoint>) -> Recogniser {
        Recogniser { endpoints }
    }

    /// Whether the name of the proxy's route makes a difference.
    #[must_use]
    pub fn asks_for_route(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.route.is_some())
    }

    /// What a request to `path`, query included, on this route speaks.
    ///
    /// # Errors
    ///
    /// Why it is not measured.
    pub fn recognise<'p>(
        &'p self,
        path: &'p [u8],
        route: Option<&[u8]>,
    ) -> Result<Recognised<'p>, Unmeasured> {
        let path = path.split(|&byte| byte == b'?').next().unwrap_or(path);
        match self.endpoints.iter().find(|endpoint| endpoint.fits(path, route)) {
            Some(endpoint) => declared(endpoint, path).ok_or(Unmeasured::DeclaredNone),
            None => by_path(path).ok_or(Unmeasured::UnrecognisedPath),
        }
    }
}

fn by_path(path: &[u8]) -> Option<Recognised<'_>> {
    if let Some(found) = predictive::recognise(predictive::DIALECTS, path) {
        return Some(predicting(found.dialect, found.target));
    }
    let found = generative::recognise(generative::DIALECTS, path)?;
    Some(Recognised {
        dialect: Dialect::Generative(found.dialect),
        model: found.model.map(percent_decoded),
        version: None,
    })
}

/// `None` if the declaration is that there is nothing to read.
fn declared<'p>(endpoint: &'p Endpoint, path: &'p [u8]) -> Option<Recognised<'p>> {
    let name = endpoint.dialect?;
    let declared = endpoint.model.as_ref().map(|model| Cow::Borrowed(model.as_bytes()));
    // All names that a configuration accepts are those of a dialect, of either kind.
    let Some(dialect) = generative::DIALECTS.iter().find(|dialect| dialect.name == name) else {
        let dialect = predictive::DIALECTS.iter().find(|dialect| dialect.name == name)?;
        let mut found = predicting(dialect, dialect.target(path).unwrap_or_default());
        found.model = declared.or(found.model);
        return Some(found);
    };
    let in_path = || generative::recognise(&[dialect], path)?.model.map(percent_decoded);
    let model = declared.or_else(in_path);
    Some(Recognised { dialect: Dialect::Generative(dialect), model, version: None })
}

fn predicting<'p>(
    dialect: &'static predictive::Dialect,
    target: predictive::Target<'p>,
) -> Recognised<'p> {
    let version = target.version.map(percent_decoded);
    let model = target.model.map(percent_decoded);
    // Where no body names the model, a path without one asks for none of those that are told apart.
    let model = model.or_else(|| (!dialect.names_model_in_body()).then_some(Cow::Borrowed(b"")));
    Recognised { dialect: Dialect::Predictive(dialect), model, version }
}
