//! Configurations with profiles made up of counts, as rules are rendered for. No row was ever there.

use driftline_monitor::config::Config;
use driftline_statistics::{
    bins::{Bins, MergedEdges},
    profile::{Column, Feature, Kind, Numbers, Profile, Quantiles, Schema, TailExcess},
};

/// A configuration with one model of each name, and no profile.
pub(crate) fn config(json: &str) -> Config {
    Config::from_json(json.as_bytes()).unwrap()
}

/// A configuration of one model, with this profile.
pub(crate) fn with_profile(model: &str, profile: Profile) -> Config {
    let mut config = config(&format!(
        r#"{{"models": [{{"name": "{model}", "version": "1", "type": "predictive"}}]}}"#
    ));
    config.models[0].profile = Some(profile);
    config
}

/// A profile of these columns.
pub(crate) fn profile(features: Vec<(String, Column)>) -> Profile {
    Profile {
        model: "m".to_owned(),
        version: None,
        created_at: 0,
        rows: 1,
        null_texts: Vec::new(),
        features: features.into_iter().map(|(name, column)| Feature { name, column }).collect(),
        prediction: None,
        quality: None,
        kpis: Vec::new(),
        answer: None,
    }
}

/// A column of numbers in these bins, with the mean of each.
pub(crate) fn numbers(bins: Bins, counts: &[u64], means: &[f64], deviation: f64) -> Column {
    Column {
        numbers: Some(Numbers {
            mean: 0.0,
            standard_deviation: deviation,
            minimum: 0.0,
            maximum: 0.0,
            means: means.iter().copied().map(Some).collect(),
            merged: MergedEdges::default(),
            tail_excess: TailExcess::default(),
        }),
        ..categories(bins, counts)
    }
}

/// A column of categories.
pub(crate) fn categories(bins: Bins, counts: &[u64]) -> Column {
    Column {
        kind: if matches!(bins, Bins::Categories { .. }) { Kind::Category } else { Kind::Number },
        schema: Schema { required: false, range: None, categories: None },
        nulls: 0,
        bins,
        counts: counts.to_vec(),
        by_hour: None,
        numbers: None,
        distinct: None,
        chi_square: Quantiles { five_percent: 1.0, one_percent: 1.0, family: 1.0 },
    }
}
