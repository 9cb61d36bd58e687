//! Ticks of one VM, passed on to the core.

use std::rc::Rc;

use driftline_core::monitor::{instruments::Instruments, tick::Tick};

use crate::{host::ProxyWasm, shared::Shared};

/// A VM's part in evaluating one configuration.
pub(crate) struct Evaluation {
    shared: Rc<Shared>,
    tick: Tick,
}

impl Evaluation {
    /// `None` if the configuration has nothing to evaluate.
    pub(crate) fn begin(shared: Rc<Shared>, instruments: Instruments) -> Option<Evaluation> {
        let tick = Tick::begin(&ProxyWasm, &*shared, shared.monitor(), instruments)?;
        Some(Evaluation { shared, tick })
    }

    /// Evaluates, if no other VM does.
    pub(crate) fn tick(&mut self) {
        let Evaluation { shared, tick } = self;
        let carries_traffic = shared.carries_traffic.get();
        shared.record(|monitor, buffer| {
            tick.tick(&ProxyWasm, &**shared, monitor, buffer, carries_traffic);
        });
    }
}
