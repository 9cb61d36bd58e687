//! Exchanges with a model that generates: tokens in time, usage, and the end of the stream.
//! A dialect's tables say which paths of an answer mean what; no code here knows a dialect by name.

mod answer;
mod dialect;
mod dialects;
mod document;
mod events;
mod facts;
mod features;
mod framing;
mod meaning;
mod prompt;
mod repeats;
mod request;
mod timeline;
mod usage;
mod words;

pub use self::{
    answer::{Answer, ExpectedResponse},
    dialect::{Dialect, Framing},
    dialects::DIALECTS,
    features::{Feature, ResponseFeatures},
    meaning::{RequestField, Rival},
    prompt::{Prompt, PromptReader},
    repeats::REPEATS_BYTES,
    request::RequestReader,
    usage::Usage,
};

/// Bytes that a streamed answer takes in addition to its exchange.
pub const EVENTS_BYTES: usize = size_of::<events::Events>();
