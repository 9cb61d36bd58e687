//! Reads the rows of a Parquet file, only the columns asked for; it uses no Arrow.

#[cfg(test)]
mod tests;

use std::{
    cell, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use driftline_labels::Unbinned;
use driftline_profiler::{Cell, TableSink};
use driftline_statistics::value;
use parquet::{
    basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit},
    errors::ParquetError,
    file::{
        metadata::ParquetMetaData,
        reader::{FileReader as _, SerializedFileReader},
    },
    record::{Field, List},
    schema::types::Type,
};
use serde_json::Value;

use crate::error::{ProfilerError, refused};

/// What a column may hold.
const EXPECTED: &str =
    "numbers, true and false, text, dates, timestamps or lists of numbers; exclude it";
/// The library's own message is cut after this many characters, because it may quote a whole value.
const REASON_CHARS_MAX: usize = 200;

thread_local! {
    static IS_READING: cell::Cell<bool> = const { cell::Cell::new(false) };
}

/// Whether this thread reads a Parquet file. The library panics on some damaged files, and
/// [`from_file`](crate::from_file) turns that into an error, so a panic hook need not print it.
#[must_use]
pub fn is_reading_parquet() -> bool {
    IS_READING.get()
}

pub(super) fn read(file: fs::File, sink: &mut impl TableSink) -> Result<(), ProfilerError> {
    IS_READING.set(true);
    // What was read so far is dropped with the error.
    let read = catch_unwind(AssertUnwindSafe(|| read_rows(file, sink)));
    IS_READING.set(false);
    read.unwrap_or_else(|_| {
        Err(refused(format_args!("not readable as Parquet: the file is damaged; write it anew")))
    })
}

fn read_rows(file: fs::File, sink: &mut impl TableSink) -> Result<(), ProfilerError> {
    let bytes = file.metadata()?.len();
    let reader = SerializedFileReader::new(file)?;
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema();
    let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
    let names: Vec<String> =
        schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let pandas = metadata.key_value_metadata().into_iter().flatten();
    let pandas = pandas.filter(|it| it.key == "pandas").find_map(|it| it.value.as_deref());
    sink.index(index_columns(pandas));
    let chosen = sink.header(&names);
    let fields: Vec<_> = chosen
        .iter()
        .filter_map(|(column, _)| schema.get_fields().get(*column).map(Arc::clone))
        .collect();
    if fields.is_empty() && rows != 0 {
        // Without a column, the builder would see no row and report that instead.
        sink.note(format_args!(
            "found no column to watch among {}, expected at least one",
            names.len()
        ));
    }
    for field in &fields {
        if let Some(what) = unreadable(field) {
            sink.note(format_args!(
                "the column `{}` holds {what}; expected {EXPECTED}",
                field.name()
            ));
        } else if let Some(codec) = unknown_codec(reader.metadata(), field.name()) {
            sink.note(format_args!(
                "the column `{}` is compressed with {codec}; expected no compression, snappy, gzip, lz4 or zstd",
                field.name()
            ));
        }
    }
    if sink.gives_up() || fields.is_empty() {
        return Ok(());
    }
    let meanings: Vec<IntegerMeaning> =
        fields.iter().map(|field| IntegerMeaning::of(field)).collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build()?;
    let mut found = reader.get_row_iter(Some(projection))?;
    while sink.wants_rows() {
        let Some(row) = found.next() else { break };
        let row = row.map_err(|error| {
            refused(format_args!(
                "row {} is not readable as Parquet: {}",
                sink.rows() + 1,
                shortened(&error)
            ))
        })?;
        // A row's bytes are spread over the file, so its share of the rows is the best estimate.
        let so_far = (sink.rows() + 1).min(rows);
        let share = (u128::from(bytes) * u128::from(so_far) / u128::from(rows.max(1))) as u64;
        if let Some(place) = sink.next_row(None, share) {
            let cells = row.get_column_iter().zip(&meanings);
            sink.row(cells.map(|((_, field), meaning)| cell(field, *meaning)), place);
        }
    }
    Ok(())
}

/// The columns that are a data frame's index by its own description.
fn index_columns(pandas: Option<&str>) -> Vec<String> {
    let description = pandas.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let described = description.iter().flat_map(|it| it["index_columns"].as_array()).flatten();
    // An index that is a range has no column, and is described by an object.
    described.filter_map(Value::as_str).map(String::from).collect()
}

/// What the integers of a column mean, where the library has no type for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum IntegerMeaning {
    /// Numbers.
    Plain,
    /// Moments, in nanoseconds since 1970: what pandas writes.
    Nanoseconds,
    /// Nanoseconds since midnight.
    TimeOfDay,
}

impl IntegerMeaning {
    fn of(field: &Type) -> IntegerMeaning {
        match field.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(it)) if it.unit == TimeUnit::NANOS => {
                IntegerMeaning::Nanoseconds
            }
            Some(LogicalType::Time(it)) if it.unit == TimeUnit::NANOS => IntegerMeaning::TimeOfDay,
            _ => IntegerMeaning::Plain,
        }
    }
}

/// In words, what a column holds that can be no value. Such columns must not be read: the library panics on some.
fn unreadable(field: &Type) -> Option<&'static str> {
    let kind = field.get_basic_info().converted_type();
    if field.is_primitive() {
        return (kind == ConvertedType::INTERVAL).then_some("intervals");
    }
    match kind {
        ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE => Some("maps"),
        ConvertedType::LIST => {
            // A list within a list is a group, too, so only lists of plain values pass.
            let is_plain = |field: &Type| field.is_primitive() && unreadable(field).is_none();
            let is_repeated =
                |field: &Type| field.get_basic_info().repetition() == Repetition::REPEATED;
            let is_list = match field.get_fields() {
                [repeated] if is_repeated(repeated) && repeated.is_group() => {
                    matches!(repeated.get_fields(), [element] if is_plain(element) && !is_repeated(element))
                }
                [repeated] => is_repeated(repeated) && is_plain(repeated),
                _ => false,
            };
            (!is_list).then_some("lists of other things than numbers")
        }
        _ => Some("structures"),
    }
}

/// The codec of a column, if this build does not have it.
fn unknown_codec(metadata: &ParquetMetaData, name: &str) -> Option<&'static str> {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    columns
        .filter(|column| column.column_path().parts().first().is_some_and(|first| first == name))
        .find_map(|column| match column.compression() {
            Compression::BROTLI(_) => Some("brotli"),
            Compression::LZO => Some("lzo"),
            _ => None,
        })
}

fn cell(field: &Field, meaning: IntegerMeaning) -> Cell<'_> {
    match (field, meaning) {
        (Field::Long(since_1970), IntegerMeaning::Nanoseconds) => {
            Cell::Moment(*since_1970 as f64 / 1e9)
        }
        (Field::Long(_), IntegerMeaning::TimeOfDay) => Cell::Other("a time of day"),
        _ => cell_of(field),
    }
}

fn cell_of(field: &Field) -> Cell<'_> {
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
        Field::Float(number) => Cell::Single(*number),
        number => number_of(number).map_or(Cell::Other("a number that is none"), Cell::Number),
    }
}

fn vector(list: &List) -> Cell<'_> {
    // Old writers repeat the elements themselves, which the library returns as a list of lists. Real lists of lists
    // have been refused.
    let elements = list.elements().iter().flat_map(|element| match element {
        Field::ListInternal(inner) => inner.elements(),
        other => std::slice::from_ref(other),
    });
    Cell::list(elements.map(|element| match element {
        Field::Null => value::Cell::Unbinned(Unbinned::Null),
        Field::Bool(value) => value::Cell::Boolean(*value),
        Field::Str(text) => value::Cell::Text(text.as_bytes()),
        other => number_of(other).map_or(Cell::NO_ELEMENT, value::Cell::Number),
    }))
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
        // Its text is exact, and parsing rounds once.
        Field::Decimal(_) => field.to_string().parse().ok()?,
        _ => return None,
    })
}

impl From<ParquetError> for ProfilerError {
    fn from(error: ParquetError) -> ProfilerError {
        refused(format_args!("not readable as Parquet: {}", shortened(&error)))
    }
}

fn shortened(error: &ParquetError) -> String {
    let text = error.to_string();
    let end = text.char_indices().nth(REASON_CHARS_MAX).map(|(end, _)| end);
    end.map_or(text.clone(), |end| format!("{}...", &text[..end]))
}
