//! Who got series of its own at run time: a table that all workers share, and one worker's view of it.
//! It reads and writes bytes only; fetching and replacing what is shared is the host's part.
//!
//! Series of a proxy never go away, so the table only grows, up to a bound, and is one for the whole process: workers
//! that kept one each would admit as many names each. A worker asks for the shared table only for a name that it does
//! not know, and no more once its view is full; so a flood of invented names costs it nothing.
//!
//! What other configurations have admitted stays in the table, and takes no place in the view of one that does not
//! admit it. So a narrower pattern gets its own places after too wide a one was flooded.

use alloc::{collections::BTreeMap, vec::Vec};
use core::str;

use crate::{
    ids::{ModelId, SeriesKey},
    layout::Monitor,
};
use driftline_metrics::series::{SeriesId, SeriesView};
use driftline_statistics::document::LABEL_BYTES_MAX;

/// Where hosts keep the table. Its last part is the version of the encoding.
pub const LABEL_TABLE_KEY: &str = "driftline/names/1";
/// The most entries of the shared table, those of earlier configurations included; then nobody is admitted any more.
pub const LABEL_TABLE_ENTRIES_MAX: usize = 2000;

/// One worker's view of the table: those whom its configuration admits.
#[derive(Debug, Default)]
pub struct LabelTable {
    places: BTreeMap<SeriesKey, usize>,
    places_max: usize,
    /// The table has no room, or is none that this code could have written.
    is_closed: bool,
}

impl LabelTable {
    /// An empty view, with as many places as the configuration says.
    #[must_use]
    pub fn new(monitor: &Monitor) -> LabelTable {
        LabelTable { places_max: monitor.places_max(), ..LabelTable::default() }
    }

    /// The model of this series_key, if it has a place.
    #[must_use]
    pub fn find(&self, monitor: &Monitor, series_key: &SeriesKey) -> Option<ModelId> {
        monitor.place(*self.places.get(series_key)?)
    }

    /// Whether nobody can be admitted any more: then there is no need to look at the table.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_closed || self.places_max <= self.places.len()
    }

    /// Takes over what the table has, and hands out the series of each one that is new, to be defined with the host.
    ///
    /// Those that the configuration does not admit, or has no place for, are passed over.
    pub fn read(
        &mut self,
        monitor: &Monitor,
        table: &[u8],
        mut define: impl FnMut(SeriesId, SeriesView<'_>),
    ) {
        let mut entries = 0usize;
        let mut rest = table;
        while !rest.is_empty() {
            let Some((series_key, after)) = decode(rest) else {
                self.is_closed = true;
                return;
            };
            rest = after;
            entries = entries.saturating_add(1);
            let place = self.places.len();
            if place < self.places_max
                && !self.places.contains_key(&series_key)
                && monitor.admits(&series_key)
            {
                monitor.series_at(place, &series_key, &mut define);
                self.places.insert(series_key, place);
            }
        }
        self.is_closed |= LABEL_TABLE_ENTRIES_MAX <= entries;
    }
}

/// The table with one more entry. It is for the caller to have [read](LabelTable::read) it and not found the series_key.
#[must_use]
pub fn with_series_key(table: &[u8], series_key: &SeriesKey) -> Vec<u8> {
    let parts = [&series_key.model, &series_key.route];
    let mut bytes = Vec::from(table);
    for part in parts {
        // Labels are shorter than 256 bytes; of a longer one the table would hold nothing readable.
        let part = part.as_bytes().get(..LABEL_BYTES_MAX).unwrap_or(part.as_bytes());
        bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The first entry, and what stands after it; `None` if this is none.
fn decode(bytes: &[u8]) -> Option<(SeriesKey, &[u8])> {
    let (model, bytes) = text(bytes)?;
    let (route, bytes) = text(bytes)?;
    Some((SeriesKey { model: model.into(), route: route.into() }, bytes))
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&length, bytes) = bytes.split_first()?;
    let length = usize::from(length);
    let (text, rest) = bytes.split_at_checked(length).filter(|_| length <= LABEL_BYTES_MAX)?;
    Some((str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec};

    use super::*;
    use crate::config::Config;

    fn monitor(json: &str) -> Monitor {
        Monitor::new(&Config::from_json(json.as_bytes()).unwrap_or_else(|error| panic!("{error}")))
    }

    fn series_key(model: &str, route: &str) -> SeriesKey {
        SeriesKey { model: model.into(), route: route.into() }
    }

    fn table(subjects: &[(&str, &str)]) -> Vec<u8> {
        subjects.iter().fold(Vec::new(), |table, (model, route)| {
            with_series_key(&table, &series_key(model, route))
        })
    }

    /// A view of this table, and whom it defined series for.
    fn view(monitor: &Monitor, table: &[u8]) -> (LabelTable, Vec<(String, String)>) {
        let mut label_table = LabelTable::new(monitor);
        let mut defined = Vec::new();
        label_table.read(monitor, table, |_, series| {
            let series = series.to_series();
            let label =
                |position: usize| series.labels.get(position).map(|(_, value)| value.clone());
            let labels = (label(0).unwrap(), label(1).unwrap_or_default());
            if series.name.ends_with("_in_flight") {
                defined.push(labels);
            }
        });
        (label_table, defined)
    }

    #[track_caller]
    fn check(config: &str, entries: &[(&str, &str)], admitted: &[(&str, &str)], is_full: bool) {
        let monitor = monitor(config);
        let (label_table, defined) = view(&monitor, &table(entries));
        let admitted: Vec<_> =
            admitted.iter().map(|&(model, route)| (model.into(), route.into())).collect();
        assert_eq!(defined, admitted);
        assert_eq!(label_table.is_full(), is_full);
        for (number, (model, route)) in admitted.iter().enumerate() {
            let found = label_table.find(&monitor, &series_key(model, route));
            assert_eq!(found, monitor.place(number), "{model} on {route:?}");
        }
    }

    const MODELS: &str = r#"{"models": [{"name": "m"}, {"name": "gpt-*"}], "names_max": 2}"#;
    const ROUTES: &str =
        r#"{"models": [{"name": "m"}, {"name": "gpt-*"}], "names_max": 2, "routes": ["r", "s-*"]}"#;

    #[test]
    fn places_are_given_in_order_up_to_the_bound() {
        check(MODELS, &[], &[], false);
        check(MODELS, &[("gpt-1", "")], &[("gpt-1", "")], false);
        let three = [("gpt-1", ""), ("gpt-2", ""), ("gpt-3", "")];
        check(MODELS, &three, &three[..2], true);
    }

    #[test]
    fn entries_of_other_configurations_take_no_place() {
        let entries = [("claude", ""), ("m", ""), ("gpt-1", "r"), ("gpt-1", ""), ("gpt-2", "")];
        check(MODELS, &entries, &[("gpt-1", ""), ("gpt-2", "")], true);
        check(ROUTES, &entries, &[("gpt-1", "r")], false);
        let listed = r#"{"models": [{"name": "gpt-1"}]}"#;
        check(listed, &entries, &[], true);
    }

    #[test]
    fn only_what_traffic_can_wish_for_is_admitted() {
        check(
            ROUTES,
            &[("m", "r"), ("other", "other"), ("other", "r"), ("m", "s"), ("m", ""), ("x", "s-1")],
            &[],
            false,
        );
        let wishes = [("other", "s-1"), ("gpt-1", "other")];
        check(ROUTES, &wishes, &wishes, true);
    }

    #[test]
    fn a_name_that_is_there_twice_has_one_place() {
        let entries = [("gpt-1", ""), ("gpt-1", ""), ("gpt-2", "")];
        check(MODELS, &entries, &[("gpt-1", ""), ("gpt-2", "")], true);
    }

    #[test]
    fn reading_again_defines_only_what_is_new() {
        let monitor = monitor(MODELS);
        let (mut label_table, _) = view(&monitor, &table(&[("gpt-1", "")]));
        let mut defined = 0;
        label_table.read(&monitor, &table(&[("gpt-1", ""), ("gpt-2", "")]), |_, series| {
            assert_eq!(series.to_series().labels.first().unwrap().1, "gpt-2");
            defined += 1;
        });
        assert_eq!(defined, (monitor.series_max() - monitor.series().len()) / 2);
    }

    #[test]
    fn a_model_that_predicts_has_no_series_of_tokens() {
        let monitor = monitor(
            r#"{"routes": ["s-*"], "models": [{"name": "rain", "profile": {
                "format": "driftline-profile", "format_version": 1, "version": null, "created_at": "2026-11-25T12:00:00Z",
                "model": "rain", "rows": 4,
                "features": [{"name": "dew", "type": "number", "schema": {"required": true, "minimum": 0, "maximum": 3}, "nulls": 0,
                    "mean": 1.5, "standard_deviation": 1.118033988749895, "minimum": 0, "maximum": 3,
                    "bins": {"kind": "quantile", "edges": [1], "counts": [2, 2], "means": [0.5, 2.5]},
                    "tail_excess": {"low": 0.447213595499958, "high": 1.3416407864998738},
                    "chi_square": {"five_percent": 3.841458820694124, "one_percent": 6.634896601021213, "family": 6.634896601021213}}],
                "prediction": null}}]}"#,
        );
        let mut label_table = LabelTable::new(&monitor);
        let mut names = vec![];
        label_table.read(&monitor, &table(&[("rain", "s-1")]), |_, series| {
            names.push(series.to_series().name);
        });
        assert!(names.iter().any(|name| name.ends_with("requests_total")));
        let is_of_tokens = |name: &String| {
            ["put_tokens", "per_output_token", "t_token"].iter().any(|part| name.contains(part))
        };
        assert!(!names.iter().any(is_of_tokens), "{names:?}");
    }

    #[test]
    fn a_table_that_is_cut_or_garbled_admits_nobody_more() {
        let monitor = monitor(MODELS);
        let whole = table(&[("gpt-1", ""), ("gpt-2", "")]);
        for cut in 1..whole.len() {
            let (label_table, defined) = view(&monitor, &whole[..cut]);
            assert_eq!(label_table.is_full(), cut != whole.len() / 2, "cut at {cut}");
            assert_eq!(defined.len(), usize::from(whole.len() / 2 <= cut), "cut at {cut}");
        }
        for garbage in [&b"\xff"[..], b"\x81", b"\x01\xff\0", b"\0"] {
            assert!(view(&monitor, garbage).0.is_full(), "{}", garbage.escape_ascii());
        }
    }

    #[test]
    fn the_table_itself_is_bounded() {
        let monitor = monitor(MODELS);
        let mut entries = Vec::new();
        for number in 2..=LABEL_TABLE_ENTRIES_MAX {
            entries = with_series_key(&entries, &series_key(&format!("claude-{number}"), ""));
        }
        assert!(!view(&monitor, &entries).0.is_full());
        entries = with_series_key(&entries, &series_key("gpt-1", ""));
        let (label_table, defined) = view(&monitor, &entries);
        assert!(label_table.is_full());
        assert_eq!(defined.len(), 1);
    }
}
