//! Where labels come from, as an operator may write it: the filter's own path, the routes that are watched, and by which
//! id a label finds its prediction. It reads no label.

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use super::{
    Model,
    selector::{Place, Sides},
    table::{
        Condition, Flag, HeaderName, JsonPath, Label, RoutePattern, Secret, Shape, Text,
        UrlPattern, Whole, Word, settings,
    },
};
use driftline_inference::{glob::Glob, predictive::PathStep};
use driftline_statistics::document::{Node, Object, Problems};

/// The filter's own path for feedback.
pub const FEEDBACK_PATH: &str = "/driftline/v1/feedback";
/// The header that names a request if nothing is said.
const ID_HEADER: &str = "x-request-id";
/// What `predictions_max` may be: a million take 32 MB of the proxy's memory.
pub(super) const PREDICTIONS_MAX: RangeInclusive<u64> = 0..=1_000_000;
/// What `bytes_max` may be.
pub(super) const FEEDBACK_BYTES_MAX: RangeInclusive<u64> = 1024..=1 << 30;
/// The most routes that are watched for feedback.
pub(super) const WATCHED_MAX: usize = 16;

settings! {
    /// Labels that come later than predictions, and business figures. Without this object feedback is not read.
    fields FeedbackFields at "feedback" {
        /// Whether `POST /driftline/v1/feedback` is answered by the filter itself. Needs `allow_on_headers_stop_iteration: true`
        /// in the proxy's plugin configuration; without that such requests hang.
        endpoint: bool = Flag, [or true], "false";
        /// The longest body of feedback that is read, in bytes.
        bytes_max: u64 = Whole(FEEDBACK_BYTES_MAX), [or 16_777_216], "1048576";
        /// What the header `secret_header` of feedback must say. Without it, any client that reaches the path is trusted.
        secret: Option<String> = Secret, [optional], r#""3fa1c7""#;
        /// The header that holds the secret.
        secret_header: String = HeaderName, [or String::from("x-driftline-secret")], r#""x-token""#;
        /// How many predictions wait for their labels, in the memory that all workers share: 32 bytes each. 0 if labels
        /// always bring their predictions along.
        predictions_max: u64 = Whole(PREDICTIONS_MAX), [or 100_000], "500000";
        /// What a request is called, so that its label finds it.
        id: Identified = Shape::Object(&IdFields::SECTION), [later "the header `x-request-id` of the request"],
            r#"{"path": "id", "in": "response"}"#;
        /// Feedback that a service of yours takes: it is read as it passes.
        watch: Vec<Watched> = Shape::list(0..=WATCHED_MAX, Shape::Object(&WatchFields::SECTION)), [later "none"],
            r#"[{"path": "/outcomes", "model": "my-llm", "label": {"path": "outcome.rained"}, "id": {"path": "prediction_id"}}]"#;
    }
    where [Condition::Needs("secret_header", "secret")];
}

settings! {
    /// What a request is called. One row of a batch is called by this and its number, from 0.
    fields IdFields at "feedback.id" {
        /// The header of this name.
        header: Option<String> = HeaderName, [optional "`x-request-id` if there is no `path`"], r#""x-correlation-id""#;
        /// The value at this path into the JSON document, such as the member `id` of the Open Inference Protocol.
        path: Option<Vec<PathStep>> = JsonPath, [optional], r#""id""#;
        /// Whether it is in the request or in the response.
        side as "in": Sides = Word(one_side), [or Sides::Request, "`request`"], r#""response""#;
    }
    where [Condition::AtMostOne(&["header", "path"])];
}

settings! {
    /// Feedback that passes on its way to a service: which requests it is in, and where in them.
    fields WatchFields at "feedback.watch[]" {
        /// A pattern for the path of the request, without its query.
        path: Option<Glob> = UrlPattern, [optional "any path"], r#""/outcomes""#;
        /// A pattern for the name of the proxy's route.
        route: Option<Glob> = RoutePattern, [optional "any route"], r#""outcomes""#;
        /// The model that it is about, one of `models`.
        model: Option<String> = Label, [optional "what the member `model` says"], r#""my-llm""#;
        /// Where the label is.
        label: Place = Shape::Object(&PlaceFields::SECTION), [later "the member `label`"],
            r#"{"path": "outcome.rained"}"#;
        /// Where the prediction is that it belongs to.
        prediction: Place = Shape::Object(&PlaceFields::SECTION), [later "the member `prediction`"],
            r#"{"member": "forecast"}"#;
        /// Where the score is that it belongs to.
        score: Place = Shape::Object(&PlaceFields::SECTION), [later "the member `score`"],
            r#"{"member": "probability"}"#;
        /// Where the id of the request is that it belongs to.
        id: Place = Shape::Object(&PlaceFields::SECTION), [later "the member `id`"],
            r#"{"header": "x-prediction-id"}"#;
    }
    where [Condition::AtLeastOne(&["path", "route"])];
}

settings! {
    /// Where one value of feedback is.
    fields PlaceFields at "feedback.watch[].label" {
        /// The member of this name in rows that are objects, or the column of this name in a table.
        member: Option<String> = Text, [optional], r#""rained""#;
        /// The value at this path into the JSON document, which then is one label.
        path: Option<Vec<PathStep>> = JsonPath, [optional], r#""outcome.rained""#;
        /// The header of this name, for all labels of the request.
        header: Option<String> = HeaderName, [optional], r#""x-prediction-id""#;
    }
    where [Condition::AtMostOne(&["member", "path", "header"])];
}

/// Where labels come from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Feedback {
    /// Whether the filter answers on [`FEEDBACK_PATH`].
    pub endpoint: bool,
    /// The longest body that is read.
    pub bytes_max: u64,
    /// The header that must say something, and what.
    pub secret: Option<(String, String)>,
    /// How many predictions wait for their labels.
    pub predictions_max: u64,
    /// What a request is called.
    pub id: Identified,
    /// What passes on its way to a service.
    pub watch: Vec<Watched>,
}

/// What a request is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Identified {
    /// By a header, in lower case, of the request or the response.
    Header(String, Sides),
    /// By a value of its document.
    Path(Vec<PathStep>, Sides),
}

/// Feedback that passes on its way to a service.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Watched {
    /// A pattern for the path.
    pub path: Option<Glob>,
    /// A pattern for the route.
    pub route: Option<Glob>,
    /// The model that it is about, if that is said here.
    pub model: Option<String>,
    /// Where the values are, if not in members of their names.
    pub places: WatchedPlaces,
}

/// Where the values of a label are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchedPlaces {
    /// The label itself.
    pub label: Option<Place>,
    /// The prediction.
    pub prediction: Option<Place>,
    /// The score.
    pub score: Option<Place>,
    /// The id of the request.
    pub id: Option<Place>,
}

fn one_side() -> Vec<(&'static str, Sides)> {
    [("request", Sides::Request), ("response", Sides::Response)].into()
}

impl super::table::Shown for Sides {
    fn shown(&self) -> String {
        String::from(if *self == Sides::Response { "\"response\"" } else { "\"request\"" })
    }
}

impl super::table::Shown for String {
    fn shown(&self) -> String {
        alloc::format!("\"{self}\"")
    }
}

impl Feedback {
    /// Reads the object; `None` only after noting a problem. The models that are named must be among `models`, where
    /// these are known.
    pub(super) fn read(
        node: &Node<'_, '_>,
        models: Option<&[Model]>,
        problems: &mut Problems,
    ) -> Option<Feedback> {
        let fields = node.object(FeedbackFields::NAMES, problems)?;
        let read = FeedbackFields::of(&fields, problems);
        let holds = Condition::all_hold(FeedbackFields::CONDITIONS, &fields, problems);
        let id = identified(&fields, problems);
        let watch = match fields.optional("watch") {
            Some(list) => list.array(0..=WATCHED_MAX, problems, |node, problems| {
                watched(&node, models, problems)
            }),
            None => Some(Vec::new()),
        };
        let secret_header = read.secret_header?;
        let feedback = Feedback {
            endpoint: read.endpoint?,
            bytes_max: read.bytes_max?,
            secret: read.secret?.map(|secret| (secret_header, secret)),
            predictions_max: read.predictions_max?,
            id: id?,
            watch: watch?,
        };
        holds.then_some(feedback)
    }
}

fn identified(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<Identified> {
    let Some(node) = fields.optional("id") else {
        return Some(Identified::Header(ID_HEADER.into(), Sides::Request));
    };
    let fields = node.object(IdFields::NAMES, problems)?;
    let IdFields { header, path, side } = IdFields::of(&fields, problems);
    let holds = Condition::all_hold(IdFields::CONDITIONS, &fields, problems);
    let (header, path, side) = (header?, path?, side?);
    let found = match path {
        Some(steps) => Identified::Path(steps, side),
        None => Identified::Header(header.unwrap_or_else(|| ID_HEADER.into()), side),
    };
    holds.then_some(found)
}

fn watched(
    node: &Node<'_, '_>,
    models: Option<&[Model]>,
    problems: &mut Problems,
) -> Option<Watched> {
    let fields = node.object(WatchFields::NAMES, problems)?;
    let WatchFields { path, route, model, .. } = WatchFields::of(&fields, problems);
    let holds = Condition::all_hold(WatchFields::CONDITIONS, &fields, problems);
    let model = model?;
    if let (Some(name), Some(models), Some(node)) = (&model, models, fields.optional("model"))
        && !models.iter().any(|model| model.name == *name)
    {
        node.refuse(format_args!("the name of one of `models`"), problems);
    }
    let mut place = |name| place(&fields, name, problems);
    let places = [place("label"), place("prediction"), place("score"), place("id")];
    let [label, prediction, score, id] = places;
    let places = WatchedPlaces { label: label?, prediction: prediction?, score: score?, id: id? };
    holds.then_some(Watched { path: path?, route: route?, model, places })
}

/// Where one value of a label is; `Some(None)` if nothing is said.
fn place(fields: &Object<'_, '_>, name: &str, problems: &mut Problems) -> Option<Option<Place>> {
    let Some(node) = fields.optional(name) else { return Some(None) };
    let fields = node.object(PlaceFields::NAMES, problems)?;
    let PlaceFields { member, path, header } = PlaceFields::of(&fields, problems);
    let holds = Condition::all_hold(PlaceFields::CONDITIONS, &fields, problems);
    let member = member?.map(Place::Member);
    let place = member.or(path?.map(Place::Path)).or(header?.map(Place::Header));
    holds.then_some(place)
}
