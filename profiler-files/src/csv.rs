//! Reads comma-separated values: a header, and a record per row. It does not decide what a cell means.

mod quotes;

use std::{borrow::Cow, io, str::Utf8Error};

use csv::{ByteRecord, ReaderBuilder};
use driftline_profiler::{Cell, TableSink, with_decimal_point};
use driftline_statistics::profile::Kind;

use self::quotes::Quotes;
use crate::error::{ProfilerError, refused};

pub(super) fn read(source: impl io::Read, sink: &mut impl TableSink) -> Result<(), ProfilerError> {
    let (separator, decimal_comma) = (sink.separator(), sink.has_decimal_comma());
    // `flexible`, because the crate's own error would end reading at the first ragged row.
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator.unwrap_or(b','))
        .from_reader(Quotes::new(source));
    let mut record = ByteRecord::new();
    let mut has_blank_before_quote = false;
    if !reader.read_byte_record(&mut record)? {
        return Err(refused(format_args!(
            "found an empty file, expected a header with the names of the columns"
        )));
    }
    let names = names(&record, separator)?;
    let columns = sink.header(&names);
    if sink.gives_up() {
        return Ok(());
    }

    while sink.wants_rows() && reader.read_byte_record(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let Some(place) = sink.next_row(Some(line), reader.position().byte()) else { continue };
        if record.len() != names.len() {
            sink.note(format_args!(
                "{place} has {} cells, expected {} as in the header",
                record.len(),
                names.len()
            ));
            continue;
        }
        let texts: Result<Vec<Cow<'_, str>>, _> = columns
            .iter()
            .map(|(index, said)| {
                let text = str::from_utf8(record.get(*index).unwrap_or_default())?;
                Ok::<_, Utf8Error>(with_point(text, said.kind, decimal_comma))
            })
            .collect();
        match texts {
            Ok(texts)
                if !has_blank_before_quote && texts.iter().any(|it| is_quoted_after_blank(it)) =>
            {
                has_blank_before_quote = true;
                sink.note(format_args!(
                    "{place} has a blank before a quote, which makes the quotes part of the cell; \
                     expected quotes right after the separator; sed 's/, *\"/,\"/g' FILE removes the blanks"
                ));
            }
            Ok(texts) => {
                sink.row(texts.iter().map(|text| Cell::Untyped(text)), place);
            }
            Err(_) => sink.note(format_args!(
                "{place} holds bytes that are no UTF-8; expected a file in UTF-8"
            )),
        }
    }
    if let Some(line) = reader.get_ref().open_since_line(reader.position().byte()) {
        sink.note(format_args!(
            "found a quote that opens in line {line} and never closes, so that all rows after it are one cell"
        ));
    }
    Ok(())
}

/// Whether a cell would be quoted but for blanks before its first quote.
fn is_quoted_after_blank(text: &str) -> bool {
    let trimmed = text.trim();
    let is_quoted = 1 < trimmed.len() && trimmed.starts_with('"') && trimmed.ends_with('"');
    is_quoted && text.starts_with(char::is_whitespace)
}

/// A cell whose number has a comma before its fraction, if cells have, with a point in its place.
fn with_point(text: &str, kind: Option<Kind>, decimal_comma: bool) -> Cow<'_, str> {
    let is_text = matches!(kind, Some(Kind::Category | Kind::TextLength | Kind::VectorNorm));
    let text_with_point = (decimal_comma && !is_text).then(|| with_decimal_point(text)).flatten();
    text_with_point.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The names of the columns, without the blanks around them.
fn names(header: &ByteRecord, separator: Option<u8>) -> Result<Vec<String>, ProfilerError> {
    let names: Result<Vec<String>, _> =
        header.iter().map(|name| str::from_utf8(name).map(|name| name.trim().to_owned())).collect();
    let Ok(names) = names else {
        return Err(refused(format_args!(
            "the header holds bytes that are no UTF-8; expected a file in UTF-8"
        )));
    };
    // Some programs write these and call it CSV; every row would be one text.
    let others = [(';', "semicolons", "';'"), ('\t', "tabs", "'\\t'"), ('|', "pipes", "'|'")];
    if separator.is_none()
        && let [name] = &names[..]
        && let Some((_, what, option)) =
            others.into_iter().find(|(other, ..)| name.contains(*other))
    {
        return Err(refused(format_args!(
            "the header is one name with {what} in it, {name:?}; expected commas between the columns; \
             --separator {option} reads it as several, and --separator ',' as one"
        )));
    }
    let is_number = |name: &String| name.parse::<f64>().is_ok();
    let is_count = |from: usize| names.iter().zip(from..).all(|(name, n)| *name == n.to_string());
    // A data frame without names writes 0, 1, 2 and so on.
    if names.iter().all(is_number) && !is_count(0) && !is_count(1) {
        return Err(refused(format_args!(
            "the header holds nothing but numbers ({}); expected the names of the columns",
            names.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(names)
}

impl From<csv::Error> for ProfilerError {
    fn from(error: csv::Error) -> ProfilerError {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => ProfilerError::Io(error),
            // Byte records are not decoded and have no fixed length, so nothing else occurs.
            other => refused(format_args!("not readable as CSV: {other:?}")),
        }
    }
}
