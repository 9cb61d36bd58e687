//! Renders what provisions Grafana, beside the dashboards.

use super::{Bundle, File, dashboards, file, prometheus::interval, template::fill};
use crate::yaml::quoted;

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let values =
        [("prometheus", &*quoted(&bundle.deployment.prometheus)), ("interval", &*interval(bundle))];
    let mut files = vec![
        file(
            "grafana/provisioning/datasources/driftline.yaml",
            fill(include_str!("templates/grafana/datasource.yaml"), &values),
        ),
        file(
            "grafana/provisioning/dashboards/driftline.yaml",
            fill(include_str!("templates/grafana/dashboards.yaml"), &values),
        ),
    ];
    files.extend(dashboards(bundle.settings));
    files
}
