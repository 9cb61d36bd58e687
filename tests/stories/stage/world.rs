//! The stage with the built filter, but without a network: the embedded host on a clock that the story moves.

use std::{fs, sync::OnceLock, time::Duration};

use driftline_testbed::{pieces, scrape::Scrape};
use host_sim::{
    Clock, EndInfo, Filter, HeaderMap, Stream, StreamInfo, Trace, World, WorldOptions,
    stats::StatsConfig,
};

use super::simulated::{self, Told};
use crate::{
    expectation::{PREFIX, Seen},
    script::Script,
};

/// The generated statistics of a proxy, as a user pastes them.
pub(crate) const STATS_YAML: &str = include_str!("../../../envoy/stats.yaml");

/// Tells these exchanges one after another.
pub(super) fn play(config: &str, scripts: [&Script; 2]) -> [Seen; 2] {
    let world = world(config);
    scripts.map(|script| {
        let before = scrape(&world);
        run(&world, 0, script);
        Seen::exact("world", scrape(&world).difference(&before))
    })
}

/// Tells one exchange on a worker.
pub(crate) fn run(world: &World, worker: usize, script: &Script) {
    simulated::play(&mut OneStream { world, worker, stream: None }, script);
}

/// A world of one worker with this configuration, on a virtual clock.
pub(crate) fn world(config: &str) -> World {
    world_of(1, config)
}

/// A world of so many workers.
pub(crate) fn world_of(workers: usize, config: &str) -> World {
    let mut options = options(config);
    options.workers = workers;
    start(options)
}

/// A world of one worker whose calls into the host can be looked at.
pub(crate) fn traced_world(config: &str) -> World {
    let mut options = options(config);
    options.trace = Trace::on();
    start(options)
}

/// A world of one worker in which configurations go on for so long after an update.
pub(crate) fn draining_world(config: &str, drain_time: Duration) -> World {
    let mut options = options(config);
    options.drain_time = drain_time;
    start(options)
}

fn options(config: &str) -> WorldOptions {
    let mut options = WorldOptions::with_config(config.to_owned());
    options.allow_on_headers_stop_iteration = true;
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    options.stats = stats_config();
    options
}

fn start(options: WorldOptions) -> World {
    World::new(filter(), options).unwrap_or_else(|error| panic!("{error}"))
}

/// The built filter, compiled once.
pub(crate) fn filter() -> &'static Filter {
    static FILTER: OnceLock<Filter> = OnceLock::new();
    FILTER.get_or_init(|| Filter::from_bytes(&module()).unwrap_or_else(|error| panic!("{error}")))
}

/// The filter with a section after it that says nothing: for a proxy, another module.
pub(crate) fn other_code() -> Vec<u8> {
    const CUSTOM_SECTION: [u8; 7] = [0, 5, 4, b'm', b'o', b'r', b'e'];
    [&module()[..], &CUSTOM_SECTION].concat()
}

fn module() -> Vec<u8> {
    let path = pieces::filter().unwrap_or_else(|error| panic!("{error:#}"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Labels and buckets as the generated file has them.
pub(crate) fn stats_config() -> StatsConfig {
    StatsConfig::from_yaml(STATS_YAML).unwrap_or_else(|error| panic!("envoy/stats.yaml: {error}"))
}

/// What a world's admin page would show of ours.
pub(crate) fn scrape(world: &World) -> Scrape {
    let scrape =
        Scrape::parse(&world.stats().prometheus()).unwrap_or_else(|error| panic!("{error:#}"));
    scrape.only_prefix(PREFIX)
}

struct OneStream<'w> {
    world: &'w World,
    worker: usize,
    stream: Option<Stream>,
}

impl OneStream<'_> {
    fn stream(&mut self) -> &mut Stream {
        self.stream.as_mut().expect("a story's callbacks come between its headers and its end")
    }
}

fn header_map(pseudo: &[(&str, &str)], headers: &[(String, String)]) -> HeaderMap {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pseudo.iter().copied().chain(headers).collect()
}

impl Told for OneStream<'_> {
    fn advance(&mut self, by: Duration) {
        self.world.advance(by).unwrap();
    }

    fn request_headers(
        &mut self,
        route: &str,
        path: &str,
        headers: &[(String, String)],
        ended: bool,
    ) {
        let pseudo =
            [(":authority", "gateway"), (":path", path), (":method", "POST"), (":scheme", "http")];
        let info = StreamInfo { route_name: Some(route.to_owned()), ..StreamInfo::default() };
        self.stream = Some(self.world.stream_with(self.worker, info).unwrap());
        self.stream().request_headers(header_map(&pseudo, headers), ended).unwrap();
    }

    fn request_body(&mut self, bytes: &[u8], ended: bool) {
        let passed = self.stream().request_body(bytes.to_vec(), ended).unwrap();
        assert_eq!(passed, bytes, "the filter changed the request");
    }

    fn response_headers(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        details: &str,
        ended: bool,
    ) {
        let status = status.to_string();
        let stream = self.stream();
        stream.update(|info| info.code_details = Some(details.to_owned()));
        stream.response_headers(header_map(&[(":status", &status)], headers), ended).unwrap();
    }

    fn response_body(&mut self, bytes: &[u8], ended: bool) {
        let passed = self.stream().response_body(bytes.to_vec(), ended).unwrap();
        assert_eq!(passed, bytes, "the filter changed the response");
    }

    fn response_trailers(&mut self, trailers: &[(String, String)]) {
        let trailers = header_map(&[], trailers);
        self.stream().response_trailers(trailers).unwrap();
    }

    fn end(&mut self, flags: u64) {
        let stream = self.stream.take().expect("a story ends once");
        stream.end(EndInfo { flags, code_details: None }).unwrap();
    }

    fn refused(&mut self) {
        self.world.rejected_stream(self.worker).unwrap();
    }
}
