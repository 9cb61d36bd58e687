//! What the words of providers mean, for all dialects alike: why a model stopped, and what a part of its output is.
//! It keeps none of them.
//!
//! Reference: the API references of OpenAI, Anthropic, Google, Amazon Bedrock, Cohere, Mistral, Together, DeepSeek,
//! Zhipu, xAI, OpenRouter and watsonx, and the sources of vLLM, SGLang, TGI, Ollama and LM Studio. No two of them mean
//! different things by one word, and gateways hand on the words of one in the form of another, so there is one table.

use driftline_labels::FinishReason;

/// What a word for the end of a choice means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Finish {
    /// The choice goes on.
    Unfinished,
    /// It is over, for this reason.
    Because(FinishReason),
    /// No table has the word.
    Unknown,
}

/// What a word for the kind of a part, or of an event with text, means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PartKind {
    /// Text for a user.
    Text,
    /// The model's reasoning.
    Thought,
    /// No table has the word.
    Unknown,
}

/// Why a model stopped. Words are compared without their case, and without what separates their parts.
const FINISH: &[(&str, FinishReason)] = &[
    ("stop", FinishReason::Stop),
    ("end_turn", FinishReason::Stop),
    ("eos", FinishReason::Stop),
    ("eos_token", FinishReason::Stop),
    ("eot", FinishReason::Stop),
    ("endoftext", FinishReason::Stop),
    ("stop_sequence", FinishReason::Stop),
    ("stop_criteria_met", FinishReason::Stop),
    ("finish", FinishReason::Stop),
    ("finished", FinishReason::Stop),
    ("complete", FinishReason::Stop),
    ("completed", FinishReason::Stop),
    ("done", FinishReason::Stop),
    ("length", FinishReason::Length),
    ("max_tokens", FinishReason::Length),
    ("context_window_exceeded", FinishReason::Length),
    ("model_context_window_exceeded", FinishReason::Length),
    ("token_limit", FinishReason::Length),
    ("limit", FinishReason::Length),
    ("error_limit", FinishReason::Length),
    ("tool_calls", FinishReason::ToolCalls),
    ("tool_call", FinishReason::ToolCalls),
    ("tool_use", FinishReason::ToolCalls),
    ("function_call", FinishReason::ToolCalls),
    // The server's own tools need another request before the turn can go on.
    ("pause_turn", FinishReason::ToolCalls),
    ("refusal", FinishReason::Refusal),
    ("error_toxic", FinishReason::ContentFilter),
    ("sensitive", FinishReason::ContentFilter),
    ("language", FinishReason::ContentFilter),
    ("blocklist", FinishReason::ContentFilter),
    ("spii", FinishReason::ContentFilter),
    ("model_armor", FinishReason::ContentFilter),
    ("moderation", FinishReason::ContentFilter),
    ("timeout", FinishReason::Error),
    ("timed_out", FinishReason::Error),
    ("time_limit", FinishReason::Error),
    ("rate_limit", FinishReason::Error),
    ("exception", FinishReason::Error),
    ("out_of_memory", FinishReason::Error),
    ("model_unloaded", FinishReason::Error),
    // Its text was withdrawn by a client or by no one: no failure.
    ("cancelled", FinishReason::Other),
];

/// Why a model stopped, by a part of a word that is none of the above. The first one counts.
const PARTS: &[(&str, FinishReason)] = &[
    ("filter", FinishReason::ContentFilter),
    ("safety", FinishReason::ContentFilter),
    ("recitation", FinishReason::ContentFilter),
    ("prohibited", FinishReason::ContentFilter),
    ("guardrail", FinishReason::ContentFilter),
    ("error", FinishReason::Error),
    ("fail", FinishReason::Error),
    ("insufficient", FinishReason::Error),
    ("overload", FinishReason::Error),
    ("unavailable", FinishReason::Error),
    ("exhausted", FinishReason::Error),
    ("length", FinishReason::Length),
    ("max_output", FinishReason::Length),
    ("max_new", FinishReason::Length),
    ("maxpredicted", FinishReason::Length),
    ("context_window", FinishReason::Length),
    ("stop_s", FinishReason::Stop),
    ("stops", FinishReason::Stop),
    ("eos", FinishReason::Stop),
];

/// Some servers write one of these where others write null.
const UNFINISHED: &[&str] = &["null", "none", "not_finished", "unfinished", "in_progress"];

/// A part or an event whose kind contains one of these is the model's reasoning.
const THOUGHTS: &[&str] = &["reason", "think", "thought"];

/// What this word for the end of a choice means.
#[inline(never)]
pub(super) fn finish(word: &[u8]) -> Finish {
    if UNFINISHED.iter().any(|known| is_same(word, known)) {
        return Finish::Unfinished;
    }
    let known = FINISH.iter().find(|(known, _)| is_same(word, known));
    let known = known.or_else(|| PARTS.iter().find(|(part, _)| contains(word, part)));
    known.map_or(Finish::Unknown, |&(_, reason)| Finish::Because(reason))
}

/// What a part or an event of this kind is.
#[inline(never)]
pub(super) fn part(word: &[u8]) -> PartKind {
    // Most parts are these, which is quicker to see at once.
    if matches!(word, b"text" | b"text_delta" | b"output_text") {
        PartKind::Text
    } else if THOUGHTS.iter().any(|part| contains(word, part)) {
        PartKind::Thought
    } else if contains(word, "text") || is_same(word, "message") {
        PartKind::Text
    } else {
        PartKind::Unknown
    }
}

/// Whether two words are the same but for case and for what separates their parts: `toolCalls` is `tool_calls`.
#[inline(never)]
fn is_same(word: &[u8], known: &str) -> bool {
    letters(word).eq(letters(known.as_bytes()))
}

fn letters(word: &[u8]) -> impl Iterator<Item = u8> {
    let letters = word.iter().filter(|byte| !matches!(byte, b'_' | b'-' | b' '));
    letters.map(u8::to_ascii_lowercase)
}

#[inline(never)]
fn contains(word: &[u8], part: &str) -> bool {
    word.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], expected: Finish) {
        for word in words {
            assert_eq!(finish(word.as_bytes()), expected, "{word}");
        }
    }

    #[test]
    fn words_mean_the_same_in_every_spelling() {
        let because = Finish::Because;
        check(&["stop", "STOP", "eos", "endTurn", "stop-sequence"], because(FinishReason::Stop));
        check(
            &["length", "model_length", "maxTokens", "MAX_TOKENS"],
            because(FinishReason::Length),
        );
        check(&["tool_calls", "toolCalls", "TOOL_CALL"], because(FinishReason::ToolCalls));
        check(&["sensitive", "contentFilter"], because(FinishReason::ContentFilter));
        check(
            &["error", "network_error", "insufficient_system_resource", "serverOverloaded"],
            because(FinishReason::Error),
        );
    }

    #[test]
    fn what_goes_on_is_not_finished_and_what_is_new_is_unknown() {
        check(&["null", "not_finished", "IN_PROGRESS"], Finish::Unfinished);
        check(&["abort", "load", "MALFORMED_FUNCTION_CALL", "queued"], Finish::Unknown);
        check(&["stopp", "sto", "max_tool_calls"], Finish::Unknown);
    }

    #[test]
    fn every_word_has_one_meaning() {
        for (at, (word, reason)) in FINISH.iter().enumerate() {
            assert_eq!(finish(word.as_bytes()), Finish::Because(*reason), "{word}");
            let mut others = FINISH.iter().skip(at.saturating_add(1));
            assert!(!others.any(|(other, _)| is_same(other.as_bytes(), word)), "{word}");
        }
    }

    #[test]
    fn thoughts_are_known_by_a_part_of_their_name() {
        for word in ["thinking", "reasoning", "response.reasoning.delta", "reasoning.text"] {
            assert_eq!(part(word.as_bytes()), PartKind::Thought, "{word}");
        }
        assert_eq!(part(b"output_text"), PartKind::Text);
        assert_eq!(part(b"sound"), PartKind::Unknown);
    }
}
