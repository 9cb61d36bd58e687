//! Renders what gives stats their labels and buckets: `stats.yaml`, and the same as Istio takes it. It spells no metric and
//! no label.

use std::fmt::Write;

use driftline_metrics::catalogue::{Definition, Kind, Label, Metric};

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
pub fn render() -> String {
    [HEAD, &settings()].concat()
}

/// The part of an Envoy bootstrap.
#[must_use]
pub fn settings() -> String {
    let mut text = String::from("stats_config:\n");
    text += "  # The filter names a stat `driftline_<metric>.<label>=.=<value>;.;`; each of these cuts one label out.\n";
    text += "  stats_tags:\n";
    for label in Label::ALL {
        let name = label.name();
        let _ = writeln!(text, "    - tag_name: {name}\n      regex: '({name}=\\.=(.*?);\\.;)'");
    }
    text += "  # Upper bounds, in the unit that the name ends with. Envoy takes the first entry that fits.\n";
    text += "  histogram_bucket_settings:\n";
    for Definition { name, buckets, .. } in histograms() {
        let _ = writeln!(text, "    - match: {{ prefix: wasmcustom.{name} }}");
        let _ = writeln!(text, "      buckets: {buckets:?}");
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
pub fn istio_buckets() -> String {
    // Istio sorts by prefix, which makes no difference, because no histogram's name begins with another one's.
    let bucket = |Definition { name, buckets, .. }| format!("\"wasmcustom.{name}\": {buckets:?}");
    format!("{{{}}}", histograms().map(bucket).collect::<Vec<_>>().join(",\n"))
}

/// The definitions of all histograms, in order.
pub fn histograms() -> impl Iterator<Item = Definition> {
    let definitions = Metric::ALL.iter().map(|metric| metric.definition());
    definitions.filter(|definition| definition.kind == Kind::Histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_histogram_gets_the_buckets_of_another() {
        for a in histograms() {
            let fits = histograms().filter(|b| b.name.starts_with(a.name)).count();
            assert_eq!(fits, 1, "{}", a.name);
        }
    }
}
