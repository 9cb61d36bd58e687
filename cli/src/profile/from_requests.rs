//! Makes a profile from recorded traffic, with the readers of the filter itself; it plays nothing to anybody.

mod first;
pub(super) mod play;
mod reader;

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context as _, anyhow, bail};
use driftline_monitor::config::{Config, Model};
use driftline_profiler::{Built, ColumnOptions, Made, ProfileBuilder, Progress, Role, Settings};
use driftline_profiler_files::ProfilerError;
use driftline_statistics::profile::{Kind, Profile};

use self::{
    play::Player,
    reader::{Column, Reader},
};
use super::show;
use crate::{inputs::read, progress::Shown};

/// What the prediction is called where columns have names.
const PREDICTION: &str = "prediction";

/// What was asked for.
pub(super) struct Wanted {
    pub(super) settings: Settings,
    /// Found columns that are none.
    pub(super) exclude: Vec<String>,
    /// What columns are whose values would mislead.
    pub(super) kinds: Vec<(String, Kind)>,
    /// Columns of numbers that get a bin for each value.
    pub(super) value_bins: Vec<String>,
    /// Whether progress is shown where there is no terminal.
    pub(super) progress: bool,
}

/// What a recording gave, and what it did not.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Exchanges of the model whose values count.
    pub(super) exchanges: u64,
    /// Exchanges of other models, and what is no request to a model.
    pub(super) others: u64,
    /// Exchanges of which no whole answer of success is there.
    pub(super) failed: u64,
    /// Exchanges whose bodies were not recorded.
    pub(super) without_bodies: u64,
    /// The last line of the recording, if it is cut.
    pub(super) cut_line: Option<u64>,
    /// Values that are none of their column, and count as null, by column and reason.
    pub(super) unfit: HashMap<(String, &'static str), u64>,
}

impl Taken {
    /// A line for each thing that a reader of the profile should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!("taken from {} exchanges", self.exchanges)];
        for (count, what) in [
            (self.others, "of other models, or none of a model"),
            (self.failed, "without a whole answer of success"),
            (self.without_bodies, "recorded without bodies"),
        ] {
            if count != 0 {
                notes.push(format!("left out: {count} exchanges {what}"));
            }
        }
        if let Some(line) = self.cut_line {
            notes.push(format!(
                "left out: line {line}, the last one of the recording, which is cut"
            ));
        }
        let mut unfit: Vec<_> = self.unfit.iter().collect();
        unfit.sort_unstable();
        notes.extend(unfit.into_iter().map(|((column, reason), count)| {
            format!("counted as null: {count} values of `{column}`, because of {reason}")
        }));
        notes
    }

    /// That there is no row to make a profile of.
    fn nothing(&self, recording: &Path) -> anyhow::Error {
        anyhow!(
            "no profile was made of {}: found no exchange of the model with bodies and a whole answer \
             ({} of other models, paths or types, {} without an answer of success, {} recorded without bodies; \
             `driftline serve --record FILE --record-bodies` records them)",
            recording.display(),
            self.others,
            self.failed,
            self.without_bodies
        )
    }
}

/// What is to be read, and for which columns.
struct Plan {
    config: Config,
    /// Of the model's entry.
    entry_version: Option<String>,
    /// Of the profile.
    version: Option<String>,
    columns: Vec<Column>,
    /// What a reader of the profile should know of how its columns were found.
    notes: Vec<String>,
}

/// Reads the recording, once more if there are more values than fit, and makes a profile: of the same columns as the one
/// that the model has in the configuration, or if it has none, of those that the traffic has. These are found in two
/// readings before.
///
/// # Errors
///
/// A configuration or recording that cannot be read, a model that the configuration does not list, traffic without a
/// column, and what the builder refuses.
pub(super) fn made(
    recording: &Path,
    config_path: &Path,
    wanted: &Wanted,
) -> anyhow::Result<(Made, Vec<String>)> {
    let json = read(config_path, "--config")?;
    let config =
        Config::from_json(&json).with_context(|| format!("--config {}", config_path.display()))?;
    let bytes = fs::metadata(recording)
        .with_context(|| format!("cannot open the recording {}", recording.display()))?
        .len();
    let mut bar = Shown::new(wanted.progress, Some(bytes));
    let result =
        planned(recording, &json, config, wanted, &mut |progress| show(&mut bar, progress))
            .and_then(|plan| refuse_timestamps(&plan.columns).map(|()| plan))
            .and_then(|plan| {
                counted(recording, plan, wanted, &mut |progress| show(&mut bar, progress))
            });
    bar.end();
    result
}

fn planned(
    recording: &Path,
    json: &[u8],
    config: Config,
    wanted: &Wanted,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Plan> {
    let (at, model) = entry(&config, &wanted.settings)?;
    let Some(profile) = &model.profile else {
        return first::plan(recording, json, at, model, wanted, progress);
    };
    if !(wanted.exclude.is_empty() && wanted.kinds.is_empty() && wanted.value_bins.is_empty()) {
        bail!(
            "--exclude, --type and --value-bins are for the first profile of a model, but `{}` has one in --config, \
             whose columns and types the new one gets",
            model.name
        );
    }
    let version = model.version.clone().or_else(|| profile.version.clone());
    let columns = columns_of(profile);
    let entry_version = model.version.clone();
    Ok(Plan { entry_version, version, columns, config, notes: Vec::new() })
}

fn columns_of(profile: &Profile) -> Vec<Column> {
    let features = profile.features.iter().map(|feature| Column {
        name: feature.name.clone(),
        role: Role::Feature,
        kind: Some(feature.column.kind),
    });
    let prediction = profile.prediction.iter().map(|column| Column {
        name: PREDICTION.into(),
        role: Role::Prediction,
        kind: Some(column.kind),
    });
    features.chain(prediction).collect()
}

/// Counts the rows.
fn counted(
    recording: &Path,
    plan: Plan,
    wanted: &Wanted,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<(Made, Vec<String>)> {
    let Plan { config, entry_version, version, columns, mut notes } = plan;
    let player = Player::capturing(config, false);
    let model = &wanted.settings.model;
    let mut builder =
        ProfileBuilder::new(Settings { version: version.clone(), ..wanted.settings.clone() });
    for Column { name, role, kind } in &columns {
        let bin_by_value = wanted.value_bins.contains(name);
        builder.column(name, *role, ColumnOptions { kind: *kind, bin_by_value });
    }
    let nulls = wanted.settings.nulls();
    let mut reader = Reader::new(&player, model, entry_version.as_deref(), columns, nulls);
    reader
        .read(recording, progress, &mut |cells, place| builder.row(cells.iter().copied(), place))?;
    let taken = std::mem::take(&mut reader.taken);
    if taken.exchanges == 0 {
        return Err(taken.nothing(recording));
    }
    notes.extend(taken.notes());
    let sampled = builder.sampled();
    let refused = |problems| super::explain(ProfilerError::Refused(problems), recording);
    let profile = match builder.build().map_err(refused)? {
        Built::Profile(profile) => profile,
        Built::ReadAgain(mut recount) => {
            let mut again = |at| progress(Progress { reading: 2, ..at });
            reader.read(recording, &mut again, &mut |cells, place| {
                recount.row(cells.iter().copied(), place);
            })?;
            recount.build().map_err(refused)?
        }
    };
    Ok((
        Made {
            profile,
            nameless: Vec::new(),
            index: Vec::new(),
            without_hour: None,
            sampled,
            left_out: None,
        },
        notes,
    ))
}

/// The entry of the model: one with a profile, if there are several. One that waits for its first profile and names no
/// version takes that of the profile.
fn entry<'c>(config: &'c Config, settings: &Settings) -> anyhow::Result<(usize, &'c Model)> {
    let fits = |(_, model): &(usize, &Model)| {
        let waits = model.profile.is_none() && model.version.is_none();
        model.name == settings.model
            && (settings.version.is_none() || model.version == settings.version || waits)
    };
    let entries = || config.models.iter().enumerate().filter(fits);
    let found = entries()
        .find(|(_, model)| model.profile.is_some())
        .or_else(|| entries().find(|(_, model)| model.version.is_some()))
        .or_else(|| entries().next());
    found.ok_or_else(|| {
        let known: Vec<String> = config.models.iter().map(render).collect();
        anyhow!(
            "--config does not list the model `{}`{}; it lists {}. An entry for a first profile is \
             {{\"name\": \"{}\", \"type\": \"predictive\"}}, or \"language\" for a model that generates text",
            settings.model,
            settings.version.as_ref().map_or(String::new(), |version| format!(" in version {version}")),
            known.join(", "),
            settings.model,
        )
    })
}

/// A recording does not say on which day it was made.
fn refuse_timestamps(columns: &[Column]) -> anyhow::Result<()> {
    let names: Vec<String> = columns
        .iter()
        .filter(|column| column.kind == Some(Kind::Timestamp))
        .map(|column| format!("`{}`", column.name))
        .collect();
    if !names.is_empty() {
        bail!(
            "found timestamps ({}), but a recording does not say when its requests came, so nobody can tell how old they \
             were; expected other columns, or a file of training data and --as-of",
            names.join(", ")
        );
    }
    Ok(())
}

fn render(model: &Model) -> String {
    match &model.version {
        Some(version) => format!("`{}` in version {version}", model.name),
        None => format!("`{}`", model.name),
    }
}
