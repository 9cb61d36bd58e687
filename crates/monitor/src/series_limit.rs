//! Refuses configurations that make more series than a filter may have; it stands above the layout, whose parts it counts.

use alloc::{string::String, vec::Vec};
use core::{fmt::Write as _, mem};

use driftline_statistics::document::{Path, Problems};

use crate::{
    config::{Config, ConfigError},
    layout::parts::{series_by_maker, series_count},
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
            let series = series_count(&config);
            check(&config, series, &mut problems);
            (config, series)
        });
        config.filter(|_| problems.is_empty()).ok_or(ConfigError(problems))
    }
}

/// Notes a problem if there are more series than `series_max`.
fn check(config: &Config, series: usize, problems: &mut Problems) {
    if series as u64 <= config.series_max {
        return;
    }
    problems.add(
        &Path::ROOT,
        format_args!(
            "found models, routes and profiles that make {series} series, expected at most {}, which `series_max` allows: \
             {}",
            config.series_max,
            largest(series_by_maker(config), series),
        ),
    );
}

/// Who makes the most of all series, and how many are left for all others.
fn largest(mut makers: Vec<(String, usize)>, all: usize) -> String {
    let (mut text, mut others) = (String::new(), all);
    for _ in 0..LARGEST_SHOWN {
        let Some((maker, series)) = makers.iter_mut().max_by_key(|(_, series)| *series) else {
            break;
        };
        let _ = write!(text, "{maker} {series}, ");
        others = others.saturating_sub(mem::take(series));
    }
    let _ = write!(text, "all others {others}");
    text
}
