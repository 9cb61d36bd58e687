//! Exchanges that wish to be counted under a name of their own: granted, refused, or never answered, once each.

use super::*;

/// An exchange with a model that a pattern admits, and what it is told of its wish.
fn wishing(
    granted: bool,
    then: impl FnOnce(&mut Exchange, &Monitor, &mut Ledger),
) -> BTreeMap<String, i64> {
    let config =
        r#"{"models": [{"name": "m"}, {"name": "gpt-*"}], "routes": ["r-*"], "names_max": 1}"#;
    let monitor = Monitor::new(&Config::from_json(config.as_bytes()).unwrap());
    let mut ledger = Ledger::new(monitor.series_max());
    let head = RequestHead {
        method: b"POST",
        path: b"/v1/chat/completions",
        route: Some(b"r-1"),
        ..RequestHead::default()
    };
    let mut exchange = Exchange::start(&monitor, &mut ledger, Timestamp(0), &head).unwrap();
    assert_eq!(exchange.wish(), None, "the body has to tell");
    then(&mut exchange, &monitor, &mut ledger);
    let wish = exchange.wish().cloned().expect("a wish");
    let place = granted.then(|| monitor.place(0)).flatten();
    exchange.answer_wish(&monitor, &mut ledger, place);
    assert_eq!(exchange.wish(), None, "a wish is answered once");
    exchange.request_body(&monitor, &mut ledger, br#"{"model":"gpt-2"}"#);
    exchange.end_naming(&monitor, &mut ledger);
    assert_eq!(exchange.wish(), None, "the first name holds");
    let mut changes = Vec::new();
    ledger.drain(|id, change| changes.push((id, change)));
    assert!(matches!(changes[..], [(_, Change::Shift(1))]), "in flight, once: {changes:?}");
    exchange.finish(&monitor, &mut ledger, Timestamp(1000), 1 << 14);
    let mut series: Vec<_> = monitor.series().iter().cloned().map(Some).collect();
    series.resize(monitor.series_max(), None);
    monitor.series_at(0, &wish, |id, new| series[id.index()] = Some(new.clone()));
    ledger.drain(|id, change| changes.push((id, change)));
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
    let names = |exchange: &mut Exchange, monitor: &Monitor, ledger: &mut Ledger| {
        exchange.request_body(monitor, ledger, br#"{"model":"gpt-1","model":"m"}"#);
    };
    counts_once(&wishing(true, names), "gpt-1", "r-1");
    counts_once(&wishing(false, names), "other", "other");
}

#[test]
fn a_request_without_a_name_wishes_for_its_route() {
    let ends = |exchange: &mut Exchange, monitor: &Monitor, ledger: &mut Ledger| {
        exchange.end_naming(monitor, ledger);
    };
    counts_once(&wishing(true, ends), "other", "r-1");
    counts_once(&wishing(false, ends), "other", "other");
}

#[test]
fn a_wish_that_nobody_answers_is_refused_at_the_end() {
    let config = r#"{"models": [{"name": "gpt-*"}]}"#;
    let monitor = Monitor::new(&Config::from_json(config.as_bytes()).unwrap());
    let mut ledger = Ledger::new(monitor.series_max());
    let head =
        RequestHead { method: b"POST", path: b"/chat/completions", ..RequestHead::default() };
    let mut exchange = Exchange::start(&monitor, &mut ledger, Timestamp(0), &head).unwrap();
    exchange.request_body(&monitor, &mut ledger, br#"{"model":"gpt-1"}"#);
    exchange.response_head(&monitor, &mut ledger, &ResponseHead::default());
    exchange.finish(&monitor, &mut ledger, Timestamp(1000), 1 << 14);
    let totals = changed(&monitor, &mut ledger);
    assert_eq!(totals.get("requests_total{other,client_cancel}"), Some(&1));
}
