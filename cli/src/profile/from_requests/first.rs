//! Finds the columns of a model that has no profile yet in its traffic; it counts no row.
//!
//! It lets the filter's own readers go through the recording with a provisional profile in the configuration: once with
//! one column, to note what else they look up, and once with all, to see what comes for each.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use driftline_monitor::{
    capture::{Unlisted, language_features},
    config::{Config, Model, ModelKind},
};
use driftline_profiler::{
    Built, Cell, ColumnOptions, Place, ProfileBuilder, Progress, Role, Settings, to_text,
};
use driftline_profiler_files::ProfilerError;
use driftline_statistics::{document::Problems, profile::Kind};
use serde_json::{Value, json};

use super::{
    Column, PREDICTION, Plan, Wanted,
    play::Player,
    reader::{Came, Reader},
};

/// The only column of the first reading, at position 0. No column has this name.
const PLACEHOLDER: &str = "driftline-finds-columns";

/// A model without a profile, and the recording of its traffic.
struct Search<'s> {
    recording: &'s Path,
    json: Value,
    at: usize,
    model: &'s Model,
    wanted: &'s Wanted,
}

/// What to read for the first profile of a model.
///
/// # Errors
///
/// Traffic that has no column, and options for columns that are not there.
pub(super) fn plan(
    recording: &Path,
    json: &[u8],
    at: usize,
    model: &Model,
    wanted: &Wanted,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Plan> {
    let json = serde_json::from_slice(json).context("--config")?;
    let mut search = Search { recording, json, at, model, wanted };
    match model.kind {
        ModelKind::Language => search.language(progress),
        ModelKind::Predictive => search.predictive(progress),
    }
}

impl Search<'_> {
    /// The features that Driftline knows of requests and answers, as far as they came.
    fn language(&self, progress: &mut dyn FnMut(Progress)) -> anyhow::Result<Plan> {
        let columns: Vec<Column> = language_features()
            .map(|(name, kind)| Column { name: name.into(), role: Role::Feature, kind: Some(kind) })
            .collect();
        let mut notes = Vec::new();
        let columns = self.without_unwanted(columns)?;
        let (came, _) = self.read(&columns, progress)?;
        let columns = keep_those_that_came(columns, &came, &mut notes);
        self.finish(columns, notes)
    }

    fn predictive(&mut self, progress: &mut dyn FnMut(Progress)) -> anyhow::Result<Plan> {
        let declared = self.declared();
        let mut notes = Vec::new();
        let names = match declared.is_empty() {
            true => self.find(progress, &mut notes)?,
            false if !self.wanted.exclude.is_empty() => bail!(
                "--exclude is for columns that are found; here `features` of the model in --config says which there are"
            ),
            false => declared,
        };
        let mut columns: Vec<Column> =
            names.into_iter().map(|name| self.column(name, Role::Feature)).collect();
        columns.push(self.column(PREDICTION.into(), Role::Prediction));
        let mut columns = self.without_unwanted(columns)?;
        let (came, unlisted) = self.read(&columns, progress)?;
        let prediction = came.last().filter(|came| !came.value && !came.other);
        if prediction.is_some() {
            columns.pop();
            notes.push(String::from(
                "no prediction: found none where answers usually have it; `prediction` of the model in --config says where",
            ));
        }
        for (column, came) in columns.iter_mut().zip(&came) {
            let is_list = (came.other && !came.value) || unlisted.wide.contains(&column.name);
            if column.kind.is_none() && is_list {
                column.kind = Some(Kind::VectorNorm);
            }
        }
        self.finish(columns, notes)
    }

    fn column(&self, name: String, role: Role) -> Column {
        let said = self.wanted.kinds.iter().find(|(known, _)| *known == name);
        Column { role, kind: said.map(|(_, kind)| *kind), name }
    }

    /// The features that the entry names.
    fn declared(&self) -> Vec<String> {
        let features = self.json["models"][self.at]["features"].as_array();
        let names = features.into_iter().flatten().filter_map(|feature| feature["name"].as_str());
        names.map(String::from).collect()
    }

    /// Finds what columns requests have.
    fn find(
        &mut self,
        progress: &mut dyn FnMut(Progress),
        notes: &mut Vec<String>,
    ) -> anyhow::Result<Vec<String>> {
        let placeholder = Column { name: PLACEHOLDER.into(), role: Role::Feature, kind: None };
        let prediction = Column { name: PREDICTION.into(), role: Role::Prediction, kind: None };
        let (came, Unlisted { names, width, .. }) =
            self.read(&[placeholder, prediction], progress)?;
        let first = came.first().copied().unwrap_or_default();
        let width = width.max(usize::from(first.value || first.other));
        if names.is_empty() && width == 0 {
            bail!(
                "no profile was made of {}: found no column in the requests to `{}`; `features` of the model in --config \
                 can say where they are",
                self.recording.display(),
                self.model.name
            );
        }
        // A name alone with rows of several values is that of a tensor, not of a column.
        let is_one_tensor = names.len() == 1 && 1 < width;
        let is_named = !names.is_empty() && !is_one_tensor;
        if is_named {
            return Ok(names);
        }
        let names: Vec<String> = (0..width).map(|position| format!("column_{position}")).collect();
        notes.push(format!(
            "named by position, because requests name no column: `column_0` to `column_{}`; `features` of the model in \
             --config can name them, in this order: [{{\"name\": ...}}, ...]",
            width.saturating_sub(1)
        ));
        if !self.wanted.exclude.is_empty() {
            // What stays does not stand where its place in the profile would say.
            let stays = |name: &&String| !self.wanted.exclude.contains(name);
            let places = names.iter().enumerate().filter(|(_, name)| stays(name));
            let places: Vec<Value> =
                places.map(|(position, name)| json!({"name": name, "column": position})).collect();
            notes.push(format!(
                "columns are left out between others, so the model in --config needs \"features\": {}",
                Value::from(places.clone())
            ));
            self.json["models"][self.at]["features"] = places.into();
        }
        Ok(names)
    }

    /// Leaves out what is excluded; refuses what was said of columns that are not there.
    fn without_unwanted(&self, mut columns: Vec<Column>) -> anyhow::Result<Vec<Column>> {
        let mut problems = Problems::default();
        let Wanted { exclude, kinds, value_bins, .. } = self.wanted;
        let exclude = exclude.iter().map(|name| (name, "exclude"));
        let kinds = kinds.iter().map(|(name, _)| (name, "give a type"));
        let value_bins = value_bins.iter().map(|name| (name, "bin by value"));
        for (name, what) in exclude.chain(kinds).chain(value_bins) {
            if !columns.iter().any(|column| column.name == *name) {
                let known: Vec<String> =
                    columns.iter().map(|column| format!("`{}`", column.name)).collect();
                let known = known.join(", ");
                problems.add(
                    &driftline_statistics::document::Path::ROOT,
                    format_args!("found no column `{name}` to {what}, the columns are {known}"),
                );
            }
        }
        if !problems.is_empty() {
            return Err(self.refused(problems));
        }
        columns.retain(|column| !self.wanted.exclude.contains(&column.name));
        Ok(columns)
    }

    /// Reads the recording for these columns: what came for each, and what was not looked for.
    fn read(
        &self,
        columns: &[Column],
        progress: &mut dyn FnMut(Progress),
    ) -> anyhow::Result<(Vec<Came>, Unlisted)> {
        let config = self.provisional(columns)?;
        let player = Player::capturing(config, true);
        let version = self.model.version.as_deref();
        let nulls = self.wanted.settings.nulls();
        let mut reader = Reader::new(&player, &self.model.name, version, columns.to_vec(), nulls);
        reader.read(self.recording, progress, &mut |_, _| {})?;
        let unlisted = player.session.layout().unlisted(&self.model.name, version);
        if reader.taken.exchanges == 0 && unlisted == Unlisted::default() {
            let other = match self.model.kind {
                ModelKind::Language => "language",
                ModelKind::Predictive => "predictive",
            };
            return Err(reader.taken.nothing(self.recording).context(format!(
                "--config says that `{}` is of the type `{other}` (a model without `type` and profile is `language`)",
                self.model.name
            )));
        }
        Ok((reader.came, unlisted))
    }

    /// The configuration with a profile of these columns, which is good for nothing but to look for them.
    fn provisional(&self, columns: &[Column]) -> anyhow::Result<Config> {
        let settings = Settings::of(&self.model.name);
        let version = self.model.version.clone();
        let mut builder = ProfileBuilder::new(Settings { version, ..settings });
        for Column { name, role, kind } in columns {
            let kind = Some(kind.unwrap_or(Kind::Number));
            builder.column(name, *role, ColumnOptions { kind, bin_by_value: false });
        }
        let cells = columns.iter().map(|column| match column.kind {
            None | Some(Kind::Number | Kind::Integer) => Cell::Number(0.0),
            Some(Kind::Boolean) => Cell::Boolean(false),
            Some(Kind::Category) => Cell::Text("-"),
            Some(Kind::TextLength) => Cell::Length(1.0),
            Some(Kind::Timestamp) => Cell::Age(0.0),
            Some(Kind::VectorNorm) => Cell::Norm(0.0),
        });
        builder.row(cells, Place { row: 1, line: None });
        let profile = match builder.build().map_err(|problems| self.refused(problems))? {
            Built::Profile(profile) => profile,
            Built::ReadAgain(_) => bail!("one row is more than fits"),
        };
        let mut json = self.json.clone();
        let entry = &mut json["models"][self.at];
        entry["profile"] = serde_json::from_str(&to_text(&profile))?;
        if profile.prediction.is_none()
            && let Some(entry) = entry.as_object_mut()
        {
            entry.remove("prediction");
        }
        entry["type"] = match self.model.kind {
            ModelKind::Language => "language".into(),
            ModelKind::Predictive => "predictive".into(),
        };
        Config::from_json(json.to_string().as_bytes())
            .map_err(|error| anyhow!("--config with the columns that were found: {error}"))
    }

    fn finish(&self, columns: Vec<Column>, notes: Vec<String>) -> anyhow::Result<Plan> {
        let config = self.provisional(&columns)?;
        let entry_version = self.model.version.clone();
        let version = entry_version.clone().or_else(|| self.wanted.settings.version.clone());
        Ok(Plan { config, entry_version, version, columns, notes })
    }

    fn refused(&self, problems: Problems) -> anyhow::Error {
        super::super::explain(ProfilerError::Refused(problems), self.recording)
    }
}

/// Leaves out what no exchange had.
fn keep_those_that_came(
    columns: Vec<Column>,
    came: &[Came],
    notes: &mut Vec<String>,
) -> Vec<Column> {
    let (kept, lost): (Vec<_>, Vec<_>) =
        columns.into_iter().zip(came).partition(|(_, came)| came.value);
    let lost: Vec<String> = lost.iter().map(|(column, _)| format!("`{}`", column.name)).collect();
    if !lost.is_empty() {
        notes.push(format!("left out: {}, which no exchange had", lost.join(", ")));
    }
    kept.into_iter().map(|(column, _)| column).collect()
}
