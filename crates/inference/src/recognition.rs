//! Which dialect a request uses and which model it asks, by its path or by declaration; it reads no header and no body.
//!
//! A [`Recogniser`] is laid out once, at configuration. A request that is for no model costs a look at its path:
//! without declarations, about 1,000 instructions of the filter for one of 100 bytes.

mod first_bytes;
mod paths;
mod percent;
#[cfg(test)]
mod servers;

use alloc::{borrow::Cow, boxed::Box, string::String};

use driftline_labels::Unmeasured;

use self::{
    first_bytes::{FirstBytes, word},
    paths::Found,
};
use crate::{glob::Glob, predictive::RowPath};

pub use crate::dialect::Dialect;

/// A declaration: requests that match all of it use its dialect.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Matches the path, query excluded.
    pub path: Option<Glob>,
    /// Matches the name of the proxy's route.
    pub route: Option<Glob>,
    /// The dialect; `None` for requests that are not read.
    pub dialect: Option<Dialect>,
    /// The model that is asked there. If `None`, each request names it, in the way of its dialect.
    pub model: Option<String>,
    /// Where bodies have their rows, if the dialect leaves that open.
    pub rows: Option<RowPaths>,
}

/// Where documents have their rows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RowPaths {
    /// Of requests.
    pub request: RowPath,
    /// Of answers.
    pub response: RowPath,
}

/// Recognises requests that are for a model.
#[derive(Debug, Default)]
pub struct Recogniser {
    endpoints: Box<[Endpoint]>,
    /// For each of them, what the path begins with.
    first_bytes: Box<[FirstBytes]>,
    asks_for_route: bool,
}

/// A request that is for a model, as far as its path and the declarations say. Names are bytes as the client sent them,
/// percent-decoded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recognised<'a> {
    /// Its dialect.
    pub dialect: Dialect,
    /// The model that is asked; `None` if the body names it. Empty if neither the path nor the bodies of this dialect
    /// name it.
    pub model: Option<Cow<'a, [u8]>>,
    /// The model's version, or the label that stands for one, if the path names it.
    pub version: Option<Cow<'a, [u8]>>,
    /// A declaration says whose it is.
    pub is_declared: bool,
    /// Where bodies have their rows, if the dialect leaves that open.
    pub rows: Option<&'a RowPaths>,
    /// The path is that of other servers, too, and nobody declared whose it is: the bodies decide.
    pub is_shared: bool,
}

impl Endpoint {
    /// Whether it matches a request to this path, without its query, on this route.
    fn matches(&self, path: &[u8], route: Option<&[u8]>) -> bool {
        self.path.as_ref().is_none_or(|glob| glob.matches(path))
            && self.route.as_ref().is_none_or(|glob| route.is_some_and(|it| glob.matches(it)))
    }
}

impl Recogniser {
    /// A recogniser with these declarations, of which the first one that matches a request counts. Requests that match
    /// none are recognised by their paths alone.
    #[must_use]
    pub fn new(endpoints: impl Into<Box<[Endpoint]>>) -> Recogniser {
        let endpoints = endpoints.into();
        let prefix = |endpoint: &Endpoint| {
            FirstBytes::new(endpoint.path.as_ref().map_or("", Glob::prefix).as_bytes())
        };
        Recogniser {
            first_bytes: endpoints.iter().map(prefix).collect(),
            asks_for_route: endpoints.iter().any(|endpoint| endpoint.route.is_some()),
            endpoints,
        }
    }

    /// Whether the name of the proxy's route makes a difference.
    #[must_use]
    pub fn asks_for_route(&self) -> bool {
        self.asks_for_route
    }

    /// Recognises a request that has a body by its `:path`, query included, and by the name of the proxy's route, where it
    /// [asks for it](Recogniser::asks_for_route).
    ///
    /// Runs in time linear in the path. Allocates only for a name that is percent-encoded.
    ///
    /// # Errors
    ///
    /// Says why the request is not measured: a declaration excludes it, or its path is not a known one.
    pub fn recognise<'a>(
        &'a self,
        path: &'a [u8],
        route: Option<&[u8]>,
    ) -> Result<Recognised<'a>, Unmeasured> {
        self.recognise_head(path, route, true)
    }

    /// The same for a request that may have no body: only a body tells whose a path is that servers share, so a page at `/`
    /// costs no more than at any other path.
    ///
    /// # Errors
    ///
    /// As [`recognise`](Recogniser::recognise).
    #[inline]
    pub fn recognise_head<'a>(
        &'a self,
        path: &'a [u8],
        route: Option<&[u8]>,
        has_body: bool,
    ) -> Result<Recognised<'a>, Unmeasured> {
        let path = without_query(path);
        if let Some(endpoint) = self.declaration(path, route) {
            return Recognised::declared(endpoint, path).ok_or(Unmeasured::DeclaredNone);
        }
        if !has_body && path == b"/" {
            return Err(Unmeasured::UnrecognisedPath);
        }
        let found = Recognised::by_path(path).filter(|found| has_body || !found.is_shared);
        found.ok_or(Unmeasured::UnrecognisedPath)
    }

    /// The declaration that counts for a request to `path`, without its query.
    #[inline]
    fn declaration(&self, path: &[u8], route: Option<&[u8]>) -> Option<&Endpoint> {
        if self.endpoints.is_empty() {
            return None;
        }
        let word = word(path);
        let likely =
            self.first_bytes.iter().zip(&self.endpoints).filter(|(it, _)| it.may_begin(word));
        let mut likely = likely.map(|(_, endpoint)| endpoint);
        likely.find(|endpoint| endpoint.matches(path, route))
    }
}

impl<'a> Recognised<'a> {
    /// What a declaration says of a request to `path`, without its query; `None` if the request is not read.
    fn declared(endpoint: &'a Endpoint, path: &'a [u8]) -> Option<Recognised<'a>> {
        let dialect = endpoint.dialect?;
        let declared = endpoint.model.as_deref().map(|model| Cow::Borrowed(model.as_bytes()));
        let found = paths::find(path, Some(dialect));
        let recognised = Recognised::new(dialect, declared, found);
        Some(Recognised {
            is_declared: true,
            is_shared: false,
            rows: endpoint.rows.as_ref(),
            ..recognised
        })
    }

    /// What `path`, without its query, says by itself.
    fn by_path(path: &'a [u8]) -> Option<Recognised<'a>> {
        let found = paths::find(path, None)?;
        Some(Recognised::new(found.dialect, None, Some(found)))
    }

    fn new(
        dialect: Dialect,
        declared: Option<Cow<'a, [u8]>>,
        found: Option<Found<'a>>,
    ) -> Recognised<'a> {
        let is_shared = found.is_some_and(|found| found.is_shared);
        let (model, version) = found.map_or((None, None), |found| (found.model, found.version));
        let untold = || (!dialect.names_model_in_body()).then_some(Cow::Borrowed(&b""[..]));
        let model = declared.or_else(|| model.map(percent::decoded)).or_else(untold);
        let version = version.map(percent::decoded);
        Recognised { dialect, model, version, is_declared: false, rows: None, is_shared }
    }
}

fn without_query(path: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'?', path).unwrap_or(path.len());
    path.get(..end).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::{format, string::ToString, vec, vec::Vec};

    use super::*;

    /// A declaration of a path and a route, where these are not empty.
    fn endpoint(path: &str, route: &str, dialect: &str, model: &str) -> Endpoint {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
        let glob = |text| given(text).map(|text| Glob::new(&text));
        let dialect = Dialect::named(dialect);
        Endpoint { path: glob(path), route: glob(route), dialect, model: given(model), rows: None }
    }

    #[track_caller]
    fn check(recogniser: &Recogniser, path: &str, route: Option<&str>, expected: &str) {
        let text = |name: Option<Cow<'_, [u8]>>| {
            name.map_or("-".into(), |name| String::from_utf8(name.into_owned()).unwrap())
        };
        let found = match recogniser.recognise(path.as_bytes(), route.map(str::as_bytes)) {
            Ok(it) => format!("{} {} {}", it.dialect.name(), text(it.model), text(it.version)),
            Err(reason) => reason.name().to_string(),
        };
        assert_eq!(found, expected, "{path} on {route:?}");
    }

    #[test]
    fn a_path_says_which_dialect_it_is_and_its_query_says_nothing() {
        let paths = Recogniser::default();
        check(&paths, "/v1/chat/completions", None, "openai_chat - -");
        check(&paths, "/v1/chat/completions?a=/v1/responses?b", None, "openai_chat - -");
        check(&paths, "/search?q=/v1/chat/completions", None, "unrecognised_path");
        check(&paths, "/model/a%3Ab/converse", None, "bedrock_converse a:b -");
        check(&paths, "/v2/models/rain/versions/3%2e1/infer", None, "v2_rest rain 3.1");
        check(&paths, "/api/v1.0/predictions", None, "seldon_v1  -");
        check(&paths, "/inference.GRPCInferenceService/ModelInfer", None, "v2_grpc - -");
        for path in ["/static/app.js", "/a", "/predictions.html", "/v1/chat/completions.html"] {
            check(&paths, path, None, "unrecognised_path");
        }
    }

    #[test]
    fn the_first_declaration_that_matches_counts_and_the_path_says_what_it_leaves_open() {
        let recogniser = Recogniser::new(vec![
            endpoint("/rain/*", "", "kserve_v1", "rain"),
            endpoint("/secret/*", "", "none", ""),
            endpoint("", "chat-*", "openai_chat", ""),
            endpoint("/tgi/*", "chat-*", "tgi", "llama"),
            endpoint("/any/*", "", "v2_rest", ""),
        ]);
        assert!(recogniser.asks_for_route());
        check(&recogniser, "/rain/forecast?x", None, "kserve_v1 rain -");
        check(&recogniser, "/rain/v1/models/x/versions/7:predict", None, "kserve_v1 rain 7");
        check(&recogniser, "/secret/v1/chat/completions", None, "declared_none");
        check(&recogniser, "/x", Some("chat-1"), "openai_chat - -");
        check(&recogniser, "/tgi/x", Some("chat-1"), "openai_chat - -");
        check(&recogniser, "/tgi/x", Some("other"), "unrecognised_path");
        let deployment = "/deployments/gpt%204/chat/completions";
        check(&recogniser, deployment, Some("chat-1"), "openai_chat gpt 4 -");
        // The path of another dialect names no model of this one.
        check(&recogniser, "/any/v1/models/x:predict", None, "v2_rest  -");
        check(&recogniser, "/any/v2/models/x/infer", None, "v2_rest x -");
    }

    #[test]
    fn a_path_of_several_servers_is_shared_unless_it_is_declared() {
        let declared = Recogniser::new(vec![endpoint("/tgi/*", "", "tgi", "")]);
        for (path, is_shared) in [
            ("/generate", true),
            ("/a/generate_stream?x", true),
            ("/invocations", true),
            ("/", true),
            ("/completions", true),
            ("/v1/completions", false),
            ("/tgi/generate", false),
            ("/v2/models/m/generate", false),
            ("/v1/chat/completions", false),
        ] {
            let found = declared.recognise(path.as_bytes(), None).unwrap();
            assert_eq!(found.is_shared, is_shared, "{path}");
        }
    }

    #[test]
    fn without_a_body_nothing_tells_whose_a_shared_path_is() {
        let paths = Recogniser::new(vec![endpoint("/tgi/*", "", "tgi", "")]);
        for (path, is_recognised) in [
            ("/", false),
            ("/?x", false),
            ("/score", false),
            ("/tgi/generate", true),
            ("/v1/chat/completions", true),
        ] {
            let found = paths.recognise_head(path.as_bytes(), None, false);
            assert_eq!(found.is_ok(), is_recognised, "{path}");
        }
    }

    #[test]
    fn only_declarations_of_routes_ask_for_the_route() {
        assert!(!Recogniser::default().asks_for_route());
        let paths: Vec<_> = vec![endpoint("/a", "", "none", "")];
        assert!(!Recogniser::new(paths).asks_for_route());
    }
}
