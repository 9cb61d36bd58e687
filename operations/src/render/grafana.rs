//! Renders what provisions Grafana, beside the dashboards.

use super::{Bundle, File, dashboards, prometheus::interval, template::templated};
use crate::yaml::quoted;

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let values =
        [("prometheus", &*quoted(&bundle.deployment.prometheus)), ("interval", &*interval(bundle))];
    let mut files = vec![
        templated!("grafana/provisioning/datasources/driftline.yaml", &values),
        templated!("grafana/provisioning/dashboards/driftline.yaml", &values),
    ];
    files.extend(dashboards(bundle.settings));
    files
}
