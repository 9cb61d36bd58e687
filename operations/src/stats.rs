//! Renders what gives stats their labels and buckets: `stats.yaml`, and the same as Istio takes it. It spells no metric and
//! no label.

use std::fmt::Write;

use driftline_metrics::{
    buckets::{Buckets, Scale},
    catalogue::{Definition, Label, Metric},
};

const HEAD: &str = "\
# Written by `driftline render`: labels and buckets of Driftline's metrics, for Envoy.
#
# Without it the labels stay in the names of the metrics, and histograms get Envoy's own buckets, which end
# below a second. Paste it into an Envoy bootstrap, or hand over both:
#
#   envoy -c envoy.yaml --config-yaml \"$(cat stats.yaml)\"
";

/// The text of `stats.yaml`.
#[must_use]
pub fn render(buckets: &Buckets) -> String {
    [HEAD, &settings(buckets)].concat()
}

/// The part of an Envoy bootstrap.
#[must_use]
pub fn settings(buckets: &Buckets) -> String {
    let mut text = String::from("stats_config:\n");
    text += "  # The filter names a stat `driftline_<metric>.<label>=.=<value>;.;`; each of these cuts one label out.\n";
    text += "  stats_tags:\n";
    for label in Label::ALL {
        let name = label.name();
        let _ = writeln!(text, "    - tag_name: {name}\n      regex: '({name}=\\.=(.*?);\\.;)'");
    }
    text += "  # Upper bounds, in the unit that the name ends with. Envoy takes the first entry that fits.\n";
    text += "  histogram_bucket_settings:\n";
    for (Definition { name, .. }, scale) in histograms() {
        let _ = writeln!(text, "    - match: {{ prefix: wasmcustom.{name} }}");
        let _ = writeln!(text, "      buckets: {:?}", buckets.bounds(scale));
    }
    text
}

/// The value of Istio's annotation `sidecar.istio.io/extraStatTags`, of which Istio makes the same `stats_tags`.
#[must_use]
pub fn istio_tags() -> String {
    // Blanks would become a part of the names.
    Label::ALL.iter().map(|label| label.name()).collect::<Vec<_>>().join(",")
}

/// The value of Istio's annotation `sidecar.istio.io/statsHistogramBuckets`: JSON, a line for each histogram.
#[must_use]
pub fn istio_buckets(buckets: &Buckets) -> String {
    // Istio sorts by prefix, which makes no difference, because no histogram's name begins with another one's.
    let bounds = |(Definition { name, .. }, scale)| {
        format!("\"wasmcustom.{name}\": {:?}", buckets.bounds(scale))
    };
    format!("{{{}}}", histograms().map(bounds).collect::<Vec<_>>().join(",\n"))
}

/// The definitions of all histograms with what they measure, in order.
pub fn histograms() -> impl Iterator<Item = (Definition, Scale)> {
    let definitions = Metric::ALL.iter().map(|metric| metric.definition());
    definitions.filter_map(|definition| Some((definition, definition.scale?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_histogram_gets_the_buckets_of_another() {
        for (a, _) in histograms() {
            let fits = histograms().filter(|(b, _)| b.name.starts_with(a.name)).count();
            assert_eq!(fits, 1, "{}", a.name);
        }
    }
}
