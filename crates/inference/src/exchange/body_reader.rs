//! One body with rows on its way through its readers to the sink; it counts rows and decides no outcome.

use alloc::boxed::Box;

use driftline_labels::Direction;
use driftline_wire::json::JsonEnd;

use super::{ExchangeSink, Progress, name::ModelName};
use crate::predictive::{Columns, Event, PathReader, Reader, Sink};

/// A body with its readers.
#[derive(Debug)]
pub(crate) struct BodyReader {
    direction: Direction,
    pub(super) reader: Reader,
    /// Reads the same bytes once more, where a configuration looks for something by path.
    paths: Option<Box<PathReader>>,
    /// Rows that ended.
    pub(super) rows: u64,
}

impl BodyReader {
    /// Begins a body of this direction.
    pub(crate) fn begin<'c>(
        direction: Direction,
        reader: Reader,
        sink: &mut impl ExchangeSink<'c>,
    ) -> BodyReader {
        let has_paths = !sink.selectors(direction).paths.is_empty();
        let paths = PathReader::beside(&reader).filter(|_| has_paths).map(Box::new);
        sink.progress(Progress::RowsBegin(direction));
        BodyReader { direction, reader, paths, rows: 0 }
    }

    /// Takes the next piece of the body; the model is named if it was for the body to do so.
    pub(crate) fn read<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
        bytes: &[u8],
    ) {
        let BodyReader { direction, reader, paths, rows } = self;
        let direction = *direction;
        reader.read(bytes, &mut Directed { direction, name, sink, rows });
        if let Some(paths) = paths {
            let selectors = sink.selectors(direction);
            paths.read(bytes, &selectors.paths, &mut |column, cell| {
                sink.take(direction, Event::Value { column, cell });
            });
        }
    }

    /// Whether a place for rows came, even an empty one.
    pub(crate) fn has_rows(&self) -> bool {
        self.reader.has_rows()
    }

    /// Ends the body.
    pub(crate) fn finish<'c>(
        &mut self,
        name: &mut ModelName,
        sink: &mut impl ExchangeSink<'c>,
    ) -> JsonEnd {
        let BodyReader { direction, reader, paths, rows } = self;
        let direction = *direction;
        let end = reader.finish(&mut Directed { direction, name, sink, rows });
        if let Some(paths) = paths {
            let selectors = sink.selectors(direction);
            paths.finish(&selectors.paths, &mut |column, cell| {
                sink.take(direction, Event::Value { column, cell });
            });
        }
        sink.progress(Progress::RowsEnd { direction, is_whole: end == JsonEnd::Complete });
        end
    }
}

/// Tells the sink of an exchange which body rows come from.
struct Directed<'a, S> {
    direction: Direction,
    name: &'a mut ModelName,
    sink: &'a mut S,
    rows: &'a mut u64,
}

impl<'c, S: ExchangeSink<'c>> Sink<'c> for Directed<'_, S> {
    fn named(&mut self, model: &[u8], version: &[u8]) {
        let version = Some(version).filter(|version| !version.is_empty());
        self.name.set(model, version, |progress| self.sink.progress(progress));
    }

    fn columns(&self) -> &'c Columns {
        &self.sink.selectors(self.direction).columns
    }

    #[inline]
    fn take(&mut self, event: Event<'_>) {
        if let Event::Rows(ended) = event {
            *self.rows = self.rows.saturating_add(ended);
        }
        self.sink.take(self.direction, event);
    }
}
