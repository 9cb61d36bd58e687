//! Text Generation Inference of Hugging Face, and LoRAX, which grew out of it: streamed and whole. Tables only.
//!
//! Reference: TGI's OpenAPI document, "generate" and "generate_stream". Every event with a token is exactly one, so the
//! output is known even where `details` were not asked for. The token may have no text: a piece of a character, or one
//! that only ends the answer. A request names no model; LoRAX names an adapter.
//!
//! SGLang's own interface, vLLM's demonstration and Triton behind a gateway answer at the same paths, and their answers
//! have other members, so the table is the union of theirs (SGLang, "Native APIs"; vLLM, `api_server.py`). What is of none
//! of these forms passes unmeasured.

use driftline_labels::Operation;

use crate::generative::{
    dialect::Dialect, meaning::Fact, meaning::PromptField, meaning::RequestField, usage::Counted,
};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "tgi",
    operation: Operation::TextCompletion,
    paths: &["?/generate", "?/generate_stream", "?/"],
    request: &field_table![
        ("stream", RequestField::Stream),
        ("parameters.adapter_id", RequestField::Model),
        ("inputs", RequestField::Shape),
        // SGLang.
        ("model", RequestField::Model),
        ("text", RequestField::Shape),
        ("input_ids", RequestField::Shape),
        ("sampling_params", RequestField::Shape),
        // Triton.
        ("text_input", RequestField::Shape),
    ],
    prompt: &field_table![
        ("inputs", PromptField::Text),
        ("parameters.max_new_tokens", PromptField::MaxTokens),
        ("parameters.temperature", PromptField::Temperature),
        ("text", PromptField::Text),
        ("text[]", PromptField::Text),
        ("sampling_params.max_new_tokens", PromptField::MaxTokens),
        ("sampling_params.temperature", PromptField::Temperature),
        ("prompt", PromptField::Text),
        ("text_input", PromptField::Text),
        ("max_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &field_table![
        Fact:
        &[
            ("token.id", Fact::Token),
            ("token.text", Fact::Visible),
            ("generated_text", Fact::End),
            ("details.finish_reason", Fact::Finish),
            ("details.input_length", Fact::Tokens(Counted::Input)),
            ("details.prompt_tokens", Fact::Tokens(Counted::Input)),
            ("details.generated_tokens", Fact::Tokens(Counted::Output)),
        ],
        OTHERS,
    ],
    document: &field_table![
        Fact:
        &[
            ("generated_text", Fact::Visible),
            ("details.finish_reason", Fact::Finish),
            ("details.prompt_tokens", Fact::Tokens(Counted::Input)),
            ("details.generated_tokens", Fact::Tokens(Counted::Output)),
            // At `/` and on SageMaker the same comes in an array.
            ("[].generated_text", Fact::Visible),
            ("[].details=details", Fact::Nothing),
            ("[].text", Fact::Visible),
            ("[].meta_info=meta_info", Fact::Nothing),
        ],
        OTHERS,
    ],
    end_mark: b"[DONE]",
    has_token_per_event: true,
    ..Dialect::PLAIN
};

/// What the answers of other servers at these paths have, no two of which mean different things by one name.
const OTHERS: &[(&str, Fact)] = &[
    // SGLang: the text so far, and in the end why it stopped. In a stream each event repeats what came before.
    ("text", Fact::Visible),
    ("meta_info.finish_reason", Fact::Finish),
    ("meta_info.finish_reason.type", Fact::Finish),
    ("meta_info.prompt_tokens", Fact::Tokens(Counted::Input)),
    ("meta_info.completion_tokens", Fact::Tokens(Counted::Output)),
    ("meta_info.cached_tokens", Fact::Tokens(Counted::CachedInput)),
    ("meta_info.reasoning_tokens", Fact::Tokens(Counted::Reasoning)),
    // vLLM's demonstration: the prompt and the text, and no word on its end.
    ("text[]", Fact::Visible),
    ("text[]", Fact::Endless),
    // Triton.
    ("text_output", Fact::Visible),
    ("text_output", Fact::Endless),
    ("error", Fact::Error),
    ("!index", Fact::Nothing),
    ("!top_tokens", Fact::Nothing),
    ("*", Fact::Foreign),
    ("*.*", Fact::ForeignWithin),
    ("*[]", Fact::ForeignWithin),
];
