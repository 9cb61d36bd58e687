//! A proxy without a network: all the VMs that Envoy would start, on one thread, with a clock that a test may move.

mod calls;
mod play;
mod update;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, hash_map::RandomState},
    hash::BuildHasher,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

pub use self::play::Pace;
use crate::{
    Clock, CostTable, EndInfo, Error, Exchange, FailurePolicy, Filter, HeaderMap, Log, LogLevel,
    SharedData, Stream, StreamInfo, Trace, Worker,
    flow::Chain,
    state::{PluginNames, Services},
    stats::{Stats, StatsConfig},
    vm::Vm,
};

/// How the plugin is configured, and what it runs on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorldOptions {
    /// What `on_configure` reads.
    pub config: Bytes,
    /// What `on_vm_start` reads.
    pub vm_config: Bytes,
    /// Property `plugin_name`; `plugin` unless set.
    pub plugin_name: String,
    /// Property `plugin_root_id`; `root` unless set.
    pub root_id: String,
    /// Property `plugin_vm_id`, by which shared data is kept; `vm` unless set.
    pub vm_id: String,
    /// Number of workers, at least 1.
    pub workers: usize,
    /// Real or virtual.
    pub clock: Clock,
    /// Labels and buckets.
    pub stats: StatsConfig,
    /// After which time samples of histograms show, as Envoy's `stats_flush_interval` (5 s there
    /// unless set). `None`: at once, so that a test need not wait.
    pub flush_interval: Option<Duration>,
    /// The lowest level that is kept, and that the filter sees as its log level.
    pub log_level: LogLevel,
    /// Whether log lines also go to standard error.
    pub print_log: bool,
    /// Where every call into and out of the VMs is written; off unless set to [`Trace::on`].
    pub trace: Trace,
    /// Envoy's `allowed_capabilities`: the only host functions and callbacks there are. Empty for all.
    pub capabilities: BTreeSet<String>,
    /// Clusters that the filter may call: `upstream` unless set. A call to any other answers `BadArgument` and sends nothing
    /// (`ParseFailure` for gRPC), as in Envoy, and a warning in [`World::log`] names the cluster.
    pub clusters: BTreeSet<String>,
    /// Whether to measure each callback, for [`World::costs`].
    pub measure_cost: bool,
    /// The most that a VM's linear memory may grow to; Envoy's V8 gives 1 GiB.
    pub memory_bytes_max: usize,
    /// How long a callback may run, by a real clock, until its VM fails as by a trap: so that a filter that never
    /// returns fails its test, and does not hang it. 10 s unless set; `None` for no limit, which is how Envoy is.
    pub callback_time_max: Option<Duration>,
    /// How long a configuration goes on at least after an update, ticks included: Envoy's `--drain-time-s` (600 s there
    /// unless set). No time unless set, so that it ends with its last stream.
    pub drain_time: Duration,
    /// How much of a body the filter may hold back; Envoy's `per_connection_buffer_limit_bytes`.
    pub buffer_bytes_max: usize,
    /// Envoy's setting of that name for a plugin: whether a filter that pauses at headers sees the body that follows.
    /// False unless set, as there: then it sees nothing more until it lets the headers go.
    pub allow_on_headers_stop_iteration: bool,
    /// Variables of the VM's environment.
    pub environment: BTreeMap<String, String>,
    /// What becomes of traffic when the filter crashes; [`FailurePolicy::Closed`] unless set.
    pub failure_policy: FailurePolicy,
    /// Begin of the random numbers; the same seed gives the same numbers in each VM.
    pub seed: u64,
}

impl Default for WorldOptions {
    /// One worker on the real clock, without configuration.
    fn default() -> WorldOptions {
        WorldOptions {
            config: Bytes::new(),
            vm_config: Bytes::new(),
            plugin_name: "plugin".into(),
            root_id: "root".into(),
            vm_id: "vm".into(),
            workers: 1,
            clock: Clock::real(),
            stats: StatsConfig::default(),
            flush_interval: None,
            log_level: LogLevel::Info,
            print_log: false,
            trace: Trace::off(),
            capabilities: BTreeSet::new(),
            clusters: BTreeSet::from(["upstream".into()]),
            measure_cost: false,
            memory_bytes_max: 1 << 30,
            callback_time_max: Some(Duration::from_secs(10)),
            drain_time: Duration::ZERO,
            buffer_bytes_max: 1 << 20,
            allow_on_headers_stop_iteration: false,
            environment: BTreeMap::new(),
            failure_policy: FailurePolicy::default(),
            seed: RandomState::new().hash_one(0),
        }
    }
}

impl WorldOptions {
    /// The defaults with this plugin configuration.
    #[must_use]
    pub fn with_config(config: impl Into<Bytes>) -> WorldOptions {
        WorldOptions { config: config.into(), ..WorldOptions::default() }
    }
}

/// The VMs of one proxy, before anybody decided which threads they live on.
pub(crate) struct Vms {
    pub(crate) services: Services,
    pub(crate) main: Worker,
    pub(crate) workers: Vec<Worker>,
}

/// All VMs on one thread. Streams borrow a worker only during a callback, so any number may be open.
#[derive(Debug)]
pub struct World {
    filter: Filter,
    services: Services,
    main: Rc<RefCell<Worker>>,
    workers: Vec<Rc<RefCell<Worker>>>,
    /// VMs of earlier code that still have streams.
    draining: Vec<Rc<RefCell<Worker>>>,
    /// How often samples are flushed, and when next; nothing if they show at once.
    flush: Option<(Duration, Cell<u64>)>,
}

impl Vms {
    /// Starts base, canary, main and workers in Envoy's order; `embedded` completes the heads of
    /// responses in a proxy with a network.
    pub(crate) fn start(
        filter: &Filter,
        options: WorldOptions,
        embedded: Option<fn(&mut HeaderMap)>,
    ) -> Result<Vms, Error> {
        let services = Services {
            clock: options.clock,
            log: Arc::new(Log::new(options.log_level, options.print_log)),
            shared: Arc::new(SharedData::default()),
            stats: Arc::new(match options.flush_interval {
                Some(_) => Stats::flushed(options.stats),
                None => Stats::new(options.stats),
            }),
            plugin: Arc::new(PluginNames {
                name: options.plugin_name,
                root_id: options.root_id,
                vm_id: options.vm_id,
                vm_config: options.vm_config,
            }),
            trace: options.trace,
            capabilities: Arc::new(options.capabilities),
            failure_policy: options.failure_policy,
            clusters: Arc::new(options.clusters),
            queues: Arc::default(),
            environment: Arc::new(options.environment),
            memory_bytes_max: options.memory_bytes_max,
            drain_time: options.drain_time,
            callback_time_max: options.callback_time_max,
            buffer_bytes_max: options.buffer_bytes_max,
            allow_on_headers_stop_iteration: options.allow_on_headers_stop_iteration,
            costs: options.measure_cost.then(Arc::default),
            left_out: Arc::new(std::sync::Once::new()),
            vm_numbers: Arc::default(),
            embedded,
            seed: options.seed,
        };
        let start = |name: String| Worker::start(filter, services.clone(), name, &options.config);
        // The base VM only shows that the module starts.
        Vm::start(filter, services.clone(), "base".into())?;
        // The canary meets the configuration first and is thrown away, side effects and all.
        start("canary".into())?;
        let main = start("main".into())?;
        let workers = (0..options.workers.max(1)).map(|index| start(format!("worker {index}")));
        let workers = workers.collect::<Result<_, Error>>()?;
        Ok(Vms { services, main, workers })
    }
}

impl World {
    /// Starts all VMs of a proxy and configures them.
    ///
    /// # Errors
    /// [`Error::Refused`] with the filter's log lines if it does not like its
    /// configuration, [`Error::Trap`] if it crashes over it.
    pub fn new(filter: &Filter, options: WorldOptions) -> Result<World, Error> {
        let flush_interval = options.flush_interval;
        let Vms { services, main, workers } = Vms::start(filter, options, None)?;
        let flush = flush_interval
            // A flush now and forever would never let time pass.
            .map(|interval| interval.max(Duration::from_millis(1)))
            .map(|interval| (interval, Cell::new(after(services.clock.monotonic_ns(), interval))));
        let share = |worker| Rc::new(RefCell::new(worker));
        Ok(World {
            filter: filter.clone(),
            services,
            main: share(main),
            workers: workers.into_iter().map(share).collect(),
            draining: Vec::new(),
            flush,
        })
    }

    /// A new stream on worker `worker` (counted from 0, modulo the number of workers).
    ///
    /// # Errors
    /// [`Error::Trap`] if the filter crashes while it makes its context, and [`Error::Dead`] if it has crashed before;
    /// with a [`FailurePolicy`] that has new streams pass a dead VM by, this one does.
    pub fn stream(&self, worker: usize) -> Result<Stream, Error> {
        self.stream_with(worker, StreamInfo::default())
    }

    /// [`World::stream`] with properties of its own.
    ///
    /// # Errors
    /// As [`World::stream`].
    pub fn stream_with(&self, worker: usize, info: StreamInfo) -> Result<Stream, Error> {
        Stream::open(Rc::clone(self.worker(worker)), info)
    }

    /// A request on worker `worker` (modulo the number of workers), which the test plays step by step.
    ///
    /// Unlike [`World::stream`], the proxy's own part is played too: it may
    /// hold, answer or cut the exchange, and nothing of it is an error here.
    pub fn exchange(&self, worker: usize) -> Exchange {
        Exchange::new(Rc::clone(self.worker(worker)), Chain::Downstream)
    }

    /// One attempt at the upstream, seen by a filter that is after the
    /// router (a cluster's `http_filters`): without `on_log`.
    pub fn upstream_exchange(&self, worker: usize) -> Exchange {
        Exchange::new(Rc::clone(self.worker(worker)), Chain::Upstream)
    }

    /// A request that the proxy refuses before its filters see headers: only create, log, done, delete.
    ///
    /// # Errors
    /// As [`World::stream`].
    pub fn rejected_stream(&self, worker: usize) -> Result<(), Error> {
        let mut stream = self.stream_with(worker, StreamInfo::default().without_route())?;
        stream.sent_headers(None, [(":status", "400")].into_iter().collect());
        stream.end(EndInfo::rejected())
    }

    /// Moves the virtual clock and runs the ticks and flushes that fall into that time, each at its own moment.
    ///
    /// With a real clock this only runs what is due now.
    ///
    /// # Errors
    /// The first [`Error::Trap`] of a tick; the other VMs have run theirs.
    pub fn advance(&self, by: Duration) -> Result<(), Error> {
        let clock = &self.services.clock;
        let target = after(clock.monotonic_ns(), by);
        let mut outcome = self.deliver();
        loop {
            let ticks = self.all().filter_map(|worker| worker.borrow().next_due_ns());
            let flush = self.flush.iter().map(|(_, next)| next.get());
            let due = ticks.chain(flush).min();
            let Some(due) = due.filter(|&due| due <= target) else { break };
            clock.advance(Duration::from_nanos(due.saturating_sub(clock.monotonic_ns())));
            let ran = self.all().map(|worker| {
                let mut worker = worker.borrow_mut();
                worker.expire_calls().and(worker.run_due_ticks())
            });
            outcome = ran.fold(outcome, Result::and).and(self.deliver());
            self.flush_if_due();
            if clock.monotonic_ns() < due {
                // A real clock cannot be moved, and nothing is due yet.
                break;
            }
        }
        clock.advance(Duration::from_nanos(target.saturating_sub(clock.monotonic_ns())));
        outcome
    }

    fn flush_if_due(&self) {
        if let Some((interval, next)) = &self.flush
            && next.get() <= self.services.clock.monotonic_ns()
        {
            self.services.stats.flush();
            next.set(after(next.get(), *interval));
        }
    }

    /// Ends all root contexts, as a proxy does when it stops: workers first, the main thread last.
    ///
    /// # Errors
    /// The first [`Error::Trap`]; the other VMs are stopped all the same.
    pub fn stop(self) -> Result<(), Error> {
        let workers = self.workers.iter().chain(&self.draining).chain([&self.main]);
        workers.map(|worker| worker.borrow_mut().stop()).fold(Ok(()), Result::and)
    }

    /// The stats of all VMs.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.services.stats
    }

    /// What callbacks have cost so far; without rows unless [`WorldOptions::measure_cost`] is set.
    #[must_use]
    pub fn costs(&self) -> CostTable {
        let memory = |worker: &Rc<RefCell<Worker>>| {
            let worker = worker.borrow();
            (worker.name().to_string(), worker.memory_bytes())
        };
        let rows = self.services.costs.as_ref().map(|costs| costs.rows());
        CostTable { rows: rows.unwrap_or_default(), memory_bytes: self.all().map(memory).collect() }
    }

    /// What the VMs and the host wrote.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.services.log
    }

    /// What went into the VMs and came out of them; empty unless [`WorldOptions::trace`] is on.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.services.trace
    }

    /// The clock that all VMs read.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.services.clock
    }

    /// The data that all VMs share.
    #[must_use]
    pub fn shared_data(&self) -> &SharedData {
        &self.services.shared
    }

    /// Worker `index`, modulo the number of workers.
    #[must_use]
    pub fn worker(&self, index: usize) -> &Rc<RefCell<Worker>> {
        &self.workers[index % self.workers.len()]
    }

    /// The VM of the main thread: it ticks and never sees a stream.
    #[must_use]
    pub fn main(&self) -> &Rc<RefCell<Worker>> {
        &self.main
    }

    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Main first, as in Envoy's start order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rc<RefCell<Worker>>> {
        std::iter::once(&self.main).chain(&self.workers).chain(&self.draining)
    }
}

/// The moment `by` after `now_ns`, or the end of time.
fn after(now_ns: u64, by: Duration) -> u64 {
    now_ns.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX))
}
