//! The corpus of exchanges with models that predict, `tests/data/predict`, against the built filter in the embedded host:
//! in every way that a network may cut, it counts what the core counts, and changes no byte.

#[path = "corpus/built.rs"]
mod built;
#[path = "../../core/tests/predict/case.rs"]
#[allow(dead_code, reason = "what a case expects, the core's runner judges")]
mod case;
#[path = "../../core/tests/predict/counts.rs"]
#[allow(dead_code, reason = "what a case expects, the core's runner judges")]
mod counts;
#[path = "../../core/tests/corpus/delivery.rs"]
#[allow(dead_code, reason = "answers with predictions have no events")]
mod delivery;
#[path = "../../core/tests/corpus/events.rs"]
#[allow(dead_code, reason = "answers with predictions have no events")]
mod events;
#[path = "../../core/tests/corpus/message.rs"]
mod message;
#[path = "../../core/tests/corpus/native.rs"]
mod native;

#[test]
fn the_built_filter_reads_tables_and_tensors_as_the_core_does() {
    built::check(case::all());
}
