//! Prometheus text as Envoy 1.40 prints it on `/stats/prometheus`; no HELP lines, because Envoy has none.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    PREFIX, Stats,
    decimal::significant_32,
    store::{Number, Samples},
    tags::Extracted,
};

impl Stats {
    /// The scrape: counters, then gauges, then histograms, each by name.
    ///
    /// As in Envoy, stats that were never touched appear with zeros, a family
    /// without labels is written `name{}`, and a name that is both a counter
    /// and a gauge gives two TYPE lines.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let registry = self.registry();
        let mut out = String::new();
        numbers(&mut out, &registry.counters, "counter");
        numbers(&mut out, &registry.gauges, "gauge");
        let histograms = registry.histograms.iter();
        for (family, members) in families(histograms.map(|(raw, stat)| (raw, &stat.labels, stat))) {
            let _ = writeln!(out, "# TYPE {family} histogram");
            members.into_iter().for_each(|stat| histogram(&mut out, &family, stat));
        }
        out
    }
}

fn numbers<'a>(
    out: &mut String,
    stats: impl IntoIterator<Item = (&'a String, &'a std::sync::Arc<Number>)>,
    kind: &str,
) {
    for (family, members) in
        families(stats.into_iter().map(|(raw, stat)| (raw, &stat.labels, stat)))
    {
        let _ = writeln!(out, "# TYPE {family} {kind}");
        for stat in members {
            let _ = writeln!(out, "{family}{{{}}} {}", labels(&stat.labels), stat.get());
        }
    }
}

fn histogram(out: &mut String, family: &str, stat: &Samples) {
    let recorded = stat.recorded();
    let labels = labels(&stat.labels);
    let comma = if labels.is_empty() { "" } else { "," };
    for &bound in &stat.bounds {
        let (le, count) = (significant_32(bound), recorded.total.count_below(bound));
        let _ = writeln!(out, "{family}_bucket{{{labels}{comma}le=\"{le}\"}} {count}");
    }
    let count = recorded.total.count();
    let _ = writeln!(out, "{family}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "{family}_sum{{{labels}}} {}", significant_32(recorded.total.sum()));
    let _ = writeln!(out, "{family}_count{{{labels}}} {count}");
}

/// Groups stats by the name that is left after tag extraction.
///
/// Both levels are sorted as Envoy's symbol table compares: dotted part by
/// dotted part. A name that Prometheus could not read is left out.
fn families<'a, T>(
    stats: impl Iterator<Item = (&'a String, &'a Extracted, T)>,
) -> Vec<(String, Vec<T>)> {
    let mut groups: BTreeMap<Vec<&str>, BTreeMap<Vec<&str>, T>> = BTreeMap::new();
    for (raw, labels, stat) in stats {
        let group = groups.entry(labels.name.split('.').collect()).or_default();
        group.insert(raw.split('.').collect(), stat);
    }
    let named = groups.into_iter().filter_map(|(parts, members)| {
        let name = parts.join(".");
        let family = sanitised(name.strip_prefix(PREFIX)?);
        let starts_well = family.starts_with(|first: char| first == '_' || first.is_alphabetic());
        starts_well.then(|| (family, members.into_values().collect()))
    });
    named.collect()
}

fn labels(extracted: &Extracted) -> String {
    let mut out = String::new();
    for (name, value) in &extracted.tags {
        let comma = if out.is_empty() { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
        let _ = write!(out, "{comma}{}=\"{value}\"", sanitised(name));
    }
    out
}

/// Every byte that is not a letter, a digit or `_` becomes `_`.
fn sanitised(name: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte) } else { '_' }
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use crate::stats::{Stats, StatsConfig};

    fn store() -> Stats {
        Stats::new(
            StatsConfig::from_yaml(
                r"stats_config:
  stats_tags:
  - {tag_name: model, regex: '(model=\.=(.*?);\.;)'}
  - {tag_name: outcome, regex: '(outcome=\.=(.*?);\.;)'}
  histogram_bucket_settings:
  - {match: {exact: wasmcustom.pr_exact}, buckets: [2.5, 10]}
  - {match: {prefix: wasmcustom.pr_lat}, buckets: [1, 100]}",
            )
            .unwrap(),
        )
    }

    /// Envoy 1.40 printed this for the same definitions, but for the order of
    /// definition, which must not matter.
    #[test]
    fn the_scrape_is_envoys_byte_for_byte() {
        let stats = store();
        for (name, value) in [
            ("zz_model=.=abc;.;", 0),
            ("pr_zero", 0),
            ("pr_c2.model=.=m \"x\"\\\\a/b.c:d;e=f=.;.;outcome=.=ok;.;", 3),
            ("pr_c2.model=.=B;.;outcome=.=ok;.;", 0),
            ("pr_C2.model=.=B;.;", 0),
            ("pr_noval.model=.=;.;", 6),
            ("pr_c1", 0),
            ("pr-a.b", 0),
        ] {
            stats.counter(name).record(value);
        }
        stats.gauge("pr_g1").record(12);
        stats.gauge("pr_c1").record(4);
        for value in [2, 3, 2, 3, 2, 3] {
            stats.histogram("pr_exact").record(value);
        }
        let mixed = (101..=109).chain([11, 23, 23_000, 22_999]);
        for value in mixed.clone().chain(mixed.clone()).chain(mixed) {
            stats.histogram("pr_lat.outcome=.=bad;.;model=.=zz;.;").record(value);
        }
        stats.histogram("pr_lat.model=.=a;.;outcome=.=ok;.;");
        assert_eq!(
            stats.prometheus(),
            r#"# TYPE pr_a_b counter
pr_a_b{} 0
# TYPE pr_C2 counter
pr_C2{model="B"} 0
# TYPE pr_c1 counter
pr_c1{} 0
# TYPE pr_c2 counter
pr_c2{model="B",outcome="ok"} 0
pr_c2{model="m \"x\"\\\\a/b.c:d;e=f=",outcome="ok"} 3
# TYPE pr_noval counter
pr_noval{model=""} 6
# TYPE pr_zero counter
pr_zero{} 0
# TYPE zz_ counter
zz_{model="abc"} 0
# TYPE pr_c1 gauge
pr_c1{} 4
# TYPE pr_g1 gauge
pr_g1{} 12
# TYPE pr_exact histogram
pr_exact_bucket{le="2.5"} 3
pr_exact_bucket{le="10"} 6
pr_exact_bucket{le="+Inf"} 6
pr_exact_sum{} 15.293882447021191595126765605528
pr_exact_count{} 6
# TYPE pr_lat histogram
pr_lat_bucket{model="a",outcome="ok",le="1"} 0
pr_lat_bucket{model="a",outcome="ok",le="100"} 0
pr_lat_bucket{model="a",outcome="ok",le="+Inf"} 0
pr_lat_sum{model="a",outcome="ok"} 0
pr_lat_count{model="a",outcome="ok"} 0
pr_lat_bucket{model="zz",outcome="bad",le="1"} 0
pr_lat_bucket{model="zz",outcome="bad",le="100"} 33
pr_lat_bucket{model="zz",outcome="bad",le="+Inf"} 39
pr_lat_sum{model="zz",outcome="bad"} 140868.22606933617498725652694702
pr_lat_count{model="zz",outcome="bad"} 39
"#
        );
    }
}
