//! OpenAI's chat completions, which many servers implement: streamed and whole. Tables only.
//!
//! Reference: OpenAI API, "Create chat completion" and "The chat completion chunk object". What its answers have, and how
//! others vary it, stands in `openai.rs`.

use super::openai::ANSWER;
use crate::generative::{dialect::Dialect, meaning::PromptField, meaning::RequestField};
use driftline_wire::field_table;

pub(super) const DIALECT: Dialect = Dialect {
    name: "openai_chat",
    paths: &[
        "/chat/completions",
        // Azure: the path names the deployment, and the body need not.
        "/deployments/{model}/chat/completions",
        // Mistral.
        "/agents/completions",
        // watsonx: an id names the model, or the path names a deployment.
        "/v1/text/chat",
        "/v1/text/chat_stream",
        "/deployments/{model}/text/chat",
        "/deployments/{model}/text/chat_stream",
        // Vertex AI: models of Mistral and others, with messages as of OpenAI.
        "?/models/{model}:rawPredict",
        "?/models/{model}:streamRawPredict",
    ],
    request: &field_table![
        ("model", RequestField::Model),
        ("stream", RequestField::Stream),
        ("model_id", RequestField::Model),
        ("messages", RequestField::Shape),
    ],
    prompt: &field_table![
        ("messages[]", PromptField::Message),
        ("messages[].content", PromptField::Text),
        ("messages[].content[].text", PromptField::Text),
        ("tools[]", PromptField::Tool),
        ("functions[]", PromptField::Tool),
        ("max_tokens", PromptField::MaxTokens),
        ("max_completion_tokens", PromptField::MaxTokens),
        ("temperature", PromptField::Temperature),
    ],
    event: &ANSWER,
    document: &ANSWER,
    end_mark: b"[DONE]",
    ..Dialect::PLAIN
};
