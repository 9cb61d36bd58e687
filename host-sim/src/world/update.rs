//! New configurations and new code for a world that runs; what is open goes on as it began.

use std::{cell::RefCell, rc::Rc};

use bytes::Bytes;

use crate::{Error, Filter, Worker, World};

impl World {
    /// A new plugin configuration: first a canary, then a new root context in every VM.
    ///
    /// # Errors
    /// [`Error::Refused`] or [`Error::Trap`] of the canary; then nothing has changed.
    pub fn reconfigure(&self, config: impl Into<Bytes>) -> Result<(), Error> {
        let config = config.into();
        Worker::start(&self.filter, self.services.clone(), "canary".into(), &config)?;
        self.current().try_for_each(|worker| worker.borrow_mut().reconfigure(&config))
    }

    /// New code: a canary, then new VMs for new streams; the old VMs end with their last streams.
    ///
    /// Shared data survives. A stat survives if the new code has defined its
    /// name by the time the last old VM that has it ends.
    ///
    /// # Errors
    /// [`Error::Refused`] or [`Error::Trap`] of a new VM; then nothing has changed.
    pub fn update_code(&mut self, filter: &Filter) -> Result<(), Error> {
        let config: Bytes = self.main.borrow().config().clone();
        let start = |name: String| Worker::start(filter, self.services.clone(), name, &config);
        start("canary".into())?;
        let main = start("main".into())?;
        let workers: Vec<Worker> = (0..self.workers.len())
            .map(|index| start(format!("worker {index}")))
            .collect::<Result<_, _>>()?;
        let share = |worker| Rc::new(RefCell::new(worker));
        let old_main = std::mem::replace(&mut self.main, share(main));
        let new_workers = workers.into_iter().map(share).collect();
        let old_workers = std::mem::replace(&mut self.workers, new_workers);
        self.filter = filter.clone();
        self.draining.retain(|old| !old.borrow().is_drained());
        let mut outcome = Ok(());
        // Workers let go first; the main thread is last, as it is when Envoy ends.
        for old in old_workers.into_iter().chain([old_main]) {
            outcome = outcome.and(old.borrow_mut().drain());
            if !old.borrow().is_drained() {
                self.draining.push(old);
            }
        }
        outcome
    }

    /// VMs of earlier code that still have streams.
    #[must_use]
    pub fn draining_vms(&self) -> usize {
        self.draining.iter().filter(|old| !old.borrow().is_drained()).count()
    }

    /// Without those that only serve what is left of earlier code.
    fn current(&self) -> impl Iterator<Item = &Rc<RefCell<Worker>>> {
        std::iter::once(&self.main).chain(&self.workers)
    }
}
