//! One body of an exchange on its way through its reader into the counters; it decides no outcome.

use alloc::{boxed::Box, vec::Vec};

use super::tally::Tally;
use crate::{
    inference::predictive::{Cell, Columns, Event, PathReader, Reader, Sink},
    metrics::{buffer::MetricBuffer, series::SeriesId},
    monitor::{
        layout::{Monitor, PredictorId},
        model::{ColumnSelectors, PredictionSeries},
    },
};
use driftline_wire::json::JsonEnd;

/// Whom a request asks, and when.
#[derive(Debug)]
pub(super) struct Asked {
    /// The one of all other models until the body names one, if the path does not.
    pub(super) predictor: PredictorId,
    /// While the body has to name the model: the request's headers that are looked for then.
    pub(super) awaits_name: Option<Vec<Option<Vec<u8>>>>,
    /// When the request came, in seconds since 1970, if that is known.
    pub(super) at: Option<f64>,
}

/// A body with its reader and what it brought.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) reader: Reader,
    /// Projection the same bytes once more, where a configuration looks for something by path.
    paths: Option<Box<PathReader>>,
    pub(super) tally: Tally,
}

/// Which body it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Request,
    Response,
}

/// Counts what a reader finds, for the model that is asked.
struct Counting<'a, 'm> {
    monitor: &'m Monitor,
    buffer: &'a mut MetricBuffer,
    way: Way,
    asked: &'a mut Asked,
    tally: &'a mut Tally,
    series: Option<&'m PredictionSeries>,
    nothing: &'m Columns,
}

impl Reading {
    /// The body of `way`, with the values of the monitor's headers of that way.
    pub(super) fn new(
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        way: Way,
        asked: &Asked,
        reader: Reader,
        values: &[Option<Vec<u8>>],
    ) -> Reading {
        let series = monitor.predictor(asked.predictor).filter(|_| asked.awaits_name.is_none());
        let has_paths = series.is_some_and(|series| !way.sources(series).paths.is_empty());
        let paths = PathReader::beside(&reader).filter(|_| has_paths).map(Box::new);
        let mut tally = Tally::new(series, asked.at);
        if let Some(series) = series {
            count_headers(monitor, buffer, way, series, &mut tally, values);
        }
        Reading { reader, paths, tally }
    }

    /// Takes the next piece of the body. If it was for the body to name the model, `asked` may have it then.
    pub(super) fn read(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        way: Way,
        asked: &mut Asked,
        bytes: &[u8],
    ) {
        let Reading { reader, paths, tally } = self;
        let nothing = Columns::default();
        let mut counting = Counting::new(monitor, buffer, way, asked, tally, &nothing);
        reader.read(bytes, &mut counting);
        let Counting { buffer, series, tally, .. } = counting;
        if let (Some(paths), Some(series)) = (paths, series) {
            paths.read(bytes, &way.sources(series).paths, &mut |column, cell| {
                tally.count(series, buffer, column, cell);
            });
        }
    }

    /// Ends the body.
    pub(super) fn finish(
        &mut self,
        monitor: &Monitor,
        buffer: &mut MetricBuffer,
        way: Way,
        asked: &mut Asked,
    ) -> JsonEnd {
        let Reading { reader, paths, tally } = self;
        let nothing = Columns::default();
        let mut counting = Counting::new(monitor, buffer, way, asked, tally, &nothing);
        let ending = reader.finish(&mut counting);
        let Counting { buffer, series, tally, .. } = counting;
        if let Some(series) = series {
            let sources = way.sources(series);
            if let Some(paths) = paths {
                paths.finish(&sources.paths, &mut |column, cell| {
                    tally.count(series, buffer, column, cell);
                });
            }
            tally.close(series, sources, buffer, ending);
        }
        ending
    }
}

impl<'a, 'm> Counting<'a, 'm> {
    fn new(
        monitor: &'m Monitor,
        buffer: &'a mut MetricBuffer,
        way: Way,
        asked: &'a mut Asked,
        tally: &'a mut Tally,
        nothing: &'m Columns,
    ) -> Counting<'a, 'm> {
        let series = monitor.predictor(asked.predictor);
        Counting { monitor, buffer, way, asked, tally, series, nothing }
    }
}

impl<'m> Sink<'m> for Counting<'_, 'm> {
    fn named(&mut self, model: &[u8], version: &[u8]) {
        // A declaration, or the path, goes before the body.
        let Some(values) = self.asked.awaits_name.take() else { return };
        let version = Some(version).filter(|version| !version.is_empty());
        self.asked.predictor = self.monitor.predicting_model(model, version);
        self.series = self.monitor.predictor(self.asked.predictor);
        *self.tally = Tally::new(self.series, self.asked.at);
        if let Some(series) = self.series {
            count_headers(self.monitor, self.buffer, self.way, series, self.tally, &values);
        }
    }

    fn columns(&self) -> &'m Columns {
        self.series.map_or(self.nothing, |series| &self.way.sources(series).columns)
    }

    #[inline]
    fn take(&mut self, event: Event<'_>) {
        if let Some(series) = self.series {
            self.tally.take(series, self.way.rows(series), self.buffer, event);
        }
    }
}

/// Counts what is looked for in the headers.
fn count_headers(
    monitor: &Monitor,
    buffer: &mut MetricBuffer,
    way: Way,
    series: &PredictionSeries,
    tally: &mut Tally,
    values: &[Option<Vec<u8>>],
) {
    let names = match way {
        Way::Request => monitor.request_headers(),
        Way::Response => monitor.response_headers(),
    };
    for (column, name) in &way.sources(series).headers {
        let position = names.iter().position(|known| known == name);
        let value = position.and_then(|position| values.get(position)?.as_deref());
        match value {
            Some(value) => tally.count(series, buffer, *column, Cell::Untyped(value)),
            None => tally.count_missing(series, buffer, *column),
        }
    }
}

impl Way {
    /// What is looked for.
    fn sources(self, series: &PredictionSeries) -> &ColumnSelectors {
        match self {
            Way::Request => &series.request,
            Way::Response => &series.response,
        }
    }

    /// The counter of rows.
    fn rows(self, series: &PredictionSeries) -> SeriesId {
        match self {
            Way::Request => series.instances,
            Way::Response => series.predictions,
        }
    }
}
