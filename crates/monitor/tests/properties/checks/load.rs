//! What model servers report of their load: any report is read or malformed. What it says is not looked at.

use std::cell::RefCell;

use super::{exchange::Host, input::take_number};

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new(r#"{"models": [{"name": "m"}]}"#));
}

/// `[header, report...]`: what a model server says about its load sets gauges or is malformed, never both.
pub(crate) fn load(input: &[u8]) {
    let (header, report) = take_number(input);
    let name = if header & 1 == 0 { "endpoint-load-metrics" } else { "endpoint-load-metrics-bin" };
    HOST.with_borrow(|host| {
        let (mut read, mut gauges, mut malformed) = (0, 0, 0);
        for (series, by) in host.response_head("/v1/messages", name, report) {
            match &*series.name {
                name if name.starts_with("driftline_server_") => gauges += 1,
                "driftline_load_reports_total" => read += by,
                "driftline_read_problems_total" => malformed += by,
                other => panic!("{other}: {by}"),
            }
        }
        assert_eq!(read + malformed, 1);
        assert!(gauges == 0 || read == 1);
    });
}
