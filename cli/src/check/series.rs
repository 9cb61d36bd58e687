//! How many series a configuration makes, here and in Prometheus, and how long a scrape is. It scrapes nothing.

use std::{collections::BTreeMap, fmt::Write as _};

use driftline_metrics::{
    buckets::{Buckets, Scale},
    catalogue::Metric,
    series::Series,
};
use driftline_monitor::layout::Monitor;

use crate::table::{Align, Table, thousands};

/// Beside its buckets, a histogram has one without a bound, its sum and its count.
const BESIDE_BOUNDS: u64 = 3;
/// What a bound takes in a line: `,le="12500000"` at most.
const BOUND_BYTES: usize = 14;

/// What Prometheus gets.
struct Scraped {
    series: u64,
    bytes: u64,
}

impl Scraped {
    fn of(monitor: &Monitor, buckets: &Buckets) -> Scraped {
        let mut scraped = Scraped { series: 0, bytes: 0 };
        for series in monitor.series() {
            let lines =
                scale(series).map_or(1, |scale| buckets.bounds(scale).len() as u64 + BESIDE_BOUNDS);
            let bound = if lines == 1 { 0 } else { BOUND_BYTES };
            // A value of one digit and the end of the line.
            let line = render(series).len() + bound + " 0\n".len();
            scraped.series += lines;
            scraped.bytes += lines * line as u64;
        }
        scraped
    }
}

fn scale(series: &Series) -> Option<Scale> {
    let definitions = Metric::ALL.iter().map(|metric| metric.definition());
    definitions.into_iter().find(|definition| definition.name == series.name)?.scale
}

/// The sum, as Prometheus counts and as the proxy does.
pub(super) fn sum(monitor: &Monitor, buckets: &Buckets) -> String {
    let Scraped { series, bytes } = Scraped::of(monitor, buckets);
    let listed = monitor.series().len() as u64;
    let mut text = format!(
        "Series: {} in Prometheus, in about {} KiB for each scrape of a proxy; they are {} stats of the proxy, where a \
         histogram is one and not one for each bucket.",
        thousands(series),
        thousands(bytes.div_ceil(1024)),
        thousands(listed)
    );
    let max = monitor.series_max() as u64;
    if listed < max {
        let _ = write!(
            text,
            " With names that patterns admit there are up to {} stats.",
            thousands(max)
        );
    }
    if *buckets != Buckets::OpenTelemetry {
        let fewer = Scraped::of(monitor, &Buckets::OpenTelemetry).series;
        let _ = write!(
            text,
            " `\"buckets\": \"otel\"` would make it {} in Prometheus.",
            thousands(fewer)
        );
    }
    text
}

/// How many stats each metric has, and all of them by name.
pub(super) fn all(monitor: &Monitor) -> String {
    let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
    for series in monitor.series() {
        *by_name.entry(&series.name).or_default() += 1;
    }
    let columns = [("metric", Align::Left), ("stats", Align::Right)];
    let rows =
        by_name.into_iter().map(|(name, count)| [name.to_string(), thousands(count)]).collect();
    let mut text = format!("{}\n", Table { columns, rows });
    for series in monitor.series() {
        let _ = writeln!(text, "{}", render(series));
    }
    text
}

/// A series as Prometheus shows it.
pub(super) fn render(series: &Series) -> String {
    let labels: Vec<String> =
        series.labels.iter().map(|(label, value)| format!("{}={value:?}", label.name())).collect();
    if labels.is_empty() {
        return series.name.clone();
    }
    format!("{}{{{}}}", series.name, labels.join(","))
}

#[cfg(test)]
mod tests {
    use driftline_monitor::config::Config;

    use super::*;

    #[test]
    fn a_histogram_is_as_many_series_as_it_has_buckets() {
        let config = Config::from_json(br#"{"models": [{"name": "m"}]}"#).unwrap();
        let monitor = Monitor::new(&config);
        let histograms = |wanted| {
            monitor.series().iter().filter(|series| scale(series) == Some(wanted)).count() as u64
        };
        let expected = |buckets: &Buckets| {
            let scales = [Scale::FirstToken, Scale::Duration, Scale::PerToken, Scale::Age];
            let more =
                scales.map(|scale| histograms(scale) * (buckets.bounds(scale).len() as u64 + 2));
            monitor.series().len() as u64 + more.iter().sum::<u64>()
        };
        assert!(0 < histograms(Scale::Duration));
        for (_, buckets) in Buckets::NAMED {
            assert_eq!(Scraped::of(&monitor, &buckets).series, expected(&buckets), "{buckets:?}");
        }
        let text = sum(&monitor, &Buckets::Fine);
        assert!(text.starts_with("Series: ") && text.contains("would make it"), "{text}");
    }
}
