//! Which cells of a row say how good the model was, and where they go; it understands none of them.

use driftline_statistics::profile::Kind;

use super::{options::Options, selection::Purpose};
use crate::{
    cell::Cell,
    column::ColumnOptions,
    place::Place,
    quality::{Counter, Gathered, Outcome},
};

/// Where rows with labels go.
#[derive(Debug)]
pub(super) enum Labelled {
    /// They are gathered.
    First(Gathered),
    /// They are counted.
    Second(Counter),
}

/// The cell of a column, and the kind that the column is said to have.
type Chosen = Option<(usize, Option<Kind>)>;

/// The cells of a row that say how good the model was, once their columns are announced.
#[derive(Debug)]
pub(super) struct Outcomes {
    pub(super) labelled: Labelled,
    label: Chosen,
    prediction: Chosen,
    score: Chosen,
    /// Among those of the profile, in the order of the options.
    features: Vec<Chosen>,
    /// The columns so far, and those of them that are of the profile.
    columns: usize,
    columns_of_profile: usize,
}

impl Outcomes {
    pub(super) fn new(labelled: Labelled, options: &Options) -> Outcomes {
        let segments = options.quality.as_ref().map_or(0, |quality| quality.segments.len());
        Outcomes {
            labelled,
            label: None,
            prediction: None,
            score: None,
            features: vec![None; segments],
            columns: 0,
            columns_of_profile: 0,
        }
    }

    /// Announces the next cell of each row, of a column of this name.
    pub(super) fn column(
        &mut self,
        name: &str,
        purpose: Purpose,
        of_column: ColumnOptions,
        options: &Options,
    ) {
        let same = |column: &String| column.trim() == name;
        let chosen = Some((self.columns, of_column.kind));
        if let Some(quality) = &options.quality {
            if same(&quality.label) {
                self.label = chosen;
            }
            if quality.score.as_ref().is_some_and(same) {
                self.score = chosen;
            }
            if options.prediction.as_ref().is_some_and(same) {
                self.prediction = chosen;
            }
            let of_profile = Some((self.columns_of_profile, of_column.kind));
            for (feature, segment) in self.features.iter_mut().zip(&quality.segments) {
                if same(segment) && matches!(purpose, Purpose::Column(_)) {
                    *feature = of_profile;
                }
            }
        }
        self.columns += 1;
        self.columns_of_profile += usize::from(matches!(purpose, Purpose::Column(_)));
    }

    /// Takes the cells of a row: all of them as they were read, and those of the profile.
    pub(super) fn row(&mut self, cells: &[Cell<'_>], of_profile: &[Cell<'_>], place: Place) {
        let outcome = Outcome {
            label: chosen(cells, self.label),
            prediction: chosen(cells, self.prediction),
            score: chosen(cells, self.score),
            features: self.features.iter().map(|cell| chosen(of_profile, *cell)).collect(),
        };
        match &mut self.labelled {
            Labelled::First(gathered) => gathered.add(&outcome, place),
            Labelled::Second(counter) => counter.add(&outcome),
        }
    }
}

/// Nothing for a column that is not announced yet.
fn chosen<'c>(cells: &[Cell<'c>], chosen: Chosen) -> (Cell<'c>, Option<Kind>) {
    let found = chosen.and_then(|(index, kind)| Some((*cells.get(index)?, kind)));
    found.unwrap_or((Cell::Null, None))
}
