//! The features of a request to a model that generates, in numbers that can be compared with a reference; no text is
//! kept.

use crate::generative::{dialect::Dialect, meaning::PromptField};
use driftline_wire::{
    fields::{FieldReader, Value},
    json::JsonEnd,
};

/// The features of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Characters of all text for the model.
    pub characters: u64,
    /// Messages of the conversation.
    pub messages: u64,
    /// Tools that the model may call.
    pub tools: u64,
    /// The most tokens that the answer may have, if the request says so.
    pub max_tokens: Option<f64>,
    /// The sampling temperature, if the request says so.
    pub temperature: Option<f64>,
}

/// Reads the body of a request for its features.
///
/// It reads the same bytes as [`RequestReader`](super::RequestReader), which skips prompts: they may be large, and few
/// models have a reference to compare them with.
#[derive(Debug)]
pub struct PromptReader {
    reader: FieldReader<PromptField>,
    /// What was found so far.
    pub prompt: Prompt,
}

impl PromptReader {
    /// A reader of requests in this dialect.
    pub fn new(dialect: &Dialect) -> PromptReader {
        PromptReader { reader: FieldReader::new(*dialect.prompt), prompt: Prompt::default() }
    }

    /// Takes the next piece of the body.
    pub fn read(&mut self, bytes: &[u8]) {
        let prompt = &mut self.prompt;
        self.reader.read_shared(bytes, &mut |field, value| match (field, value) {
            (PromptField::Text, Value::String(text)) => {
                prompt.characters = prompt.characters.saturating_add(text.characters());
            }
            (PromptField::Message, _) => prompt.messages = prompt.messages.saturating_add(1),
            (PromptField::Tool, _) => prompt.tools = prompt.tools.saturating_add(1),
            (PromptField::MaxTokens, Value::Number(tokens)) => prompt.max_tokens = Some(tokens),
            (PromptField::Temperature, Value::Number(temperature)) => {
                prompt.temperature = Some(temperature);
            }
            (PromptField::Text | PromptField::MaxTokens | PromptField::Temperature, _) => {}
        });
    }

    /// Ends the body. Returns its features if it was one whole document.
    pub fn finish(&mut self) -> Option<Prompt> {
        (self.reader.finish() == JsonEnd::Complete).then_some(self.prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generative::dialects::DIALECTS;

    /// Reads the request, cut into pieces of every size.
    #[track_caller]
    fn check(dialect: &str, request: &str, expected: Option<Prompt>) {
        let dialect = DIALECTS.iter().find(|it| it.name == dialect).unwrap();
        for chunk in 1..=request.len() {
            let mut reader = PromptReader::new(dialect);
            request.as_bytes().chunks(chunk).for_each(|piece| reader.read(piece));
            assert_eq!(reader.finish(), expected, "{}: chunk {chunk}", dialect.name);
        }
    }

    /// A request of this shape, with a limit of 64 tokens and a temperature of 0.5.
    const fn prompt(characters: u64, messages: u64, tools: u64) -> Option<Prompt> {
        Some(Prompt { characters, messages, tools, max_tokens: Some(64.0), temperature: Some(0.5) })
    }

    #[test]
    fn every_dialect_says_what_its_requests_are_like() {
        let openai = r#"{"model": "m", "messages": [{"role": "system", "content": "hé"}, {"role": "user", "content": [
            {"type": "text", "text": "\ud83e\udd80!"}, {"type": "image_url", "image_url": {"url": "data:xxxx"}}]}],
            "tools": [{"type": "function", "function": {"name": "f", "description": "text"}}], "max_tokens": 64,
            "temperature": 0.5}"#;
        check("openai_chat", openai, prompt(4, 2, 1));
        check("cohere_chat", openai, prompt(4, 2, 1));
        check(
            "openai_chat",
            &openai.replace("max_tokens", "max_completion_tokens"),
            prompt(4, 2, 1),
        );
        let anthropic = openai.replace(r#"{"model""#, r#"{"system": "abc", "model""#);
        check("anthropic_messages", &anthropic, prompt(7, 2, 1));
        check("bedrock_invoke", &anthropic, prompt(7, 2, 1));
        check(
            "bedrock_invoke",
            r#"{"inputText": "abcd", "textGenerationConfig": {"maxTokenCount": 64, "temperature": 0.5}}"#,
            prompt(4, 0, 0),
        );
        check(
            "bedrock_converse",
            r#"{"system": [{"text": "ab"}], "messages": [{"role": "user", "content": [{"text": "c"}]}],
                "toolConfig": {"tools": [{}, {}]}, "inferenceConfig": {"maxTokens": 64, "temperature": 0.5}}"#,
            prompt(3, 1, 2),
        );
        for completions in [r#""prompt": "abc""#, r#""prompt": ["ab", "c"]"#] {
            let request =
                std::format!(r#"{{{completions}, "max_tokens": 64, "temperature": 0.5}}"#);
            check("openai_completions", &request, prompt(3, 0, 0));
        }
        check(
            "openai_responses",
            r#"{"instructions": "ab", "input": [{"content": "c"}, {"content": [{"type": "input_text", "text": "de"}]}],
                "tools": [{}], "max_output_tokens": 64, "temperature": 0.5}"#,
            prompt(5, 2, 1),
        );
        for [config, limit, declarations] in [
            ["generationConfig", "maxOutputTokens", "functionDeclarations"],
            ["generation_config", "max_output_tokens", "function_declarations"],
        ] {
            let request = std::format!(
                r#"{{"contents": [{{"parts": [{{"text": "ab"}}, {{"text": "c"}}]}}],
                    "tools": [{{"{declarations}": [{{}}, {{}}]}}],
                    "{config}": {{"{limit}": 64, "temperature": 0.5}}}}"#
            );
            check("gemini", &request, prompt(3, 1, 2));
        }
        let options = r#""options": {"num_predict": 64, "temperature": 0.5}}"#;
        check(
            "ollama_chat",
            &std::format!(r#"{{"messages": [{{"content": "abc"}}], "tools": [{{}}], {options}"#),
            prompt(3, 1, 1),
        );
        check(
            "ollama_generate",
            &std::format!(r#"{{"prompt": "abc", "system": "d", {options}"#),
            prompt(4, 0, 0),
        );
        check(
            "tgi",
            r#"{"inputs": "abc", "parameters": {"max_new_tokens": 64, "temperature": 0.5}}"#,
            prompt(3, 0, 0),
        );
        check(
            "triton_generate",
            r#"{"text_input": "abc", "max_tokens": 64, "temperature": 0.5}"#,
            prompt(3, 0, 0),
        );
        check(
            "openai_embeddings",
            r#"{"input": ["ab", "c"]}"#,
            Some(Prompt { characters: 3, ..Prompt::default() }),
        );
    }

    #[test]
    fn what_is_not_said_is_not_given() {
        let none = Some(Prompt::default());
        check("openai_chat", r#"{"messages": [], "temperature": "hot", "max_tokens": null}"#, none);
        check("openai_chat", "[]", none);
        check("openai_chat", r#"{"messages": [{"content": "broken"#, None);
    }

    #[test]
    fn a_prompt_that_is_longer_than_any_scratch_is_counted_to_its_end() {
        let request = std::format!(r#"{{"messages": [{{"content": "{}\n"}}]}}"#, "é".repeat(700));
        check(
            "openai_chat",
            &request,
            Some(Prompt { characters: 701, messages: 1, ..Prompt::default() }),
        );
    }
}
