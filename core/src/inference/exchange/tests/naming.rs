//! Exchanges that admission_request to be counted under a name of their own: granted, refused, or never answered, once each.

use super::*;

/// An exchange with a model that a pattern admits, and what it is told of its admission_request.
fn wishing(
    granted: bool,
    then: impl FnOnce(&mut Exchange, &Monitor, &mut MetricBuffer),
) -> BTreeMap<String, i64> {
    let config =
        r#"{"models": [{"name": "m"}, {"name": "gpt-*"}], "routes": ["r-*"], "names_max": 1}"#;
    let monitor = Monitor::new(&Config::from_json(config.as_bytes()).unwrap());
    let mut buffer = MetricBuffer::new(monitor.series_max());
    let head = RequestHead {
        method: b"POST",
        path: b"/v1/chat/completions",
        route: Some(b"r-1"),
        ..RequestHead::default()
    };
    let mut exchange = Exchange::start(&monitor, &mut buffer, Timestamp(0), &head).unwrap();
    assert_eq!(exchange.admission_request(), None, "the body has to tell");
    then(&mut exchange, &monitor, &mut buffer);
    let admission_request = exchange.admission_request().cloned().expect("a admission_request");
    let place = granted.then(|| monitor.place(0)).flatten();
    exchange.answer_admission(&monitor, &mut buffer, place);
    assert_eq!(exchange.admission_request(), None, "a admission_request is answered once");
    exchange.request_body(&monitor, &mut buffer, br#"{"model":"gpt-2"}"#);
    exchange.end_naming(&monitor, &mut buffer);
    assert_eq!(exchange.admission_request(), None, "the first name holds");
    let mut changes = Vec::new();
    buffer.flush(|id, change| changes.push((id, change)));
    assert!(matches!(changes[..], [(_, Change::Shift(1))]), "in flight, once: {changes:?}");
    exchange.finish(&monitor, &mut buffer, Timestamp(1000), 1 << 14);
    let mut series: Vec<_> = monitor.series().iter().cloned().map(Some).collect();
    series.resize(monitor.series_max(), None);
    monitor.series_at(0, &admission_request, |id, new| series[id.index()] = Some(new.clone()));
    buffer.flush(|id, change| changes.push((id, change)));
    let mut totals = BTreeMap::new();
    for (id, change) in changes {
        let name = series[id.index()].as_ref().unwrap().stat_name();
        match change {
            Change::Shift(by) => *totals.entry(name).or_default() += by,
            Change::Add(amount) if name.contains("requests_total") => {
                *totals.entry(name).or_default() += i64::try_from(amount).unwrap();
            }
            _ => {}
        }
    }
    totals.retain(|_, total| *total != 0);
    totals
}

#[track_caller]
fn counts_once(totals: &BTreeMap<String, i64>, model: &str, route: &str) {
    let name = format!(
        "driftline_requests_total.model=.={model};.;route=.={route};.;outcome=.=client_cancel;.;"
    );
    assert_eq!(*totals, BTreeMap::from([(name, 1)]));
}

#[test]
fn a_wish_that_is_granted_counts_where_it_has_its_place() {
    let names = |exchange: &mut Exchange, monitor: &Monitor, buffer: &mut MetricBuffer| {
        exchange.request_body(monitor, buffer, br#"{"model":"gpt-1","model":"m"}"#);
    };
    counts_once(&wishing(true, names), "gpt-1", "r-1");
    counts_once(&wishing(false, names), "other", "other");
}

#[test]
fn a_request_without_a_name_wishes_for_its_route() {
    let ends = |exchange: &mut Exchange, monitor: &Monitor, buffer: &mut MetricBuffer| {
        exchange.end_naming(monitor, buffer);
    };
    counts_once(&wishing(true, ends), "other", "r-1");
    counts_once(&wishing(false, ends), "other", "other");
}

#[test]
fn a_wish_that_nobody_answers_is_refused_at_the_end() {
    let config = r#"{"models": [{"name": "gpt-*"}]}"#;
    let monitor = Monitor::new(&Config::from_json(config.as_bytes()).unwrap());
    let mut buffer = MetricBuffer::new(monitor.series_max());
    let head =
        RequestHead { method: b"POST", path: b"/chat/completions", ..RequestHead::default() };
    let mut exchange = Exchange::start(&monitor, &mut buffer, Timestamp(0), &head).unwrap();
    exchange.request_body(&monitor, &mut buffer, br#"{"model":"gpt-1"}"#);
    exchange.response_head(&monitor, &mut buffer, &ResponseHead::default());
    exchange.finish(&monitor, &mut buffer, Timestamp(1000), 1 << 14);
    let totals = changed(&monitor, &mut buffer);
    assert_eq!(totals.get("requests_total{other,client_cancel}"), Some(&1));
}
