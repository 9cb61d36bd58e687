//! The stages with real sockets: Envoy and the embedded proxy, each with a scripted model server of its own.
//!
//! One pair serves most stories, one story at a time, and is ended when nobody waits for it any more.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use driftline_testbed::{
    envoy::{Envoy, Update},
    machine,
    scrape::Series,
};
use host_sim::proxy::Server;
use tokio::runtime::Runtime;

use super::host::{Host, Settings, Where, settings, start_embedded, start_envoy};
use crate::{expectation::Seen, phrases::CONFIG, script::Script};

/// How often a story is told until it kept its pace. What it counts is never asked twice.
const TRIES: usize = 10;

/// Tells these exchanges one after another, on both hosts at once; a pair is what Envoy and the embedded proxy show.
/// `None` if this machine could not keep the pace, which is then said.
pub(super) fn play(config: &str, scripts: [&Script; 2]) -> Option<[[Seen; 2]; 2]> {
    let [first, _] = scripts;
    let mut own = settings(config).route(&first.route);
    own.patience = first.patience;
    if !first.has_upstream() {
        own.upstream = Where::Nowhere;
    }
    let is_like_others = config == CONFIG && first.route.is_empty();
    if own.patience.is_some() || !first.has_upstream() || !is_like_others {
        let network = Network::start(own);
        return network.play_both(scripts);
    }
    Shared::with(|network| network.play_both(scripts))
}

/// What tells the two apart, a line each; empty if they counted the same.
///
/// Sums of times and buckets differ, because time is real. Gauges and evaluations follow each host's own ticks.
pub(crate) fn compare([envoy, embedded]: &[Seen; 2]) -> String {
    let comparable = |seen: &Seen| {
        let changed = seen.changed.clone();
        changed.without(|series: &Series| {
            let name = &series.name;
            name.ends_with("_bucket")
                || name.ends_with("_sum")
                // Sums of times by real clocks: the hosts were not asked in the same microsecond, nor always in the same second.
                || name.ends_with("_microseconds_total")
                || name.ends_with("_square_milliseconds_total")
                || name.ends_with("_age_seconds_total")
                || name.ends_with("_evaluations_total")
                || seen.changed.kind(name) == Some("gauge")
        })
    };
    comparable(envoy).compare("Envoy", &comparable(embedded), "the embedded proxy")
}

/// Envoy and the embedded proxy, side by side.
pub(crate) struct Network {
    pub(crate) envoy: Host,
    pub(crate) embedded: Host,
    envoy_process: Envoy,
    /// Ends the embedded proxy when it is dropped.
    _embedded_server: Server,
    /// Last, because the model servers live in it.
    runtime: Runtime,
}

impl Network {
    pub(crate) fn start(settings: Settings) -> Network {
        let runtime = Runtime::new().expect("a tokio runtime");
        let started = runtime.block_on(async {
            tokio::try_join!(start_envoy(&settings), start_embedded(&settings))
        });
        let ((envoy_process, envoy), (_embedded_server, embedded)) =
            started.unwrap_or_else(|error| panic!("{error:#}"));
        Network { envoy, embedded, envoy_process, _embedded_server, runtime }
    }

    /// Runs a future where the hosts live.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    fn play_both(&self, [first, next]: [&Script; 2]) -> Option<[[Seen; 2]; 2]> {
        Some([self.play(first)?, self.play(next)?])
    }

    /// Tells an exchange on both at once, again if the machine was too busy to keep its pace; what Envoy shows comes
    /// first.
    fn play(&self, script: &Script) -> Option<[Seen; 2]> {
        for _ in 0..TRIES {
            let pair = self.play_once(script);
            if pair.iter().all(|seen| seen.kept_pace) {
                return Some(pair);
            }
        }
        machine::skip(format_args!(
            "on Envoy and the embedded proxy, this machine did not keep the story's pace in {TRIES} tries"
        ));
        None
    }

    /// Tells an exchange on both at once, whatever its pace.
    pub(crate) fn play_once(&self, script: &Script) -> [Seen; 2] {
        let both = async { tokio::try_join!(self.envoy.play(script), self.embedded.play(script)) };
        let (envoy, embedded) = self.block_on(both).unwrap_or_else(|error| panic!("{error:#}"));
        [envoy, embedded]
    }

    /// Gives the filter in Envoy another configuration.
    pub(crate) fn update_envoy(&mut self, config: &str) -> Update {
        let update = self.runtime.block_on(self.envoy_process.update_filter_config(config));
        update.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// What Envoy has logged so far.
    pub(crate) fn envoy_log(&self) -> String {
        self.envoy_process.log()
    }

    /// Everything that Envoy shows to Prometheus, its own statistics included.
    pub(crate) fn envoy_whole_page(&self) -> String {
        self.block_on(self.envoy.whole_page()).unwrap_or_else(|error| panic!("{error:#}"))
    }
}

/// The pair that most stories share.
struct Shared(Mutex<Network>);

impl Shared {
    /// Waits for the stories before this one.
    fn with<T>(tell: impl FnOnce(&Network) -> T) -> T {
        loop {
            let shared = Shared::get();
            // A story that broke off may have left half of its traffic behind: then nobody uses this pair again.
            if let Ok(network) = shared.0.lock() {
                return tell(&network);
            }
        }
    }

    /// The one that runs, else a new one. It ends when the last story lets go of it.
    fn get() -> Arc<Shared> {
        static RUNNING: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = running.upgrade().filter(|shared| !shared.0.is_poisoned()) {
            return shared;
        }
        let shared = Arc::new(Shared(Mutex::new(Network::start(settings(CONFIG)))));
        *running = Arc::downgrade(&shared);
        shared
    }
}
