//! What is looked for in a body of feedback, and where: members of records by their names, or where a configuration says
//! that a service has them. It reads nothing.

use alloc::{boxed::Box, vec::Vec};

use driftline_inference::predictive::{self, ColumnSelectors, Columns, Projection};
use driftline_statistics::profile::RECORD_MEMBERS;

use crate::{
    config::{Place, WatchedPlaces},
    labelled::LabelledModel,
};

/// The members of a record, by column; figures and segments follow.
pub(crate) mod member {
    pub(crate) const MODEL: usize = 0;
    pub(crate) const VERSION: usize = 1;
    pub(crate) const ID: usize = 2;
    pub(crate) const ROW: usize = 3;
    pub(crate) const LABEL: usize = 4;
    pub(crate) const PREDICTION: usize = 5;
    pub(crate) const SCORE: usize = 6;
    pub(crate) const PREDICTED_AT: usize = 7;
    /// The first of those that models have.
    pub(crate) const OF_MODELS: usize = 8;
}

/// What is looked for in bodies of one kind.
#[derive(Debug)]
pub(crate) struct FeedbackColumns {
    pub(crate) selectors: ColumnSelectors,
    /// The names of the columns from [`member::OF_MODELS`] on.
    names: Box<[Box<str>]>,
}

impl FeedbackColumns {
    /// Columns of feedback for these models, whose places are as said.
    pub(crate) fn new<'m>(
        models: impl Iterator<Item = &'m LabelledModel>,
        places: &WatchedPlaces,
    ) -> FeedbackColumns {
        let mut names: Vec<Box<str>> = Vec::new();
        for model in models {
            let kpis = model.kpis.iter().map(|kpi| &kpi.name);
            for name in kpis.chain(model.segments.iter().map(|segment| &segment.name)) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        let mut selectors = ColumnSelectors::default();
        let all =
            RECORD_MEMBERS.iter().copied().chain(names.iter().map(|name| &**name)).enumerate();
        let columns = all.map(|(column, name)| {
            let said = match column {
                member::LABEL => &places.label,
                member::PREDICTION => &places.prediction,
                member::SCORE => &places.score,
                member::ID => &places.id,
                _ => &None,
            };
            let name = match said {
                None => name,
                Some(Place::Member(name)) => name.as_str(),
                Some(Place::Path(steps)) => {
                    selectors.paths.push((column, Projection::Value, steps.as_slice().into()));
                    return None;
                }
                Some(Place::Header(name)) => {
                    selectors.headers.push((column, name.as_str().into()));
                    return None;
                }
                Some(_) => return None,
            };
            Some((predictive::Place::Name(name.as_bytes().into()), Projection::Value))
        });
        let columns: Vec<_> = columns.collect();
        selectors.columns = Columns::new(columns);
        FeedbackColumns { selectors, names: names.into() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        member::OF_MODELS.saturating_add(self.names.len())
    }

    /// The column of a figure or of a segment.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        let place = self.names.iter().position(|known| **known == *name)?;
        member::OF_MODELS.checked_add(place)
    }
}
