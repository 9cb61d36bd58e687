//! Writes a profile as text that people can read: one line per list of numbers; it adds nothing to the format.

use std::io;

use driftline_statistics::profile::Profile;
use serde::Serialize as _;
use serde_json::{Serializer, ser::Formatter};

/// The profile as indented JSON that ends in a line feed, with each list of numbers on one line.
#[must_use]
pub fn to_text(profile: &Profile) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Lines::default());
    // Writing to memory does not fail, and every number of a profile is finite.
    let written = profile.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "{written:?}");
    text.push(b'\n');
    String::from_utf8_lossy(&text).into_owned()
}

/// Breaks lines between the fields of objects, between objects and between lists, never between numbers.
#[derive(Default)]
struct Lines {
    open: Vec<Open>,
}

enum Open {
    Object { is_empty: bool },
    List { holds_others: bool },
}

impl Lines {
    fn break_line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        self.open.iter().try_for_each(|_| writer.write_all(b"  "))
    }

    /// Before an object or a list, which may be the first one in a list.
    fn begin_in_list<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::List { holds_others: holds @ false }) = self.open.last_mut() {
            *holds = true;
            self.break_line(writer)?;
        }
        Ok(())
    }
}

impl Formatter for Lines {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin_in_list(writer)?;
        self.open.push(Open::Object { is_empty: true });
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if let Some(Open::Object { is_empty }) = self.open.last_mut() {
            *is_empty = false;
        }
        if !first {
            writer.write_all(b",")?;
        }
        self.break_line(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::Object { is_empty: false }) = self.open.pop() {
            self.break_line(writer)?;
        }
        writer.write_all(b"}")
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin_in_list(writer)?;
        self.open.push(Open::List { holds_others: false });
        writer.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match self.open.last() {
            _ if first => Ok(()),
            Some(Open::List { holds_others: true }) => {
                writer.write_all(b",")?;
                self.break_line(writer)
            }
            _ => writer.write_all(b", "),
        }
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::List { holds_others: true }) = self.open.pop() {
            self.break_line(writer)?;
        }
        writer.write_all(b"]")
    }
}

#[cfg(test)]
mod tests {
    use driftline_statistics::profile::Quantiles;

    use super::*;
    use crate::{Built, Cell, ColumnOptions, Place, ProfileBuilder, Role, Settings};

    #[test]
    fn the_text_is_readable_and_reads_back() {
        let mut builder = ProfileBuilder::new(Settings {
            model: "rain".into(),
            version: Some("3".into()),
            created_at: 1_795_608_000,
            ..Settings::default()
        });
        builder.column("cold", Role::Feature, ColumnOptions::default());
        builder.column("wet", Role::Feature, ColumnOptions::default());
        for row in 1..=3 {
            let cells = [Cell::Boolean(row == 2), Cell::Number(0.25)];
            builder.row(cells, Place { row, line: Some(row + 1) });
        }
        let Ok(Built::Profile(mut profile)) = builder.build() else { panic!() };
        let text = to_text(&profile);
        assert_eq!(Profile::from_json(text.as_bytes()).as_ref(), Ok(&profile));
        profile.features.truncate(1);
        let numbers = profile.features[0].column.numbers.as_mut().unwrap();
        numbers.standard_deviation = 0.5;
        numbers.mean = 0.25;
        profile.features[0].column.chi_square =
            Quantiles { five_percent: 6.0, one_percent: 9.25, family: 10.5 };
        assert_eq!(
            to_text(&profile),
            r#"{
  "format": "driftline-profile",
  "format_version": 2,
  "model": "rain",
  "version": "3",
  "created_at": "2026-11-25T12:00:00Z",
  "rows": 3,
  "features": [
    {
      "name": "cold",
      "type": "boolean",
      "schema": {
        "required": true,
        "minimum": 0.0,
        "maximum": 1.0
      },
      "nulls": 0,
      "mean": 0.25,
      "standard_deviation": 0.5,
      "minimum": 0.0,
      "maximum": 1.0,
      "bins": {
        "kind": "values",
        "values": [0.0, 1.0],
        "counts": [2, 1, 0],
        "means": [0.0, 1.0, null]
      },
      "tail_excess": {
        "low": 0.0,
        "high": 0.0
      },
      "chi_square": {
        "five_percent": 6.0,
        "one_percent": 9.25,
        "family": 10.5
      }
    }
  ],
  "prediction": null
}
"#
        );
    }
}
