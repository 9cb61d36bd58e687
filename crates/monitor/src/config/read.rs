//! Reads the configuration out of parsed JSON, but for what its tables read by themselves.

#[cfg(test)]
mod tests;

use alloc::{string::String, vec::Vec};

use super::{
    CompareWith, Config, ConfigFields, ENDPOINTS_MAX, Feedback, MODELS_MAX, Model, ROUTES_MAX,
    drift::DriftFields, endpoint, labels::FEEDBACK_NAMES_MAX, table::refuse_other,
};
use driftline_inference::{glob::Glob, recognition::Endpoint};
use driftline_statistics::{
    document::{Node, Object, Problems},
    window::Ring,
};

const MILLISECONDS_PER_SECOND: u64 = 1000;

pub(super) fn config(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Config> {
    let allowed = [ConfigFields::NAMES, DriftFields::NAMES].concat();
    let fields = node.object(&allowed, problems)?;
    let models = models(&fields, problems);
    let routes = routes(&fields, problems);
    let endpoints = endpoints(&fields, models.as_deref(), problems);
    let feedback = match fields.optional("feedback") {
        Some(node) => Feedback::read(&node, models.as_deref(), problems).map(Some),
        None => Some(None),
    };
    let mut read = ConfigFields::of(&fields, problems);
    (read.models, read.routes, read.endpoints) = (models, routes, endpoints);
    read.feedback = feedback;
    fit_tick(&mut read, &fields, problems);
    check_season(&read, &fields, problems);
    check_feedback_names(&read, &fields, problems);
    read.complete()
}

fn models(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<Vec<Model>> {
    let mut seen = Vec::new();
    fields
        .required("models", problems)?
        .array(1..=MODELS_MAX, problems, |node, problems| Model::read(&node, &mut seen, problems))
}

fn routes(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<Vec<Glob>> {
    let Some(list) = fields.optional("routes") else { return Some(Vec::new()) };
    let mut seen = Vec::new();
    list.array(1..=ROUTES_MAX, problems, |node, problems| route(&node, &mut seen, problems))
}

/// The name of a route, or a pattern for such: new, fit for a label, and not reserved.
fn route(node: &Node<'_, '_>, seen: &mut Vec<String>, problems: &mut Problems) -> Option<Glob> {
    let name = node.new_label(seen, problems)?;
    refuse_other(&name, node, problems);
    Some(Glob::new(&name))
}

fn endpoints(
    fields: &Object<'_, '_>,
    models: Option<&[Model]>,
    problems: &mut Problems,
) -> Option<Vec<Endpoint>> {
    let Some(list) = fields.optional("endpoints") else { return Some(Vec::new()) };
    list.array(1..=ENDPOINTS_MAX, problems, |node, problems| {
        endpoint::read(&node, models, problems)
    })
}

/// Bodies of feedback are searched for the KPIs and segments of all models at once.
fn check_feedback_names(read: &ConfigFields, fields: &Object<'_, '_>, problems: &mut Problems) {
    let (Some(models), Some(Some(_))) = (&read.models, &read.feedback) else { return };
    let mut names: Vec<&str> = Vec::new();
    for name in models.iter().flat_map(Model::feedback_names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if FEEDBACK_NAMES_MAX < names.len() {
        problems.add(
            &fields.path().field("models"),
            format_args!(
                "found {} different names of KPIs and segments, expected at most {FEEDBACK_NAMES_MAX} in all models \
                 together",
                names.len()
            ),
        );
    }
}

/// A season consists of whole windows, as many as are kept.
fn check_season(read: &ConfigFields, fields: &Object<'_, '_>, problems: &mut Problems) {
    let (Some(window_seconds), Some(drift)) = (read.window_seconds, &read.drift) else {
        return;
    };
    let season = drift.season;
    if drift.compare_with != CompareWith::Both {
        return;
    }
    let path = fields.path().field("window_seconds");
    if season.seconds().checked_rem(window_seconds) != Some(0) {
        problems.add(
            &path,
            format_args!(
                "found {window_seconds}, expected seconds that a {} is a multiple of, because `compare_with` is `both`",
                season.word()
            ),
        );
        return;
    }
    let windows_max = u64::from(Ring::SLOTS_MAX).saturating_sub(drift.slow_windows);
    if windows_max.saturating_mul(window_seconds) < season.seconds() {
        problems.add(
            &path,
            format_args!(
                "found {window_seconds}, expected windows so long that a {} has {windows_max} at most, because \
                 `compare_with` is `both`",
                season.word()
            ),
        );
    }
}

/// A tick is at most as long as the window: one that is written is refused, the default gets shorter.
fn fit_tick(read: &mut ConfigFields, fields: &Object<'_, '_>, problems: &mut Problems) {
    let (Some(window_seconds), Some(tick)) = (read.window_seconds, read.tick_milliseconds) else {
        return;
    };
    let window = window_seconds.saturating_mul(MILLISECONDS_PER_SECOND);
    if tick <= window {
        return;
    }
    if fields.optional("tick_milliseconds").is_none() {
        read.tick_milliseconds = Some(window);
        return;
    }
    problems.add(
        &fields.path().field("tick_milliseconds"),
        format_args!("found {tick}, expected at most {window}, the length of the window"),
    );
}
