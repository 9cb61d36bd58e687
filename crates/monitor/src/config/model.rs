//! A model to watch, as an operator may write it; its profile reads itself.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use super::{
    labels::{Kpi, KpiFields, SegmentFields, SegmentSource},
    sampling::{Sampling, SamplingFields},
    selector::{Place, Selector, SelectorFields, Sides},
    table::{Label, ModelName, Moment, Name, Reference, Shape, Word, settings},
    thresholds::{FeatureThresholdFields, Thresholds},
};
use driftline_inference::{generative::Feature, glob::Glob, predictive::PATHS_MAX};
use driftline_statistics::{
    document::{Node, Object, Problems},
    profile::{FEATURES_MAX, KPIS_MAX, Profile, quality::SEGMENTS_MAX},
};

/// A model to watch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// What requests call it: fit for a label, see [`driftline_statistics::document::label_fault`], and not
    /// [`OTHER_NAME`](super::OTHER_NAME). Or a [`Glob`] that the names of several match, and which has no profile.
    pub name: String,
    /// The version that is meant, as requests call it; `None` if the model's versions are not told apart, or for those
    /// that no other entry of this name has.
    pub version: Option<String>,
    /// When the model, in this version, was deployed, in seconds since 1970; at most
    /// [`CREATED_AT_MAX`](driftline_statistics::profile::CREATED_AT_MAX).
    pub deployed_at: Option<u64>,
    /// What the model does.
    pub kind: ModelKind,
    /// The reference that its requests and responses are compared with. Until a predictive model has one, only
    /// its rows are counted.
    pub profile: Option<Profile>,
    /// Where the values of each column of the profile are looked for: of each feature, and after them of the
    /// prediction, if it has one.
    pub selectors: Vec<Selector>,
    /// Which rows of a large batch are looked at.
    pub sampling: Sampling,
    /// What matters of some columns, by their number in the profile, in place of what holds for all.
    pub thresholds: Vec<(usize, Thresholds)>,
    /// The business figures that feedback has.
    pub kpis: Vec<Kpi>,
    /// By which parts of its traffic errors are told apart.
    pub segments: Vec<SegmentSource>,
}

/// What a model does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ModelKind {
    /// It generates text or the like. Its profile, if it has one, is of the features that Driftline reads by itself, and
    /// of no other.
    Language,
    /// It predicts rows from rows.
    Predictive,
}

settings! {
    /// A model to tell apart. Several entries may have one name if each is for another version.
    fields ModelFields at "models[]" {
        /// What requests call the model, or a pattern such as `gpt-*`, which has no profile.
        name: String = ModelName, [required], r#""my-llm""#;
        /// What the model does. Of a `predictive` model without a profile only the rows are counted.
        kind as "type": Option<ModelKind> = Word(kinds),
            [optional "`predictive` with a profile, else `language`"], r#""predictive""#;
        /// The version that is meant, as requests call it; it becomes the label `version`. Only for a predictive model.
        version: Option<String> = Label, [optional "the version that the profile names"], r#""3""#;
        /// When the model, in this version, was deployed: `time() - driftline_model_deployed_timestamp_seconds` is its age.
        /// Not for a pattern.
        deployed_at: Option<u64> = Moment, [optional], r#""2026-11-25T12:00:00Z""#;
        /// The reference that requests and responses are compared with, as `driftline profile` writes it. Without it
        /// nothing is compared.
        profile: Option<Profile> = Reference, [optional], r#"{"format": "driftline-profile", ...}"#;
        /// Where the values of features are found. Only for a predictive model.
        features: Vec<Selector> = Shape::list(0..=FEATURES_MAX, Shape::Object(&FeatureFields::SECTION)),
            [later "by name, else by position"], r#"[{"name": "age", "path": "user.age"}]"#;
        /// Where the prediction is found. Only for a predictive model.
        prediction: Selector = Shape::Object(&SelectorFields::SECTION),
            [later "by name, else at the first position"], r#"{"member": "score"}"#;
        /// Which rows of a batch fall into bins. Only for a predictive model.
        sampling: Sampling = Shape::Object(&SamplingFields::SECTION),
            [later "every row"], r#"{"rows": 100, "every": 10}"#;
        /// What matters of single features, where it is not what holds for all.
        thresholds: Vec<Thresholds> =
            Shape::list(0..=FEATURES_MAX, Shape::Object(&FeatureThresholdFields::SECTION)),
            [later "none"], r#"[{"feature": "age", "material_psi": 0.25}]"#;
        /// Business figures that feedback brings, such as clicks or revenue. Not for a pattern.
        kpis: Vec<Kpi> = Shape::list(0..=KPIS_MAX, Shape::Object(&KpiFields::SECTION)),
            [later "none"], r#"[{"name": "revenue", "maximum": 500, "unit": 0.01}]"#;
        /// By which parts of its traffic errors are told apart. Needs labels.
        segments: Vec<SegmentSource> = Shape::list(0..=SEGMENTS_MAX, Shape::Object(&SegmentFields::SECTION)),
            [later "none"], r#"[{"feature": "age"}, {"header": "x-region", "values": ["eu", "us"]}]"#;
    }
}

settings! {
    /// Where the values of a feature are found.
    fields FeatureFields at "models[].features[]" {
        /// What the profile calls the feature.
        name: String = Name, [required], r#""age""#;
    }
    also SelectorFields;
}

fn kinds() -> Vec<(&'static str, ModelKind)> {
    [("language", ModelKind::Language), ("predictive", ModelKind::Predictive)].into()
}

/// The profile, as far as it was given and could be read.
type Given<'p> = Option<&'p Profile>;

impl Model {
    /// What records of feedback call its KPIs and segments.
    pub(super) fn feedback_names(&self) -> impl Iterator<Item = &str> {
        let features = self.profile.as_ref().map_or(&[][..], |profile| &profile.features);
        let segments = self.segments.iter().filter_map(|segment| match segment {
            SegmentSource::Feature(number) => Some(features.get(*number)?.name.as_str()),
            SegmentSource::Header { name, .. } => Some(name.as_str()),
        });
        self.kpis.iter().map(|kpi| kpi.name.as_str()).chain(segments)
    }

    /// Whether the name is a pattern.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        Glob::is_pattern(&self.name)
    }

    /// Reads a model; `None` only after noting a problem.
    pub(super) fn read(
        node: &Node<'_, '_>,
        seen: &mut Vec<Identity>,
        problems: &mut Problems,
    ) -> Option<Model> {
        let fields = node.object(ModelFields::NAMES, problems)?;
        // What one field lacks must not hide what another does: nothing is given up before all of them are read.
        let read = ModelFields::of(&fields, problems);
        let ModelFields { name, kind, version, deployed_at, profile, .. } = read;
        let given = profile.as_ref().and_then(Option::as_ref);
        let has_profile = fields.optional("profile").is_some();
        let usual = if has_profile { ModelKind::Predictive } else { ModelKind::Language };
        let kind = kind.map(|said| said.unwrap_or(usual));
        let version = version.map(|said| of_profile(said, given, &fields, problems));
        if let Some(name) = &name {
            for field in ["deployed_at", "kpis"] {
                refuse_for_pattern(name, field, &fields, problems);
            }
            if let (Some(version), Some(kind)) = (&version, kind) {
                let identity = Identity { name: name.clone(), version: version.clone(), kind };
                identity.check(&fields, seen, problems);
                seen.push(identity);
            }
            check_name(&fields, name, kind, has_profile, given, problems);
        }
        // With a profile that cannot be read there is a problem already.
        let is_unread = has_profile && given.is_none();
        let thresholds = if is_unread { None } else { Thresholds::read(&fields, given, problems) };
        let kpis = Kpi::read_all(&fields, given, problems);
        let of_kpis = kpis.as_deref().unwrap_or_default();
        let segments = if is_unread {
            None
        } else {
            SegmentSource::read_all(&fields, given, of_kpis, problems)
        };
        let (selectors, sampling) = watched(kind?, given, &fields, problems)?;
        Some(Model {
            name: name?,
            version: version?,
            deployed_at: deployed_at?,
            kind: kind?,
            profile: profile?,
            selectors,
            sampling,
            thresholds: thresholds?,
            kpis: kpis?,
            segments: segments?,
        })
    }
}

/// Where the values of a model are found, and which rows count.
fn watched(
    kind: ModelKind,
    given: Given<'_>,
    fields: &Object<'_, '_>,
    problems: &mut Problems,
) -> Option<(Vec<Selector>, Sampling)> {
    if kind == ModelKind::Language {
        refuse_for_language(fields, problems);
        if let Some(profile) = given {
            check_features(fields, profile, problems);
        }
        return Some((Vec::new(), Sampling::NONE));
    }
    let selectors = match given {
        Some(profile) => selectors(fields, profile, problems),
        // Without a profile, or with one that cannot be read.
        None => check_places(fields, problems).map(|()| Vec::new()),
    };
    let sampling = match fields.optional("sampling") {
        Some(node) => Sampling::read(&node, problems),
        None => Some(Sampling::NONE),
    };
    selectors.zip(sampling.map(|said| if given.is_some() { said } else { Sampling::NONE }))
}

/// The version that is said, or else the profile's.
fn of_profile(
    said: Option<String>,
    given: Given<'_>,
    fields: &Object<'_, '_>,
    problems: &mut Problems,
) -> Option<String> {
    let written = given.and_then(|profile| profile.version.as_ref());
    if let (Some(said), Some(written), Some(node)) = (&said, written, fields.optional("version"))
        && said != written
    {
        node.refuse(format_args!("\"{written}\", the version that the profile is of"), problems);
    }
    said.or_else(|| written.cloned())
}

/// A pattern is not deployed at any time, and has no figures of its own.
fn refuse_for_pattern(name: &str, field: &str, fields: &Object<'_, '_>, problems: &mut Problems) {
    if let Some(node) = fields.optional(field).filter(|_| Glob::is_pattern(name)) {
        let why = match field {
            "deployed_at" => "a model is deployed on its own",
            _ => "figures are those of one model",
        };
        node.refuse(format_args!("nothing: the name is a pattern, and {why}"), problems);
    }
}

/// A model that is compared or predicts has a name of its own, which is that of its profile.
fn check_name(
    fields: &Object<'_, '_>,
    name: &str,
    kind: Option<ModelKind>,
    has_profile: bool,
    given: Given<'_>,
    problems: &mut Problems,
) {
    let why = match kind {
        _ if has_profile => "a profile is that of one model",
        Some(ModelKind::Predictive) => "a model that predicts is told apart by itself",
        _ => return,
    };
    if refuse_pattern(fields, name, why, problems) {
        return;
    }
    if let Some(profile) = given.filter(|profile| profile.model != name) {
        problems.add(
            &fields.path().field("profile").field("model"),
            format_args!(
                "found the profile of \"{}\", expected that of \"{name}\", the name of this entry",
                profile.model
            ),
        );
    }
}

/// What only predictive models have.
fn refuse_for_language(fields: &Object<'_, '_>, problems: &mut Problems) {
    for field in ["version", "features", "prediction", "sampling", "segments"] {
        if fields.optional(field).is_some() {
            problems.add(
                &fields.path().field(field),
                format_args!(
                    "found it for a language model, expected it only for a predictive one: of that `type`, or with a profile and no `type`"
                ),
            );
        }
    }
}

/// Whether the name is a pattern, which it must not be for this reason.
fn refuse_pattern(fields: &Object<'_, '_>, name: &str, why: &str, problems: &mut Problems) -> bool {
    let is_pattern = Glob::is_pattern(name);
    if is_pattern {
        problems.add(
            &fields.path().field("name"),
            format_args!("found \"{name}\", expected a name without `*`: {why}"),
        );
    }
    is_pattern
}

/// Checks where values are found before there is a profile. `driftline profile` uses it; the filter does not yet.
fn check_places(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<()> {
    let features = features(fields, problems, |_, _, _| Some(()));
    let prediction = prediction(fields, problems);
    features.and(prediction).map(drop)
}

/// Reads where each feature is found that is said; gives its name and place to `take`, with the node of its name.
fn features(
    fields: &Object<'_, '_>,
    problems: &mut Problems,
    mut take: impl FnMut((String, Selector), &Node<'_, '_>, &mut Problems) -> Option<()>,
) -> Option<()> {
    let Some(list) = fields.optional("features") else { return Some(()) };
    let allowed = [FeatureFields::NAMES, SelectorFields::NAMES].concat();
    let mut said = Vec::new();
    let read = list.array(0..=FEATURES_MAX, problems, |node, problems| {
        let fields = node.object(&allowed, problems)?;
        let name = fields.required("name", problems)?;
        let text = name.new_name(&mut said, problems)?;
        let selector = Selector::read(&fields, Sides::Request, problems)?;
        take((text, selector), &name, problems)
    });
    read.map(drop)
}

/// Reads where the prediction is found: as usual, if nothing is said.
fn prediction(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<Selector> {
    match fields.optional("prediction") {
        Some(node) => {
            let fields = node.object(SelectorFields::NAMES, problems)?;
            Selector::read(&fields, Sides::Response, problems)
        }
        None => Some(Selector::usual(Sides::Response)),
    }
}

/// A language model has features that Driftline itself reads, and no prediction.
fn check_features(fields: &Object<'_, '_>, profile: &Profile, problems: &mut Problems) {
    let path = fields.path().field("profile");
    let features = path.field("features");
    for (index, feature) in profile.features.iter().enumerate() {
        if Feature::of(&feature.name).is_none() {
            problems.add(
                &features.index(index).field("name"),
                format_args!(
                    "found \"{}\", expected one of {FeatureNames} for a language model",
                    feature.name
                ),
            );
        }
    }
    if profile.prediction.is_some() {
        problems.add(
            &path.field("prediction"),
            format_args!("found a prediction, expected null for a language model"),
        );
    }
}

/// Shows all features that Driftline itself reads.
struct FeatureNames;

impl fmt::Display for FeatureNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, feature) in Feature::ALL.iter().enumerate() {
            write!(f, "{}`{}`", if index == 0 { "" } else { ", " }, feature.name())?;
        }
        Ok(())
    }
}

/// What distinguishes an entry from all others.
pub(super) struct Identity {
    name: String,
    version: Option<String>,
    kind: ModelKind,
}

impl Identity {
    fn check(&self, fields: &Object<'_, '_>, seen: &[Identity], problems: &mut Problems) {
        let Identity { name, version, kind } = self;
        let named = || seen.iter().filter(|other| other.name == *name);
        let name_path = fields.path().field("name");
        if named().any(|other| other.kind != *kind) {
            problems.add(
                &name_path,
                format_args!(
                    "found \"{name}\" again as another type of model, expected one type for all entries of a name"
                ),
            );
        } else if named().any(|other| other.version == *version) {
            let (path, again) = match version {
                Some(version) => {
                    (fields.path().field("version"), format!("\"{version}\" again for \"{name}\""))
                }
                None => (name_path, format!("\"{name}\" again")),
            };
            problems.add(
                &path,
                format_args!(
                    "found {again}, expected unique names, or the same with unique versions"
                ),
            );
        }
    }
}

/// One selector for each column of the profile: what is said, and the usual for all others.
fn selectors(
    fields: &Object<'_, '_>,
    profile: &Profile,
    problems: &mut Problems,
) -> Option<Vec<Selector>> {
    let mut selectors: Vec<Selector> =
        profile.features.iter().map(|_| Selector::usual(Sides::Request)).collect();
    let read = features(fields, problems, |(name, selector), node, problems| {
        let number = profile.features.iter().position(|feature| feature.name == name);
        match number.and_then(|number| selectors.get_mut(number)) {
            Some(slot) => *slot = selector,
            None => {
                node.refuse(format_args!("the name of a feature of the profile"), problems);
                return None;
            }
        }
        Some(())
    });
    if profile.prediction.is_some() {
        selectors.push(prediction(fields, problems)?);
        selectors.extend(profile.score().map(|_| Selector::usual(Sides::Response)));
    } else if let Some(node) = fields.optional("prediction") {
        node.refuse(format_args!("nothing: the profile has no prediction"), problems);
    }
    check_paths(&selectors, fields, problems);
    read.map(|()| selectors)
}

/// A reader follows a limited number of paths at once, and would not find the others.
fn check_paths(selectors: &[Selector], fields: &Object<'_, '_>, problems: &mut Problems) {
    for (side, has_side) in
        [("request", Sides::has_request as fn(Sides) -> bool), ("response", Sides::has_response)]
    {
        let is_path = |it: &&Selector| matches!(it.place, Place::Path(_)) && has_side(it.sides);
        let paths = selectors.iter().filter(is_path).count();
        if PATHS_MAX < paths {
            problems.add(
                &fields.path().field("features"),
                format_args!(
                    "found {paths} of `path` for the {side}, expected at most {PATHS_MAX}"
                ),
            );
        }
    }
}
