//! A VM with its root context and streams, as one thread of the proxy has it; it never talks to another worker.

mod calls;
mod ending;
mod passing;
mod streams;

use std::{collections::BTreeMap, mem, time::Duration};

use bytes::Bytes;

use crate::{
    Error, FailurePolicy, Filter, LogLevel,
    clock::nanoseconds,
    failure::RELOAD_BACK_OFF,
    flow::Flow,
    state::{Phase, Services},
    vm::Vm,
};

/// One VM as it runs. May move to another thread, but is used by one at a time.
pub struct Worker {
    pub(crate) vm: Vm,
    root: u32,
    /// Configurations that were replaced, and have not ended.
    retired: Vec<Retired>,
    last_context: u32,
    /// VMs before this one, on this thread.
    pub(crate) generation: u64,
    /// Streams by a number of their own, because contexts begin anew with each VM.
    pub(crate) flows: BTreeMap<u64, Flow>,
    pub(crate) last_flow: u64,
    /// A callback has let go, closed or answered a stream since this was last cleared; maybe not its own.
    pub(crate) acted: bool,
    filter: Filter,
    config: Bytes,
    /// When this VM, or one that failed to start in its place, was started.
    started_ns: u64,
    /// Once its last stream is over, so is this VM.
    draining: bool,
    /// What the VM before this one died of.
    last_crash: Option<Error>,
}

/// A configuration that was replaced: it ends once it is over and has no stream left.
struct Retired {
    root: u32,
    until_ns: u64,
}

impl Worker {
    /// Starts a VM and a root context in it.
    pub(crate) fn start(
        filter: &Filter,
        services: Services,
        name: String,
        config: &Bytes,
    ) -> Result<Worker, Error> {
        let started_ns = services.clock.monotonic_ns();
        let vm = Vm::start(filter, services, name)?;
        let mut worker = Worker {
            vm,
            root: 0,
            retired: Vec::new(),
            last_context: 0,
            generation: 0,
            flows: BTreeMap::new(),
            last_flow: 0,
            acted: false,
            filter: filter.clone(),
            config: config.clone(),
            started_ns,
            draining: false,
            last_crash: None,
        };
        worker.root = worker.start_root(config)?;
        Ok(worker)
    }

    /// The name of its VM: `main`, `worker 0`, ...
    #[must_use]
    pub fn name(&self) -> &str {
        &self.vm.store.data().vm
    }

    /// True once the filter has trapped in this VM: from then on it sees no stream.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.vm.is_dead()
    }

    /// Streams that are open in this VM.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.vm.store.data().streams.len()
    }

    /// Bytes of the guest's linear memory; it never shrinks.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let memory = self.vm.store.data().memory;
        memory.map_or(0, |memory| memory.data_size(&self.vm.store))
    }

    /// Monotonic time of the next tick, in nanoseconds; `None` if no root wants any.
    #[must_use]
    pub fn next_tick_ns(&self) -> Option<u64> {
        let roots = self.vm.store.data().roots.values();
        roots.filter_map(|root| Some(root.tick?.due_ns)).min().filter(|_| !self.is_dead())
    }

    /// Monotonic time at which the next configuration that was replaced may end, in nanoseconds; `None` if none waits for
    /// its time, but at most for its streams.
    pub(crate) fn next_end_ns(&self) -> Option<u64> {
        let now_ns = self.now_ns();
        self.retired.iter().map(|it| it.until_ns).filter(|&until_ns| now_ns < until_ns).min()
    }

    /// Runs every tick that is due, each at most once; a timer is armed again after its handler.
    ///
    /// # Errors
    /// [`Error::Trap`], and the VM is dead.
    pub fn run_due_ticks(&mut self) -> Result<(), Error> {
        let now = self.now_ns();
        let state = self.vm.store.data();
        let due = |root: &u32| {
            let tick = state.roots.get(root).and_then(|root| root.tick);
            tick.is_some_and(|tick| tick.due_ns <= now)
        };
        let mut roots: Vec<u32> = state.roots.keys().copied().filter(due).collect();
        roots.sort_unstable();
        for root in roots {
            let callback = self.vm.callbacks.tick.clone();
            self.vm.call(&callback, root, root)?;
            let now = self.now_ns();
            if let Some(root) = self.vm.store.data_mut().roots.get_mut(&root)
                && let Some(tick) = &mut root.tick
            {
                tick.due_ns = now + tick.period_ns;
            }
        }
        self.settle();
        Ok(())
    }

    /// How long until [`Worker::next_tick_ns`]; zero if it is overdue.
    #[must_use]
    pub fn until_next_tick(&self) -> Option<Duration> {
        Some(Duration::from_nanos(self.next_tick_ns()?.saturating_sub(self.now_ns())))
    }

    /// A new root context with a new configuration in the same VM. The old
    /// root serves its open streams until they end.
    pub(crate) fn reconfigure(&mut self, config: &Bytes) -> Result<(), Error> {
        let new = self.start_root(config)?;
        self.config = config.clone();
        let drain_time = self.vm.store.data().services.drain_time;
        let until_ns = self.now_ns().saturating_add(nanoseconds(drain_time));
        self.retired.push(Retired { root: mem::replace(&mut self.root, new), until_ns });
        self.sweep()
    }

    /// Ends the root contexts: `done`, then `delete`. Open streams are cut without a callback, as when a process exits.
    pub(crate) fn stop(&mut self) -> Result<(), Error> {
        let retired = mem::take(&mut self.retired);
        let mut roots: Vec<u32> = retired.iter().map(|it| it.root).collect();
        roots.push(self.root);
        for root in roots {
            self.finish(root)?;
        }
        Ok(())
    }

    /// Tells VMs of one name apart.
    pub(crate) fn number(&self) -> u64 {
        self.vm.store.data().number
    }

    /// The configuration that new streams are under.
    pub(crate) fn config(&self) -> &Bytes {
        &self.config
    }

    /// What a stream meets that its VM, this one or the one before, no longer serves.
    pub(crate) fn dead(&self) -> Option<Error> {
        let crash = self.vm.crash().or(self.last_crash.as_ref())?;
        Some(Error::Dead { crash: Box::new(crash.clone()) })
    }

    pub(crate) fn failure_policy(&self) -> FailurePolicy {
        self.vm.store.data().services.failure_policy
    }

    /// How much of a body the filter may hold back.
    pub(crate) fn buffer_bytes_max(&self) -> usize {
        self.vm.store.data().services.buffer_bytes_max
    }

    pub(crate) fn allows_on_headers_stop_iteration(&self) -> bool {
        self.vm.store.data().services.allow_on_headers_stop_iteration
    }

    /// Starts a new VM in a dead one's place, if the policy wants that and the back-off is over.
    pub(crate) fn revive(&mut self) {
        if !self.is_dead() || self.failure_policy() != FailurePolicy::Reload || self.draining {
            return;
        }
        let base = nanoseconds(RELOAD_BACK_OFF);
        let wait = base + self.random() % (base / 2);
        let now = self.now_ns();
        if now.saturating_sub(self.started_ns) < wait {
            return self.note(LogLevel::Warn, "the VM is not reloaded yet: back-off".into());
        }
        let services = self.vm.store.data().services.clone();
        let started =
            Worker::start(&self.filter, services, self.name().to_string(), &self.config.clone());
        self.started_ns = now;
        match started {
            Ok(new) => {
                self.last_crash = self.vm.crash().cloned();
                self.vm = new.vm;
                self.root = new.root;
                self.retired.clear();
                self.last_context = new.last_context;
                self.generation += 1;
            }
            Err(error) => self.note(LogLevel::Error, format!("the VM is not reloaded: {error}")),
        }
    }

    /// Ends this VM, now or with its last stream.
    pub(crate) fn drain(&mut self) -> Result<(), Error> {
        self.draining = true;
        self.sweep()
    }

    /// True once a drained VM has ended.
    pub(crate) fn is_drained(&self) -> bool {
        self.draining && self.vm.store.data().roots.is_empty()
    }

    /// A random number from the VM's own sequence.
    pub(crate) fn random(&mut self) -> u64 {
        self.vm.store.data_mut().random()
    }

    /// Writes a line of the host's own to the log, under this VM's name.
    pub(crate) fn note(&mut self, level: LogLevel, message: String) {
        self.vm.store.data_mut().log(level, message);
    }

    fn start_root(&mut self, config: &Bytes) -> Result<u32, Error> {
        let root = self.next_context();
        let callbacks = self.vm.callbacks.clone();
        let state = self.vm.store.data_mut();
        state.roots.insert(root, Default::default());
        state.configuring = Some(config.clone());
        state.heard = Some(Vec::new());
        let vm_config = length(state.services.plugin.vm_config.len());
        let steps = [(callbacks.vm_start, vm_config), (callbacks.configure, length(config.len()))];
        let mut outcome = self.vm.call(&callbacks.context_create, root, (root, 0)).map(|_| ());
        for (callback, size) in steps {
            if outcome.is_err() {
                break;
            }
            outcome = match self.vm.call(&callback, root, (root, size)) {
                Ok(Some(0)) => Err(Error::Refused { callback: callback.name(), log: Vec::new() }),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
        }
        let state = self.vm.store.data_mut();
        state.configuring = None;
        let heard = state.heard.take().unwrap_or_default();
        if !matches!(outcome, Err(Error::Refused { .. })) {
            heard.iter().for_each(|line| state.services.log.show(line));
        }
        if let Err(error) = outcome {
            state.roots.remove(&root);
            return Err(match error {
                Error::Refused { callback, .. } => Error::Refused { callback, log: heard },
                other => other,
            });
        }
        Ok(root)
    }

    /// `done`, and `delete` unless the filter wants to be asked later.
    fn finish(&mut self, id: u32) -> Result<(), Error> {
        if let Some(stream) = self.vm.store.data_mut().streams.get_mut(&id) {
            stream.phase = Phase::Done;
        }
        let callback = self.vm.callbacks.done.clone();
        let answer = self.vm.call(&callback, id, id);
        if matches!(answer, Ok(Some(0))) {
            return Ok(());
        }
        self.delete(id)?;
        answer.map(|_| ())
    }

    fn delete(&mut self, id: u32) -> Result<(), Error> {
        let callback = self.vm.callbacks.delete.clone();
        let deleted = self.vm.call(&callback, id, id);
        let state = self.vm.store.data_mut();
        state.streams.remove(&id);
        state.roots.remove(&id);
        deleted.map(|_| ())
    }

    /// Deletes what said `proxy_done`, and ends retired roots without streams.
    pub(crate) fn sweep(&mut self) -> Result<(), Error> {
        for id in mem::take(&mut self.vm.store.data_mut().done_later) {
            self.delete(id)?;
        }
        let streams = &self.vm.store.data().streams;
        let now_ns = self.now_ns();
        let goes_on = |it: &Retired| {
            now_ns < it.until_ns || streams.values().any(|stream| stream.root == it.root)
        };
        let (keep, end): (Vec<Retired>, Vec<Retired>) =
            mem::take(&mut self.retired).into_iter().partition(goes_on);
        self.retired = keep;
        end.into_iter().try_for_each(|it| self.finish(it.root))?;
        let open = &self.vm.store.data().streams;
        if self.draining && open.is_empty() && self.vm.store.data().roots.contains_key(&self.root) {
            self.stop()?;
            // Its stats go with it, but for those that another VM has defined, too.
            let state = self.vm.store.data_mut();
            state.metrics = Default::default();
            state.services.stats.prune();
        }
        Ok(())
    }

    fn next_context(&mut self) -> u32 {
        self.last_context += 1;
        self.last_context
    }

    pub(crate) fn now_ns(&self) -> u64 {
        self.vm.store.data().services.clock.monotonic_ns()
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Lengths cross the ABI as 32 bits; Envoy's buffers are far smaller.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
