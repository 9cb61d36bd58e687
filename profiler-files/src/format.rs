//! Tells the format of a file by its name and its first bytes; it reads no rows.

use std::{fs, io::Read as _, path};

use crate::error::{ProfilerError, refused};

/// The format of training data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Comma-separated values with a header: see [`from_csv`](crate::from_csv).
    Csv,
    /// A JSON object per line: see [`from_json_lines`](crate::from_json_lines).
    JsonLines,
    /// Apache Parquet: see [`from_file`](crate::from_file).
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Csv, Format::JsonLines, Format::Parquet];

    /// Its name in commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
            Format::Parquet => "parquet",
        }
    }

    /// The format that the end of a file's name says: `.jsonl`, `.ndjson` and `.json` are JSON lines, `.parquet` and
    /// `.pq` are Parquet, and everything else is CSV.
    #[must_use]
    pub fn of(file: &path::Path) -> Format {
        let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            Some("jsonl" | "ndjson" | "json") => Format::JsonLines,
            Some("parquet" | "pq") => Format::Parquet,
            _ => Format::Csv,
        }
    }
}

/// Checks the first bytes, so that a file in another format is refused as such, not for thousands of bad cells.
pub(crate) fn check_magic(file: &path::Path, format: Format) -> Result<(), ProfilerError> {
    let mut magic = Vec::new();
    fs::File::open(file)?.take(4).read_to_end(&mut magic)?;
    let found = match &magic[..] {
        b"PAR1" if format != Format::Parquet => "a Parquet file; add --format parquet",
        b"PARE" => "a Parquet file whose footer is encrypted; expected one that is not",
        [0x1f, 0x8b, ..] => "a file in gzip; unpack it first, say by gunzip --stdout FILE",
        b"PK\x03\x04" => "an archive, as spreadsheets are too; unpack it, or save it as CSV",
        [0x28, 0xb5, 0x2f, 0xfd] => "a file in zstd; unpack it first, say by zstdcat FILE",
        b"PAR1" => return Ok(()),
        [] if format == Format::Parquet => "an empty file, expected one in Parquet",
        other if format == Format::Parquet => {
            return Err(refused(format_args!(
                "found a file that begins with \"{}\", expected \"PAR1\" as in Parquet; \
                 add --format csv or --format jsonl if it is in one of these",
                other.escape_ascii()
            )));
        }
        _ => return Ok(()),
    };
    Err(refused(format_args!("found {found}")))
}
