//! The corpora of exchanges, `tests/data/llm` and `tests/data/predict`, against the core: every dialect, every trap, every
//! kind of bad input, in every way that a network may cut. The built filter does the same in `tests/stories/corpus.rs`.

mod llm;
mod predict;
mod shown;

use std::{collections::BTreeMap, sync::Mutex, thread};

use driftline_support::{corpus::Case, counts, delivery::Delivery, native::Native};

/// Runs every case in these deliveries, and names all that go wrong.
fn check<'c, D: IntoIterator<Item = Delivery<'c>>>(
    cases: &'c [Case],
    deliveries: impl Fn(&'c Case) -> D + Sync,
) {
    const PROBLEMS_MAX: usize = 40;
    let problems = Mutex::new(Vec::new());
    let next = Mutex::new(cases.iter());
    let work = || {
        loop {
            let Some(case) = next.lock().unwrap().next() else { return };
            let native = Native::new(&case.config);
            for delivery in deliveries(case) {
                let found = match native.run(case, &delivery) {
                    Ok((counts, observation)) => {
                        let mut problems = counts::problems(case, &delivery, counts);
                        problems.extend(counts::contradictions(case, &observation));
                        problems
                    }
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

/// Every event at once, and every byte by itself.
fn at_once_or_byte_by_byte(case: &Case) -> [Delivery<'_>; 2] {
    [Delivery::coalesced(case), Delivery::by_byte(case)]
}

/// A corpus has at least so many exchanges.
fn check_size(cases: &[Case], exchanges_min: usize) {
    let mut by_dialect = BTreeMap::new();
    for case in cases {
        *by_dialect.entry(case.dialect()).or_insert(0) += 1;
    }
    println!("{} exchanges: {by_dialect:?}", cases.len());
    assert!(exchanges_min <= cases.len(), "{} exchanges", cases.len());
}
