//! All dialects, one file each; a file holds tables and no code.

mod anthropic_messages;
mod bedrock_converse;
mod bedrock_invoke;
mod cohere_chat;
mod cohere_chat_v1;
mod cohere_embed;
mod embedding;
mod explain;
mod gemini;
mod gemini_embed;
mod llama_cpp;
mod ollama;
mod ollama_chat;
mod ollama_embed;
mod ollama_generate;
mod openai;
mod openai_chat;
mod openai_completions;
mod openai_embeddings;
mod openai_responses;
mod pooling;
mod rerank;
mod tei;
mod tgi;
mod triton_generate;
mod usage;
mod watsonx_generation;

use super::{dialect::Dialect, meaning::Rival};

/// Every dialect, the likelier ones before others.
pub const DIALECTS: &[&Dialect] = &[
    &openai_chat::DIALECT,
    &openai_responses::DIALECT,
    &openai_completions::DIALECT,
    &openai_embeddings::DIALECT,
    &anthropic_messages::DIALECT,
    &gemini::DIALECT,
    &cohere_chat::DIALECT,
    &ollama_chat::DIALECT,
    &ollama_generate::DIALECT,
    &triton_generate::DIALECT,
    &tgi::DIALECT,
    &bedrock_converse::DIALECT,
    &bedrock_invoke::DIALECT,
    &llama_cpp::DIALECT,
    &cohere_chat_v1::DIALECT,
    &watsonx_generation::DIALECT,
    &ollama_embed::DIALECT,
    &gemini_embed::DIALECT,
    &cohere_embed::DIALECT,
    &rerank::DIALECT,
    &pooling::DIALECT,
    &tei::DIALECT,
    &explain::DIALECT,
];

impl Rival {
    /// The dialect itself.
    pub fn dialect(self) -> &'static Dialect {
        match self {
            Rival::OpenaiChat => &openai_chat::DIALECT,
            Rival::OpenaiCompletions => &openai_completions::DIALECT,
            Rival::OpenaiEmbeddings => &openai_embeddings::DIALECT,
            Rival::Tgi => &tgi::DIALECT,
            Rival::Rerank => &rerank::DIALECT,
            Rival::Pooling => &pooling::DIALECT,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, format, str};

    use super::*;
    use crate::recognition::{Dialect, Recogniser};

    #[track_caller]
    fn check(path: &str, expected: Option<(&str, Option<&str>)>) {
        let recogniser = Recogniser::default();
        let found = recogniser.recognise(path.as_bytes(), None).ok().and_then(|it| {
            let Dialect::Generative(dialect) = it.dialect else { return None };
            Some((dialect.name, it.model))
        });
        let found = found.as_ref().map(|(name, model)| {
            (*name, model.as_ref().map(|model| str::from_utf8(model).unwrap()))
        });
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn paths_are_recognised_by_their_end() {
        check("/v1/chat/completions", Some(("openai_chat", None)));
        check("/v1/chat/completions?api-version=1", Some(("openai_chat", None)));
        check("/v1/chat/completions/123", None);
        check("/search?q=/v1/chat/completions", None);
        check("/a", None);
    }

    #[test]
    fn a_deployment_in_the_path_is_the_model() {
        let path = "/openai/deployments/gpt/chat/completions?api-version=2024-10-21";
        check(path, Some(("openai_chat", Some("gpt"))));
    }

    #[test]
    fn bedrock_names_the_model_in_the_path_percent_encoded() {
        let encoded =
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0";
        let model = "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0";
        for (method, dialect) in [
            ("converse", "bedrock_converse"),
            ("converse-stream", "bedrock_converse"),
            ("invoke", "bedrock_invoke"),
            ("invoke-with-response-stream", "bedrock_invoke"),
        ] {
            check(&format!("/model/{encoded}/{method}"), Some((dialect, Some(model))));
        }
        check("/model/m/count-tokens", None);
        check("/model/converse", None);
    }

    #[test]
    fn openai_is_recognised_by_the_last_segments() {
        check("/v1/completions", Some(("openai_completions", None)));
        check("/vllm/v1/completions", Some(("openai_completions", None)));
        check("/beta/completions", Some(("openai_completions", None)));
        check("/v1/fim/completions", Some(("openai_completions", None)));
        check("/completions", Some(("openai_completions", None)));
        check("/v1/responses", Some(("openai_responses", None)));
        check("/openai/v1/responses?api-version=preview", Some(("openai_responses", None)));
        check("/openai/responses?api-version=2025-03-01-preview", Some(("openai_responses", None)));
        check("/v1/responses/resp_1", None);
        check("/v1/responses/resp_1/cancel", None);
        check("/responses", Some(("openai_responses", None)));
        check("/v1/embeddings", Some(("openai_embeddings", None)));
        check("/api/embeddings", Some(("ollama_embed", None)));
        check("/embeddings", Some(("openai_embeddings", None)));
        check("/v2/chat", Some(("cohere_chat", None)));
        check("/v1/chat", Some(("cohere_chat_v1", None)));
        check("/chat", None);
        check("/v1/agents/completions", Some(("openai_chat", None)));
        let deployments = "/openai/deployments/gpt";
        check(&format!("{deployments}/completions"), Some(("openai_completions", Some("gpt"))));
        check(&format!("{deployments}/embeddings"), Some(("openai_embeddings", Some("gpt"))));
        check("/v1/engines/davinci/completions", Some(("openai_completions", Some("davinci"))));
    }

    #[test]
    fn anthropic_is_recognised_by_the_version_and_on_vertex_by_the_publisher() {
        check("/v1/messages", Some(("anthropic_messages", None)));
        check("/anthropic/v1/messages?beta=true", Some(("anthropic_messages", None)));
        check("/v1/messages/count_tokens", None);
        check("/v1/messages/batches", None);
        check("/v1/threads/thread_1/messages", None);
        let vertex = "/v1/projects/p/locations/us-east5/publishers";
        let claude = Some(("anthropic_messages", Some("claude-sonnet-4-5@20250929")));
        for method in ["rawPredict", "streamRawPredict"] {
            let models = "models/claude-sonnet-4-5@20250929";
            check(&format!("{vertex}/anthropic/{models}:{method}"), claude);
            let other = Some(("openai_chat", Some("claude-sonnet-4-5@20250929")));
            check(&format!("{vertex}/mistralai/{models}:{method}"), other);
        }
    }

    #[test]
    fn gemini_names_its_model_before_the_method() {
        let flash = Some(("gemini", Some("gemini-2.5-flash")));
        check("/v1beta/models/gemini-2.5-flash:generateContent", flash);
        check("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=k", flash);
        let vertex = "/v1/projects/p/locations/global";
        let google = format!("{vertex}/publishers/google/models");
        check(&format!("{google}/gemini-2.5-flash:streamGenerateContent"), flash);
        let tuned = Some(("gemini", Some("123456")));
        check(&format!("{vertex}/endpoints/123456:generateContent"), tuned);
        check("/v1beta/tunedModels/123456:generateContent", tuned);
        check("/v1beta/models/gemini-2.5-flash:countTokens", None);
        check("/v1beta/models/gemini-2.5-flash:batchGenerateContent", None);
        check("/v1beta/models/:generateContent", None);
    }

    #[test]
    fn of_several_that_generate_the_longest_path_counts() {
        check("/", Some(("tgi", None)));
        check("/generate", Some(("tgi", None)));
        check("/generate_stream", Some(("tgi", None)));
        check("/tgi/llama/generate_stream", Some(("tgi", None)));
        check("/api/generate", Some(("ollama_generate", None)));
        check("/ollama/api/chat", Some(("ollama_chat", None)));
        check("/api/tags", None);
        let triton = Some(("triton_generate", Some("llama")));
        check("/v2/models/llama/generate", triton);
        check("/v2/models/llama/generate_stream", triton);
        check("/v2/models/llama/versions/3/generate", triton);
        check("/v2/models/llama/versions/3/generate_stream", triton);
        check("/v2/models/llama/infer", None);
    }

    #[test]
    fn words_for_kinds_are_unique() {
        for dialect in DIALECTS {
            let words: BTreeSet<_> = dialect.kinds.iter().map(|(word, _)| word).collect();
            assert_eq!(words.len(), dialect.kinds.len(), "{}", dialect.name);
        }
    }
}
