//! Refuses configurations that make more series than a filter may have; it stands above the layout, whose parts it counts.

use alloc::{string::String, vec::Vec};
use core::fmt::Write as _;

use driftline_metrics::series::count;
use driftline_statistics::document::{Path, Problems};

use crate::{
    config::{Config, ConfigError},
    ids::SeriesKey,
    layout::parts::{SeriesMaker, series_by_maker},
    model::ModelSeries,
};

/// How many of those that make the most series an error names.
const LARGEST_SHOWN: usize = 3;

impl Config {
    /// Reads and checks the JSON of the filter's configuration; at most [`CONFIG_BYTES_MAX`](crate::config::CONFIG_BYTES_MAX).
    ///
    /// # Errors
    ///
    /// Lists every problem with its path, those of the profiles within included.
    pub fn from_json(json: &[u8]) -> Result<Config, ConfigError> {
        Config::from_json_with_series(json).map(|(config, _)| config)
    }

    /// The same, and how many series the configuration makes.
    pub(crate) fn from_json_with_series(json: &[u8]) -> Result<(Config, usize), ConfigError> {
        let mut problems = Problems::default();
        let config = Config::read(json, &mut problems);
        let config = config.map(|config| {
            let makers = series_by_maker(&config);
            let series = total(&makers);
            check(&config, makers, series, &mut problems);
            (config, series)
        });
        config.filter(|_| problems.is_empty()).ok_or(ConfigError(problems))
    }
}

/// Notes a problem if there are more series than `series_max`.
fn check(
    config: &Config,
    makers: Vec<(SeriesMaker, usize)>,
    series: usize,
    problems: &mut Problems,
) {
    if series as u64 <= config.series_max {
        return;
    }
    let of_model = |generates| {
        count(|registrar| ModelSeries::new(registrar, &SeriesKey::default(), generates))
    };
    let (generating, predicting) = (of_model(true), of_model(false));
    problems.add(
        &Path::ROOT,
        format_args!(
            "found models, routes and profiles that make {series} series, expected at most {}, which `series_max` allows: \
             {}. Each model that generates makes {generating} and each that predicts {predicting}, both on each route and \
             on `other`, {generating} each of `names_max` if there is a pattern, and each feature and prediction three for \
             each bin and those that `measures` lists",
            config.series_max,
            largest(makers),
        ),
    );
}

/// Who makes the most series, and how many all others make.
fn largest(mut makers: Vec<(SeriesMaker, usize)>) -> String {
    let mut text = String::new();
    let mut separator = "";
    for _ in 0..LARGEST_SHOWN {
        let by_number = makers.iter().enumerate().rev();
        let largest = by_number.max_by_key(|(_, (_, series))| *series).map(|(at, _)| at);
        let Some((maker, series)) = largest.map(|at| makers.remove(at)) else { break };
        let _ = write!(text, "{separator}{maker} {series}");
        separator = ", ";
    }
    let others = total(&makers);
    if others != 0 {
        let _ = write!(text, ", all others {others}");
    }
    text
}

fn total(makers: &[(SeriesMaker, usize)]) -> usize {
    makers.iter().fold(0, |sum, (_, series)| sum.saturating_add(*series))
}
