//! The features of requests and answers of a model that generates, by the names that its profile calls them.
//! Each is a number or a word of a fixed list, and none is text of a prompt or an answer.

use crate::generative::prompt::Prompt;
use driftline_labels::{FinishReason, Unbinned};
use driftline_statistics::{profile::Kind, value::Cell};

driftline_labels::labels! {
    /// A feature of an exchange with a model that generates, by its name in profiles.
    pub enum Feature {
        /// Characters of all text for the model.
        PromptCharacters = "prompt_characters",
        /// Messages of the conversation.
        Messages = "messages",
        /// Tools that the model may call.
        Tools = "tools",
        /// The most tokens that the answer may have.
        MaxTokens = "max_tokens",
        /// The sampling temperature.
        Temperature = "temperature",
        /// Whether the client asks for a stream.
        Stream = "stream",
        /// Generated tokens.
        OutputTokens = "output_tokens",
        /// Why the model stopped.
        FinishReason = "finish_reason",
        /// Characters of text that the user gets.
        AnswerCharacters = "answer_characters",
    }
}

/// The features of an answer that came whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResponseFeatures {
    /// Generated tokens, if the model server says how many.
    pub output_tokens: Option<u64>,
    /// Why the model stopped, if it says.
    pub finish: Option<FinishReason>,
    /// Characters of text that the user gets.
    pub characters: u64,
}

impl Feature {
    /// The kind of its values.
    pub const fn kind(self) -> Kind {
        match self {
            Feature::PromptCharacters
            | Feature::Messages
            | Feature::Tools
            | Feature::MaxTokens
            | Feature::OutputTokens
            | Feature::AnswerCharacters => Kind::Integer,
            Feature::Temperature => Kind::Number,
            Feature::Stream => Kind::Boolean,
            Feature::FinishReason => Kind::Category,
        }
    }

    /// The feature of this name.
    pub fn of(name: &str) -> Option<Feature> {
        Feature::ALL.into_iter().find(|feature| feature.name() == name)
    }

    /// Its value in a request; `None` if it is one of answers.
    ///
    /// A limit, a temperature or a `stream` that the request omits is missing.
    pub fn in_request(self, prompt: Prompt, wants_stream: Option<bool>) -> Option<Cell<'static>> {
        let cell = match self {
            Feature::PromptCharacters => number(Some(prompt.characters)),
            Feature::Messages => number(Some(prompt.messages)),
            Feature::Tools => number(Some(prompt.tools)),
            Feature::MaxTokens => given(prompt.max_tokens),
            Feature::Temperature => given(prompt.temperature),
            Feature::Stream => given(wants_stream.map(|stream| f64::from(u8::from(stream)))),
            Feature::OutputTokens | Feature::FinishReason | Feature::AnswerCharacters => {
                return None;
            }
        };
        Some(cell)
    }

    /// Its value in a whole answer; `None` if it is one of requests.
    pub fn in_answer(self, answer: ResponseFeatures) -> Option<Cell<'static>> {
        match self {
            Feature::OutputTokens => Some(number(answer.output_tokens)),
            Feature::AnswerCharacters => Some(number(Some(answer.characters))),
            Feature::FinishReason => Some(match answer.finish {
                Some(reason) => Cell::Text(reason.name().as_bytes()),
                None => MISSING,
            }),
            _ => None,
        }
    }
}

const MISSING: Cell<'static> = Cell::Unbinned(Unbinned::Missing);

fn number(count: Option<u64>) -> Cell<'static> {
    given(count.map(|count| count as f64))
}

fn given(number: Option<f64>) -> Cell<'static> {
    number.map_or(MISSING, Cell::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_one_of_requests_or_of_answers() {
        let answer = ResponseFeatures { output_tokens: Some(7), finish: None, characters: 0 };
        for feature in Feature::ALL {
            let request = feature.in_request(Prompt::default(), None);
            assert_ne!(request.is_some(), feature.in_answer(answer).is_some(), "{feature:?}");
            assert_eq!(Feature::of(feature.name()), Some(feature));
        }
        assert_eq!(Feature::of("prompt"), None);
        assert_eq!(Feature::Messages.in_request(Prompt::default(), None), Some(Cell::Number(0.0)));
        assert_eq!(Feature::MaxTokens.in_request(Prompt::default(), None), Some(MISSING));
        assert_eq!(Feature::OutputTokens.in_answer(answer), Some(Cell::Number(7.0)));
        assert_eq!(Feature::FinishReason.in_answer(answer), Some(MISSING));
    }
}
