//! The gate through which every host function is called: it traces, restricts and refuses, so that no function has to.

use wasmtime::{Linker, WasmTy};

use super::memory::{Answer, Host};
use crate::{
    LogLevel,
    state::{Restriction, State},
    status::Status,
};

/// Where a host function is imported from, and its name there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Import {
    module: &'static str,
    name: &'static str,
    is_wasi: bool,
}

/// What a restricted WASI function returns: "capabilities insufficient".
const WASI_NOT_CAPABLE: u32 = 76;

/// A host function of any number of parameters that answers with a status.
pub(super) trait HostFunction<Parameters> {
    /// Defines it in `linker`, callable through the gate only.
    fn define(
        self,
        linker: &mut Linker<State>,
        module: &'static str,
        name: &'static str,
    ) -> wasmtime::Result<()>;
}

/// A parameter, as Envoy's trace prints it: unsigned.
pub(super) trait Word: WasmTy + Copy + Send + 'static {
    fn unsigned(self) -> u64;
}

impl Word for u32 {
    fn unsigned(self) -> u64 {
        self.into()
    }
}

impl Word for u64 {
    fn unsigned(self) -> u64 {
        self
    }
}

impl Word for i64 {
    fn unsigned(self) -> u64 {
        self.cast_unsigned()
    }
}

macro_rules! host_function {
    ($($parameter:ident)*) => {
        impl<F, $($parameter),*> HostFunction<($($parameter,)*)> for F
        where
            F: Fn(&mut Host<'_>, $($parameter),*) -> Answer + Send + Sync + 'static,
            $($parameter: Word,)*
        {
            #[allow(non_snake_case, reason = "a parameter is called like its type")]
            fn define(
                self,
                linker: &mut Linker<State>,
                module: &'static str,
                name: &'static str,
            ) -> wasmtime::Result<()> {
                let import = Import { module, name, is_wasi: module != "env" };
                let gated = move |mut host: Host<'_>, $($parameter: $parameter),*| -> Answer {
                    if let Some(refusal) = import.enter(host.data_mut(), &[$($parameter.unsigned()),*])? {
                        return Ok(refusal);
                    }
                    let answer = self(&mut host, $($parameter),*)?;
                    import.leave(host.data(), answer);
                    Ok(answer)
                };
                linker.func_wrap(module, name, gated)?;
                Ok(())
            }
        }
    };
}

host_function!();
host_function!(A);
host_function!(A B);
host_function!(A B C);
host_function!(A B C D);
host_function!(A B C D E);
host_function!(A B C D E G);
host_function!(A B C D E G H);
host_function!(A B C D E G H I);
host_function!(A B C D E G H I J);
host_function!(A B C D E G H I J K);
host_function!(A B C D E G H I J K L);
host_function!(A B C D E G H I J K L M);

impl Import {
    /// Notes the call. A status if it is not to be carried out, an error if it kills the VM.
    #[inline]
    fn enter(self, state: &mut State, parameters: &[u64]) -> wasmtime::Result<Option<u32>> {
        let Import { module, name, .. } = self;
        state.trace(|| {
            let parameters: Vec<String> = parameters.iter().map(u64::to_string).collect();
            format!("[vm->host] {module}.{name}({})", parameters.join(", "))
        });
        check_restriction(state, module, name)?;
        if state.services.is_capable(name) {
            return Ok(None);
        }
        Ok(Some(self.refuse(state)))
    }

    #[cold]
    fn refuse(self, state: &mut State) -> u32 {
        let Import { name, is_wasi, .. } = self;
        let (what, refusal) = if is_wasi {
            ("WASI", WASI_NOT_CAPABLE)
        } else {
            ("proxy-wasm", Status::InternalFailure as u32)
        };
        let message = format!("Attempted call to restricted {what} capability: {name}");
        state.log(LogLevel::Error, message);
        self.leave(state, refusal);
        refusal
    }

    #[inline]
    fn leave(self, state: &State, answer: u32) {
        let Import { module, name, .. } = self;
        state.trace(|| format!("[vm<-host] {module}.{name} return: {answer}"));
    }
}

/// What a function that gives memory may call; start functions may, too.
const OPEN_TO_MEMORY: &[&str] = &["clock_time_get", "fd_write", "poll_oneoff", "proxy_log"];

/// Of WASI, what start functions may not call.
const CLOSED_AT_START: &[&str] =
    &["fd_close", "fd_read", "fd_seek", "path_open", "proc_exit", "sched_yield"];

/// Traps as Envoy does (measured: each function of Envoy 1.40) if what runs now may not call this one.
pub(super) fn check_restriction(state: &State, module: &str, name: &str) -> wasmtime::Result<()> {
    let open = OPEN_TO_MEMORY.contains(&name);
    let (is_open, when) = match state.restriction {
        Restriction::None => return Ok(()),
        Restriction::Allocating => (open, "while memory is allocated"),
        Restriction::Starting if module == "env" => {
            (open || name == "emscripten_notify_memory_growth", "at the start")
        }
        Restriction::Starting => (!CLOSED_AT_START.contains(&name), "at the start"),
    };
    if is_open {
        return Ok(());
    }
    Err(wasmtime::Error::msg(format!("restricted_callback: {name} may not be called {when}")))
}
