//! Renders an Envoy that needs no control plane. It spells no metric.

use std::net::IpAddr;

use super::{Bundle, File, file, filter, template::fill};
use crate::{stats, yaml::quoted};

/// How the plain Envoy is started.
const START: &str = "\
#   envoy -c envoy.yaml --config-yaml \"$(cat stats.yaml)\"
#   curl localhost:9901/stats/prometheus | grep driftline_
#
# stats.yaml cuts the labels out of the names, and sets the buckets. `filename` is relative to the folder that Envoy starts
# in.";

pub(super) fn files(bundle: &Bundle<'_>) -> Vec<File> {
    let deployment = bundle.deployment;
    let start = START.replace("localhost:9901", &deployment.admin.to_string());
    let bootstrap = Bootstrap {
        start: &start,
        filter: &deployment.filter,
        listen: deployment.listen.ip(),
        stats_listener: "",
        stats_cluster: "",
    };
    vec![
        file("envoy.yaml", bootstrap.render(bundle)),
        file("stats.yaml", stats::render(&bundle.settings.config.buckets)),
    ]
}

/// What is not the same in every static Envoy.
pub(super) struct Bootstrap<'b> {
    /// How to start it, as comments.
    pub(super) start: &'b str,
    /// The path of the filter.
    pub(super) filter: &'b str,
    /// Where its listener takes requests.
    pub(super) listen: IpAddr,
    /// A listener for statistics, if the admin interface must not be seen.
    pub(super) stats_listener: &'b str,
    /// The cluster behind it.
    pub(super) stats_cluster: &'b str,
}

impl Bootstrap<'_> {
    pub(super) fn render(&self, bundle: &Bundle<'_>) -> String {
        let deployment = bundle.deployment;
        fill(
            include_str!("templates/envoy.yaml"),
            &[
                ("start", self.start),
                ("admin_host", &quoted(&deployment.admin.ip().to_string())),
                ("admin_port", &deployment.admin.port().to_string()),
                ("listen_host", &quoted(&self.listen.to_string())),
                ("listen_port", &deployment.listen.port().to_string()),
                ("upstream_host", &quoted(&deployment.upstream.name)),
                ("upstream_port", &deployment.upstream.port.to_string()),
                ("filter", &filter::typed_config(bundle, &filter::local(self.filter))),
                ("stats_listener", self.stats_listener),
                ("stats_cluster", self.stats_cluster),
            ],
        )
    }
}
