//! What a filter's callbacks cost: calls, instructions and wall time by callback. It measures, and never limits.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The cost of one callback over all VMs but the base and the canary.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cost {
    /// How often it was made.
    pub calls: u64,
    /// WebAssembly instructions of all calls (wasmtime's fuel); 0 unless the filter was compiled with [`Filter::metered`](crate::Filter::metered).
    pub instructions: u64,
    /// Those of the dearest call.
    pub instructions_max: u64,
    /// Wall time of all calls, host functions included.
    pub time: Duration,
    /// That of the longest call.
    pub time_max: Duration,
}

/// Costs by callback, filled while VMs run.
#[derive(Debug, Default)]
pub(crate) struct Costs(Mutex<BTreeMap<&'static str, Cost>>);

/// All costs of a world, as a table.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct CostTable {
    /// By the callback's name.
    pub rows: BTreeMap<String, Cost>,
    /// Linear memory of each VM in bytes, by its name.
    pub memory_bytes: BTreeMap<String, usize>,
}

impl Costs {
    pub(crate) fn add(&self, callback: &'static str, instructions: u64, time: Duration) {
        let mut costs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = costs.entry(callback).or_default();
        cost.calls += 1;
        cost.instructions += instructions;
        cost.instructions_max = cost.instructions_max.max(instructions);
        cost.time += time;
        cost.time_max = cost.time_max.max(time);
    }

    pub(crate) fn rows(&self) -> BTreeMap<String, Cost> {
        let costs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        costs.iter().map(|(name, cost)| ((*name).to_string(), *cost)).collect()
    }
}

impl Cost {
    /// Instructions of an average call.
    #[must_use]
    pub fn instructions_mean(&self) -> u64 {
        self.instructions / self.calls.max(1)
    }

    /// Wall time of an average call.
    #[must_use]
    pub fn time_mean(&self) -> Duration {
        Duration::from_nanos(crate::clock::nanoseconds(self.time) / self.calls.max(1))
    }
}

impl fmt::Display for CostTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = ["calls", "instr/call", "instr max", "µs/call", "µs max"];
        write!(f, "{:<36}", "callback")?;
        columns.iter().try_for_each(|column| write!(f, "{column:>12}"))?;
        let us = |time: Duration| time.as_secs_f64() * 1e6;
        for (name, cost) in &self.rows {
            write!(f, "\n{name:<36}{:>12}", cost.calls)?;
            write!(f, "{:>12}{:>12}", cost.instructions_mean(), cost.instructions_max)?;
            write!(f, "{:>12.2}{:>12.2}", us(cost.time_mean()), us(cost.time_max))?;
        }
        for (vm, bytes) in &self.memory_bytes {
            write!(f, "\nlinear memory of {vm}: {} KiB", bytes / 1024)?;
        }
        Ok(())
    }
}
