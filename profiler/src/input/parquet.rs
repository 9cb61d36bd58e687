//! Reads the rows of a Parquet file, of the columns that are asked for alone; it knows no Arrow.

use std::{fs, sync::Arc};

use parquet::{
    errors::ParquetError,
    file::reader::{FileReader as _, SerializedFileReader},
    record::{Field, List},
    schema::types::Type,
};

use super::{ProfilerError, chosen, reading::Reading, refused};
use crate::{Cell, cell::norm};

pub(super) fn read(file: fs::File, reading: &mut Reading<'_>) -> Result<(), ProfilerError> {
    let bytes = file.metadata()?.len();
    let reader = SerializedFileReader::new(file)?;
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema();
    let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
    let names: Vec<String> =
        schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    chosen::check(&names, reading.options, &mut reading.problems);
    let mut fields = Vec::new();
    for field in schema.get_fields() {
        if field.name().is_empty() {
            reading.nameless.push(fields.len() + 1);
        } else if let Some((role, wish)) = chosen::role(field.name(), reading.options) {
            reading.column(field.name(), role, wish);
            fields.push(Arc::clone(field));
        }
    }
    if !reading.problems.is_empty() || fields.is_empty() {
        return Ok(());
    }
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build()?;
    let mut found = reader.get_row_iter(Some(projection))?;
    while reading.goes_on() {
        let Some(row) = found.next() else { break };
        let row = row?;
        // Bytes of rows lie in pieces all over the file, so a share is the best that can be told.
        let so_far = (reading.rows() + 1).min(rows);
        let share = (u128::from(bytes) * u128::from(so_far) / u128::from(rows.max(1))) as u64;
        if let Some(place) = reading.next(None, share) {
            reading.take(row.get_column_iter().map(|(_, field)| cell(field)), place);
        }
    }
    Ok(())
}

fn cell(field: &Field) -> Cell<'_> {
    match field {
        Field::Null => Cell::Null,
        Field::Bool(value) => Cell::Boolean(*value),
        Field::Str(text) => Cell::Text(text),
        Field::ListInternal(list) => vector(list),
        Field::Bytes(_) => Cell::Other("bytes"),
        Field::Group(_) => Cell::Other("a structure"),
        Field::MapInternal(_) => Cell::Other("a map"),
        Field::Date(days) => Cell::Moment(f64::from(*days) * 86_400.0),
        Field::TimestampMillis(since_1970) => Cell::Moment(*since_1970 as f64 / 1e3),
        Field::TimestampMicros(since_1970) => Cell::Moment(*since_1970 as f64 / 1e6),
        Field::TimeMillis(_) | Field::TimeMicros(_) => Cell::Other("a time of day"),
        number => number_of(number).map_or(Cell::Other("a number that is none"), |x| {
            // Data frames write a missing number as NaN.
            if x.is_nan() { Cell::Null } else { Cell::Number(x) }
        }),
    }
}

fn vector(list: &List) -> Cell<'_> {
    let numbers: Option<Vec<f64>> = list.elements().iter().map(number_of).collect();
    numbers.map_or(Cell::Other("a list of other things than numbers"), |n| Cell::List(norm(n)))
}

/// The nearest double.
fn number_of(field: &Field) -> Option<f64> {
    Some(match field {
        Field::Byte(x) => f64::from(*x),
        Field::Short(x) => f64::from(*x),
        Field::Int(x) => f64::from(*x),
        Field::Long(x) => *x as f64,
        Field::UByte(x) => f64::from(*x),
        Field::UShort(x) => f64::from(*x),
        Field::UInt(x) => f64::from(*x),
        Field::ULong(x) => *x as f64,
        Field::Float16(x) => x.to_f64(),
        Field::Float(x) => f64::from(*x),
        Field::Double(x) => *x,
        // Its text is exact, and reading text rounds once.
        Field::Decimal(_) => field.to_string().parse().ok()?,
        _ => return None,
    })
}

impl From<ParquetError> for ProfilerError {
    fn from(error: ParquetError) -> ProfilerError {
        refused(format_args!("not readable as Parquet: {error}"))
    }
}
