//! Ends callbacks that never return: a thread that lets the epochs of engines pass. It never looks at the virtual clock.

use std::{
    sync::{Mutex, Once, PoisonError},
    thread,
    time::Duration,
};

use wasmtime::EngineWeak;

use crate::Filter;

/// How exactly a limit is kept: a callback is ended up to one tick later, and more on a machine without time to spare.
const TICK: Duration = Duration::from_millis(50);

/// A store without a limit reaches this epoch in a billion years.
const NEVER: u64 = u64::MAX >> 1;

/// The engines whose epochs pass, as long as they are in use.
static WATCHED: Mutex<Vec<EngineWeak>> = Mutex::new(Vec::new());

/// Lets time pass for this filter's VMs. The first one starts the thread, which then lives as long as the process.
pub(crate) fn watch(filter: &Filter) {
    static THREAD: Once = Once::new();
    filter.watched.call_once(|| {
        WATCHED.lock().unwrap_or_else(PoisonError::into_inner).push(filter.engine.weak());
    });
    THREAD.call_once(|| {
        let watching = thread::Builder::new().name("callback limit".into()).spawn(|| {
            loop {
                thread::sleep(TICK);
                let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
                watched.retain(|engine| match engine.upgrade() {
                    Some(engine) => {
                        engine.increment_epoch();
                        true
                    }
                    None => false,
                });
            }
        });
        // Without a thread there is no limit, which is how Envoy is.
        drop(watching);
    });
}

/// How many epochs from now a callback is ended. Never earlier than its time is over.
pub(crate) fn ticks(limit: Option<Duration>) -> u64 {
    let Some(limit) = limit else { return NEVER };
    let ticks = limit.as_nanos().div_ceil(TICK.as_nanos()) + 1;
    u64::try_from(ticks).unwrap_or(NEVER).min(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_never_cut_short() {
        assert_eq!(ticks(Some(Duration::ZERO)), 1);
        assert_eq!(ticks(Some(Duration::from_millis(1))), 2);
        assert_eq!(ticks(Some(Duration::from_secs(10))), 201);
        assert_eq!(ticks(Some(Duration::MAX)), NEVER);
        assert_eq!(ticks(None), NEVER);
    }
}
