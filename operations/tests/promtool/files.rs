//! All files of rules together, for several lengths of time and for rehearsals. It knows no number.

use std::{collections::BTreeSet, num::NonZeroU32};

use driftline_operations::{
    File, rules,
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
