//! Makes the profile of a table with named columns, in two readings if memory requires it. It opens nothing: the caller
//! reads the source and hands columns and rows to a [`TableRecorder`].

mod moments;
mod options;
mod recorder;
mod selection;
#[cfg(test)]
mod tests;

use driftline_statistics::{bins::Bins, document::Problems, profile::Profile};

pub use self::{
    options::{AsOf, Options},
    recorder::{Progress, TableRecorder},
};

use self::recorder::{Finished, Pass, problem};
use crate::builder::{Built, ProfileBuilder};

/// A profile, and what it leaves out.
#[derive(Clone, Debug)]
pub struct Made {
    /// The profile.
    pub profile: Profile,
    /// The columns without a name, counted from 1, which are left out. A data frame's index is one.
    pub nameless: Vec<usize>,
    /// The columns that are the index of a data frame by what the file says, which are left out, too.
    pub index: Vec<String>,
    /// How many rows do not say their hour of the day, and are in the whole alone; `None` if hours were not asked for.
    pub without_hour: Option<u64>,
    /// How many numbers of each column gave the edges of its bins, if not all.
    pub sampled: Option<usize>,
}

/// Makes the profile of a table. `read` hands all columns and rows to the recorder; `progress` is called about every
/// thousand rows.
///
/// A table of more numbers than fit into [`Settings::memory_bytes_max`](crate::Settings::memory_bytes_max) is read
/// twice if `can_be_read_again`, and must be the same both times.
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
    let mut builder = ProfileBuilder::new(options.settings.clone());
    if options.by_hour.is_some() {
        builder.keep_hours();
    }
    let mut recorder = TableRecorder::new(options, Pass::First(builder), progress)?;
    read(&mut recorder)?;
    let Finished { nameless, index, without_hour, pass } = recorder.finish()?;
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
            let Pass::Second(recount) = recorder.finish()?.pass else {
                return Err(changed().into());
            };
            recount.build()?
        }
    };
    // If only columns of few values were sampled, the sample was not used.
    let sampled = sampled.filter(|_| has_quantiles(&profile));
    Ok(Made { profile, nameless, index, without_hour, sampled })
}

fn has_quantiles(profile: &Profile) -> bool {
    profile.columns().any(|column| matches!(column.bins, Bins::Quantile { .. }))
}

/// A pass cannot turn into the other one, so this never appears.
fn changed() -> Problems {
    problem(format_args!("the data changed while it was read"))
}
