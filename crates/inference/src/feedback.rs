//! A body of feedback: a table of labels, read row by row in any of the forms that rows of a request have; it knows
//! neither labels nor models.
//!
//! Rows are the elements of an array or the one object of a JSON document, the elements of its member `labels`, the
//! lines of JSON lines, or the records of CSV with names in the first one. A service's own feedback may have its values
//! at paths of a document instead: then the document is one row.

use alloc::boxed::Box;

use driftline_labels::ReadProblem;
use driftline_wire::{encoding::Encoding, json::JsonEnd};

use crate::{
    exchange::{Body, BodyHead, ReadSettings, problem},
    predictive::{ColumnSelectors, Columns, Event, FEEDBACK_FORMS, PathReader, Reader, Sink},
};

/// One body on its way to its reader.
#[derive(Debug)]
pub struct FeedbackBody {
    body: Body,
    /// `None` for a content type without rows that can be read.
    reader: Option<Reader>,
    paths: Option<Box<PathReader>>,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FeedbackFault {
    /// Its content type has no rows.
    UnexpectedContentType,
    /// It is not what its content type says, or holds no rows.
    Malformed,
    /// It has no bytes.
    Empty,
    /// Its coding: not read, or broken.
    Encoding(ReadProblem),
}

impl FeedbackBody {
    /// Begins a body with this head.
    #[must_use]
    pub fn new(
        settings: &ReadSettings,
        selectors: &ColumnSelectors,
        head: &BodyHead<'_>,
    ) -> FeedbackBody {
        let reader = head.reader(&FEEDBACK_FORMS, settings);
        let paths = reader.as_ref().filter(|_| !selectors.paths.is_empty());
        let paths = paths.and_then(PathReader::beside).map(Box::new);
        let encoding = Encoding::of(head.content_encoding, settings.codings);
        FeedbackBody { body: Body::new(encoding), reader, paths }
    }

    /// Whether pieces of it are read.
    #[must_use]
    pub fn wants_bytes(&self) -> bool {
        self.reader.is_some() && self.body.wants_bytes()
    }

    /// Takes the next piece; calls `take` with everything that it completes.
    pub fn read(
        &mut self,
        settings: &ReadSettings,
        selectors: &ColumnSelectors,
        bytes: &[u8],
        take: &mut dyn FnMut(Event<'_>),
    ) {
        let FeedbackBody { body, reader: Some(reader), paths } = self else { return };
        body.read(&settings.memory, bytes, |bytes| {
            // Values at paths come first: a row that ends in the same piece is theirs.
            if let Some(paths) = paths {
                paths.read(bytes, &selectors.paths, &mut |column, cell| {
                    take(Event::Value { column, cell });
                });
            }
            reader.read(bytes, &mut Rows { columns: &selectors.columns, take });
        });
    }

    /// Ends the body, as its sender did.
    ///
    /// # Errors
    ///
    /// Why not all of it was read.
    pub fn finish(
        &mut self,
        selectors: &ColumnSelectors,
        take: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), FeedbackFault> {
        let FeedbackBody { body, reader, paths } = self;
        let reader = reader.as_mut().ok_or(FeedbackFault::UnexpectedContentType)?;
        body.end();
        if let Some(paths) = paths {
            paths.finish(&selectors.paths, &mut |column, cell| {
                take(Event::Value { column, cell });
            });
        }
        let end = reader.finish(&mut Rows { columns: &selectors.columns, take });
        if let Some(fault) = body.fault() {
            return Err(FeedbackFault::Encoding(problem(fault)));
        }
        match end {
            JsonEnd::Complete if reader.has_rows() => Ok(()),
            JsonEnd::Empty => Err(FeedbackFault::Empty),
            _ => Err(FeedbackFault::Malformed),
        }
    }
}

/// Hands on what a reader finds.
struct Rows<'a, 'c> {
    columns: &'c Columns,
    take: &'a mut dyn FnMut(Event<'_>),
}

impl<'c> Sink<'c> for Rows<'_, 'c> {
    fn named(&mut self, _model: &[u8], _version: &[u8]) {}

    fn columns(&self) -> &'c Columns {
        self.columns
    }

    fn take(&mut self, event: Event<'_>) {
        (self.take)(event);
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec, vec::Vec};

    use driftline_wire::encoding::{Codings, MemoryBudget};

    use super::*;
    use crate::predictive::{PathStep, Place, Projection};

    fn settings() -> ReadSettings {
        ReadSettings {
            event_bytes_max: 1 << 16,
            codings: Codings::ALL,
            memory: MemoryBudget::new(1 << 20),
            reads_prompts: false,
        }
    }

    fn selectors() -> ColumnSelectors {
        let names = ["model", "label", "id"];
        let columns =
            names.map(|name| Some((Place::Name(name.as_bytes().into()), Projection::Value)));
        ColumnSelectors { columns: Columns::new(columns), ..ColumnSelectors::default() }
    }

    /// What is read of a body, whatever the pieces that it comes in.
    #[track_caller]
    fn check(
        selectors: &ColumnSelectors,
        content_type: &str,
        body: &str,
        expected: (&[&str], Result<(), FeedbackFault>),
    ) {
        for size in [1, 7, 1000] {
            let settings = settings();
            let head =
                BodyHead { content_type: Some(content_type.as_bytes()), ..BodyHead::default() };
            let mut feedback = FeedbackBody::new(&settings, selectors, &head);
            let mut seen: Vec<String> = Vec::new();
            let mut take = |event: Event<'_>| {
                seen.push(match event {
                    Event::Cell { column, cell, .. } | Event::Value { column, cell } => {
                        format!("{column} {cell:?}")
                    }
                    Event::Rows(rows) => format!("rows {rows}"),
                    Event::Fault(fault) => format!("{fault:?}"),
                })
            };
            for piece in body.as_bytes().chunks(size) {
                feedback.read(&settings, selectors, piece, &mut take);
            }
            let end = feedback.finish(selectors, &mut take);
            assert_eq!(
                (seen.iter().map(String::as_str).collect::<Vec<_>>(), end),
                (expected.0.to_vec(), expected.1),
                "{body} by {size}"
            );
        }
    }

    #[test]
    fn rows_come_in_any_form() {
        let rows: (&[&str], _) = (
            &[
                "0 Text([109])",
                "1 Number(1.0)",
                "rows 1",
                "2 Text([97])",
                "1 Boolean(true)",
                "rows 1",
            ],
            Ok(()),
        );
        let of = selectors();
        check(
            &of,
            "application/json",
            r#"[{"model": "m", "label": 1}, {"id": "a", "label": true}]"#,
            rows,
        );
        check(
            &of,
            "application/json",
            r#"{"labels": [{"model": "m", "label": 1}, {"id": "a", "label": true}]}"#,
            rows,
        );
        check(
            &of,
            "application/jsonl",
            "{\"model\": \"m\", \"label\": 1}\n{\"id\": \"a\", \"label\": true}",
            rows,
        );
        check(
            &of,
            "text/csv",
            "label,id\n1,a\n0,\n",
            (
                &[
                    "1 Untyped([49])",
                    "2 Untyped([97])",
                    "rows 1",
                    "1 Untyped([48])",
                    "2 Untyped([])",
                    "rows 1",
                ],
                Ok(()),
            ),
        );
        check(
            &of,
            "",
            r#"{"label": 3, "model": "m"}"#,
            (&["1 Number(3.0)", "0 Text([109])", "rows 1"], Ok(())),
        );
    }

    #[test]
    fn what_is_no_table_is_said() {
        let of = selectors();
        check(&of, "application/json", "", (&[], Err(FeedbackFault::Empty)));
        check(
            &of,
            "application/json",
            "{\"label\": 1}\n{\"label\": 2}",
            (&["1 Number(1.0)", "rows 1"], Err(FeedbackFault::Malformed)),
        );
        check(&of, "image/png", "x", (&[], Err(FeedbackFault::UnexpectedContentType)));
        check(
            &of,
            "application/json",
            "[{\"label\": 1}",
            (&["1 Number(1.0)", "rows 1"], Err(FeedbackFault::Malformed)),
        );
    }

    #[test]
    fn values_at_paths_are_of_one_row() {
        let mut of =
            ColumnSelectors { columns: Columns::new([None, None]), ..ColumnSelectors::default() };
        of.paths = vec![(
            1,
            Projection::Value,
            Box::from([PathStep::Key("a".into()), PathStep::Key("b".into())]),
        )];
        check(
            &of,
            "application/json",
            r#"{"a": {"b": 2}}"#,
            (&["1 Number(2.0)", "rows 1"], Ok(())),
        );
    }
}
