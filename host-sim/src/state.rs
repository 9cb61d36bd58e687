//! What one VM's host functions see: its contexts, the phase each stream is in, and the shared services.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use wasmtime::{Memory, StoreLimits, StoreLimitsBuilder, TypedFunc};

use crate::{
    Clock, FailurePolicy, HeaderMap, Log, LogLevel, LogLine, SharedData, StreamInfo, Trace,
    callout::{Arrived, Calls},
    cost::Costs,
    direction::Direction,
    flow::Reply,
    foreign_functions::Expressions,
    random::Random,
    shared_queue::SharedQueues,
    stats::{Metric, Stats},
};

/// V8 lets no table grow beyond this (measured).
const TABLE_ELEMENTS_MAX: usize = 10_000_000;

/// What all VMs of one proxy share, whichever thread they live on.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) clock: Clock,
    pub(crate) log: Arc<Log>,
    pub(crate) shared: Arc<SharedData>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) plugin: Arc<PluginNames>,
    pub(crate) trace: Trace,
    /// The only capabilities of the filter, by the ABI's names; empty for all.
    pub(crate) capabilities: Arc<BTreeSet<String>>,
    pub(crate) failure_policy: FailurePolicy,
    /// Clusters that a filter may call.
    pub(crate) clusters: Arc<BTreeSet<String>>,
    pub(crate) queues: Arc<SharedQueues>,
    /// Variables of the VM's environment.
    pub(crate) environment: Arc<BTreeMap<String, String>>,
    pub(crate) memory_bytes_max: usize,
    /// How long a configuration goes on after an update.
    pub(crate) drain_time: Duration,
    /// How long a callback may run.
    pub(crate) callback_time_max: Option<Duration>,
    /// What one direction of a stream may hold back.
    pub(crate) buffer_bytes_max: usize,
    /// Whether a filter that stops at headers sees the body.
    pub(crate) allow_on_headers_stop_iteration: bool,
    /// `None` unless costs are measured.
    pub(crate) costs: Option<Arc<Costs>>,
    /// Done once the log says that a foreign function is left out of this build.
    pub(crate) left_out: Arc<Once>,
    /// The VMs started so far.
    pub(crate) vm_numbers: Arc<AtomicU64>,
    /// In the embedded proxy, what completes the head of each response after the filter. It plays
    /// less than a world does.
    pub(crate) embedded: Option<fn(&mut HeaderMap)>,
    /// Where the random numbers of every VM begin.
    pub(crate) seed: u64,
}

/// How Envoy's configuration names the plugin.
#[derive(Clone, Debug, Default)]
pub(crate) struct PluginNames {
    pub(crate) name: String,
    pub(crate) root_id: String,
    pub(crate) vm_id: String,
    pub(crate) vm_config: Bytes,
}

/// The data of a wasmtime store.
pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) vm: String,
    /// Tells VMs of one name apart: an updated one has its predecessor's.
    pub(crate) number: u64,
    pub(crate) limits: StoreLimits,
    pub(crate) memory: Option<Memory>,
    /// The guest's `malloc`, else its `proxy_on_memory_allocate`, with its name for the trace.
    pub(crate) allocate: Option<(&'static str, TypedFunc<u32, u32>)>,
    /// What runs now may call only some host functions.
    pub(crate) restriction: Restriction,
    pub(crate) roots: HashMap<u32, Root>,
    pub(crate) streams: HashMap<u32, StreamState>,
    /// The context that host calls are about.
    pub(crate) effective: u32,
    /// The context whose callback runs; most host calls do not ask.
    pub(crate) current: u32,
    pub(crate) metrics: Metrics,
    /// The configuration that `on_configure` is reading.
    pub(crate) configuring: Option<Bytes>,
    pub(crate) calls: Calls,
    /// What the callback of a call may read.
    pub(crate) arrived: Arrived,
    /// What `get_status` tells.
    pub(crate) status: (u32, String),
    /// What host functions were asked to do, for when the callback is over.
    pub(crate) deferred: Vec<Deferred>,
    /// Contexts whose `on_done` answered false and that have called `proxy_done` since.
    pub(crate) done_later: Vec<u32>,
    /// While a configuration may still be refused, every line that was written about it. They are
    /// printed once it is accepted; if not, they are in the error.
    pub(crate) heard: Option<Vec<LogLine>>,
    random: Random,
}

/// One root context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Root {
    pub(crate) tick: Option<Tick>,
    /// Names given to `declare_property`.
    pub(crate) declared: BTreeMap<String, Declared>,
    /// What `expr_create` made.
    pub(crate) expressions: Expressions,
}

/// What `declare_property` says of a value, as far as expressions can tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Declared {
    Bytes,
    Text,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    pub(crate) period_ns: u64,
    pub(crate) due_ns: u64,
}

/// One stream as host functions see it.
#[derive(Debug)]
pub(crate) struct StreamState {
    pub(crate) root: u32,
    pub(crate) phase: Phase,
    pub(crate) request_headers: Option<HeaderMap>,
    pub(crate) request_trailers: Option<HeaderMap>,
    pub(crate) response_headers: Option<HeaderMap>,
    pub(crate) response_trailers: Option<HeaderMap>,
    /// The chunk of the body callback that runs now.
    pub(crate) body: Bytes,
    pub(crate) end_of_stream: bool,
    pub(crate) held_request: Held,
    pub(crate) held_response: Held,
    pub(crate) info: StreamInfo,
    /// What the filter left with `set_property`.
    pub(crate) properties: HashMap<Vec<u8>, Bytes>,
}

/// What the filter keeps back of one direction, and may therefore still read and change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Held {
    /// Its headers: from the callback that stops at them until `continue_stream` takes effect.
    pub(crate) headers: bool,
    pub(crate) body: Option<Bytes>,
    pub(crate) trailers: bool,
}

/// What the guest does at a moment when it may not call everything.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Restriction {
    #[default]
    None,
    /// It runs its start functions.
    Starting,
    /// It gives memory for what the host hands over.
    Allocating,
}

/// A request to the host that waits for the end of the callback.
#[derive(Debug)]
pub(crate) enum Deferred {
    Continue(u32, Direction),
    Close(u32),
    Reply(u32, Reply),
}

/// The callback that a stream is in; `Between` is none of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Between,
    RequestHeaders,
    RequestBody,
    RequestTrailers,
    ResponseHeaders,
    ResponseBody,
    ResponseTrailers,
    Log,
    Done,
}

/// The metrics that one VM has defined, by id: the low two bits are the kind.
#[derive(Debug, Default)]
pub(crate) struct Metrics([Vec<Metric>; 3]);

impl Services {
    /// Whether the filter may use what the ABI calls `name`.
    pub(crate) fn is_capable(&self, name: &str) -> bool {
        self.capabilities.is_empty() || self.capabilities.contains(name)
    }
}

impl State {
    pub(crate) fn new(services: Services, vm: String) -> State {
        // Every VM has numbers of its own, and the same ones for the same seed.
        let name =
            vm.bytes().fold(services.seed, |hash, byte| hash.wrapping_mul(31) ^ u64::from(byte));
        let limits = StoreLimitsBuilder::new()
            .memory_size(services.memory_bytes_max)
            .table_elements(TABLE_ELEMENTS_MAX)
            .build();
        State {
            number: services.vm_numbers.fetch_add(1, Relaxed),
            services,
            vm,
            random: Random::new(name),
            limits,
            memory: None,
            allocate: None,
            restriction: Restriction::None,
            roots: HashMap::new(),
            streams: HashMap::new(),
            effective: 0,
            current: 0,
            metrics: Metrics::default(),
            configuring: None,
            calls: Calls::default(),
            arrived: Arrived::default(),
            status: (0, String::new()),
            deferred: Vec::new(),
            done_later: Vec::new(),
            heard: None,
        }
    }

    /// The stream that host calls are about, if it is one.
    pub(crate) fn stream(&self) -> Option<&StreamState> {
        self.streams.get(&self.effective)
    }

    pub(crate) fn stream_mut(&mut self) -> Option<&mut StreamState> {
        self.streams.get_mut(&self.effective)
    }

    /// The root context of the effective one.
    pub(crate) fn root_id(&self) -> u32 {
        self.root_of(self.effective)
    }

    /// The root context of `context`.
    pub(crate) fn root_of(&self, context: u32) -> u32 {
        self.streams.get(&context).map_or(context, |stream| stream.root)
    }

    /// The next of this VM's random numbers.
    pub(crate) fn random(&mut self) -> u64 {
        self.random.next()
    }

    /// Writes a line to the trace, if there is one.
    #[inline]
    pub(crate) fn trace(&self, text: impl FnOnce() -> String) {
        self.services.trace.write(&self.vm, text);
    }

    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        let line = LogLine { level, vm: self.vm.clone(), message };
        let Some(heard) = &mut self.heard else { return self.services.log.write(line) };
        heard.push(line.clone());
        self.services.log.keep(line);
    }
}

impl StreamState {
    pub(crate) fn new(root: u32, info: StreamInfo) -> StreamState {
        StreamState {
            root,
            phase: Phase::Between,
            request_headers: None,
            request_trailers: None,
            response_headers: None,
            response_trailers: None,
            body: Bytes::new(),
            end_of_stream: false,
            held_request: Held::default(),
            held_response: Held::default(),
            info,
            properties: HashMap::new(),
        }
    }
}

impl Metrics {
    /// Envoy counts ids per kind in steps of four, and gives a new one for every call.
    pub(crate) fn define(&mut self, kind: u32, metric: Metric) -> Option<u32> {
        let known = self.0.get_mut(usize::try_from(kind).ok()?)?;
        known.push(metric);
        Some(u32::try_from(known.len()).ok()? * 4 + kind)
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Metric> {
        let known = self.0.get(usize::try_from(id % 4).ok()?)?;
        known.get(usize::try_from(id / 4).ok()?.checked_sub(1)?)
    }
}
