//! Exchanges with language models: their events count at the moments at which they are whole.

use driftline_support::{corpus::LLM, delivery::Delivery};

use crate::{at_once_or_byte_by_byte, check, check_size, shown};

/// How many exchanges the corpus has at least; to be raised with it.
const EXCHANGES_MIN: usize = 709;

/// How many traps its README lists.
const TRAPS: u32 = 33;

#[test]
fn every_event_counts_at_its_own_moment() {
    check(&LLM.cases(), |case| [Delivery::by_event(case)]);
}

#[test]
fn events_that_come_at_once_or_byte_by_byte_count_the_same() {
    check(&LLM.cases(), at_once_or_byte_by_byte);
}

#[test]
fn no_cut_changes_what_is_counted() {
    check(&LLM.cases(), Delivery::cut_anywhere);
}

#[test]
fn the_corpus_is_as_large_as_it_was() {
    check_size(&LLM.cases(), EXCHANGES_MIN);
}

#[test]
fn every_trap_is_shown() {
    let (traps, _) = shown::check(&LLM);
    assert_eq!(traps, (1..=TRAPS).collect::<Vec<_>>(), "the traps that the README lists");
}
