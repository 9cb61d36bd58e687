//! Load reports as a JSON object, as protobuf's JSON writes them; it keeps no text.

use super::{LoadMeasure, Malformed, NAMES, Report};
use driftline_wire::{
    field_table,
    fields::{FieldReader, FieldTable, Value},
    json::JsonEnd,
};

static FIELDS: FieldTable<LoadMeasure> = field_table!(in &COLUMNS.0, &COLUMNS.1);

/// [`NAMES`], by columns.
#[expect(
    clippy::indexing_slicing,
    reason = "a constant, so this runs in the compiler, where a panic is an error message"
)]
const COLUMNS: ([&str; NAMES.len()], [LoadMeasure; NAMES.len()]) = {
    let (mut paths, mut measures) = ([""; NAMES.len()], [LoadMeasure::ErrorRate; NAMES.len()]);
    let mut row = 0;
    while row < NAMES.len() {
        (paths[row], measures[row]) = NAMES[row];
        row += 1;
    }
    (paths, measures)
};

pub(super) fn read(json: &[u8]) -> Result<Report, Malformed> {
    let json = json.trim_ascii();
    // Any other value is JSON, and no report.
    if !json.starts_with(b"{") {
        return Err(Malformed);
    }
    let mut report = Report::default();
    let mut is_malformed = false;
    let mut reader = FieldReader::new(FIELDS);
    reader.read_shared(json, &mut |measure, value| match value {
        Value::Number(number) => is_malformed |= report.set(measure, number).is_err(),
        Value::Null => {}
        _ => is_malformed = true,
    });
    if is_malformed || reader.finish() != JsonEnd::Complete { Err(Malformed) } else { Ok(report) }
}
