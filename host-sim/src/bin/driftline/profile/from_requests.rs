//! Makes a profile from recorded traffic, with the readers of the filter itself; it plays nothing to anybody.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use driftline_core::{
    config::{Config, Model},
    exchange::{Exchange, RequestHead, ResponseHead},
    ledger::Ledger,
    monitor::Monitor,
    profile::{Kind, Profile},
    series::Series,
    tap::{Tapped, Value},
    time::Timestamp,
};
use driftline_profiler::{
    Built, Cell, Made, Place, ProfileBuilder, ProfilerError, Role, Settings, Wish,
};
use host_sim::{Recording, Step};

use crate::inputs::read;

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
        let mut unfit: Vec<_> = self.unfit.iter().collect();
        unfit.sort_unstable();
        notes.extend(unfit.into_iter().map(|((column, reason), count)| {
            format!("counted as null: {count} values of `{column}`, because of {reason}")
        }));
        notes
    }
}

/// Reads the recording, twice if there are more values than fit, and makes a profile of the same columns as the one
/// that the model has in the configuration.
///
/// # Errors
///
/// A configuration or recording that cannot be read, a model that the configuration has no profile of, and what the
/// builder refuses.
pub(super) fn made(
    recording: &Path,
    config: &Path,
    settings: Settings,
) -> anyhow::Result<(Made, Taken)> {
    let json = read(config, "--config")?;
    let config =
        Config::from_json(&json).with_context(|| format!("--config {}", config.display()))?;
    let (model, profile) = model(&config, &settings)?;
    refuse_timestamps(profile)?;
    let monitor = Monitor::new(&config);
    let mut reader = Reader::new(&monitor, model, profile);
    let mut builder = ProfileBuilder::new(Settings {
        version: model.version.clone().or_else(|| profile.version.clone()),
        ..settings
    });
    for (name, role, kind) in &reader.columns {
        builder.column(name, *role, Wish { kind: Some(*kind), bin_by_value: false });
    }
    reader.read(recording, &mut |cells, place| builder.row(cells.iter().copied(), place))?;
    let taken = std::mem::take(&mut reader.taken);
    if taken.exchanges == 0 {
        bail!(
            "no profile was made of {}: found no exchange of the model with bodies and a whole answer \
             ({} of other models or paths, {} without an answer of success, {} recorded without bodies; \
             `driftline serve --record FILE --record-bodies` records them)",
            recording.display(),
            taken.others,
            taken.failed,
            taken.without_bodies
        );
    }
    let sampled = builder.sampled();
    let refused = |problems| super::explain(ProfilerError::Refused(problems), recording);
    let profile = match builder.build().map_err(refused)? {
        Built::Profile(profile) => profile,
        Built::ReadAgain(mut recount) => {
            reader
                .read(recording, &mut |cells, place| recount.row(cells.iter().copied(), place))?;
            recount.build().map_err(refused)?
        }
    };
    Ok((Made { profile, nameless: Vec::new(), sampled }, taken))
}

fn model<'c>(config: &'c Config, settings: &Settings) -> anyhow::Result<(&'c Model, &'c Profile)> {
    let fits = |model: &&Model| {
        model.name == settings.model
            && (settings.version.is_none() || model.version == settings.version)
    };
    let known = || {
        let with_profile = config.models.iter().filter(|model| model.profile.is_some());
        let names: Vec<String> = with_profile.map(shown).collect();
        names.join(", ")
    };
    let found =
        config.models.iter().filter(fits).find_map(|model| Some((model, model.profile.as_ref()?)));
    found.ok_or_else(|| {
        anyhow!(
            "--config has no profile of the model `{}`{}, whose columns the new one would have; it has those of {}",
            settings.model,
            settings.version.as_ref().map_or(String::new(), |version| format!(" in version {version}")),
            if known().is_empty() { "none".into() } else { known() }
        )
    })
}

/// A recording does not say on which day it was made.
fn refuse_timestamps(profile: &Profile) -> anyhow::Result<()> {
    let columns = profile.features.iter().map(|feature| (feature.name.as_str(), &feature.column));
    let columns = columns.chain(profile.prediction.iter().map(|column| ("prediction", column)));
    let names: Vec<String> = columns
        .filter(|(_, column)| column.kind == Kind::Timestamp)
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if !names.is_empty() {
        bail!(
            "the profile in --config has timestamps ({}), and a recording does not say when its requests came, so \
             nobody can tell how old they were; expected a profile of other columns, or a file of training data and \
             --as-of",
            names.join(", ")
        );
    }
    Ok(())
}

fn shown(model: &Model) -> String {
    match &model.version {
        Some(version) => format!("`{}` in version {version}", model.name),
        None => format!("`{}`", model.name),
    }
}

struct Reader<'m> {
    monitor: &'m Monitor,
    model: &'m Model,
    /// Features, and behind them the prediction if there is one.
    columns: Vec<(String, Role, Kind)>,
    /// Which of these a series is; `None` for those of other models.
    known: HashMap<usize, Option<usize>>,
    taken: Taken,
}

impl<'m> Reader<'m> {
    fn new(monitor: &'m Monitor, model: &'m Model, profile: &Profile) -> Reader<'m> {
        let features = profile.features.iter();
        let features =
            features.map(|feature| (feature.name.clone(), Role::Feature, feature.column.kind));
        let prediction = profile.prediction.iter();
        let prediction =
            prediction.map(|column| (String::from("prediction"), Role::Prediction, column.kind));
        let columns = features.chain(prediction).collect();
        Reader { monitor, model, columns, known: HashMap::new(), taken: Taken::default() }
    }

    /// Hands out the rows of each exchange of the model, a cell per column.
    fn read(
        &mut self,
        recording: &Path,
        take: &mut dyn FnMut(&[Cell<'_>], Place),
    ) -> anyhow::Result<()> {
        let file = File::open(recording)
            .with_context(|| format!("cannot open the recording {}", recording.display()))?;
        let mut ledger = Ledger::new(self.monitor.series_max());
        ledger.open_tap();
        let mut row = 0;
        for (line, number) in BufReader::new(file).lines().zip(1..) {
            let line = line.with_context(|| format!("while reading {}", recording.display()))?;
            let recordings = Recording::from_json_lines(&line).map_err(|error| {
                // It was given one line.
                anyhow!(
                    "{}: {}",
                    recording.display(),
                    error.to_string().replace("line 1", &format!("line {number}"))
                )
            })?;
            for exchange in recordings {
                let values = self.values(&exchange, &mut ledger);
                let rows = values.iter().map(Vec::len).max().unwrap_or(0);
                for index in 0..rows {
                    row += 1;
                    let cells: Vec<Cell<'_>> = values
                        .iter()
                        .zip(&self.columns)
                        .map(|(values, (_, _, kind))| {
                            values
                                .get(index)
                                .and_then(|value| cell(value, *kind))
                                .unwrap_or(Cell::Null)
                        })
                        .collect();
                    take(&cells, Place { row, line: Some(number) });
                }
            }
        }
        Ok(())
    }

    /// The values of each column in an exchange, row by row; none if the exchange does not count.
    fn values(&mut self, recording: &Recording, ledger: &mut Ledger) -> Vec<Vec<Value>> {
        let mut values = vec![Vec::new(); self.columns.len()];
        if lacks_bodies(recording) {
            self.taken.without_bodies += 1;
            return values;
        }
        if !is_answered(recording) {
            self.taken.failed += 1;
            return values;
        }
        play(recording, self.monitor, ledger);
        ledger.drain(|_, _| {});
        let mut any = false;
        for Tapped { column, value } in ledger.tapped() {
            let Some(column) = self.column(column.index()) else { continue };
            any = true;
            let (name, _, kind) = &self.columns[column];
            let reason = match value {
                Value::None(reason) => Some(reason),
                ref value if cell(value, *kind).is_none() => Some("wrong_type"),
                _ => None,
            };
            if let Some(reason) = reason.filter(|reason| !matches!(*reason, "null" | "missing")) {
                *self.taken.unfit.entry((name.clone(), reason)).or_default() += 1;
            }
            values[column].push(value);
        }
        *(if any { &mut self.taken.exchanges } else { &mut self.taken.others }) += 1;
        values
    }

    /// The column that a series is of.
    fn column(&mut self, series: usize) -> Option<usize> {
        if let Some(known) = self.known.get(&series) {
            return *known;
        }
        let found = self.monitor.series().get(series).and_then(|series| {
            let version = self.model.version.as_deref().unwrap_or("");
            if label(series, "model") != self.model.name || label(series, "version") != version {
                return None;
            }
            let (role, feature) = (label(series, "role"), label(series, "feature"));
            self.columns.iter().position(|(name, of, _)| match of {
                Role::Feature => role == "feature" && feature == name,
                Role::Prediction => role == "prediction",
            })
        });
        self.known.insert(series, found);
        found
    }
}

fn label<'s>(series: &'s Series, name: &str) -> &'s str {
    let mut labels = series.labels.iter();
    labels.find(|(label, _)| label.name() == name).map_or("", |(_, value)| value)
}

/// Whether a part of a body is known by its length alone.
fn lacks_bodies(recording: &Recording) -> bool {
    recording.steps.iter().any(|step| match step {
        Step::RequestData { size, body, .. } | Step::ResponseData { size, body, .. } => {
            *size != 0 && body.is_none()
        }
        _ => false,
    })
}

/// Whether a whole answer of success came. What a model did not answer is no part of a golden period.
fn is_answered(recording: &Recording) -> bool {
    let mut is_success = false;
    let mut has_ended = false;
    for step in &recording.steps {
        match step {
            Step::Response { status, ended, .. } => {
                is_success = (200..300).contains(status);
                has_ended = *ended;
            }
            Step::ResponseEnd { .. } | Step::ResponseTrailers { .. } => has_ended = true,
            _ => {}
        }
    }
    is_success && has_ended
}

/// Tells an exchange to the filter's core as the filter would.
fn play(recording: &Recording, monitor: &Monitor, ledger: &mut Ledger) {
    let values = values_of(&recording.headers, monitor.request_headers());
    let head = RequestHead {
        method: recording.method.as_bytes(),
        path: recording.path.as_bytes(),
        content_type: header(&recording.headers, "content-type"),
        content_encoding: header(&recording.headers, "content-encoding"),
        values: &values,
        ..RequestHead::default()
    };
    let Some(mut exchange) = Exchange::start(monitor, ledger, Timestamp(0), &head) else { return };
    for step in &recording.steps {
        match step {
            Step::RequestData { .. } => exchange.request_body(monitor, ledger, &step.data()),
            Step::RequestEnd { .. } | Step::RequestTrailers { .. } => exchange.request_end(),
            Step::Response { status, headers, ended, .. } => {
                let values = values_of(headers, monitor.response_headers());
                let head = ResponseHead {
                    status: Some(*status),
                    content_type: header(headers, "content-type"),
                    content_encoding: header(headers, "content-encoding"),
                    values: &values,
                    grpc_status: grpc_status(headers),
                    ..ResponseHead::default()
                };
                exchange.response_head(monitor, ledger, &head);
                if *ended {
                    exchange.response_end();
                }
            }
            Step::ResponseData { .. } => {
                exchange.response_body(monitor, ledger, Timestamp(0), &step.data());
            }
            Step::ResponseTrailers { trailers, .. } => {
                exchange.response_trailers(grpc_status(trailers));
                exchange.response_end();
            }
            Step::ResponseEnd { .. } => exchange.response_end(),
            Step::ClientAborts { .. }
            | Step::UpstreamResets { .. }
            | Step::UpstreamUnreachable { .. }
            | Step::TimesOut { .. } => {}
        }
    }
    exchange.finish(monitor, ledger, Timestamp(0), 0);
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h [u8]> {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_bytes())
}

fn values_of(headers: &[(String, String)], names: &[Box<str>]) -> Vec<Option<Vec<u8>>> {
    names.iter().map(|name| header(headers, name).map(<[u8]>::to_vec)).collect()
}

fn grpc_status(headers: &[(String, String)]) -> Option<u32> {
    str::from_utf8(header(headers, "grpc-status")?).ok()?.parse().ok()
}

/// What a value is to the profiler; `None` if it is of another type than its column.
fn cell(value: &Value, kind: Kind) -> Option<Cell<'_>> {
    let cell = match (value, kind) {
        (Value::None(_), _) => Cell::Null,
        (Value::Text(text), Kind::Category) => Cell::Text(text),
        (Value::Written(text), kind) => Cell::from_text_of(text, Some(kind)),
        (Value::Number(number), Kind::Boolean) if matches!(*number, 0.0 | 1.0) => {
            Cell::Boolean(*number == 1.0)
        }
        (Value::Number(number), Kind::TextLength) => Cell::Length(*number),
        (Value::Number(number), Kind::Timestamp) => Cell::Age(*number),
        (Value::Number(number), Kind::VectorNorm) => Cell::List(*number),
        (Value::Number(number), Kind::Number | Kind::Integer) => Cell::Number(*number),
        (Value::Text(_), _) | (Value::Number(_), Kind::Boolean | Kind::Category) => return None,
    };
    let is_text = matches!(cell, Cell::Text(_));
    (!is_text || matches!(kind, Kind::Category | Kind::TextLength)).then_some(cell)
}
