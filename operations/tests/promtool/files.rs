//! All files of rules together, for several lengths of time and for rehearsals. It knows no number.

use std::{collections::BTreeSet, num::NonZeroU32};

use driftline_metrics::buckets::Buckets;
use driftline_operations::{
    File,
    objectives::Objectives,
    rules,
    settings::{Lookback, Settings},
    slo,
    time_scale::TimeScale,
};
use driftline_statistics::bins::Bins;
use serde_json::json;

use crate::{
    settings::{config, numbers, profile, with_profile},
    story::{check, names},
};

const DOCS: &str = include_str!("../../../docs/reading-metrics.md");

/// The subjects that have a story, each of which fails while a rule has no expectation.
const STORIES: [&str; 7] = ["data", "drift", "experiment", "pods", "quality", "serving", "slo"];

fn all(settings: &Settings<'_>) -> Vec<File> {
    rules::files(settings).into_iter().chain([slo::file(settings)]).collect()
}

#[test]
fn every_file_of_rules_has_a_story() {
    let config = config(r#"{"models": [{"name": "m"}]}"#);
    let files = all(&Settings::of(&config));
    let subjects: BTreeSet<&str> = files
        .iter()
        .map(|file| {
            file.path.strip_prefix("prometheus/").unwrap().strip_suffix(".rules.yml").unwrap()
        })
        .collect();
    assert_eq!(subjects, BTreeSet::from(STORIES));
}

#[test]
fn lengths_of_time_share_no_rule_and_a_rehearsal_has_the_names_of_the_truth() {
    let column = numbers(Bins::Quantile { edges: vec![0.0] }, &[5, 5], &[-1.0, 1.0], 1.5);
    let of_quotes = "a \"quoted\" name".to_owned();
    let config = with_profile("m", profile(vec![(of_quotes, column)]));
    let lookbacks = [600, 3600, 86_400].map(|seconds| Lookback { seconds });
    let truth = Settings { lookbacks: lookbacks.into(), ..Settings::of(&config) };
    let rehearsal =
        Settings { scale: TimeScale::divided_by(NonZeroU32::new(240).unwrap()), ..truth.clone() };
    for (file, rehearsed) in all(&truth).iter().zip(all(&rehearsal)) {
        assert_eq!(names(&file.text), names(&rehearsed.text), "{}", file.path);
        assert!(rehearsed.text.contains("250ms"), "{}", file.path);
    }
    let drift = &all(&truth)[2].text;
    for name in
        ["driftline:feature:drift10m", "driftline:feature:drift1h", "driftline:feature:drift1d"]
    {
        assert!(names(drift).contains(name), "{name}");
    }
    // promtool refuses two rules with one name and the same labels.
    for settings in [truth, rehearsal] {
        check(&all(&settings), |rules| json!({"rule_files": rules, "tests": []}));
    }
}

#[test]
fn the_page_on_rules_names_none_that_there_is_not() {
    let config = config(r#"{"models": [{"name": "m"}], "routes": ["r"]}"#);
    let mut known: BTreeSet<String> =
        all(&Settings::of(&config)).iter().flat_map(|file| names(&file.text)).collect();
    // Those of configured profiles and KPIs.
    known.extend(["driftline:kpi:mean1h".to_owned()]);
    let is_of_name = |it: char| it.is_ascii_alphanumeric() || "_:".contains(it);
    let said = DOCS
        .split(|it| !is_of_name(it))
        .filter(|it| it.starts_with("driftline:") && !it.ends_with(':'));
    let unknown: BTreeSet<&str> = said.filter(|it| !known.contains(*it)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_example_of_objectives_is_read() {
    let example = DOCS.split("```json\n").find(|it| it.contains("\"bad_outcomes\"")).unwrap();
    let example = example.split("```").next().unwrap();
    let read = Objectives::from_json(example.as_bytes(), &Buckets::Fine).unwrap();
    assert_eq!((read.freshness, read.labels, read.bad_events_min), (None, Some(0.3), 20));
}
