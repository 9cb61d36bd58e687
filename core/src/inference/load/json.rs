//! Load reports as a JSON object, as protobuf's JSON writes them; it keeps no text.

use super::{LoadMeasure, Malformed, NAMES, Report};
use driftline_wire::{
    fields::{Field, FieldReader, Value},
    json::JsonEnd,
};

#[expect(
    clippy::indexing_slicing,
    reason = "a constant, so this runs in the compiler, where a panic is an error message"
)]
static FIELDS: [Field<LoadMeasure>; NAMES.len()] = {
    let mut fields = [Field::at(NAMES[0].0, NAMES[0].1); NAMES.len()];
    let mut row = 1;
    while row < NAMES.len() {
        fields[row] = Field::at(NAMES[row].0, NAMES[row].1);
        row += 1;
    }
    fields
};

pub(super) fn read(json: &[u8]) -> Result<Report, Malformed> {
    let json = json.trim_ascii();
    // Any other value is JSON, and no report.
    if !json.starts_with(b"{") {
        return Err(Malformed);
    }
    let mut report = Report::default();
    let mut is_malformed = false;
    let mut reader = FieldReader::new(&FIELDS);
    reader.read(json, &mut |measure, value| match value {
        Value::Number(number) => is_malformed |= report.set(measure, number).is_err(),
        Value::Null => {}
        _ => is_malformed = true,
    });
    if is_malformed || reader.finish() != JsonEnd::Complete { Err(Malformed) } else { Ok(report) }
}
