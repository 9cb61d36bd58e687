//! The plain text of Envoy's `/stats`: full names, labels still inside; numbers first, then histograms.

use std::{collections::BTreeMap, fmt::Write};

use super::{Histogram, Stats};

/// The quantiles that Envoy prints, with the names it gives them.
const QUANTILES: [(&str, f64); 10] = [
    ("P0", 0.0),
    ("P25", 0.25),
    ("P50", 0.5),
    ("P75", 0.75),
    ("P90", 0.9),
    ("P95", 0.95),
    ("P99", 0.99),
    ("P99.5", 0.995),
    ("P99.9", 0.999),
    ("P100", 1.0),
];

impl Stats {
    /// One line per stat, `name: value`.
    ///
    /// A quantile is written `P50(interval,total)`, where `interval` is the
    /// last flush interval and `nan` if nothing was recorded in it.
    #[must_use]
    pub fn text(&self) -> String {
        let registry = self.registry();
        let mut numbers = BTreeMap::new();
        // In Envoy, too, a gauge hides a counter of the same name on this page.
        for (name, stat) in registry.counters.iter().chain(&registry.gauges) {
            numbers.insert(name, stat.get());
        }
        let mut out = String::new();
        for (name, value) in numbers {
            let _ = writeln!(out, "{name}: {value}");
        }
        for (name, stat) in &registry.histograms {
            let recorded = stat.recorded();
            let _ = writeln!(out, "{name}: {}", summary(&recorded.interval, &recorded.total));
        }
        out
    }
}

fn summary(interval: &Histogram, total: &Histogram) -> String {
    if total.count() == 0 {
        return "No recorded values".into();
    }
    let number = |value: Option<f64>| value.map_or_else(|| "nan".into(), shortest);
    let entries = QUANTILES.map(|(name, q)| {
        format!("{name}({},{})", number(interval.quantile(q)), number(total.quantile(q)))
    });
    entries.join(" ")
}

/// The fewest digits that read back as the same number; beyond 1e16 with an exponent, as Envoy has it.
fn shortest(value: f64) -> String {
    if value.abs() < 1e16 { value.to_string() } else { format!("{value:e}").replace('e', "e+") }
}

#[cfg(test)]
mod tests {
    use crate::stats::Stats;

    /// Copied from Envoy 1.40's `/stats`.
    #[test]
    fn the_page_is_envoys_byte_for_byte() {
        let stats = Stats::default();
        stats.counter("pr_c1").record(9);
        stats.gauge("pr_c1").record(4);
        stats.counter("pr-a.b");
        stats.histogram("pr_hzero.model=.=a;.;");
        for _ in 0..3 {
            (101..=110).for_each(|value| stats.histogram("pr_re1").record(value));
        }
        assert_eq!(
            stats.text(),
            "wasmcustom.pr-a.b: 0\n\
             wasmcustom.pr_c1: 4\n\
             wasmcustom.pr_hzero.model=.=a;.;: No recorded values\n\
             wasmcustom.pr_re1: P0(nan,100.35714285714286) P25(nan,102.85714285714286) \
             P50(nan,105.35714285714286) P75(nan,108.21428571428571) P90(nan,109.64285714285714) \
             P95(nan,115.00000000000001) P99(nan,117.50000000000001) \
             P99.5(nan,117.50000000000001) P99.9(nan,117.50000000000001) \
             P100(nan,117.50000000000001)\n"
        );
    }

    #[test]
    fn the_left_number_is_the_last_flush_interval() {
        let stats = Stats::default();
        stats.histogram("h").record(0);
        stats.flush();
        assert!(stats.text().contains("P50(0,0)"), "{}", stats.text());
        stats.flush();
        assert!(stats.text().contains("P50(nan,0)"), "{}", stats.text());
    }
}
