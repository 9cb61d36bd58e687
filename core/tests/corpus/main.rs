//! The corpus of exchanges with language models, `tests/data/llm`, against the core: every dialect, every trap, in
//! every way that a network may cut. The built filter does the same in `tests/stories/corpus.rs`.

mod case;
mod counts;
mod delivery;
mod events;
mod message;
mod messages;
mod native;
mod traps;

use std::{collections::BTreeMap, sync::Mutex, thread};

use self::{case::Case, delivery::Delivery, native::Native};

/// How many exchanges the corpus has at least; to be raised with it.
const EXCHANGES_MIN: usize = 531;

/// Runs every case in these deliveries, and names all that go wrong.
fn check<'c, D: Iterator<Item = Delivery<'c>>>(
    cases: &'c [Case],
    deliveries: impl Fn(&'c Case) -> D + Sync,
) {
    const PROBLEMS_MAX: usize = 40;
    let problems = Mutex::new(Vec::new());
    let next = Mutex::new(cases.iter());
    let work = || {
        loop {
            let Some(case) = next.lock().unwrap().next() else { return };
            let mut native = Native::new(&case.config());
            for delivery in deliveries(case) {
                let found = match native.run(case, &delivery) {
                    Ok(counts) => counts::problems(case, &delivery, counts),
                    Err(problem) => vec![problem],
                };
                if !found.is_empty() {
                    let place = format!("{}, {}", case.name, delivery.name);
                    let lines = found.iter().map(|problem| format!("\n    {problem}"));
                    problems.lock().unwrap().push(place + &lines.collect::<String>());
                    break;
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut problems = problems.into_inner().unwrap();
    problems.sort();
    let count = problems.len();
    problems.truncate(PROBLEMS_MAX);
    assert_eq!(count, 0, "{count} of {} exchanges:\n{}", cases.len(), problems.join("\n"));
}

#[test]
fn every_event_counts_at_its_own_moment() {
    check(&case::all(), |case| [Delivery::by_event(case)].into_iter());
}

#[test]
fn events_that_come_at_once_or_byte_by_byte_count_the_same() {
    check(&case::all(), |case| [Delivery::coalesced(case), Delivery::by_byte(case)].into_iter());
}

#[test]
fn no_cut_changes_what_is_counted() {
    check(&case::all(), Delivery::cut_anywhere);
}

#[test]
fn the_corpus_is_as_large_as_it_was() {
    let cases = case::all();
    let mut by_dialect = BTreeMap::new();
    for case in &cases {
        let dialect = case.name.split('/').next().unwrap_or_default();
        *by_dialect.entry(dialect).or_insert(0) += 1;
    }
    println!("{} exchanges: {by_dialect:?}", cases.len());
    assert!(EXCHANGES_MIN <= cases.len(), "{} exchanges", cases.len());
}

#[test]
fn binary_bodies_are_what_their_sources_say() {
    messages::check();
}

#[test]
fn every_trap_is_shown() {
    traps::check(&case::all());
}
