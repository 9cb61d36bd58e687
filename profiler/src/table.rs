//! Makes a profile of a table: of the columns and rows that are asked for, reading it twice if memory asks for it.
//! It opens nothing; what reads the source hands columns and rows to a [`TableRecorder`].

mod ages;
mod recorder;
mod selection;
#[cfg(test)]
mod tests;

use std::{fmt, ops::RangeInclusive};

use driftline_statistics::{
    bins::Bins,
    document::{Path, Problems},
    profile::{Kind, Profile},
};

use self::recorder::Pass;
pub use self::recorder::TableRecorder;
use crate::builder::{Built, ProfileBuilder, Settings};

/// What to make of a table; by default of all its rows and columns.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the profile says of its model, and how large it may be.
    pub settings: Settings,
    /// The column with the true answer: no input of the model. It stands for the prediction if no
    /// other column does, because a good model answers as its training data did.
    pub target: Option<String>,
    /// The column with what the model answered: the reference of its predictions.
    pub prediction: Option<String>,
    /// The rows to read, both ends included, from 1, without the header. All if `None`.
    pub rows: Option<RangeInclusive<u64>>,
    /// Columns to leave out. One that is also the target is neither input nor prediction.
    pub exclude: Vec<String>,
    /// Columns whose values are said to be of a kind; of one that is named twice the last counts.
    pub kinds: Vec<(String, Kind)>,
    /// As of when the moments of a row have an age. Without it, columns of timestamps are refused.
    pub as_of: Option<AsOf>,
    /// Columns of numbers with a bin for each value.
    pub value_bins: Vec<String>,
}

/// The moment that a row was made, from which the ages of its timestamps count.
#[derive(Clone, Debug, PartialEq)]
pub enum AsOf {
    /// All rows were made at the same moment, in seconds since 1970: that of a snapshot.
    Moment(f64),
    /// Each row says it in this column, which is no part of the profile: when its event was.
    Column(String),
}

/// A profile, and what was not made part of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The profile.
    pub profile: Profile,
    /// Columns without a name that were left out, counted from 1. A data frame's index is written so.
    pub nameless: Vec<usize>,
    /// How many numbers of each column were kept to find the edges of its bins, if not all.
    pub sampled: Option<usize>,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// 1, or 2 while rows are counted that were too many to keep.
    pub reading: u32,
    /// Rows so far in this reading, those not asked for included.
    pub rows: u64,
    /// Bytes so far in this reading.
    pub bytes: u64,
}

/// Makes the profile of a table. `read` hands all of its columns and rows to the recorder; `progress` is told every
/// thousand rows or so.
///
/// A table of more numbers than [`Settings::memory_bytes_max`] has room for is read twice, and must be the same both
/// times; `can_be_read_again` says whether it can.
///
/// # Errors
///
/// Those of `read`, and all problems of the data and the options at once: columns that do not exist, rows out of range,
/// cells that are no values, more numbers than there is room for in a source that cannot be read again.
pub fn profile_of<E: From<Problems>>(
    options: &Options,
    can_be_read_again: bool,
    progress: &mut dyn FnMut(Progress),
    mut read: impl FnMut(&mut TableRecorder<'_>) -> Result<(), E>,
) -> Result<Made, E> {
    let builder = ProfileBuilder::new(options.settings.clone());
    let mut recorder = TableRecorder::new(options, Pass::First(builder), progress)?;
    read(&mut recorder)?;
    let (nameless, pass) = recorder.finish()?;
    let Pass::First(builder) = pass else { return Err(changed().into()) };
    let sampled = builder.sampled();
    let profile = match builder.build()? {
        Built::Profile(profile) => profile,
        Built::ReadAgain(_) if !can_be_read_again => {
            let mebibytes = options.settings.memory_bytes_max >> 20;
            return Err(problem(format_args!(
                "found more numbers than fit into {mebibytes} MiB, and the source cannot be read a second time; \
                 expected a file, or more memory"
            ))
            .into());
        }
        Built::ReadAgain(recount) => {
            let mut recorder = TableRecorder::new(options, Pass::Second(recount), progress)?;
            read(&mut recorder)?;
            let Pass::Second(recount) = recorder.finish()?.1 else { return Err(changed().into()) };
            recount.build()?
        }
    };
    // Where only columns of few values were sampled, nothing of the sample was used.
    let sampled = sampled.filter(|_| has_quantiles(&profile));
    Ok(Made { profile, nameless, sampled })
}

fn has_quantiles(profile: &Profile) -> bool {
    let features = profile.features.iter().map(|feature| &feature.column);
    let mut columns = features.chain(&profile.prediction);
    columns.any(|column| matches!(column.bins, Bins::Quantile { .. }))
}

/// A pass cannot turn into the other one, so this is never shown.
fn changed() -> Problems {
    problem(format_args!("the data changed while it was read"))
}

fn problem(what: fmt::Arguments<'_>) -> Problems {
    let mut problems = Problems::default();
    problems.add(&Path::ROOT, what);
    problems
}
