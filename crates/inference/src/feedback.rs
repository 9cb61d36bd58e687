//! A body of feedback: a table of labels, read row by row in any of the forms that rows of a request have; it knows
//! neither labels nor models.
//!
//! Rows are the elements of an array or the one object of a JSON document, the elements of its member `labels`, the
//! lines of JSON lines, or the records of CSV with names in the first one. A service's own feedback may have its values
//! at paths of a document instead: then the document is one row.

use driftline_labels::{Direction, ReadProblem};
use driftline_wire::{encoding::Encoding, json::JsonEnd};

use crate::{
    exchange::{Body, BodyHead, BodyReader, ExchangeSink, ModelName, ReadSettings, problem},
    predictive::FEEDBACK_FORMS,
};

/// One body on its way to its reader.
#[derive(Debug)]
pub struct FeedbackBody {
    body: Body,
    /// `None` for a content type without rows that can be read.
    reader: Option<BodyReader>,
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

/// Reading takes the sink of exchanges, so that a filter has the code of its readers once. Of its selectors those of
/// requests count; progress that is reported to it means nothing here.
impl FeedbackBody {
    /// Begins a body with this head.
    pub fn new<'c>(
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        head: &BodyHead<'_>,
    ) -> FeedbackBody {
        let reader = head.reader(&FEEDBACK_FORMS, settings, None);
        let reader = reader.map(|it| BodyReader::begin(Direction::Request, it, sink));
        let encoding = Encoding::of(head.content_encoding, settings.codings);
        FeedbackBody { body: Body::new(encoding), reader }
    }

    /// Whether pieces of it are read.
    #[must_use]
    pub fn wants_bytes(&self) -> bool {
        self.reader.is_some() && self.body.wants_bytes()
    }

    /// Takes the next piece; gives `sink` everything that it completes.
    pub fn read<'c>(
        &mut self,
        settings: &ReadSettings,
        sink: &mut impl ExchangeSink<'c>,
        bytes: &[u8],
    ) {
        let FeedbackBody { body, reader: Some(reader) } = self else { return };
        body.read(&settings.memory, bytes, |bytes| {
            reader.read(&mut ModelName::default(), sink, bytes);
        });
    }

    /// Ends the body, as its sender did.
    ///
    /// # Errors
    ///
    /// Why not all of it was read.
    pub fn finish<'c>(&mut self, sink: &mut impl ExchangeSink<'c>) -> Result<(), FeedbackFault> {
        let FeedbackBody { body, reader } = self;
        let reader = reader.as_mut().ok_or(FeedbackFault::UnexpectedContentType)?;
        body.end();
        let end = reader.finish(&mut ModelName::default(), sink);
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

#[cfg(test)]
mod tests {
    use std::{boxed::Box, format, string::String, vec, vec::Vec};

    use driftline_wire::encoding::{Codings, MemoryBudget};

    use super::*;
    use crate::{
        exchange::{Progress, RowSink},
        predictive::{ColumnSelectors, Columns, Event, PathStep, Place, Projection},
    };

    /// Notes what it is given.
    struct Seen<'c> {
        selectors: &'c ColumnSelectors,
        seen: Vec<String>,
    }

    impl<'c> RowSink<'c> for Seen<'c> {
        fn selectors(&self, _: Direction) -> &'c ColumnSelectors {
            self.selectors
        }

        fn take(&mut self, _: Direction, event: Event<'_>) {
            self.seen.push(match event {
                Event::Cell { column, cell, .. } | Event::Value { column, cell } => {
                    format!("{column} {cell:?}")
                }
                Event::Rows(rows) => format!("rows {rows}"),
                Event::RowEnd => "row end".into(),
                Event::NoRow => "no row".into(),
                Event::Fault(fault) => format!("{fault:?}"),
            });
        }
    }

    impl<'c> ExchangeSink<'c> for Seen<'c> {
        fn progress(&mut self, _: Progress<'_>) {}
    }

    fn settings() -> ReadSettings {
        ReadSettings {
            event_bytes_max: 1 << 16,
            codings: Codings::ALL,
            memory: MemoryBudget::new(1 << 20),
            repeats: MemoryBudget::new(1 << 20),
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
            let mut sink = Seen { selectors, seen: Vec::new() };
            let mut feedback = FeedbackBody::new(&settings, &mut sink, &head);
            for piece in body.as_bytes().chunks(size) {
                feedback.read(&settings, &mut sink, piece);
            }
            let end = feedback.finish(&mut sink);
            let seen: Vec<&str> = sink.seen.iter().map(String::as_str).collect();
            assert_eq!((&seen[..], end), expected, "{body} by {size}");
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
    fn values_at_paths_come_beside_rows_in_any_order() {
        let mut of =
            ColumnSelectors { columns: Columns::new([None, None]), ..ColumnSelectors::default() };
        of.paths = vec![(
            1,
            Projection::Value,
            Box::from([PathStep::Key("a".into()), PathStep::Key("b".into())]),
        )];
        for (size, first) in [(1, "1 Number(2.0)"), (1000, "rows 1")] {
            let settings = settings();
            let mut sink = Seen { selectors: &of, seen: Vec::new() };
            let mut body = FeedbackBody::new(&settings, &mut sink, &BodyHead::default());
            for piece in br#"{"a": {"b": 2}}"#.chunks(size) {
                body.read(&settings, &mut sink, piece);
            }
            assert_eq!(body.finish(&mut sink), Ok(()));
            assert_eq!((sink.seen.len(), sink.seen[0].as_str()), (2, first), "{:?}", sink.seen);
        }
    }
}
