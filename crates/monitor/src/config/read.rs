//! Reads the configuration out of parsed JSON; the profiles within read themselves.

#[cfg(test)]
mod tests;

use alloc::{string::String, vec::Vec};

use super::{
    Config, Drift, ENDPOINTS_MAX, EVENT_BYTES_MAX, EVENT_BYTES_MAX_DEFAULT, MODELS_MAX, Model,
    NAMES_MAX, NAMES_MAX_DEFAULT, OTHER_NAME, ROUTES_MAX, TICK_MILLISECONDS,
    TICK_MILLISECONDS_DEFAULT, WINDOW_SECONDS, WINDOW_SECONDS_DEFAULT,
};
use driftline_inference::{glob::Glob, load::ReportFormat};
use driftline_statistics::document::{Node, Problems};
use driftline_wire::encoding::{Coding, Codings};

const FIELDS: [&str; 10] = [
    "models",
    "names_max",
    "routes",
    "endpoints",
    "window_seconds",
    "tick_milliseconds",
    "event_bytes_max",
    "decode",
    "remove_accept_encoding",
    "request_load_reports",
];
const MILLISECONDS_PER_SECOND: u64 = 1000;

pub(super) fn config(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Config> {
    let fields = node.object(&[&FIELDS[..], &Drift::FIELDS].concat(), problems)?;
    let mut seen = Vec::new();
    let models = fields.required("models", problems).and_then(|list| {
        list.array(1..=MODELS_MAX, problems, |node, problems| {
            Model::read(&node, &mut seen, problems)
        })
    });
    let names_max = match fields.optional("names_max") {
        Some(node) => node.whole(NAMES_MAX, problems),
        None => Some(NAMES_MAX_DEFAULT),
    };
    let mut seen = Vec::new();
    let routes = match fields.optional("routes") {
        Some(node) => node.array(1..=ROUTES_MAX, problems, |node, problems| {
            admitted_name(&node, &mut seen, problems).map(|name| Glob::new(&name))
        }),
        None => Some(Vec::new()),
    };
    let endpoints = match fields.optional("endpoints") {
        Some(node) => node.array(1..=ENDPOINTS_MAX, problems, |node, problems| {
            super::endpoint::read(&node, models.as_deref(), problems)
        }),
        None => Some(Vec::new()),
    };
    let mut whole = |name: &str, allowed, default| match fields.optional(name) {
        Some(node) => node.whole(allowed, problems),
        None => Some(default),
    };
    let window_seconds = whole("window_seconds", WINDOW_SECONDS, WINDOW_SECONDS_DEFAULT);
    let window_milliseconds =
        window_seconds.map(|seconds| seconds.saturating_mul(MILLISECONDS_PER_SECOND));
    // Whoever only shortens the window gets a tick that fits.
    let tick_default = window_milliseconds.unwrap_or(u64::MAX).min(TICK_MILLISECONDS_DEFAULT);
    let tick_milliseconds = whole("tick_milliseconds", TICK_MILLISECONDS, tick_default);
    let event_bytes_max = whole("event_bytes_max", EVENT_BYTES_MAX, EVENT_BYTES_MAX_DEFAULT);
    let drift = Drift::read(&fields, problems);
    let decode = match fields.optional("decode") {
        Some(node) => codings(&node, problems),
        None => Some(Codings::ALL),
    };
    let remove_accept_encoding = match fields.optional("remove_accept_encoding") {
        Some(node) => node.boolean(problems),
        None => Some(false),
    };
    let formats = ReportFormat::ALL.map(|format| (format.word(), format));
    let request_load_reports = match fields.optional("request_load_reports") {
        Some(node) => node.word(&formats, problems).map(Some),
        None => Some(None),
    };
    if let (Some(window), Some(tick)) = (window_milliseconds, tick_milliseconds)
        && window < tick
    {
        problems.add(
            &fields.path().field("tick_milliseconds"),
            format_args!("found {tick}, expected at most {window}, the length of the window"),
        );
    }
    let config = Config {
        models: models?,
        names_max: names_max?,
        routes: routes?,
        endpoints: endpoints?,
        window_seconds: window_seconds?,
        drift: drift?,
        tick_milliseconds: tick_milliseconds?,
        event_bytes_max: event_bytes_max?,
        decode: decode?,
        remove_accept_encoding: remove_accept_encoding?,
        request_load_reports: request_load_reports?,
    };
    Some(config)
}

fn codings(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Codings> {
    let words = Coding::ALL.map(|coding| (coding.name(), coding));
    let codings =
        node.array(0..=words.len(), problems, |node, problems| node.word(&words, problems));
    codings.map(Codings::from_iter)
}

/// The name of something that is told apart, or a pattern for such: new, fit for a label, and not reserved.
fn admitted_name(
    node: &Node<'_, '_>,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<String> {
    let name = node.new_label(seen, problems)?;
    if name == OTHER_NAME {
        node.refuse(
            format_args!("another name: whatever is not listed is counted under this one"),
            problems,
        );
    }
    Some(name)
}
