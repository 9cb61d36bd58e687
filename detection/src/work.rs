//! Work on several threads: results come in the order of the jobs, whatever the number of threads. It knows no job.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Does all jobs; those that are first are begun first.
pub fn map<J: Sync, R: Send>(jobs: &[J], threads: usize, work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(jobs.len()));
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some((number, job)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|it| Some((it, jobs.get(it)?)))
                {
                    let result = work(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|&(number, _)| number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..100).collect();
        for threads in [0, 1, 3] {
            assert_eq!(
                map(&jobs, threads, |it| it * 2),
                jobs.iter().map(|it| it * 2).collect::<Vec<_>>()
            );
        }
    }
}
