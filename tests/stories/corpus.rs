//! The corpora of exchanges, `tests/data/llm` and `tests/data/predict`, against the built filter in the embedded host: in
//! every way that a network may cut, it counts what the core counts, and changes no byte. What a case expects, the core's
//! runner judges.

use std::{sync::Mutex, thread, time::Duration};

use driftline_metrics::catalogue::Kind;
use driftline_monitor::{config::Config, layout::Monitor};
use driftline_support::{
    corpus::{Case, LLM, PREDICT},
    counts::{self, Counts},
    delivery::Delivery,
    message::Message,
    native::Native,
};
use host_sim::{EndInfo, HeaderMap, Stream, World};

use crate::stage::{among_others, world};

/// The built filter under one configuration, and what it has counted so far.
struct Built {
    config: String,
    world: World,
    /// By which the filter calls each series, and how we do.
    series: Vec<(Kind, String, String)>,
}

#[test]
fn the_built_filter_counts_what_the_core_counts() {
    check(LLM.cases());
}

#[test]
fn the_built_filter_reads_tables_and_tensors_as_the_core_does() {
    check(PREDICT.cases());
}

/// Delivers every case in many ways, and names those in which the filter and the core differ.
fn check(mut cases: Vec<Case>) {
    let _among_others = among_others();
    // A configuration takes longer to load than a case to run.
    cases.sort_by(|one, other| one.config.cmp(&other.config));
    let next = Mutex::new(cases.iter());
    let problems = Mutex::new(Vec::new());
    let work = || {
        let mut built: Option<Built> = None;
        loop {
            let Some(case) = next.lock().unwrap().next() else { return };
            if built.as_ref().is_none_or(|built| built.config != case.config) {
                built = Some(Built::new(case.config.clone()));
            }
            let found = built.as_ref().map(|built| built.problems(case)).unwrap_or_default();
            problems.lock().unwrap().extend(found);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{} exchanges:\n{}", problems.len(), problems.join("\n"));
}

/// Whether a series is set, by whoever comes last, so that its changes do not add up.
fn is_snapshot(name: &str) -> bool {
    // The memory of a VM is told on ticks, which the core alone has none of.
    name.starts_with("server_") || name.starts_with("vm_memory_bytes")
}

/// The ways in which each case is delivered.
fn deliveries(case: &Case) -> Vec<Delivery<'_>> {
    [Delivery::by_event(case), Delivery::coalesced(case), Delivery::by_byte(case)]
        .into_iter()
        .chain(Delivery::cut_anywhere(case))
        .collect()
}

impl Built {
    fn new(config: String) -> Built {
        let read = Config::from_json(config.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let monitor = Monitor::new(&read);
        let series = monitor.series().iter();
        let series =
            series.map(|series| (series.kind, series.stat_name(), counts::name(series))).collect();
        Built { world: world(&config), series, config }
    }

    /// Where the filter differs from the core, if it does. Many deliveries are compared at once, because a look at
    /// all series costs more than an exchange.
    fn problems(&self, case: &Case) -> Option<String> {
        let deliveries = deliveries(case);
        let difference = self.difference(case, &deliveries)?;
        let one = deliveries.chunks(1).find_map(|one| {
            let difference = self.difference(case, one)?;
            Some(format!("{}, {}{difference}", case.name, one.first()?.name))
        });
        Some(one.unwrap_or_else(|| format!("{}, only all at once{difference}", case.name)))
    }

    fn difference(&self, case: &Case, deliveries: &[Delivery<'_>]) -> Option<String> {
        let before = self.counts();
        let native = Native::new(&self.config);
        let mut expected = Counts::new();
        for delivery in deliveries {
            self.run(case, delivery);
            let (counts, _) =
                native.run(case, delivery).unwrap_or_else(|problem| panic!("{problem}"));
            for (name, count) in counts {
                let before = expected.entry(name);
                if is_snapshot(before.key()) {
                    *before.or_default() = count;
                } else {
                    *before.or_default() += count;
                }
            }
        }
        let mut found = self.counts();
        found.retain(|name, count| {
            if is_snapshot(name) {
                // What an earlier exchange has set still stands.
                return expected.contains_key(name);
            }
            *count -= before.get(name).unwrap_or(&0);
            *count != 0
        });
        if found == expected {
            return None;
        }
        let names = found.keys().chain(expected.keys().filter(|name| !found.contains_key(*name)));
        let lines = names.filter(|name| found.get(*name) != expected.get(*name)).map(|name| {
            let [expected, found] =
                [&expected, &found].map(|counts| counts.get(name).unwrap_or(&0));
            format!("\n    {name}: the core counts {expected}, the filter {found}")
        });
        Some(lines.collect())
    }

    /// Tells one exchange as a proxy does.
    fn run(&self, case: &Case, delivery: &Delivery<'_>) {
        let millisecond = Duration::from_millis(1);
        let mut stream = self.world.stream(0).unwrap();
        let pseudo = [
            (":authority", "gateway"),
            (":path", &case.path),
            (":method", "POST"),
            (":scheme", "http"),
        ];
        stream.request_headers(header_map(&pseudo, &case.request), false).unwrap();
        for piece in &delivery.request {
            passes(&mut stream, Stream::request_body, piece, false);
        }
        passes(&mut stream, Stream::request_body, &[], true);
        let status = case.status.to_string();
        stream.update(|info| info.code_details = Some("via_upstream".to_owned()));
        stream
            .response_headers(header_map(&[(":status", &status)], &case.response), false)
            .unwrap();
        for piece in &delivery.response {
            self.world.advance(millisecond).unwrap();
            passes(&mut stream, Stream::response_body, piece, false);
        }
        self.world.advance(millisecond).unwrap();
        let trailers = &case.expected.trailers;
        if !trailers.is_empty() {
            let trailers = trailers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            stream.response_trailers(trailers.collect::<HeaderMap>()).unwrap();
        } else if case.expected.response_ends {
            passes(&mut stream, Stream::response_body, &[], true);
        }
        stream.end(EndInfo { flags: case.expected.flags, code_details: None }).unwrap();
    }

    fn counts(&self) -> Counts {
        let stats = self.world.stats();
        let value = |kind: &Kind, stat_name: &str| match kind {
            Kind::Counter => stats.counter_value(stat_name),
            Kind::Gauge => stats.gauge_value(stat_name),
            Kind::Histogram => stats.histogram_value(stat_name).map(|samples| samples.count()),
        };
        let counts = self.series.iter().map(|(kind, stat_name, name)| {
            let value = value(kind, stat_name).unwrap_or_else(|| panic!("no stat {stat_name}"));
            (name.clone(), i64::try_from(value).expect("a count of a test is small"))
        });
        counts.collect()
    }
}

/// Hands a piece to the filter, which must let it pass as it is.
fn passes<B: AsRef<[u8]>>(
    stream: &mut Stream,
    callback: impl FnOnce(&mut Stream, Vec<u8>, bool) -> Result<B, host_sim::Error>,
    piece: &[u8],
    ends: bool,
) {
    let passed = callback(stream, piece.to_vec(), ends).unwrap();
    assert_eq!(passed.as_ref(), piece, "the filter changed a body");
}

fn header_map(pseudo: &[(&str, &str)], message: &Message) -> HeaderMap {
    let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pseudo.iter().copied().chain(headers).collect()
}
