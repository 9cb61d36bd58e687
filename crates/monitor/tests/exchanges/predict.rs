//! Exchanges with models that predict: every value of a case may fall into a bin of its own.

use driftline_support::{corpus::PREDICT, delivery::Delivery};

use crate::{at_once_or_byte_by_byte, check, check_size, shown};

/// How many exchanges the corpus has at least; to be raised with it.
const EXCHANGES_MIN: usize = 191;

#[test]
fn bodies_that_come_at_once_or_byte_by_byte_count_what_they_say() {
    check(&PREDICT.cases(), at_once_or_byte_by_byte);
}

#[test]
fn no_cut_changes_what_is_counted() {
    check(&PREDICT.cases(), Delivery::cut_anywhere);
}

#[test]
fn the_corpus_is_as_large_as_it_was() {
    check_size(&PREDICT.cases(), EXCHANGES_MIN);
}

#[test]
fn every_trap_and_every_bad_input_is_shown() {
    let (traps, kinds) = shown::check(&PREDICT);
    assert!(!traps.is_empty() && !kinds.is_empty(), "the README has no tables");
}
