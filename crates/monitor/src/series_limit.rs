//! Refuses configurations that make more series than a filter may have; it stands above the layout, whose parts it counts.

use driftline_metrics::series::count;
use driftline_statistics::document::{Path, Problems};

use crate::{
    config::{Config, ConfigError, SERIES_MAX},
    ids::SeriesKey,
    layout::parts::series_count,
    model::ModelSeries,
};

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
            check(series, &mut problems);
            (config, series)
        });
        config.filter(|_| problems.is_empty()).ok_or(ConfigError(problems))
    }
}

/// Notes a problem if there are more than [`SERIES_MAX`] series.
fn check(series: usize, problems: &mut Problems) {
    if SERIES_MAX < series {
        let of_model = |generates| {
            count(|registrar| ModelSeries::new(registrar, &SeriesKey::default(), generates))
        };
        let (generating, predicting) = (of_model(true), of_model(false));
        problems.add(
            &Path::ROOT,
            format_args!(
                "found models, routes and profiles that make {series} series, expected at most {SERIES_MAX}: \
                 {generating} for each model that generates and {predicting} for each that predicts, both on each route \
                 and on `other`, {generating} for each of `names_max` if there is a pattern, and for each feature and \
                 prediction two for each bin and those that `measures` lists"
            ),
        );
    }
}
