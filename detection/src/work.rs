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

/// Does so many draws of each of so many things; each result comes with the number of its thing.
pub fn grid<R: Send>(
    things: usize,
    draws: u64,
    threads: usize,
    work: impl Fn(usize, u64) -> R + Sync,
) -> Vec<(usize, R)> {
    let of_thing = |number| (0..draws).map(move |draw| (number, draw));
    let jobs: Vec<(usize, u64)> = (0..things).flat_map(of_thing).collect();
    let results = map(&jobs, threads, |&(number, draw)| work(number, draw));
    jobs.into_iter().map(|(number, _)| number).zip(results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_draw_of_each_thing_is_done_once() {
        let found = grid(2, 3, 2, |number, draw| (number, draw));
        let draws = |number| (0..3).map(move |draw| (number, (number, draw)));
        assert_eq!(found, draws(0).chain(draws(1)).collect::<Vec<_>>());
    }

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
