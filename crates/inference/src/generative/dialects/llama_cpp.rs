//! llama.cpp's own completions, and its infill: streamed and whole. Tables only.
//!
//! Reference: llama.cpp, `tools/server/README.md`, "POST /completion" and "POST /infill". The last event repeats nothing,
//! and has the counts. A request names no model unless the server has several.

use driftline_labels::Operation;

use crate::generative::{
    dialect::Dialect, meaning::Fact, meaning::PromptField, meaning::RequestField, usage::Counted,
};
use driftline_wire::{field_table, fields::FieldTable};

pub(super) const DIALECT: Dialect = Dialect {
    name: "llama_cpp",
    operation: Operation::TextCompletion,
    paths: &["?/completion", "?/infill"],
    request: &field_table![
        ("model", RequestField::Model),
        ("stream", RequestField::Stream),
        ("n_predict", RequestField::Shape),
        ("prompt", RequestField::Shape),
        ("input_prefix", RequestField::Shape),
    ],
    prompt: &field_table![
        ("prompt", PromptField::Text),
        ("input_prefix", PromptField::Text),
        ("input_suffix", PromptField::Text),
        ("n_predict", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};

const ANSWER: FieldTable<Fact> = field_table![
    ("!index", Fact::Nothing),
    ("content", Fact::Visible),
    ("stop", Fact::End),
    ("stop_type", Fact::Finish),
    // Before there was one word for it.
    ("!stopping_word", Fact::Nothing),
    ("tokens_predicted", Fact::Tokens(Counted::Output)),
    ("tokens_evaluated", Fact::Tokens(Counted::Input)),
    ("reasoning_content", Fact::Reasoning),
    // Several prompts have several answers.
    ("[].content", Fact::Visible),
    ("[].tokens_predicted", Fact::Tokens(Counted::Output)),
    ("[].tokens_evaluated", Fact::Tokens(Counted::Input)),
    ("error", Fact::Error),
    ("!model", Fact::Nothing),
    ("!prompt", Fact::Nothing),
    ("!generation_settings", Fact::Nothing),
    ("!timings", Fact::Nothing),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
];
