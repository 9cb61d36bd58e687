//! Whether a configuration makes more series than a filter may have; it changes none.

use driftline_statistics::document::{Path, Problems};

use crate::{
    config::{Config, SERIES_MAX},
    ids::SeriesKey,
    layout::Monitor,
    model::ModelSeries,
};
use driftline_metrics::series::count;

/// Notes a problem if the configuration makes more than [`SERIES_MAX`] series. Lays it out once, and keeps nothing of it.
pub(crate) fn check(config: &Config, path: &Path<'_>, problems: &mut Problems) {
    let series = Monitor::count(config);
    if SERIES_MAX < series {
        let of_model = |generates| {
            count(|registrar| ModelSeries::new(registrar, &SeriesKey::default(), generates))
        };
        let (generating, predicting) = (of_model(true), of_model(false));
        problems.add(
            path,
            format_args!(
                "found models, routes and profiles that make {series} series, expected at most {SERIES_MAX}: \
                 {generating} for each model that generates and {predicting} for each that predicts, both on each route \
                 and on `other`, {generating} for each of `names_max` if there is a pattern, and for each feature and \
                 prediction two for each bin and those that `measures` lists"
            ),
        );
    }
}
