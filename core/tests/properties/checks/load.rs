//! What model servers report of their load: any report is read or malformed. What it says is not looked at.

use std::cell::RefCell;

use driftline_core::{
    inference::{
        exchange::{Exchange, RequestHead},
        load::ReportHeaders,
    },
    metrics::buffer::Change,
};
use driftline_statistics::time::Timestamp;

use super::{exchange::Host, input::take_number};

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new(r#"{"models": [{"name": "m"}]}"#));
}

/// `[header, report...]`: what a model server says about its load sets gauges or is malformed, never both.
pub(crate) fn load(input: &[u8]) {
    let (header, report) = take_number(input);
    let headers = if header & 1 == 0 {
        ReportHeaders { report: Some(report), binary: None }
    } else {
        ReportHeaders { report: None, binary: Some(report) }
    };
    HOST.with_borrow_mut(|Host { monitor, buffer, .. }| {
        let head = RequestHead { method: b"POST", path: b"/v1/messages", ..RequestHead::default() };
        let mut exchange = Exchange::start(monitor, buffer, Timestamp(0), &head).expect("known");
        exchange.end_naming(monitor, buffer);
        buffer.flush(|_, _| ());
        exchange.load_report(monitor, buffer, &headers);
        let (mut read, mut gauges, mut malformed) = (0, 0, 0);
        buffer.flush(|id, change| match (change, &*monitor.series()[id.index()].name) {
            (Change::Set(_), name) if name.starts_with("driftline_server_") => gauges += 1,
            (Change::Add(1), "driftline_load_reports_total") => read += 1,
            (Change::Add(1), "driftline_read_problems_total") => malformed += 1,
            other => panic!("{other:?}"),
        });
        assert_eq!(read + malformed, 1);
        assert!(gauges == 0 || read == 1);
    });
}
