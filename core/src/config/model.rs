//! A model to watch, as an operator may write it; its profile reads itself.

use alloc::{format, string::String, vec::Vec};

use super::{
    OTHER_NAME,
    selector::{SELECTOR_FIELDS, Selector, Sides},
};
use crate::{
    document::{Node, Object, Problems, WHOLE_MAX},
    glob::Glob,
    profile::Profile,
};

const FIELDS: [&str; 6] = ["name", "version", "profile", "features", "prediction", "sampling"];

/// A model to watch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// What requests call it: fit for a label, see [`crate::document::label_fault`], and not [`OTHER_NAME`]. Or a
    /// [`Glob`] that the names of several fit; such have no profile.
    pub name: String,
    /// The version that is meant, as requests call it; `None` if the model's versions are not told apart, or for those
    /// that no other entry of this name has.
    pub version: Option<String>,
    /// Its training data. With it the model is a predictive one; without, a language model.
    pub profile: Option<Profile>,
    /// Where the values of each column of the profile are looked for: of each feature, and behind them of the
    /// prediction, if it has one.
    pub selectors: Vec<Selector>,
    /// Which rows of a large batch are looked at.
    pub sampling: Sampling,
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
        let profile = match fields.optional("profile") {
            Some(node) => Some(Profile::from_node(&node, problems)?),
            None => None,
        };
        let version = match fields.optional("version") {
            Some(node) => Some(node.label(problems)?),
            None => None,
        };
        let name = name?;
        let identity =
            Identity { name: name.clone(), version: version.clone(), predicts: profile.is_some() };
        identity.check(&fields, seen, problems);
        seen.push(identity);
        let Some(profile) = profile else {
            for field in ["version", "features", "prediction", "sampling"] {
                if fields.optional(field).is_some() {
                    problems.add(
                        &fields.path().field(field),
                        format_args!("found it without a `profile`, expected both or none"),
                    );
                }
            }
            let selectors = Vec::new();
            return Some(Model {
                name,
                version,
                profile: None,
                selectors,
                sampling: Sampling::NONE,
            });
        };
        if Glob::is_pattern(&name) {
            problems.add(
                &fields.path().field("name"),
                format_args!(
                    "found \"{name}\", expected a name without `*`: a profile is that of one model"
                ),
            );
        } else if profile.model != name {
            problems.add(
                &fields.path().field("profile").field("model"),
                format_args!(
                    "found the profile of \"{}\", expected that of \"{name}\", the name of this entry",
                    profile.model
                ),
            );
        }
        let selectors = selectors(&fields, &profile, problems);
        let sampling = match fields.optional("sampling") {
            Some(node) => sampling(&node, problems),
            None => Some(Sampling::NONE),
        };
        Some(Model {
            name,
            version,
            profile: Some(profile),
            selectors: selectors?,
            sampling: sampling?,
        })
    }
}

/// What an entry is told from all others by.
pub(super) struct Identity {
    name: String,
    version: Option<String>,
    predicts: bool,
}

impl Identity {
    fn check(&self, fields: &Object<'_, '_>, seen: &[Identity], problems: &mut Problems) {
        let Identity { name, version, predicts } = self;
        let named = || seen.iter().filter(|other| other.name == *name);
        let name_path = fields.path().field("name");
        if named().any(|other| other.version == *version && other.predicts == *predicts) {
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
        } else if named().any(|other| other.predicts != *predicts) {
            let (with, expected) = if *predicts { ("with", "none") } else { ("without", "one") };
            let have = if *predicts { "have none" } else { "have profiles" };
            problems.add(
                &name_path,
                format_args!(
                    "found \"{name}\" {with} a profile, expected {expected}: other entries of this name {have}"
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
        let read = list.array(0..=profile.features.len(), problems, |node, problems| {
            let fields = node.object(&allowed, problems)?;
            let name = fields.required("name", problems)?;
            let text = name.new_label(&mut said, problems)?;
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
