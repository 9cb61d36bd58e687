//! Exchanges that ask to be counted under a name of their own: granted, refused, once each.

use super::*;
use crate::{
    host::{Host, IF_ABSENT},
    ids::SeriesKey,
    label_table::{LABEL_TABLE_KEY, with_series_key},
};

/// What an exchange with a model that a pattern admits counts, with a slot left for it or without.
fn counted(has_slot: bool, then: impl FnOnce(&mut NativeStream<'_>)) -> BTreeMap<String, i64> {
    let config =
        r#"{"models": [{"name": "m"}, {"name": "gpt-*"}], "routes": ["r-*"], "names_max": 1}"#;
    let world = World::new(config);
    if !has_slot {
        let other = SeriesKey { model: "gpt-other".into(), route: "r-9".into() };
        let table = with_series_key(&[], &other);
        assert!(world.host.set_shared_data(LABEL_TABLE_KEY, &table, IF_ABSENT));
    }
    world.host.set_property("xds\0route_name", b"r-1");
    let mut stream = world.post("/v1/chat/completions", &[]);
    then(&mut stream);
    stream.request_body(br#"{"model":"gpt-2"}"#, false);
    stream.end(1 << 14);
    let mut totals = world.changed();
    totals.retain(|name, _| name.starts_with("requests_"));
    totals
}

#[track_caller]
fn counts_once(totals: &BTreeMap<String, i64>, model: &str, route: &str) {
    let name = format!("requests_total{{{model},{route},client_cancel}}");
    assert_eq!(*totals, BTreeMap::from([(name, 1)]));
}

#[test]
fn a_name_that_is_admitted_counts_in_its_slot() {
    let names = |stream: &mut NativeStream<'_>| {
        stream.request_body(br#"{"model":"gpt-1","model":"m"}"#, false);
    };
    counts_once(&counted(true, names), "gpt-1", "r-1");
    counts_once(&counted(false, names), "other", "other");
}

#[test]
fn a_request_without_a_name_asks_for_its_route() {
    let ends = |stream: &mut NativeStream<'_>| {
        stream.response_headers(named(&[(":status", "200")], &[]), false);
    };
    counts_once(&counted(true, ends), "other", "r-1");
    counts_once(&counted(false, ends), "other", "other");
}

#[test]
fn a_request_that_says_nothing_is_counted_at_its_end() {
    let world = World::new(r#"{"models": [{"name": "gpt-*"}]}"#);
    world.post("/chat/completions", &[]).end(1 << 14);
    assert_eq!(world.changed().get("requests_total{other,client_cancel}"), Some(&1));
}
