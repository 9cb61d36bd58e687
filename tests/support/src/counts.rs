//! The changes of an exchange in the series of a configuration, compared with what its case says.

use std::collections::BTreeMap;

use driftline_inference::{
    exchange::{Observation, ObservationKind},
    known,
};
use driftline_metrics::series::Series;

use crate::{
    corpus::{Case, Values},
    delivery::Delivery,
};

/// Changes other than 0, by series: `output_tokens_total{m}`. The change of a histogram is the number of its samples,
/// that of a snapshot its value.
pub type Counts = BTreeMap<String, i64>;

/// The name of a series in [`Counts`]: the metric and the values of its labels, without empty ones.
#[must_use]
pub fn name(series: &Series) -> String {
    let values = series.labels.iter().map(|(_, value)| value.as_str());
    let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
    let name = series.name.strip_prefix("driftline_").unwrap_or(&series.name);
    format!("{name}{{{}}}", values.join(","))
}

/// The differences between what was counted and what the case says, a line each.
#[must_use]
pub fn problems(case: &Case, delivery: &Delivery<'_>, mut found: Counts) -> Vec<String> {
    let mut problems = Vec::new();
    let mut expected = Expected { case, delivery, counts: Counts::new() };
    match expected.fill() {
        Ok(gaps_max) => {
            // No case says which events between the first and the last token are tokens.
            let [histogram, observations] = ["microseconds", "observations_total"]
                .map(|end| found.remove(&format!("inter_chunk_gap_{end}{{{}}}", expected.model())));
            let gaps = observations.unwrap_or(0);
            if histogram != observations || gaps < gaps_max.min(1) || gaps_max < gaps {
                problems.push(format!("found {gaps} gaps, expected up to {gaps_max}"));
            }
        }
        Err(problem) => problems.push(problem),
    }
    for (name, count) in &expected.counts {
        if found.get(name) != Some(count) {
            let found = found.get(name).unwrap_or(&0);
            problems.push(format!("{name}: expected {count}, found {found}"));
        }
    }
    for (name, count) in found {
        if !expected.counts.contains_key(&name) {
            problems.push(format!("{name}: expected nothing, found {count}"));
        }
    }
    problems
}

/// What an exchange's observation says otherwise than its case, a line each.
#[must_use]
pub fn contradictions(case: &Case, observation: &Observation) -> Vec<String> {
    let expected = &case.expected;
    let mut problems = Vec::new();
    let mut compare = |what: &str, expected: String, found: String| {
        if expected != found {
            problems.push(format!("observation: {what}: expected {expected}, found {found}"));
        }
    };
    compare("outcome", expected.outcome.clone(), observation.outcome.name().to_owned());
    let is_dialect =
        |name: &str| known::generating().chain(known::predicting()).any(|it| it.name == name);
    // Some folders are called by what their exchanges have in common, such as an encoding.
    if is_dialect(case.dialect()) {
        compare("dialect", case.dialect().to_owned(), observation.dialect.to_owned());
    }
    compare("status", case.status.to_string(), observation.status.unwrap_or(0).to_string());
    let bytes = [&case.request, &case.response].map(|message| message.body.len() as u64);
    let found = [observation.request_bytes, observation.response_bytes];
    compare("bytes", format!("{bytes:?}"), format!("{found:?}"));
    match &observation.kind {
        ObservationKind::Generation(generated) => {
            let finish = generated.finish.map(|reason| reason.name());
            compare("finish", format!("{:?}", expected.finish.as_deref()), format!("{finish:?}"));
            let output = generated.usage.output.unwrap_or(0);
            compare("output tokens", expected.output_tokens.to_string(), output.to_string());
        }
        ObservationKind::Prediction(predicted) => {
            let rows = (expected.rows, expected.predictions);
            let found = (predicted.instances, predicted.predictions);
            compare("rows", format!("{rows:?}"), format!("{found:?}"));
        }
    }
    problems
}

struct Expected<'c> {
    case: &'c Case,
    delivery: &'c Delivery<'c>,
    counts: Counts,
}

impl Expected<'_> {
    fn model(&self) -> &str {
        &self.case.expected.model
    }

    /// Returns how many gaps between pieces of output there may be.
    fn fill(&mut self) -> Result<i64, String> {
        let expected = &self.case.expected;
        let model = &expected.model;
        if let Some(reason) = &expected.unmeasured {
            self.add(format!("unmeasured_streams_total{{{reason}}}"), 1);
            return Ok(0);
        }
        self.add(format!("requests_total{{{model},{}}}", expected.outcome), 1);
        self.observe("request_duration", 1000 * self.delivery.end_ms());
        if let Some(finish) = &expected.finish {
            self.add(format!("answers_finished_total{{{model},{finish}}}"), 1);
        }
        let tokens = [
            ("input", expected.input_tokens),
            ("cached_input", expected.cached_input_tokens),
            ("cache_write", expected.cache_write_tokens),
            ("output", expected.output_tokens),
            ("reasoning", expected.reasoning_tokens),
        ];
        for (kind, count) in tokens {
            self.add(format!("{kind}_tokens_total{{{model}}}"), count);
        }
        self.add(format!("load_reports_total{{{model}}}"), expected.load_reports);
        for (measure, &value) in &expected.load {
            self.add(format!("server_{measure}{{{model}}}"), value);
        }
        for (problem, &count) in &expected.read_problems {
            self.add(format!("read_problems_total{{{model},{problem}}}"), count);
        }
        self.fill_rows();
        self.fill_times()
    }

    fn fill_rows(&mut self) {
        let expected = &self.case.expected;
        let model = &expected.model;
        self.add(format!("instances_total{{{model}}}"), expected.rows);
        self.add(format!("predictions_total{{{model}}}"), expected.predictions);
        if matches!(expected.outcome.as_str(), "error_status" | "local_reply") {
            self.add(format!("instances_refused_total{{{model}}}"), expected.rows);
        }
        for (fault, &count) in &expected.faults {
            self.add(format!("schema_violations_total{{{model},{fault}}}"), count);
        }
        let features = expected.features.iter().map(|(name, values)| ("feature", &**name, values));
        for (role, name, values) in features.chain([
            ("prediction", "prediction", &expected.prediction),
            ("prediction", "score", &expected.score),
        ]) {
            self.fill_column(&format!("{model},{role},{name}"), values);
        }
    }

    fn fill_column(&mut self, labels: &str, values: &Values) {
        for (bin, &count) in values {
            if ["low", "high"].contains(&&**bin) {
                let tail = format!("feature_tail_excess_thousandths_total{{{labels},{bin}}}");
                self.add(tail, count);
                continue;
            }
            let is_binned = !["null", "missing", "wrong_type", "not_finite"].contains(&&**bin);
            let metric = if is_binned { "feature_bin_total" } else { "feature_unbinned_total" };
            self.add(format!("{metric}{{{labels},{bin}}}"), count);
            self.add("monitored_values_total{}".to_owned(), count);
            if ["wrong_type", "not_finite"].contains(&&**bin) {
                self.add(format!("schema_violations_total{{{labels},{bin}}}"), count);
            }
        }
    }

    fn fill_times(&mut self) -> Result<i64, String> {
        let expected = &self.case.expected;
        let first = self.moment("first_token_event", expected.first_token_event)?;
        let visible =
            self.moment("first_visible_token_event", expected.first_visible_token_event)?;
        let last = self.moment("last_token_event", expected.last_token_event)?;
        let moments = [
            ("time_to_first_token", first),
            ("time_to_first_visible_token", visible),
            ("time_to_last_token", last),
        ];
        for (name, moment) in moments {
            if let Some(moment) = moment {
                self.observe(name, moment);
            }
        }
        let window = last.zip(first).map_or(0, |(last, first)| last.saturating_sub(first));
        let model = &expected.model;
        self.add(format!("inter_chunk_gap_microseconds_total{{{model}}}"), window);
        let stated = expected.per_output_token_skipped.as_deref();
        let skip = match stated {
            // These do not depend on where the network cuts.
            Some("usage_missing" | "several_choices") => stated,
            _ if first.is_none() => stated,
            _ => match self.steps() {
                0 => Some("too_few_tokens"),
                _ if window == 0 => Some("one_chunk"),
                steps => {
                    self.observe("time_per_output_token", (window + steps / 2) / steps);
                    None
                }
            },
        };
        if self.delivery.is_by_event && skip != stated {
            return Err(format!(
                "the case says {stated:?} in `per_output_token_skipped`, its tokens say {skip:?}"
            ));
        }
        if let Some(reason) = skip {
            self.add(format!("time_per_output_token_skipped_total{{{model},{reason}}}"), 1);
        }
        // Every millisecond in between may have brought output.
        i64::try_from(window / 1000).map_err(|error| error.to_string())
    }

    /// The steps between tokens that were streamed.
    fn steps(&self) -> u64 {
        let expected = &self.case.expected;
        let is_streamed = expected
            .reasoning_is_streamed
            .unwrap_or(expected.first_token_event != expected.first_visible_token_event);
        let hidden = if is_streamed { 0 } else { expected.reasoning_tokens };
        expected.output_tokens.saturating_sub(hidden).saturating_sub(1)
    }

    /// When the event with this number is whole, in microseconds.
    fn moment(&self, name: &str, event: Option<usize>) -> Result<Option<u64>, String> {
        let Some(event) = event else { return Ok(None) };
        let ends = &self.case.event_ends;
        match ends.get(event - 1) {
            Some(&end) => Ok(Some(1000 * self.delivery.whole_at_ms(end))),
            None => Err(format!("`{name}` is {event}, the body has {} events", ends.len())),
        }
    }

    /// A sample of a histogram that tells success from failure, and both from what a client gave up.
    fn observe(&mut self, name: &str, microseconds: u64) {
        let result = match self.case.expected.outcome.as_str() {
            "complete" => "success",
            "client_cancel" => "cancelled",
            _ => "failure",
        };
        let labels = format!("{{{},{result}}}", self.case.expected.model);
        self.add(format!("{name}_microseconds{labels}"), 1);
        self.add(format!("{name}_observations_total{labels}"), 1);
        self.add(format!("{name}_microseconds_total{labels}"), microseconds);
    }

    fn add(&mut self, name: String, count: u64) {
        if count != 0 {
            *self.counts.entry(name).or_default() +=
                i64::try_from(count).expect("a count of a test is small");
        }
    }
}
