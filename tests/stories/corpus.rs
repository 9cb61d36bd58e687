//! The corpus of exchanges with language models, `tests/data/llm`, against the built filter in the embedded host: in
//! every way that a network may cut, it counts what the core counts, and changes no byte.

#[path = "../../core/tests/corpus/case.rs"]
#[allow(dead_code, reason = "what a case expects, the core's runner judges")]
pub(crate) mod case;
#[path = "../../core/tests/corpus/counts.rs"]
#[allow(dead_code, reason = "what a case expects, the core's runner judges")]
mod counts;
#[path = "../../core/tests/corpus/delivery.rs"]
#[allow(dead_code, reason = "what a case expects, the core's runner judges")]
mod delivery;
#[path = "../../core/tests/corpus/events.rs"]
mod events;
#[path = "../../core/tests/corpus/message.rs"]
mod message;
#[path = "../../core/tests/corpus/native.rs"]
mod native;

mod built;

#[test]
fn the_built_filter_counts_what_the_core_counts() {
    built::check(case::all());
}
