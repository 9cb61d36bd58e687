//! A model to watch, as an operator may write it; its profile reads itself.

use alloc::{format, string::String, vec::Vec};

use super::{
    OTHER_NAME,
    selector::{SELECTOR_FIELDS, Selector, Sides},
};
use driftline_inference::{generative::Feature, glob::Glob};
use driftline_statistics::{
    document::{Node, Object, Problems, WHOLE_MAX},
    profile::{FEATURES_MAX, Profile, moment},
};

const FIELDS: [&str; 8] =
    ["name", "type", "version", "deployed_at", "profile", "features", "prediction", "sampling"];

/// A model to watch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// What requests call it: fit for a label, see [`driftline_statistics::document::label_fault`], and not [`OTHER_NAME`]. Or a
    /// [`Glob`] that the names of several fit; such have no profile.
    pub name: String,
    /// The version that is meant, as requests call it; `None` if the model's versions are not told apart, or for those
    /// that no other entry of this name has.
    pub version: Option<String>,
    /// When the model, in this version, was deployed, in seconds since 1970; at most [`CREATED_AT_MAX`](driftline_statistics::profile::CREATED_AT_MAX).
    pub deployed_at: Option<u64>,
    /// What the model does.
    pub kind: ModelKind,
    /// The reference that its requests and answers are compared with. Until a predictive model has one, only
    /// its rows are counted.
    pub profile: Option<Profile>,
    /// Where the values of each column of the profile are looked for: of each feature, and behind them of the
    /// prediction, if it has one.
    pub selectors: Vec<Selector>,
    /// Which rows of a large batch are looked at.
    pub sampling: Sampling,
}

/// What a model does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ModelKind {
    /// It generates text or the like. Its profile, if it has one, is of the features that Driftline knows of requests
    /// and answers, and of no other.
    Language,
    /// It predicts rows from rows.
    Predictive,
}

/// Which rows of a batch count in the bins of features and predictions. All of them count as rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sampling {
    /// The first rows of each batch, all of which count.
    pub rows: u64,
    /// Of the rows behind them every so many-th counts; at least 1.
    pub every: u64,
}

impl Sampling {
    /// Every row counts.
    pub const NONE: Sampling = Sampling { rows: 0, every: 1 };

    /// Whether the row with this number in its batch, from 0, counts.
    #[must_use]
    pub fn keeps(self, row: u64) -> bool {
        row < self.rows || row.checked_rem(self.every) == Some(0)
    }

    /// How many of the first `rows` rows of a batch count.
    #[must_use]
    pub fn kept(self, rows: u64) -> u64 {
        let first = rows.min(self.rows);
        // Rows behind the first ones whose number is a multiple: those below `rows` less those below `first`.
        let multiples = |end: u64| end.div_ceil(self.every.max(1));
        first.saturating_add(multiples(rows).saturating_sub(multiples(first)))
    }
}

impl Model {
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
        let fields = node.object(&FIELDS, problems)?;
        let name = fields.required("name", problems).and_then(|node| {
            let name = node.label(problems)?;
            if name == OTHER_NAME {
                node.refuse(
                    format_args!("another name: whatever is not listed is counted under this one"),
                    problems,
                );
            }
            Some(name)
        });
        // What one field lacks must not hide what another does: nothing is given up before all of them are read.
        let profile = optional(&fields, "profile", |node| Profile::from_node(node, problems));
        let has_profile = fields.optional("profile").is_some();
        let kind = optional(&fields, "type", |node| {
            let words = [("language", ModelKind::Language), ("predictive", ModelKind::Predictive)];
            node.word(&words, problems)
        });
        let usual = if has_profile { ModelKind::Predictive } else { ModelKind::Language };
        let kind = kind.map(|said| said.unwrap_or(usual));
        let version = version(&fields, profile.as_ref().and_then(Option::as_ref), problems);
        let deployed_at =
            optional(&fields, "deployed_at", |node| deployed_at(node, name.as_deref(), problems));
        if let (Some(name), Some(version), Some(kind)) = (&name, &version, kind) {
            let identity = Identity { name: name.clone(), version: version.clone(), kind };
            identity.check(&fields, seen, problems);
            seen.push(identity);
        }
        if let Some(name) = &name {
            let profile = profile.as_ref().and_then(Option::as_ref);
            check_name(&fields, name, kind, has_profile, profile, problems);
        }
        let watched = match (kind, &profile) {
            (Some(ModelKind::Language), profile) => {
                refuse_for_language(&fields, problems);
                if let Some(Some(profile)) = profile {
                    check_features(&fields, profile, problems);
                }
                Some((Vec::new(), Sampling::NONE))
            }
            (Some(ModelKind::Predictive), Some(Some(profile))) => {
                let selectors = selectors(&fields, profile, problems);
                let sampling = optional(&fields, "sampling", |node| sampling(node, problems));
                selectors.zip(sampling.map(|said| said.unwrap_or(Sampling::NONE)))
            }
            // Without a profile, or with one that cannot be read.
            (Some(ModelKind::Predictive), _) => {
                check_places(&fields, problems).map(|()| (Vec::new(), Sampling::NONE))
            }
            (None, _) => None,
        };
        let (selectors, sampling) = watched?;
        Some(Model {
            name: name?,
            version: version?,
            deployed_at: deployed_at?,
            kind: kind?,
            profile: profile?,
            selectors,
            sampling,
        })
    }
}

/// A field that may be left out, which is `Some(None)`; `None` if it was refused.
fn optional<T>(
    fields: &Object<'_, '_>,
    name: &str,
    read: impl FnOnce(&Node<'_, '_>) -> Option<T>,
) -> Option<Option<T>> {
    match fields.optional(name) {
        Some(node) => read(&node).map(Some),
        None => Some(None),
    }
}

/// The version that is said, or else the profile's.
fn version(
    fields: &Object<'_, '_>,
    profile: Option<&Profile>,
    problems: &mut Problems,
) -> Option<Option<String>> {
    let written = profile.and_then(|profile| profile.version.as_ref());
    let said = optional(fields, "version", |node| {
        let version = node.label(problems)?;
        if let Some(written) = written.filter(|written| **written != version) {
            node.refuse(
                format_args!("\"{written}\", the version that the profile is of"),
                problems,
            );
        }
        Some(version)
    });
    said.map(|said| said.or_else(|| written.cloned()))
}

/// A model that is compared or predicts has a name of its own, which is that of its profile.
fn check_name(
    fields: &Object<'_, '_>,
    name: &str,
    kind: Option<ModelKind>,
    has_profile: bool,
    profile: Option<&Profile>,
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
    if let Some(profile) = profile.filter(|profile| profile.model != name) {
        problems.add(
            &fields.path().field("profile").field("model"),
            format_args!(
                "found the profile of \"{}\", expected that of \"{name}\", the name of this entry",
                profile.model
            ),
        );
    }
}

fn deployed_at(node: &Node<'_, '_>, name: Option<&str>, problems: &mut Problems) -> Option<u64> {
    if name.is_some_and(Glob::is_pattern) {
        node.refuse(
            format_args!("nothing: the name is a pattern, and a model is deployed on its own"),
            problems,
        );
        return None;
    }
    moment(node, problems)
}

/// What only predictive models have.
fn refuse_for_language(fields: &Object<'_, '_>, problems: &mut Problems) {
    for field in ["version", "features", "prediction", "sampling"] {
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

/// Checks what is said of places before there is a profile: `driftline profile` goes by them, the filter by none yet.
fn check_places(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<()> {
    let mut said = Vec::new();
    let features = optional(fields, "features", |list| {
        let read = list.array(0..=FEATURES_MAX, problems, |node, problems| {
            let allowed: Vec<&str> = ["name"].into_iter().chain(SELECTOR_FIELDS).collect();
            let fields = node.object(&allowed, problems)?;
            fields.required("name", problems)?.new_name(&mut said, problems)?;
            Selector::read(&fields, Sides::Request, problems).map(drop)
        });
        read.map(drop)
    });
    let prediction = optional(fields, "prediction", |node| {
        let fields = node.object(&SELECTOR_FIELDS, problems)?;
        Selector::read(&fields, Sides::Response, problems).map(drop)
    });
    let sampling = optional(fields, "sampling", |node| sampling(node, problems));
    features.and(prediction)?;
    sampling.map(drop)
}

/// A language model has features that Driftline itself reads, and no prediction.
fn check_features(fields: &Object<'_, '_>, profile: &Profile, problems: &mut Problems) {
    let path = fields.path().field("profile");
    let features = path.field("features");
    for (index, feature) in profile.features.iter().enumerate() {
        if Feature::of(&feature.name).is_none() {
            let known: Vec<String> =
                Feature::ALL.iter().map(|feature| format!("`{}`", feature.name())).collect();
            problems.add(
                &features.index(index).field("name"),
                format_args!(
                    "found \"{}\", expected one of {} for a language model",
                    feature.name,
                    known.join(", ")
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

/// What an entry is told from all others by.
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
    let mut said = Vec::new();
    let mut features = Some(());
    if let Some(list) = fields.optional("features") {
        let allowed: Vec<&str> = ["name"].into_iter().chain(SELECTOR_FIELDS).collect();
        let read = list.array(0..=FEATURES_MAX, problems, |node, problems| {
            let fields = node.object(&allowed, problems)?;
            let name = fields.required("name", problems)?;
            let text = name.new_name(&mut said, problems)?;
            let selector = Selector::read(&fields, Sides::Request, problems)?;
            let number = profile.features.iter().position(|feature| feature.name == text);
            let Some(slot) = number.and_then(|number| selectors.get_mut(number)) else {
                name.refuse(format_args!("the name of a feature of the profile"), problems);
                return None;
            };
            *slot = selector;
            Some(())
        });
        features = read.map(drop);
    }
    let node = fields.optional("prediction");
    match (&profile.prediction, node) {
        (Some(_), Some(node)) => {
            let fields = node.object(&SELECTOR_FIELDS, problems)?;
            selectors.push(Selector::read(&fields, Sides::Response, problems)?);
        }
        (Some(_), None) => selectors.push(Selector::usual(Sides::Response)),
        (None, Some(node)) => {
            node.refuse(format_args!("nothing: the profile has no prediction"), problems);
        }
        (None, None) => {}
    }
    features.map(|()| selectors)
}

fn sampling(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Sampling> {
    let fields = node.object(&["rows", "every"], problems)?;
    let rows =
        fields.required("rows", problems).and_then(|node| node.whole(0..=WHOLE_MAX, problems));
    let every =
        fields.required("every", problems).and_then(|node| node.whole(1..=WHOLE_MAX, problems));
    Some(Sampling { rows: rows?, every: every? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_that_are_kept_are_as_many_as_said() {
        for rows in 0..5 {
            for every in 1..5 {
                let sampling = Sampling { rows, every };
                for batch in 0..20 {
                    let kept = (0..batch).filter(|&row| sampling.keeps(row)).count();
                    assert_eq!(sampling.kept(batch), kept as u64, "{sampling:?} of {batch}");
                }
            }
        }
        assert_eq!(Sampling::NONE.kept(u64::MAX), u64::MAX);
    }
}
