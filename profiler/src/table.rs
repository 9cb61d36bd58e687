//! Makes the profile of a table with named columns, in two readings if memory requires it. It opens nothing: the caller
//! reads the source and hands columns and rows to a [`TableRecorder`].

mod moments;
mod options;
mod outcomes;
mod recorder;
mod selection;
mod sink;
#[cfg(test)]
mod tests;

use driftline_statistics::{
    bins::Bins,
    document::{Path, Problems},
    profile::{CLASSES_MAX, Kind, Profile, quality::Task},
};

pub use self::{
    options::{AsOf, Options},
    recorder::{Progress, TableRecorder},
    selection::ColumnNames,
    sink::TableSink,
};

use self::{
    outcomes::Labelled,
    recorder::{Finished, Pass, problem},
};
use crate::{
    builder::{Built, ProfileBuilder},
    quality::{Counter, Decided, Gathered, LeftOut},
    recount::Recount,
};

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
    /// The rows that do not say how good the model was; `None` if that was not asked for.
    pub left_out: Option<LeftOut>,
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
    let mut settings = options.settings.clone();
    let labelled = options.quality.as_ref().map(|quality| {
        // Half of the memory is for rows with labels.
        settings.memory_bytes_max /= 2;
        let nulls = settings.nulls();
        Gathered::new(quality, options.prediction.as_deref(), nulls, settings.memory_bytes_max)
    });
    let mut builder = ProfileBuilder::new(settings);
    if options.by_hour.is_some() {
        builder.keep_hours();
    }
    let labelled = labelled.map(Labelled::First);
    let mut recorder = TableRecorder::new(options, Pass::First(builder), labelled, progress)?;
    read(&mut recorder)?;
    let Finished { nameless, index, without_hour, pass, labelled } = recorder.finish()?;
    let Pass::First(builder) = pass else { return Err(changed().into()) };
    let sampled = builder.sampled();
    let (pass, counter) = built(builder, labelled)?;
    let must_be_read_again =
        matches!(pass, Pass::Second(_)) || counter.as_ref().is_some_and(Counter::waits_for_rows);
    if must_be_read_again && !can_be_read_again {
        let mebibytes = options.settings.memory_bytes_max >> 20;
        return Err(problem(format_args!(
            "found more numbers than fit into {mebibytes} MiB, and the source cannot be read a second time; \
             expected a file, or more memory"
        ))
        .into());
    }
    let (pass, counter) = if must_be_read_again {
        // One that has counted its rows already needs no others.
        let (waiting, done) = match counter {
            Some(counter) if counter.waits_for_rows() => (Some(counter), None),
            counter => (None, counter),
        };
        let labelled = waiting.map(Labelled::Second);
        let mut recorder = TableRecorder::new(options, pass, labelled, progress)?;
        read(&mut recorder)?;
        let Finished { pass, labelled, .. } = recorder.finish()?;
        let counted = match labelled {
            Some(Labelled::Second(counter)) => Some(counter),
            _ => None,
        };
        (pass, counted.or(done))
    } else {
        (pass, counter)
    };
    let mut profile = match pass {
        Pass::Done(profile) => *profile,
        Pass::Second(recount) => recount.build()?,
        Pass::First(_) => return Err(changed().into()),
    };
    let (quality, left_out) = counter.map(Counter::finish).transpose()?.unzip();
    profile.quality = quality.map(Box::new);
    say_classes(&mut profile, &options.classes)?;
    // If only columns of few values were sampled, the sample was not used.
    let sampled = sampled.filter(|_| has_quantiles(&profile));
    Ok(Made { profile, nameless, index, without_hour, sampled, left_out })
}

/// What the first reading gave: the profile or what counts its rows, and what counts rows with labels. All problems of
/// both come together.
fn built(
    builder: ProfileBuilder,
    labelled: Option<Labelled>,
) -> Result<(Pass, Option<Counter>), Problems> {
    let decided = match labelled {
        Some(Labelled::First(gathered)) => Some(gathered.decide()),
        _ => None,
    };
    let built = builder.build();
    let (built, decided) = match (built, decided.transpose()) {
        (Ok(built), Ok(decided)) => (built, decided),
        (Err(mut problems), Err(others)) => {
            others.kept().for_each(|other| problems.add(&Path::ROOT, format_args!("{other}")));
            return Err(problems);
        }
        (Err(problems), _) | (_, Err(problems)) => return Err(problems),
    };
    let counter = |bins: &dyn Fn(&str) -> Option<(Kind, Bins)>| {
        decided.map(|decided: Decided| decided.counter(bins)).transpose()
    };
    Ok(match built {
        Built::Profile(profile) => {
            let counter = counter(&|name| {
                let feature = profile.features.iter().find(|feature| feature.name == name)?;
                Some((feature.column.kind, feature.column.bins.clone()))
            })?;
            (Pass::Done(Box::new(profile)), counter)
        }
        Built::ReadAgain(recount) => {
            let counter = counter(&|name| Recount::bins_of_feature(&recount, name))?;
            (Pass::Second(recount), counter)
        }
    })
}

/// Says in which order answers have the shares of classes, and which of these shares the score is: the largest, unless
/// there are scores of two classes below one half, which are those of the positive class.
fn say_classes(profile: &mut Profile, classes: &[String]) -> Result<(), Problems> {
    let count = classes.len();
    if !classes.is_empty() {
        let is_twice =
            |(at, class): (usize, &String)| classes.iter().take(at).any(|it| it == class);
        if !(2..=CLASSES_MAX).contains(&count) || classes.iter().enumerate().any(is_twice) {
            return Err(problem(format_args!(
                "found {count} classes, expected 2 to {CLASSES_MAX} different ones"
            )));
        }
        if profile.prediction.is_none() {
            return Err(problem(format_args!("found classes, expected a prediction as well")));
        }
        profile.answer.get_or_insert_default().classes = classes.to_vec();
    }
    let positive = match profile.quality.as_deref().map(|quality| &quality.task) {
        Some(Task::Classes(it)) => {
            it.scores.as_ref().and_then(|scores| it.names.get(scores.positive).cloned())
        }
        _ => None,
    };
    let second = second_of_two(profile, classes);
    if let Some(answer) = &mut profile.answer
        && let Some(score) = &answer.score
    {
        let lowest = score.column.numbers.as_ref().map_or(1.0, |numbers| numbers.minimum);
        answer.score_class = positive.or(second.filter(|_| lowest < 0.5));
    }
    Ok(())
}

/// The second of two classes, in the order of their shares.
fn second_of_two(profile: &Profile, classes: &[String]) -> Option<String> {
    if let [_, second] = classes {
        return Some(second.clone());
    }
    match &profile.prediction.as_ref()?.bins {
        Bins::Values { values } if values.len() == 2 => Some(values[1].to_string()),
        Bins::Categories { names } if names.len() == 2 => names.iter().max().cloned(),
        _ => None,
    }
}

fn has_quantiles(profile: &Profile) -> bool {
    let kpis = profile.kpis.iter().map(|kpi| &kpi.column);
    profile.columns().chain(kpis).any(|column| matches!(column.bins, Bins::Quantile { .. }))
}

/// A pass cannot turn into the other one, so this never appears.
fn changed() -> Problems {
    problem(format_args!("the data changed while it was read"))
}
