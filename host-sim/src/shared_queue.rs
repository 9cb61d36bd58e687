//! Queues between VMs: any VM of any `vm_id` may write, and one context is notified. It never loses or limits an entry.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

use crate::status::Status;

/// All queues of one proxy, and the announcements that wait for their VM's turn.
#[derive(Debug, Default)]
pub(crate) struct SharedQueues(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    ids: HashMap<(String, Vec<u8>), u32>,
    queues: HashMap<u32, Queue>,
    ready: VecDeque<Ready>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<Bytes>,
    /// A VM by its number, and a context in it.
    consumer: (u64, u32),
}

/// An entry was added, and this context wants to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ready {
    pub(crate) vm_number: u64,
    pub(crate) context: u32,
    pub(crate) queue: u32,
}

impl SharedQueues {
    /// The queue of this name, created if it is new. The context that registers last is notified of its entries.
    pub(crate) fn register(&self, vm_id: &str, name: &[u8], consumer: (u64, u32)) -> u32 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(inner.ids.len() + 1).unwrap_or(u32::MAX);
        let id = *inner.ids.entry((vm_id.into(), name.to_vec())).or_insert(next);
        inner.queues.entry(id).or_default().consumer = consumer;
        id
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Option<u32> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.ids.get(&(vm_id.to_string(), name.to_vec())).copied()
    }

    /// Adds an entry and announces it once.
    pub(crate) fn enqueue(&self, id: u32, entry: Bytes) -> Result<(), Status> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = inner.queues.get_mut(&id).ok_or(Status::NotFound)?;
        queue.entries.push_back(entry);
        let (vm_number, context) = queue.consumer;
        inner.ready.push_back(Ready { vm_number, context, queue: id });
        Ok(())
    }

    pub(crate) fn dequeue(&self, id: u32) -> Result<Bytes, Status> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = inner.queues.get_mut(&id).ok_or(Status::NotFound)?;
        queue.entries.pop_front().ok_or(Status::Empty)
    }

    /// The oldest notification that has not been delivered yet.
    pub(crate) fn next_ready(&self) -> Option<Ready> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ready.pop_front()
    }
}
