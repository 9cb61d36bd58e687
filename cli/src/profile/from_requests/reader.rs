//! Reads a recording exchange by exchange, and hands out the rows that the readers of the filter itself find in it.
//! It keeps no exchange.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, anyhow};
use driftline_metrics::series::Series;
use driftline_monitor::capture::{Captured, Value};
use driftline_profiler::{Cell, Place, Progress, Role};
use driftline_statistics::{profile::Kind, value::NullTexts};
use host_sim::Recording;

use super::{
    Taken,
    play::{Player, is_answered, lacks_bodies},
};

/// A column of the profile to be.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) role: Role,
    /// What its values are; `None` to find out.
    pub(super) kind: Option<Kind>,
}

/// What came for a column, in all rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    /// A number or a text.
    pub(super) value: bool,
    /// A list or an object where neither is looked for.
    pub(super) other: bool,
}

/// Reads recordings for the values of one model.
pub(super) struct Reader<'m> {
    player: &'m Player,
    model: &'m str,
    version: Option<&'m str>,
    /// Features, followed by the prediction if there is one.
    columns: Vec<Column>,
    /// What stands for a missing value.
    nulls: NullTexts,
    /// By column.
    pub(super) came: Vec<Came>,
    /// Which of these a series is; `None` for those of other models.
    known: HashMap<usize, Option<usize>>,
    pub(super) taken: Taken,
}

impl<'m> Reader<'m> {
    pub(super) fn new(
        player: &'m Player,
        model: &'m str,
        version: Option<&'m str>,
        columns: Vec<Column>,
        nulls: NullTexts,
    ) -> Reader<'m> {
        let came = vec![Came::default(); columns.len()];
        let (known, taken) = (HashMap::new(), Taken::default());
        Reader { player, model, version, columns, nulls, came, known, taken }
    }

    /// Hands out the rows of each exchange of the model, a cell per column.
    pub(super) fn read(
        &mut self,
        recording: &Path,
        progress: &mut dyn FnMut(Progress),
        take: &mut dyn FnMut(&[Cell<'_>], Place),
    ) -> anyhow::Result<()> {
        let file = File::open(recording)
            .with_context(|| format!("cannot open the recording {}", recording.display()))?;
        let (mut row, mut bytes) = (0, 0);
        let mut file = BufReader::new(file);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let while_reading = || format!("while reading {}", recording.display());
            let read = file.read_until(b'\n', &mut line).with_context(while_reading)?;
            if read == 0 {
                break;
            }
            if !line.ends_with(b"\n") && Recording::is_cut(&line) {
                self.taken.cut_line = Some(number);
                break;
            }
            bytes += read as u64;
            progress(Progress { reading: 1, rows: row, bytes });
            let line = std::str::from_utf8(&line).map_err(|_| {
                anyhow!("{} is no UTF-8 text: see line {number}", recording.display())
            })?;
            let recordings = Recording::from_json_lines(line).map_err(|error| {
                // It was given one line.
                anyhow!(
                    "{}: {}",
                    recording.display(),
                    error.to_string().replace("line 1", &format!("line {number}"))
                )
            })?;
            for exchange in recordings {
                let values = self.values(&exchange);
                let rows = values.iter().map(Vec::len).max().unwrap_or(0);
                for index in 0..rows {
                    row += 1;
                    let cells: Vec<Cell<'_>> = values
                        .iter()
                        .zip(&self.columns)
                        .map(|(values, column)| {
                            let value = values.get(index);
                            value
                                .and_then(|value| cell(value, column.kind, &self.nulls))
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
    fn values(&mut self, recording: &Recording) -> Vec<Vec<Value>> {
        let mut values = vec![Vec::new(); self.columns.len()];
        if lacks_bodies(recording) {
            self.taken.without_bodies += 1;
            return values;
        }
        if !is_answered(recording) {
            self.taken.failed += 1;
            return values;
        }
        self.player.play(recording);
        let mut any = false;
        for Captured { column, value } in self.player.captured() {
            let Some(column) = self.column(column.index()) else { continue };
            any = true;
            let Column { name, kind, .. } = &self.columns[column];
            let came = &mut self.came[column];
            match value {
                Value::None("wrong_type") => came.other = true,
                Value::None(_) => {}
                _ => came.value = true,
            }
            let reason = match value {
                Value::None(reason) => Some(reason),
                ref value if cell(value, *kind, &self.nulls).is_none() => Some("wrong_type"),
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
        let found = self.player.series.get(series).and_then(|series| {
            let version = self.version.unwrap_or("");
            if label(series, "model") != self.model || label(series, "version") != version {
                return None;
            }
            let (role, feature) = (label(series, "role"), label(series, "feature"));
            self.columns.iter().position(|column| match column.role {
                Role::Feature => role == "feature" && feature == column.name,
                Role::Prediction => role == "prediction" && feature == "prediction",
                // Requests have none.
                Role::Score | Role::Kpi => false,
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

/// What a value is to the profiler, which infers the column's kind if it is not given; `None` if it is of another type
/// than its column.
fn cell<'v>(value: &'v Value, kind: Option<Kind>, nulls: &NullTexts) -> Option<Cell<'v>> {
    let cell = match (value, kind) {
        (Value::None(_), _) => Cell::Null,
        (Value::Text(text), _) => Cell::Text(text),
        (Value::Untyped(text), _) => Cell::Untyped(text),
        (Value::Number(number), Some(Kind::TextLength)) => Cell::Length(*number),
        (Value::Number(number), Some(Kind::Timestamp)) => Cell::Age(*number),
        (Value::Number(number), Some(Kind::VectorNorm)) => Cell::Norm(*number),
        (Value::Number(number), _) => Cell::Number(*number),
    };
    // A fraction among integers is no other type: the profiler refuses it.
    let kind = kind.map(|kind| if kind == Kind::Integer { Kind::Number } else { kind });
    kind.is_none_or(|kind| cell.fits(kind, nulls)).then_some(cell)
}
