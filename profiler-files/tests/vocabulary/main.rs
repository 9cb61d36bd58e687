//! Profiler and filter together: the same rows are the same values, in whatever format a profile is made of them and in
//! whatever dialect they come live. No proxy and no module: `tests/stories/vocabulary.rs` has the built filter.

mod files;
mod live;
mod property;
mod spellings;
mod table;
mod train;
mod wire;
