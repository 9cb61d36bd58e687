//! Assembles a profile from finished columns; it computes nothing.

use driftline_statistics::profile::{Answer, Column, Feature, Profile};

use crate::settings::Settings;

/// What answers call a prediction if the profile does not say.
const USUAL_NAMES: [&str; 2] = ["prediction", "score"];

/// What a column is to the model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// An input.
    Feature,
    /// The output; at most one column.
    Prediction,
    /// How likely the output is by the model's own word; at most one column.
    Score,
    /// What came of the row, such as a click or revenue: a number that feedback brings later.
    Kpi,
}

/// A column in some state, with its name and its role.
#[derive(Debug)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) column: T,
}

impl<T> Named<T> {
    pub(crate) fn map<U>(self, into: impl FnOnce(T) -> U) -> Named<U> {
        Named { name: self.name, role: self.role, column: into(self.column) }
    }
}

/// The profile of these columns.
pub(crate) fn assembled(
    settings: Settings,
    rows: u64,
    columns: impl IntoIterator<Item = Named<Column>>,
) -> Profile {
    let null_texts = settings.nulls().texts().to_vec();
    let Settings { model, version, created_at, .. } = settings;
    let mut profile = Profile {
        model,
        version,
        created_at,
        rows,
        null_texts,
        features: Vec::new(),
        prediction: None,
        answer: None,
        quality: None,
        kpis: Vec::new(),
    };
    let mut answer = Answer::default();
    for Named { name, role, column } in columns {
        match role {
            Role::Feature => profile.features.push(Feature { name, column }),
            Role::Prediction => {
                profile.prediction = Some(column);
                if !USUAL_NAMES.contains(&&*name) {
                    answer.name = Some(name);
                }
            }
            Role::Score => answer.score = Some(Feature { name, column }),
            Role::Kpi => profile.kpis.push(Feature { name, column }),
        }
    }
    profile.answer = (answer != Answer::default()).then(|| Box::new(answer));
    profile
}
