//! One VM: an instance of the filter and the callbacks into it; a trap kills it for good.

use std::{fmt, time::Instant};

use wasmtime::{Instance, Store, Trap, TypedFunc, WasmParams, WasmResults};

use crate::{
    Error, Filter,
    filter::ALLOCATORS,
    state::{Restriction, Services, State},
    watchdog,
};

/// An instance with its callbacks looked up once.
pub(crate) struct Vm {
    pub(crate) store: Store<State>,
    pub(crate) callbacks: Callbacks,
    /// What it died of.
    crash: Option<Error>,
}

/// A callback by its name; `None` if the filter does not export it.
#[derive(Clone)]
pub(crate) struct Callback<P, R> {
    name: &'static str,
    function: Option<TypedFunc<P, R>>,
}

/// The callbacks that this host makes.
#[derive(Clone)]
pub(crate) struct Callbacks {
    pub(crate) context_create: Callback<(u32, u32), ()>,
    pub(crate) vm_start: Callback<(u32, u32), u32>,
    pub(crate) configure: Callback<(u32, u32), u32>,
    pub(crate) tick: Callback<u32, ()>,
    pub(crate) request_headers: Callback<(u32, u32, u32), u32>,
    pub(crate) request_body: Callback<(u32, u32, u32), u32>,
    pub(crate) request_trailers: Callback<(u32, u32), u32>,
    pub(crate) response_headers: Callback<(u32, u32, u32), u32>,
    pub(crate) response_body: Callback<(u32, u32, u32), u32>,
    pub(crate) response_trailers: Callback<(u32, u32), u32>,
    pub(crate) http_call_response: Callback<(u32, u32, u32, u32, u32), ()>,
    pub(crate) grpc_initial_metadata: Callback<(u32, u32, u32), ()>,
    pub(crate) grpc_receive: Callback<(u32, u32, u32), ()>,
    pub(crate) grpc_trailing_metadata: Callback<(u32, u32, u32), ()>,
    pub(crate) grpc_close: Callback<(u32, u32, u32), ()>,
    pub(crate) queue_ready: Callback<(u32, u32), ()>,
    pub(crate) resolve_dns: Callback<(u32, u32, u32), ()>,
    pub(crate) log: Callback<u32, ()>,
    pub(crate) done: Callback<u32, u32>,
    pub(crate) delete: Callback<u32, ()>,
}

impl Vm {
    /// Instantiates the filter and runs its start function, as Envoy does: `_initialize`, then `main`, else `_start`.
    pub(crate) fn start(filter: &Filter, services: Services, name: String) -> Result<Vm, Error> {
        let time_max = services.callback_time_max;
        let mut store = Store::new(&filter.engine, State::new(services, name));
        store.limiter(|state| &mut state.limits);
        if time_max.is_some() {
            watchdog::watch(filter);
        }
        store.set_epoch_deadline(watchdog::ticks(time_max));
        // Refused where nothing is metered, which is as well.
        let _ = store.set_fuel(u64::MAX);
        let instance = filter
            .instance
            .instantiate(&mut store)
            .map_err(|error| Error::Load(format!("it cannot be instantiated: {error:#}")))?;
        let memory = instance.get_memory(&mut store, "memory");
        store.data_mut().allocate = ALLOCATORS.into_iter().find_map(|name| {
            let function = instance.get_typed_func(&mut store, name).ok()?;
            Some((name, function))
        });
        store.data_mut().memory = memory;
        let callbacks = Callbacks::of(&instance, &mut store)?;
        let mut vm = Vm { store, callbacks, crash: None };
        vm.initialise(&instance)?;
        Ok(vm)
    }

    fn initialise(&mut self, instance: &Instance) -> Result<(), Error> {
        let initialise: Callback<(), ()> = Callback::of("_initialize", instance, &mut self.store)?;
        self.store.data_mut().restriction = Restriction::Starting;
        if initialise.exists() {
            self.call(&initialise, 0, ())?;
            // A program's `main`, with no arguments; under its other name it takes none at all.
            let main: Callback<(u32, u32), u32> = Callback::of("main", instance, &mut self.store)?;
            if main.exists() {
                self.call(&main, 0, (0, 0))?;
            } else {
                let main: Callback<(), u32> =
                    Callback::of("__main_void", instance, &mut self.store)?;
                self.call(&main, 0, ())?;
            }
        } else {
            let start: Callback<(), ()> = Callback::of("_start", instance, &mut self.store)?;
            self.call(&start, 0, ())?;
        }
        self.store.data_mut().restriction = Restriction::None;
        Ok(())
    }

    /// Makes one callback about `context`; `None` if the filter does not have it, or the VM is dead.
    pub(crate) fn call<P: WasmParams + Copy + fmt::Debug, R: WasmResults + fmt::Debug>(
        &mut self,
        callback: &Callback<P, R>,
        context: u32,
        parameters: P,
    ) -> Result<Option<R>, Error> {
        let Some(function) = callback.function.as_ref().filter(|_| self.crash.is_none()) else {
            return Ok(None);
        };
        let state = self.store.data_mut();
        state.effective = context;
        state.current = context;
        state.trace(|| format!("[host->vm] {}{}", callback.name, in_brackets(&parameters)));
        let time_max = state.services.callback_time_max;
        self.store.set_epoch_deadline(watchdog::ticks(time_max));
        let measured = self.before_call();
        let outcome = function.call(&mut self.store, parameters);
        self.after_call(callback.name, measured);
        match outcome {
            Ok(result) => {
                let state = self.store.data();
                state.trace(|| {
                    format!("[host<-vm] {} return: {}", callback.name, result_text(&result))
                });
                Ok(Some(result))
            }
            Err(error) => {
                let message = match time_max {
                    Some(limit) if is_interrupt(&error) => format!(
                        "it was still running after {limit:?}, which is callback_time_max: {error:?}"
                    ),
                    _ => format!("{error:?}"),
                };
                let crash = Error::Trap { callback: callback.name, message };
                self.crash = Some(crash.clone());
                Err(crash)
            }
        }
    }

    /// The remaining instructions and the time, if costs are measured.
    fn before_call(&mut self) -> Option<(u64, Instant)> {
        let state = self.store.data();
        // What is thrown away after its start costs no traffic.
        if state.services.costs.is_none() || ["base", "canary"].contains(&&*state.vm) {
            return None;
        }
        Some((self.store.get_fuel().unwrap_or(0), Instant::now()))
    }

    fn after_call(&mut self, callback: &'static str, before: Option<(u64, Instant)>) {
        let Some((fuel, start)) = before else { return };
        let time = start.elapsed();
        let used = fuel.saturating_sub(self.store.get_fuel().unwrap_or(0));
        if let Some(costs) = &self.store.data().services.costs {
            costs.add(callback, used, time);
        }
        // A VM that runs for years must not run dry.
        let _ = self.store.set_fuel(u64::MAX);
    }

    /// True once the guest has trapped.
    pub(crate) fn is_dead(&self) -> bool {
        self.crash.is_some()
    }

    /// What it died of.
    pub(crate) fn crash(&self) -> Option<&Error> {
        self.crash.as_ref()
    }
}

fn is_interrupt(error: &wasmtime::Error) -> bool {
    error.downcast_ref::<Trap>() == Some(&Trap::Interrupt)
}

/// A tuple unchanged, a single number in brackets.
fn in_brackets(parameters: &impl fmt::Debug) -> String {
    let text = format!("{parameters:?}");
    if text.starts_with('(') { text } else { format!("({text})") }
}

/// A callback without a result answers `void` in Envoy's traces.
fn result_text(result: &impl fmt::Debug) -> String {
    let text = format!("{result:?}");
    if text == "()" { "void".into() } else { text }
}

impl<P: WasmParams, R: WasmResults> Callback<P, R> {
    fn of(
        name: &'static str,
        instance: &Instance,
        store: &mut Store<State>,
    ) -> Result<Callback<P, R>, Error> {
        // Envoy never withholds the start functions, and makes no callback that the configuration withholds.
        let allowed = !name.starts_with("proxy_") || store.data().services.is_capable(name);
        let Some(function) = instance.get_func(&mut *store, name).filter(|_| allowed) else {
            return Ok(Callback { name, function: None });
        };
        let function = function
            .typed(&*store)
            .map_err(|error| Error::Link(format!("export {name}: {error:#}")))?;
        Ok(Callback { name, function: Some(function) })
    }

    fn exists(&self) -> bool {
        self.function.is_some()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

impl Callbacks {
    fn of(instance: &Instance, store: &mut Store<State>) -> Result<Callbacks, Error> {
        Ok(Callbacks {
            context_create: Callback::of("proxy_on_context_create", instance, store)?,
            vm_start: Callback::of("proxy_on_vm_start", instance, store)?,
            configure: Callback::of("proxy_on_configure", instance, store)?,
            tick: Callback::of("proxy_on_tick", instance, store)?,
            request_headers: Callback::of("proxy_on_request_headers", instance, store)?,
            request_body: Callback::of("proxy_on_request_body", instance, store)?,
            request_trailers: Callback::of("proxy_on_request_trailers", instance, store)?,
            response_headers: Callback::of("proxy_on_response_headers", instance, store)?,
            response_body: Callback::of("proxy_on_response_body", instance, store)?,
            response_trailers: Callback::of("proxy_on_response_trailers", instance, store)?,
            http_call_response: Callback::of("proxy_on_http_call_response", instance, store)?,
            grpc_initial_metadata: Callback::of(
                "proxy_on_grpc_receive_initial_metadata",
                instance,
                store,
            )?,
            grpc_receive: Callback::of("proxy_on_grpc_receive", instance, store)?,
            grpc_trailing_metadata: Callback::of(
                "proxy_on_grpc_receive_trailing_metadata",
                instance,
                store,
            )?,
            grpc_close: Callback::of("proxy_on_grpc_close", instance, store)?,
            queue_ready: Callback::of("proxy_on_queue_ready", instance, store)?,
            resolve_dns: Callback::of("envoy_on_resolve_dns", instance, store)?,
            log: Callback::of("proxy_on_log", instance, store)?,
            done: Callback::of("proxy_on_done", instance, store)?,
            delete: Callback::of("proxy_on_delete", instance, store)?,
        })
    }
}
