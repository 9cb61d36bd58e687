//! The only writer of the metrics of exchanges: what is observed becomes counts. It reads no body and decides nothing.

use driftline_labels::ReadProblem;

use crate::{
    capture::Capture,
    model::{GenerationSeries, ModelSeries, PredictionSeries},
};
use driftline_inference::{
    exchange::{Generated, Observation, ObservationKind, Streamed},
    generative::Usage,
    load::{Malformed, Report},
};
use driftline_metrics::buffer::MetricBuffer;

/// Records an exchange that is over under its model, whose features are compared with `features` if it has a profile. How
/// many monitored values it had.
#[inline]
pub(crate) fn record(
    observation: &Observation,
    model: &ModelSeries,
    features: Option<&PredictionSeries>,
    buffer: &mut MetricBuffer,
    capture: &mut Capture,
) -> u64 {
    let result = observation.outcome.result();
    buffer.shift(model.in_flight, -1);
    buffer.add(model.requests[observation.outcome], 1);
    buffer.observe(model.duration[result], observation.duration_microseconds);
    // Most exchanges have none, which is quicker to see at once than one by one.
    if observation.read_problems.as_array().iter().fold(0, |all, times| all | times) != 0 {
        for (problem, &times) in &observation.read_problems {
            buffer.add(model.read_problems[problem], times);
        }
    }
    let ObservationKind::Generation(generated) = &observation.kind else { return 0 };
    if let Some(series) = &model.generation {
        record_tokens(&generated.usage, series, buffer);
        if let Some(reason) = generated.finish {
            buffer.add(series.finished[reason], 1);
        }
        if let Some(stream) = &generated.stream {
            record_stream(stream, observation, series, buffer);
        }
    }
    features.map_or(0, |features| record_features(generated, features, buffer, capture))
}

#[inline]
fn record_tokens(usage: &Usage, series: &GenerationSeries, buffer: &mut MetricBuffer) {
    buffer.add(series.input_tokens, usage.input.unwrap_or(0));
    buffer.add(series.cached_input_tokens, usage.cached_input.unwrap_or(0));
    buffer.add(series.cache_write_tokens, usage.cache_write.unwrap_or(0));
    buffer.add(series.output_tokens, usage.output.unwrap_or(0));
    buffer.add(series.reasoning_tokens, usage.reasoning.unwrap_or(0));
}

#[inline]
fn record_stream(
    stream: &Streamed,
    observation: &Observation,
    series: &GenerationSeries,
    buffer: &mut MetricBuffer,
) {
    let result = observation.outcome.result();
    let moments = [
        (&series.first_token, stream.first_token_microseconds),
        (&series.first_visible_token, stream.first_visible_token_microseconds),
        (&series.last_token, stream.last_token_microseconds),
        (&series.per_token, stream.per_output_token_microseconds.ok()),
    ];
    for (by_result, microseconds) in moments {
        if let Some(microseconds) = microseconds {
            buffer.observe(by_result[result], microseconds);
        }
    }
    if let Err(reason) = stream.per_output_token_microseconds {
        buffer.add(series.skipped[reason], 1);
    }
}

/// Counts what the request and its answer are like, each if it came whole. How many values these are.
fn record_features(
    generated: &Generated,
    series: &PredictionSeries,
    buffer: &mut MetricBuffer,
    capture: &mut Capture,
) -> u64 {
    let mut monitored: u64 = 0;
    buffer.add(series.instances, u64::from(generated.request.is_some()));
    buffer.add(series.predictions, u64::from(generated.response.is_some()));
    for (column, feature) in series.columns.iter().zip(&series.language) {
        let request = generated.request;
        let asked = request.and_then(|it| feature.in_request(it, generated.wants_stream));
        let given = generated.response.and_then(|answer| feature.in_answer(answer));
        if let Some(cell) = asked.or(given) {
            column.count(buffer, column.place(cell));
            capture.value(column.first_bin(), cell);
            monitored = monitored.saturating_add(1);
        }
    }
    monitored
}

/// Records what a model server says about its load. The last report wins: there is no total of snapshots.
pub(crate) fn record_load(
    report: Result<Report, Malformed>,
    model: &ModelSeries,
    buffer: &mut MetricBuffer,
) {
    match report {
        Ok(report) => {
            buffer.add(model.load_reports, 1);
            for (measure, value) in report.values() {
                buffer.set(model.load[measure], value);
            }
        }
        Err(Malformed) => buffer.add(model.read_problems[ReadProblem::LoadReportMalformed], 1),
    }
}
