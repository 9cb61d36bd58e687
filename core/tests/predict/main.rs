//! The corpus of exchanges with models that predict, `tests/data/predict`, against the core: every dialect, every trap,
//! every kind of bad input, in every way that a network may cut. The built filter does the same in
//! `tests/stories/predictions.rs`.

mod case;
mod counts;
#[path = "../corpus/delivery.rs"]
#[allow(dead_code, reason = "answers with predictions have no events")]
mod delivery;
#[path = "../corpus/events.rs"]
#[allow(dead_code, reason = "answers with predictions have no events")]
mod events;
#[path = "../corpus/message.rs"]
mod message;
#[path = "../corpus/native.rs"]
mod native;
mod shown;

use std::collections::BTreeMap;

use self::{case::Case, delivery::Delivery, native::Native};

/// How many exchanges the corpus has at least; to be raised with it.
const EXCHANGES_MIN: usize = 133;

/// Runs every case in these deliveries, and names all that go wrong.
fn check<'c, D: Iterator<Item = Delivery<'c>>>(
    cases: &'c [Case],
    deliveries: impl Fn(&'c Case) -> D,
) {
    let mut problems = Vec::new();
    for case in cases {
        let mut native = Native::new(&case.config());
        for delivery in deliveries(case) {
            let found = match native.run(case, &delivery) {
                Ok(counts) => counts::problems(case, counts),
                Err(problem) => vec![problem],
            };
            if !found.is_empty() {
                let lines = found.iter().map(|problem| format!("\n    {problem}"));
                let place = format!("{}, {}", case.name, delivery.name);
                problems.push(place + &lines.collect::<String>());
                break;
            }
        }
    }
    let count = problems.len();
    assert_eq!(count, 0, "{count} of {} exchanges:\n{}", cases.len(), problems.join("\n"));
}

#[test]
fn bodies_that_come_at_once_or_byte_by_byte_count_what_they_say() {
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
fn every_trap_and_every_bad_input_is_shown() {
    shown::check(&case::all());
}
